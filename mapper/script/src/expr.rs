//! Expressions of `test`, `bind`, `collection` and `${}`: OGNL's language, parsed once, evaluated per call.

mod arith;
mod ast;
mod convert;
mod eval;
mod format;
mod helpers;
mod lex;
mod member;
mod method;
mod number;
mod operator;
mod parse;
mod parse_error;
mod pattern;
mod print;
mod rules;
mod statics;
mod text_method;
mod traps;

use std::fmt;
use std::sync::Arc;

use crate::span::Span;

pub(crate) use ast::{Node, NodeKind};
pub(crate) use eval::{Evaluated, ExprError, Scope, evaluate, is_true, missing, property_of_parameter};
pub(crate) use method::getter;
pub(crate) use parse::parse;
pub(crate) use rules::{MYBATIS, Rules};
pub(crate) use statics::is_known as is_known_static;
pub(crate) use traps::traps;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expression {
    text: Arc<str>,
    span: Span,
    root: Arc<Node>,
}

/// Its canonical text: one way to write each tree, which parses to the same tree. A text that is no expression is given as written.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.root.kind {
            NodeKind::Wrong(_) => f.write_str(&self.text),
            _ => write!(f, "{}", self.root),
        }
    }
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

    /// The static members it uses, as `class@member`.
    #[must_use]
    pub fn statics(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.static_names(&mut names);
        names
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }
}
