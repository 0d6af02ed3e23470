//! Statements that stand in Rust source, in attributes of a mapper trait.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::dialect::Dialect;
use crate::document::Document;
use crate::link;
use crate::mapper_set::MapperSet;
use crate::schema;
use crate::select::Candidate;
use crate::source::Place;
use crate::span::Span;
use crate::spelling::snake_case;
use crate::text::SpannedText;
use crate::xml::{self, Attribute, Child, Comment, Element};

/// The statements that stand in the attributes of a mapper trait (`#[select("..")]`), as `#[mapper]` writes them down; for
/// [`MapperSetBuilder::embedded`](crate::MapperSetBuilder::embedded).
///
/// The *plain* [dialect](crate::Dialect) holds in them. They are of the trait's namespace like those of a mapper file: they may name result maps,
/// fragments and the cache of a file of this namespace, and an id that is in both is an error (E040).
///
/// Source: the annotations `@Select`, `@Insert`, `@Update` and `@Delete` of MyBatis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmbeddedMapper {
    /// The namespace.
    pub namespace: Cow<'static, str>,
    /// The name of the Rust file, for messages.
    pub file: Cow<'static, str>,
    /// All that was written, one behind the other.
    pub text: Cow<'static, str>,
    /// Where in the Rust file the parts of the text stand, in the order of the text.
    pub places: Cow<'static, [Place]>,
    /// The statements.
    pub statements: Cow<'static, [EmbeddedElement]>,
}

/// A statement, or the `selectKey` in one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmbeddedElement {
    /// The name that its element has in a mapper file.
    pub name: Cow<'static, str>,
    /// Attributes, by the names they have in a mapper file, and where in the [text](EmbeddedMapper::text) their values are (bytes).
    pub attributes: Cow<'static, [(Cow<'static, str>, Range<usize>)]>,
    /// Where in the text the SQL is; dynamic elements stand in `<script>..</script>`.
    pub body: Range<usize>,
    /// The queries for its keys.
    pub keys: Cow<'static, [EmbeddedElement]>,
}

impl EmbeddedMapper {
    /// What is wrong with the statements by themselves: syntax, expressions, `#{}`. What they name in mapper files is not looked for.
    #[must_use]
    pub fn mistakes(&self) -> Diagnostics {
        let attributes = self.statements.iter().flat_map(|statement| {
            let keys = statement.keys.iter().flat_map(|key| key.attributes.iter());
            statement.attributes.iter().chain(keys)
        });
        // Statements for one database are compiled only for it.
        let mut databases = vec![None];
        for (_, value) in attributes.filter(|(name, _)| name == "databaseId") {
            let id = Some(self.part(value).to_owned());
            if !databases.contains(&id) {
                databases.push(id);
            }
        }
        let mut found = Vec::new();
        let mut files = Vec::new();
        for database in databases {
            let builder = MapperSet::builder().embedded(self.clone());
            let told = link::mistakes(match database {
                Some(id) => builder.database_id(id),
                None => builder,
            });
            files = told.files().to_vec();
            found.extend(told.items().iter().filter(|item| is_mistake(item)).cloned());
        }
        Diagnostics::new(found, files.into())
    }

    fn part(&self, part: &Range<usize>) -> &str {
        self.text.get(part.clone()).unwrap_or_default()
    }

    /// The same as a mapper file, which is the file of this number.
    pub(crate) fn document(&self, file: u32, diagnostics: &mut Vec<Diagnostic>) -> Document {
        let mut reader = Reader { mapper: self, file, diagnostics, comments: Vec::new() };
        let children = self.statements.iter().map(|statement| Child::Element(reader.element(statement))).collect();
        let comments = reader.comments;
        let span = Span::new(file, 0, self.text.len());
        let mut namespace = SpannedText::new(file, 0);
        namespace.push(&self.namespace, 0, 0);
        let name_span = Span::new(file, 0, 0);
        let namespace = Attribute { name: "namespace".to_owned(), name_span, value: namespace };
        let root = Element { name: "mapper".to_owned(), attributes: vec![namespace], children, span, name_span };
        schema::check(&root, diagnostics);
        Document { namespace: self.namespace.to_string(), root, comments, dialect: Some(Dialect::Plain) }
    }
}

/// Reports statements of attributes whose names mapper files have too, as Java writes them: a method would find the one or the other.
pub(crate) fn check_spellings<T>(chosen: &[(String, Candidate<T>)], first: u32, diagnostics: &mut Vec<Diagnostic>) {
    let is_embedded = |candidate: &Candidate<T>| candidate.id_span.file >= first;
    if !chosen.iter().any(|(_, candidate)| is_embedded(candidate)) {
        return;
    }
    let in_files = chosen.iter().filter(|(_, candidate)| !is_embedded(candidate));
    let in_files: HashMap<String, Span> = in_files.map(|(id, candidate)| (snake(id), candidate.id_span)).collect();
    for (id, candidate) in chosen.iter().filter(|(_, candidate)| is_embedded(candidate)) {
        if let Some(place) = in_files.get(&snake(id)) {
            let message = format!("the statement `{id}` is there already, in another spelling");
            diagnostics.push(Diagnostic::error("E040", candidate.id_span, message).related(*place, "the first one"));
        }
    }
}

fn snake(id: &str) -> String {
    snake_case(id).unwrap_or_else(|| id.to_owned())
}

/// What it names may stand in a mapper file.
fn is_mistake(item: &Diagnostic) -> bool {
    item.severity == Severity::Error && item.missing.is_none()
}

struct Reader<'r> {
    mapper: &'r EmbeddedMapper,
    file: u32,
    diagnostics: &'r mut Vec<Diagnostic>,
    comments: Vec<Comment>,
}

impl Reader<'_> {
    fn element(&mut self, written: &EmbeddedElement) -> Element {
        let mut children: Vec<Child> = written.keys.iter().map(|key| Child::Element(self.element(key))).collect();
        children.extend(self.body(&written.body));
        let attribute = |(name, value): &(Cow<'_, str>, Range<usize>)| {
            let value = self.text(value);
            Attribute { name: name.to_string(), name_span: value.span(), value }
        };
        let attributes = written.attributes.iter().map(attribute).collect();
        let span = Span::new(self.file, written.body.start, written.body.end);
        Element { name: written.name.to_string(), attributes, children, span, name_span: span }
    }

    fn text(&self, part: &Range<usize>) -> SpannedText {
        let text = self.mapper.part(part);
        let mut spanned = SpannedText::new(self.file, part.start);
        spanned.push(text, part.start, text.len());
        spanned
    }

    /// Text, or what stands in `<script>`.
    ///
    /// Source: `XMLLanguageDriver.createSqlSource` of MyBatis; blanks around are no matter there either.
    fn body(&mut self, part: &Range<usize>) -> Vec<Child> {
        let text = self.mapper.part(part);
        let start = part.start + (text.len() - text.trim_start().len());
        let part = start..start + text.trim().len();
        if !self.mapper.part(&part).starts_with("<script>") {
            return vec![Child::Text(self.text(&part))];
        }
        let known = |name: &str| name == "script" || schema::is_element(name);
        let parsed = xml::parse_part(self.file, &self.mapper.text[..part.end], part.start, known);
        self.diagnostics.extend(parsed.mistakes);
        self.diagnostics.extend(parsed.warnings);
        self.comments.extend(parsed.comments);
        parsed.root.map(|root| root.children).unwrap_or_default()
    }
}
