//! Expressions of `test`, `bind`, `collection` and `${}`: OGNL's language, parsed once, evaluated per call.


mod ast;











use std::sync::Arc;

use ast::Node;

use crate::span::Span;






/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expression {
    text: Arc<str>,
    span: Span,
    root: Arc<Node>,
}

impl Expression {
    pub(crate) fn new(text: impl Into<Arc<str>>, span: Span, root: Node) -> Self {
        Self { text: text.into(), span, root: Arc::new(root) }
    }

    /// As written, after entities and properties were replaced.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its place.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The names it reads from the parameter or from bindings, in order of appearance, each once.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.root_names(&mut names);
        names
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }
}
