//! The text that grows while a tree is run, and its parameters in order.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use crate::bound_sql::MappingRef;
use crate::node::{LoopValue, Parameter, Room, TextNode, TextPart};
use crate::token::is_blank;
use crate::value::Value;

/// The current item and index of a loop.
#[derive(Debug, Clone)]
pub(super) struct Frame<'a> {
    pub(super) item: Cow<'a, Value>,
    pub(super) index: Cow<'a, Value>,
}

/// A `?` whose value is read when the whole text stands: what `<bind>` says later still counts, as in MyBatis.
#[derive(Debug)]
pub(super) struct Pending<'a> {
    pub(super) parameter: Source<'a>,
    /// The loop value that the first name stands for.
    pub(super) from_loop: Option<Cow<'a, Value>>,
}

/// A `#{}` of the statement, or one that came in through `${}`.
#[derive(Debug)]
pub(super) enum Source<'a> {
    Statement(&'a Parameter),
    Made(Arc<Parameter>),
}

impl Deref for Source<'_> {
    type Target = Parameter;

    fn deref(&self) -> &Parameter {
        match self {
            Self::Statement(parameter) => parameter,
            Self::Made(parameter) => parameter,
        }
    }
}

impl<'a> From<Source<'a>> for MappingRef<'a> {
    fn from(source: Source<'a>) -> Self {
        match source {
            Source::Statement(parameter) => (&parameter.mapping).into(),
            Source::Made(parameter) => parameter.into(),
        }
    }
}

impl<'a> Pending<'a> {
    pub(super) fn of(parameter: &'a Parameter, frames: &[Frame<'a>]) -> Self {
        let from_loop = parameter.loop_value.and_then(|from| loop_value(from, frames));
        Self { parameter: Source::Statement(parameter), from_loop }
    }

    pub(super) fn made(parameter: Parameter, frames: &[Frame<'a>]) -> Self {
        let from_loop = parameter.loop_value.and_then(|from| loop_value(from, frames));
        Self { parameter: Source::Made(Arc::new(parameter)), from_loop }
    }
}

fn loop_value<'a>(from: LoopValue, frames: &[Frame<'a>]) -> Option<Cow<'a, Value>> {
    let frame = frames.get(from.level)?;
    Some(if from.index { frame.index.clone() } else { frame.item.clone() })
}

/// A loop's separator waits for the first piece that is not blank.
#[derive(Debug)]
struct Prefix<'a> {
    text: Option<&'a TextNode>,
    /// How long the SQL was when it was needed.
    applied: Option<usize>,
}

/// Pieces are joined by one space, except inside of a trim, where loops around it have no say either.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    spaced: bool,
    /// How many of the prefixes stand outside.
    outside: usize,
}

/// A piece that was begun before its text is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// Where its text begins.
    pub(super) start: usize,
    first_param: usize,
    /// What was there before anything was written for it.
    sql: usize,
    params: usize,
    started: bool,
}

#[derive(Debug)]
pub(super) struct Output<'a> {
    pub(super) sql: String,
    pub(super) params: Vec<Pending<'a>>,
    /// What the statement needs without its loops.
    room: Room,
    level: Level,
    started: bool,
    prefixes: Vec<Prefix<'a>>,
}

impl<'a> Output<'a> {
    /// One allocation for the text and one for the binds, when they fit.
    pub(super) fn with_room(room: Room) -> Self {
        Self {
            sql: String::with_capacity(room.text),
            params: Vec::with_capacity(room.binds),
            room,
            level: Level { spaced: true, outside: 0 },
            started: false,
            prefixes: Vec::new(),
        }
    }

    /// Makes room for the elements of a loop, beside that for the rest of the statement.
    pub(super) fn expect_elements(&mut self, count: usize, room: Room) {
        let count = count.min(1 << 16);
        self.sql.reserve(self.room.text + count * room.text.min(256));
        self.params.reserve(self.room.binds + count * room.binds.min(16));
    }

    pub(super) fn push_prefix(&mut self, text: Option<&'a TextNode>) {
        self.prefixes.push(Prefix { text, applied: None });
    }

    /// Ends the element of a loop; whether anything that is not blank was in it.
    pub(super) fn pop_prefix(&mut self) -> bool {
        self.prefixes.pop().is_some_and(|prefix| prefix.applied.is_some())
    }

    /// Begins a piece: what follows up to the next beginning belongs to it.
    fn begin(&mut self, blank: bool, frames: &[Frame<'a>]) {
        self.begin_below(self.prefixes.len(), blank, frames);
    }

    fn begin_below(&mut self, level: usize, blank: bool, frames: &[Frame<'a>]) {
        if level == self.level.outside {
            if self.level.spaced && self.started {
                self.sql.push(' ');
            }
            self.started = true;
            return;
        }
        let below = level - 1;
        if !blank && self.prefixes[below].applied.is_none() {
            self.prefixes[below].applied = Some(self.sql.len());
            let prefix = self.prefixes[below].text;
            self.begin_below(below, prefix.is_none_or(|text| text.blank), frames);
            if let Some(text) = prefix {
                self.push_parts(text, frames);
            }
        }
        self.begin_below(below, blank, frames);
    }

    /// Begins a piece of which it is not known yet whether it is blank; it is written as if it was not.
    pub(super) fn open(&mut self, frames: &[Frame<'a>]) -> Piece {
        let (sql, params, started) = (self.sql.len(), self.params.len(), self.started);
        self.begin(false, frames);
        Piece { start: self.sql.len(), first_param: self.params.len(), sql, params, started }
    }

    /// Takes back what was written of it.
    pub(super) fn clear(&mut self, piece: Piece) {
        self.sql.truncate(piece.start);
        self.params.truncate(piece.first_param);
    }

    /// Ends it. When it is blank after all, what waits for text goes on waiting.
    pub(super) fn close(&mut self, piece: Piece, frames: &[Frame<'a>]) {
        if !is_blank(&self.sql[piece.start..]) {
            return;
        }
        let blanks = self.sql[piece.start..].to_owned();
        let params: Vec<Pending<'a>> = self.params.drain(piece.first_param..).collect();
        self.sql.truncate(piece.sql);
        self.params.truncate(piece.params);
        self.started = piece.started;
        for prefix in &mut self.prefixes[self.level.outside..] {
            prefix.applied = prefix.applied.filter(|at| *at < piece.sql);
        }
        self.begin(true, frames);
        self.sql.push_str(&blanks);
        self.params.extend(params);
    }

    /// Goes inside of a trim; what it gives is for [`leave`](Self::leave).
    pub(super) fn enter(&mut self) -> Level {
        let inside = Level { spaced: false, outside: self.prefixes.len() };
        std::mem::replace(&mut self.level, inside)
    }

    pub(super) fn leave(&mut self, level: Level) {
        self.level = level;
    }

    /// A whole text without `${}` as one piece.
    pub(super) fn append_node(&mut self, node: &'a TextNode, frames: &[Frame<'a>]) {
        self.begin(node.blank, frames);
        self.push_parts(node, frames);
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
