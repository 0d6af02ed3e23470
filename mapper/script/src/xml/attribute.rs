//! Values of attributes.

use std::ops::Range;

use crate::text::SpannedText;

use super::Attribute;
use super::entity::character;
use super::reader::{Reader, bare, reference_end};

impl Reader<'_, '_> {
    pub(super) fn attribute(&mut self, name: Range<usize>, value: Range<usize>) -> Attribute {
        let name_span = self.span(name.clone());
        let start = self.place.as_ref().map_or(value.start, |place| place.start);
        let mut text = SpannedText::new(self.builder.file(), start);
        self.allowed(value.clone());
        self.value(value, &mut text);
        Attribute { name: self.text[name].to_owned(), name_span, value: text }
    }

    /// White space becomes blanks, references are replaced.
    fn value(&mut self, range: Range<usize>, into: &mut SpannedText) {
        let mut at = range.start;
        while at < range.end {
            let rest = &self.text[at..range.end];
            let plain = rest.find(['&', '\n', '\r', '\t']).unwrap_or(rest.len());
            let len = match rest.as_bytes().get(plain) {
                None => 0,
                Some(b'&') => reference_end(&rest[plain..]).unwrap_or_else(|| bare(&rest[plain..])),
                Some(_) if rest[plain..].starts_with("\r\n") => 2,
                Some(_) => 1,
            };
            if plain > 0 {
                self.put(&rest[..plain], at..at + plain, into);
            }
            let found = at + plain..at + plain + len;
            at = found.end;
            match &self.text[found.clone()] {
                "" => {}
                bare @ ("&" | "&&") => {
                    self.bare_ampersand(found.clone());
                    self.put(bare, found, into);
                }
                reference if reference.starts_with('&') => {
                    let name = &reference[1..reference.len() - 1];
                    match character(name) {
                        Some(letter) => self.put(letter.encode_utf8(&mut [0; 4]), found, into),
                        None => self.expand(name, found, into),
                    }
                }
                _ => self.put(" ", found, into),
            }
        }
    }

    fn put(&self, piece: &str, at: Range<usize>, into: &mut SpannedText) {
        let at = self.place.clone().unwrap_or(at);
        into.push(piece, at.start, at.len());
    }

    /// An entity inside an attribute: its text counts, with the references in it.
    fn expand(&mut self, name: &str, at: Range<usize>, into: &mut SpannedText) {
        let Some(text) = self.enter(name, at.clone()) else { return };
        let place = self.place.clone().unwrap_or(at);
        let (known, entities) = (self.known, &mut *self.entities);
        let mut inner = Reader { text: &text, at: 0, place: Some(place), known, builder: self.builder, entities };
        inner.value(0..text.len(), into);
        self.entities.path.pop();
    }
}
