//! The text of a loaded file, with lines.

use std::sync::Arc;

use crate::span::{Location, Span};

/// One loaded mapper file: its name and its text.
#[derive(Debug, Clone)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    line_starts: Vec<u32>,
    /// Where its parts stand, if it was put together from those of another file.
    places: Arc<[Place]>,
}

/// Where in its file a part of a text stands that was put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The byte of the text that the part begins with.
    pub at: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Source {
    /// A file of this name and text.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let mut line_starts = vec![0];
        for (at, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                line_starts.push(Span::new(0, at + 1, at + 1).start);
            }
        }
        Self { name: name.into(), text, line_starts, places: Arc::default() }
    }

    /// A text that was put together from parts of the file of this name: these places, in the order of the text.
    pub(crate) fn of_parts(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>, places: &[Place]) -> Self {
        Self { places: places.into(), ..Self::new(name, text) }
    }

    /// Whether it was put together.
    pub(crate) fn is_of_parts(&self) -> bool {
        !self.places.is_empty()
    }

    /// The name under which it was given.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column, both from 1; the column counts characters. A position behind the end counts as the end.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let place = self.places.partition_point(|place| place.at <= offset);
        match place.checked_sub(1).and_then(|nth| self.places.get(nth)) {
            Some(place) => self.behind(*place, offset),
            None => self.in_text(offset),
        }
    }

    /// The place in the file of what stands behind the beginning of a part.
    fn behind(&self, place: Place, offset: u32) -> (u32, u32) {
        let ((first, begin), (line, column)) = (self.in_text(place.at), self.in_text(offset));
        match line - first {
            0 => (place.line, place.column + (column - begin)),
            lines => (place.line + lines, column),
        }
    }

    fn in_text(&self, offset: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts[line - 1] as usize;
        let mut end = (offset as usize).clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let column = self.text.get(start..end).map_or(0, |before| before.chars().count());
        (Span::new(0, line, line).start, Span::new(0, column + 1, 0).start)
    }

    /// The place where a span of this file begins.
    #[must_use]
    pub fn location(&self, span: Span) -> Location {
        let (line, column) = self.line_column(span.start);
        Location { file: self.name.clone(), line, column }
    }

    /// The text of a span; empty when the span is not of this file.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}
