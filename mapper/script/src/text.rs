//! Text that remembers where in the file each of its parts stood.

use std::ops::Range;

use crate::span::Span;

/// Decoded text (entities and properties replaced) with the places it came from.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpannedText {
    text: String,
    file: u32,
    /// Start in the text, start in the file; from there on both advance together.
    runs: Vec<(usize, usize)>,
    /// Where the last run ends in the file.
    end: usize,
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
        if self.runs.is_empty() || self.end != at || len != text.len() {
            self.runs.push((self.text.len(), at));
        }
        self.text.push_str(text);
        self.end = at + len;
        if len != text.len() {
            self.runs.push((self.text.len(), self.end));
        }
    }

    /// Adds a part of another text of the same file.
    pub(crate) fn push_part(&mut self, other: &Self, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            let following = other.runs.partition_point(|(start, _)| *start <= at);
            let next = other.runs.get(following).map_or(range.end, |run| run.0.min(range.end));
            let place = other.place(at);
            if self.runs.is_empty() || self.end != place {
                self.runs.push((self.text.len(), place));
            }
            self.text.push_str(&other.text[at..next]);
            self.end = place + (next - at);
            at = next;
        }
    }

    fn place(&self, offset: usize) -> usize {
        let run = self.runs.partition_point(|(start, _)| *start <= offset);
        match run.checked_sub(1).and_then(|run| self.runs.get(run)) {
            Some((start, place)) => place + (offset - start),
            None => self.end,
        }
    }

    /// The place of a part.
    pub(crate) fn span_of(&self, range: Range<usize>) -> Span {
        let start = self.place(range.start);
        let end = if range.end > range.start { self.place(range.end - 1) + 1 } else { start };
        Span::new(self.file, start, end.max(start))
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
