//! Text that remembers where in the file each of its parts stood.

use std::ops::Range;

use crate::span::{Span, clamp};

/// Decoded text (entities and properties replaced) with the places it came from.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpannedText {
    text: String,
    file: u32,
    runs: Vec<Run>,
    /// Where the last run ends in the file.
    end: usize,
}

/// A part of the text that stands together in the file.
#[derive(Debug, Clone)]
struct Run {
    /// In the text.
    start: usize,
    /// In the file.
    place: u32,
    /// How much of the file this part was made from, if it is another text than stands there: all of it is at that place. Else both advance
    /// together.
    replaced: Option<u32>,
}

impl SpannedText {
    pub(crate) fn new(file: u32, at: usize) -> Self {
        Self { text: String::new(), file, runs: Vec::new(), end: at }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Adds text that stands at this place in the file; `len` bytes of the file are what it was made from.
    pub(crate) fn push(&mut self, text: &str, at: usize, len: usize) {
        if len != text.len() {
            return self.replace(text, at, len);
        }
        if self.runs.is_empty() || self.end != at {
            self.begin(at, None);
        }
        self.text.push_str(text);
        self.end = at + len;
    }

    /// Adds text that was made from another one.
    fn replace(&mut self, text: &str, at: usize, len: usize) {
        self.begin(at, Some(clamp(len)));
        self.text.push_str(text);
        self.end = at + len;
        self.begin(self.end, None);
    }

    fn begin(&mut self, place: usize, replaced: Option<u32>) {
        self.runs.push(Run { start: self.text.len(), place: clamp(place), replaced });
    }

    /// Adds a part of another text of the same file.
    pub(crate) fn push_part(&mut self, other: &Self, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            let following = other.runs.partition_point(|run| run.start <= at);
            let next = other.runs.get(following).map_or(range.end, |run| run.start.min(range.end));
            let (piece, place) = (&other.text[at..next], other.place(at..next));
            match other.run(at) {
                Some(Run { replaced: Some(_), .. }) => self.replace(piece, place.start, place.len()),
                _ => self.push(piece, place.start, place.len()),
            }
            at = next;
        }
    }

    /// The part in which this byte is.
    fn run(&self, at: usize) -> Option<&Run> {
        let following = self.runs.partition_point(|run| run.start <= at);
        self.runs[..following].last()
    }

    /// Where one byte of the text stands in the file.
    fn place_of(&self, at: usize) -> Range<usize> {
        let (start, len) = match self.run(at) {
            Some(Run { place, replaced: Some(len), .. }) => (*place as usize, *len as usize),
            Some(Run { start, place, replaced: None }) => (*place as usize + (at - start), 1),
            None => (self.end, 1),
        };
        start..start + len
    }

    fn place(&self, range: Range<usize>) -> Range<usize> {
        let start = self.place_of(range.start).start;
        let end = if range.end > range.start { self.place_of(range.end - 1).end } else { start };
        start..end.max(start)
    }

    /// The place of a part.
    pub(crate) fn span_of(&self, range: Range<usize>) -> Span {
        let place = self.place(range);
        Span::new(self.file, place.start, place.end)
    }

    /// The place of the whole.
    pub(crate) fn span(&self) -> Span {
        self.span_of(0..self.text.len())
    }

    /// The place without the blanks around the text.
    pub(crate) fn trimmed_span(&self) -> Span {
        let start = self.text.len() - self.text.trim_start().len();
        self.span_of(start..self.text.trim_end().len().max(start))
    }

    pub(crate) fn file(&self) -> u32 {
        self.file
    }
}
