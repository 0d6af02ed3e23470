//! Files to trees of elements, each part with its place; mistakes in the XML are all reported and read over.
//!
//! ```text
//! text -> reader (characters, references) -> builder (which element is open, recovery) -> Element
//!           markup: what begins with <     tag, attribute: what stands between < and >     entity: document type
//! ```
//!
//! The reader is our own, since every XML crate stops at the first mistake, and a mistake must not hide the others.

mod attribute;
mod builder;
mod entity;
mod markup;
mod reader;
mod tag;

#[cfg(test)]
mod tests;

use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::text::SpannedText;

/// An element.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Child>,
    /// From `<` to the end of the end tag.
    pub(crate) span: Span,
    /// The name in the start tag.
    pub(crate) name_span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) value: SpannedText,
}

#[derive(Debug, Clone)]
pub(crate) enum Child {
    Element(Element),
    /// Text without interruption, comments left out; a CDATA section is a text of its own.
    Text(SpannedText),
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&SpannedText> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.value)
    }

    pub(crate) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }
}

/// Elements may nest this deep.
const MAX_DEPTH: usize = 150;

/// So many mistakes in the XML of one file are told; a file with more is something else.
const MAX_MISTAKES: usize = 50;

/// What reading a file gave.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// The root element, mended where it had to be; none when the file has nothing to go on with.
    pub(crate) root: Option<Element>,
    /// The mistakes in the XML itself.
    pub(crate) mistakes: Vec<Diagnostic>,
    /// What is read, but not as it seems.
    pub(crate) warnings: Vec<Diagnostic>,
    /// Start tags with a mistake inside: what they lack was perhaps written.
    pub(crate) damaged: Vec<Span>,
    /// The comments, for suppressions: the text inside and its place, from `<!--` to `-->`.
    pub(crate) comments: Vec<Comment>,
}

/// A comment.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// Reads a file. `known` tells the names of elements that may stand in it: they decide what a stray `<` is.
pub(crate) fn parse(file: u32, text: &str, known: fn(&str) -> bool) -> Parsed {
    reader::read(file, text, 0, known)
}

/// Reads the end of a text, from this byte on, as if it were a file.
pub(crate) fn parse_part(file: u32, text: &str, start: usize, known: fn(&str) -> bool) -> Parsed {
    reader::read(file, text, start, known)
}

/// A mistake in the XML.
fn malformed(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("E001", span, message)
}
