//! `${name}` in mapper files from properties, replaced once when the files are loaded.

use std::collections::HashMap;

use crate::text::SpannedText;
use crate::token::{Piece, scan};

const PREFIX: &str = "org.apache.ibatis.parsing.PropertyParser.";

/// Names and texts; a copy with more of them is made for each include that gives properties.
#[derive(Debug, Clone, Default)]
pub(crate) struct Properties {
    values: HashMap<String, String>,
}

impl Properties {
    pub(crate) fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.values.insert(name.into(), value.into());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// These and some more, which win.
    pub(crate) fn extended(&self, more: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all = self.clone();
        all.values.extend(more);
        all
    }

    fn option(&self, name: &str) -> Option<&str> {
        self.values.get(&format!("{PREFIX}{name}")).map(String::as_str)
    }

    /// The text for one token's content; `None` leaves the token for run time.
    fn value<'v>(&'v self, content: &'v str) -> Option<&'v str> {
        if self.option("enable-default-value").is_some_and(|on| on.eq_ignore_ascii_case("true")) {
            let separator = self.option("default-value-separator").unwrap_or(":");
            if let Some((name, default)) = content.split_once(separator) {
                return Some(self.values.get(name).map_or(default, String::as_str));
            }
        }
        self.values.get(content).map(String::as_str)
    }

    /// Replaces all known names in a text.
    pub(crate) fn fill(&self, text: &mut SpannedText) {
        if text.as_str().contains("${") {
            *text = self.replace(text);
        }
    }

    /// The text with all known names replaced.
    pub(crate) fn replace(&self, text: &SpannedText) -> SpannedText {
        let source = text.as_str();
        if !source.contains("${") {
            return text.clone();
        }
        let mut out = SpannedText::new(text.file(), 0);
        for piece in scan(source, "${") {
            match piece {
                Piece::Text(range) => out.push_part(text, range),
                Piece::Token { range, content } => {
                    let span = text.span_of(range.clone());
                    let (at, len) = (span.start as usize, (span.end - span.start) as usize);
                    match self.value(&content) {
                        Some(value) => out.push(value, at, len),
                        None if content.len() + 3 == range.len() => out.push_part(text, range),
                        None => out.push(&format!("${{{content}}}"), at, len),
                    }
                }
            }
        }
        out
    }
}
