//! W209: `#{}` where SQL takes no parameter: inside a literal or a comment.

use crate::diagnostic::Diagnostic;
use crate::node::{SqlNode, TextNode, TextPart, walk};
use crate::span::Span;
use crate::statement::{SqlSource, Statement};

/// Where a scanner of SQL stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Plain,
    Text,
    LineComment,
    Comment,
}

impl State {
    /// Goes over some text; quotes inside a literal are doubled, which opens it again.
    fn over(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let (next, len) = self.step(&bytes[at..]);
            (self, at) = (next, at + len);
        }
        self
    }

    fn step(self, rest: &[u8]) -> (Self, usize) {
        match self {
            Self::Plain if rest[0] == b'\'' => (Self::Text, 1),
            Self::Plain if rest.starts_with(b"--") => (Self::LineComment, 2),
            // Hints of Oracle and MySQL are comments too, but nobody writes parameters into them by accident.
            Self::Plain if rest.starts_with(b"/*") => (Self::Comment, 2),
            Self::Text if rest[0] == b'\'' => (Self::Plain, 1),
            Self::LineComment if rest[0] == b'\n' => (Self::Plain, 1),
            Self::Comment if rest.starts_with(b"*/") => (Self::Plain, 2),
            same => (same, 1),
        }
    }
}

/// The SQL with its literals and comments blanked out.
pub(super) fn without_literals(sql: &str) -> String {
    let bytes = sql.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let (mut state, mut at) = (State::Plain, 0);
    while at < bytes.len() {
        let (next, len) = state.step(&bytes[at..]);
        let keep = state == State::Plain && next == State::Plain;
        out.extend(bytes[at..at + len].iter().map(|byte| if keep { *byte } else { b' ' }));
        (state, at) = (next, at + len);
    }
    String::from_utf8_lossy(&out).into_owned()
}

pub(super) fn check(statement: &Statement, found: &mut Vec<Diagnostic>) {
    match &statement.source {
        SqlSource::Static { sql, mappings } => {
            let texts: Vec<&str> = sql.split('?').collect();
            // A `?` that was written as such cannot be told from a parameter.
            if texts.len() != mappings.len() + 1 {
                return;
            }
            let mut state = State::default();
            for (text, mapping) in texts.iter().zip(mappings) {
                state = state.over(text);
                found.extend(inside(state, &mapping.property, mapping.span));
            }
        }
        SqlSource::Dynamic { root } => {
            let mut state = State::default();
            walk(root, &mut |node| {
                // Literals do not go over branches; one that seems to would spoil all that follows.
                state = if state == State::Comment { state } else { State::Plain };
                if let SqlNode::Text(text) = node {
                    state = parts(text, state, found);
                }
            });
        }
    }
}

fn parts(text: &TextNode, mut state: State, found: &mut Vec<Diagnostic>) -> State {
    for part in text.parts() {
        match part {
            TextPart::Literal(text) => state = state.over(text),
            TextPart::Parameter(parameter) => {
                found.extend(inside(state, &parameter.mapping.property, parameter.mapping.span));
            }
            TextPart::Raw(_) => {}
        }
    }
    state
}

fn inside(state: State, property: &str, span: Span) -> Option<Diagnostic> {
    let (place, help) = match state {
        State::Plain => return None,
        State::Text => ("a literal", "join it in SQL: '%' || #{x} || '%', or with <bind>"),
        State::LineComment | State::Comment => ("a comment", "write an XML comment, <!-- .. -->, which is not sent"),
    };
    let message = format!("`#{{{property}}}` stands inside {place}: the database sees a `?` there and no parameter");
    Some(Diagnostic::warning("W209", span, message).help(help))
}
