//! The text that grows while a tree is run, and its parameters in order.

use std::borrow::Cow;
use std::sync::Arc;

use crate::bound_sql::MappingRef;
use crate::node::{Parameter, TextNode, TextPart};
use crate::token::is_blank;
use crate::value::Value;

/// The current item and index of a loop.
#[derive(Debug, Clone)]
pub(super) struct Frame<'a> {
    pub(super) item: Cow<'a, Value>,
    pub(super) index: Cow<'a, Value>,
}

/// A `?` whose value is read when the whole text stands: what `<bind>` says later still counts, as in MyBatis.
#[derive(Debug, Clone)]
pub(super) struct Pending<'a> {
    pub(super) mapping: MappingRef<'a>,
    /// The loop value that the first name stands for, and how long that name is.
    pub(super) from_loop: Option<(Cow<'a, Value>, usize)>,
    /// Why it is malformed.
    pub(super) wrong: Option<Arc<str>>,
}

impl<'a> Pending<'a> {
    pub(super) fn of(parameter: &'a Parameter, frames: &[Frame<'a>]) -> Self {
        let from_loop = parameter.loop_value.and_then(|from| loop_value(from, frames));
        Self { mapping: (&parameter.mapping).into(), from_loop, wrong: parameter.wrong.clone() }
    }
}

/// A loop's separator waits for the first piece that is not blank.
#[derive(Debug)]
struct Prefix<'a> {
    text: Option<&'a TextNode>,
    applied: bool,
}

#[derive(Debug, Default)]
pub(super) struct Output<'a> {
    pub(super) sql: String,
    pub(super) params: Vec<Pending<'a>>,
    /// Pieces are joined by one space: at the root, not inside trim.
    spaced: bool,
    started: bool,
    prefixes: Vec<Prefix<'a>>,
}

impl<'a> Output<'a> {
    pub(super) fn spaced() -> Self {
        // Most statements fit, so that the text does not move while it grows.
        Self { spaced: true, sql: String::with_capacity(512), params: Vec::with_capacity(8), ..Self::default() }
    }

    /// Makes room for the elements of a loop.
    pub(super) fn expect_elements(&mut self, count: usize) {
        let count = count.min(1 << 16);
        self.sql.reserve(count * 4);
        self.params.reserve(count);
    }

    pub(super) fn push_prefix(&mut self, text: Option<&'a TextNode>) {
        self.prefixes.push(Prefix { text, applied: false });
    }

    /// Ends the element of a loop; whether anything that is not blank was in it.
    pub(super) fn pop_prefix(&mut self) -> bool {
        self.prefixes.pop().is_some_and(|prefix| prefix.applied)
    }

    /// Begins a piece: what follows up to the next beginning belongs to it.
    pub(super) fn begin(&mut self, blank: bool, frames: &[Frame<'a>]) {
        self.begin_below(self.prefixes.len(), blank, frames);
    }

    fn begin_below(&mut self, level: usize, blank: bool, frames: &[Frame<'a>]) {
        let Some(below) = level.checked_sub(1) else {
            if self.spaced && self.started {
                self.sql.push(' ');
            }
            self.started = true;
            return;
        };
        if !blank && !self.prefixes[below].applied {
            self.prefixes[below].applied = true;
            let prefix = self.prefixes[below].text;
            self.begin_below(below, prefix.is_none_or(|text| text.blank), frames);
            if let Some(text) = prefix {
                self.push_parts(text, frames);
            }
        }
        self.begin_below(below, blank, frames);
    }

    /// A whole text without `${}` as one piece.
    pub(super) fn append_node(&mut self, node: &'a TextNode, frames: &[Frame<'a>]) {
        self.begin(node.blank, frames);
        self.push_parts(node, frames);
    }

    /// Another output as one piece.
    pub(super) fn append(&mut self, piece: Self, frames: &[Frame<'a>]) {
        self.begin(is_blank(&piece.sql), frames);
        self.sql.push_str(&piece.sql);
        self.params.extend(piece.params);
    }

    /// Literals and parameters of a text, without beginning a piece; `${}` is not looked at.
    pub(super) fn push_parts(&mut self, node: &'a TextNode, frames: &[Frame<'a>]) {
        for part in &node.parts {
            match part {
                TextPart::Literal(text) => self.sql.push_str(text),
                TextPart::Parameter(parameter) => self.push_param(Pending::of(parameter, frames)),
                TextPart::Raw(_) => {}
            }
        }
    }

    pub(super) fn push_param(&mut self, pending: Pending<'a>) {
        self.sql.push('?');
        self.params.push(pending);
    }
}

pub(super) fn loop_value<'a>(from: crate::node::LoopValue, frames: &[Frame<'a>]) -> Option<(Cow<'a, Value>, usize)> {
    let frame = frames.get(from.level)?;
    Some((if from.index { frame.index.clone() } else { frame.item.clone() }, from.name_len))
}
