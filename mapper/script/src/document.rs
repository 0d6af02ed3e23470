//! One mapper file as a tree, sorted by what its elements declare.

use crate::diagnostic::Diagnostic;
use crate::dialect::{self, Dialect};
use crate::properties::Properties;
use crate::schema;
use crate::select::Candidate;
use crate::source::Source;
use crate::span::Span;
use crate::xml::{self, Comment, Element};

/// A mapper file whose XML could be read and whose namespace is known.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) namespace: String,
    pub(crate) root: Element,
    /// For suppressions.
    pub(crate) comments: Vec<Comment>,
    /// What its top chooses.
    pub(crate) dialect: Option<Dialect>,
}

/// Statement elements.
pub(crate) const STATEMENTS: [&str; 4] = ["select", "insert", "update", "delete"];

/// Reads a file; what is wrong with it is added to the diagnostics.
pub(crate) fn read(
    file: u32,
    source: &Source,
    properties: &Properties,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Document> {
    let parsed = xml::parse(file, source.text(), schema::is_element);
    let broken = !parsed.mistakes.is_empty();
    diagnostics.extend(parsed.mistakes);
    diagnostics.extend(parsed.warnings);
    let root = parsed.root?;
    if root.name != "mapper" {
        // Where the XML is broken, the root may be something that was torn off.
        if !broken {
            let message = format!("the root element is <{}>, not <mapper>", root.name);
            let help = "this is no mapper file: leave it out";
            diagnostics.push(Diagnostic::error("E004", root.name_span, message).help(help));
        }
        return None;
    }
    let before = diagnostics.len();
    schema::check(&root, diagnostics);
    // What a broken tag seems to lack was perhaps written.
    let damaged = |at: Span| parsed.damaged.iter().any(|tag| tag.start <= at.start && at.end <= tag.end);
    let mut nth = 0;
    diagnostics.retain(|diagnostic| {
        nth += 1;
        nth <= before || !damaged(diagnostic.span)
    });
    let namespace = root.attribute("namespace").map(|text| properties.replace(text).as_str().to_owned());
    let Some(namespace) = namespace.filter(|namespace| !namespace.is_empty()) else {
        let message = "the mapper has no namespace";
        let help = "write <mapper namespace=\"..\">, in Java the full name of the mapper interface";
        if !damaged(root.name_span) {
            diagnostics.push(Diagnostic::error("E005", root.name_span, message).help(help));
        }
        return None;
    };
    let dialect = dialect::of_file(&parsed.comments, &root, diagnostics);
    Some(Document { namespace, root, comments: parsed.comments, dialect })
}

impl Document {
    /// The children of the root with one of these names, in file order.
    pub(crate) fn elements<'d>(&'d self, names: &'d [&str]) -> impl Iterator<Item = &'d Element> {
        self.root.elements().filter(move |element| names.contains(&element.name.as_str()))
    }

    /// An element with an id, ready to be chosen among others; none without an id, which was reported already.
    pub(crate) fn candidate<'d>(
        &self,
        element: &'d Element,
        properties: &Properties,
    ) -> Option<Candidate<&'d Element>> {
        let id = element.attribute("id")?;
        let (id_span, id) = (id.span(), properties.replace(id).as_str().to_owned());
        Some(Candidate {
            namespace: self.namespace.clone(),
            id,
            id_span,
            database_id: database_id(element, properties),
            item: element,
        })
    }
}

/// `databaseId`; an empty one counts as a name like any other, as in MyBatis.
pub(crate) fn database_id(element: &Element, properties: &Properties) -> Option<String> {
    element.attribute("databaseId").map(|id| properties.replace(id).as_str().to_owned())
}

/// The span of an attribute's value, or of the element's name where it is missing.
pub(crate) fn attribute_span(element: &Element, name: &str) -> Span {
    element.attribute(name).map_or(element.name_span, crate::text::SpannedText::span)
}
