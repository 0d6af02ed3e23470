//! Characters and markup of a text, in order.

use std::collections::HashMap;
use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::span::Span;

use super::builder::Builder;
use super::entity::{Entity, MAX_LEVELS, character, is_xml};
use super::tag::name_of;
use super::{Parsed, malformed};

/// Entities are replaced so many times in a file, and by so many bytes, as in Java's reader.
const MAX_EXPANSIONS: usize = 64_000;
const MAX_EXPANDED_BYTES: usize = 10 * 1024 * 1024;

/// What XML takes for blank.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Reads a text from this byte on.
pub(super) fn read(file: u32, text: &str, start: usize, known: fn(&str) -> bool) -> Parsed {
    let mut entities = Entities::default();
    let mut builder = Builder::new(file);
    Reader { text, at: start, place: None, known, builder: &mut builder, entities: &mut entities }.run();
    builder.finish(text.len())
}

/// The entities of the document type and how much they were used.
#[derive(Default)]
pub(super) struct Entities {
    pub(super) declared: HashMap<String, Entity>,
    /// Those being replaced now, outermost first.
    pub(super) path: Vec<String>,
    expansions: usize,
    bytes: usize,
    exhausted: bool,
}

pub(super) struct Reader<'r, 't> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// The text of an entity stands where the entity was used.
    pub(super) place: Option<Range<usize>>,
    pub(super) known: fn(&str) -> bool,
    pub(super) builder: &'r mut Builder,
    pub(super) entities: &'r mut Entities,
}

impl<'t> Reader<'_, 't> {
    fn run(&mut self) {
        while self.at < self.text.len() && !self.builder.stopped() {
            let rest = self.rest();
            let plain = rest.bytes().position(|byte| matches!(byte, b'<' | b'&')).unwrap_or(rest.len());
            if plain > 0 {
                self.characters(self.at..self.at + plain);
                self.at += plain;
            } else if rest.starts_with('&') {
                self.reference();
            } else {
                self.markup();
            }
        }
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let range = self.place.clone().unwrap_or(range);
        Span::new(self.builder.file(), range.start, range.end)
    }

    pub(super) fn mistake(&mut self, range: Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        let mistake = malformed(self.span(range), message);
        self.builder.mistake(mistake)
    }

    /// Takes text over; the same text when it is not of the file stands where its entity was used.
    pub(super) fn push(&mut self, piece: &str, at: usize, len: usize) {
        let place = self.place.clone().unwrap_or(at..at + len);
        self.builder.text(piece, place);
    }

    /// Plain characters; line ends of Windows become `\n`, as every XML reader has it.
    fn characters(&mut self, range: Range<usize>) {
        let text = self.text;
        let raw = &text[range.clone()];
        if self.builder.is_outside() {
            self.outside(range);
            return;
        }
        if let Some(at) = raw.find("]]>") {
            let at = range.start + at;
            let mistake = self.mistake(at..at + 3, "`]]>` ends a section that was not begun");
            mistake.help = Some("begin it with <![CDATA[, or write ]]&gt;".to_owned());
        }
        self.allowed(range.clone());
        self.lines(raw, range.start);
    }

    pub(super) fn lines(&mut self, raw: &str, mut at: usize) {
        let mut rest = raw;
        while let Some(plain) = rest.find('\r') {
            self.push(&rest[..plain], at, plain);
            let len = if rest[plain..].starts_with("\r\n") { 2 } else { 1 };
            self.push("\n", at + plain, len);
            at += plain + len;
            rest = &rest[plain + len..];
        }
        self.push(rest, at, rest.len());
    }

    pub(super) fn outside(&mut self, range: Range<usize>) {
        let raw = &self.text[range.clone()];
        // A mark of the byte order is no text, and blanks are those of XML: a file may end in no others.
        let marked = if range.start == 0 { raw.strip_prefix('\u{feff}').unwrap_or(raw) } else { raw };
        let blank = raw.len() - marked.trim_start_matches(BLANKS).len();
        let len = raw[blank..].trim_end_matches(BLANKS).len();
        if len > 0 && self.builder.first_outside() {
            let start = range.start + blank;
            self.mistake(start..start + len, "there is text outside of the root element");
        }
    }

    /// Reports characters that XML does not know at all.
    pub(super) fn allowed(&mut self, range: Range<usize>) {
        let raw = &self.text[range.clone()];
        if raw.bytes().all(|byte| byte >= b' ' && byte != 0xef || matches!(byte, b'\t' | b'\n' | b'\r')) {
            return;
        }
        if let Some((at, letter)) = raw.char_indices().find(|(_, letter)| !is_xml(*letter)) {
            let at = range.start + at;
            let message = format!("XML does not allow the character U+{:04X}", u32::from(letter));
            self.mistake(at..at + letter.len_utf8(), message);
        }
    }

    fn reference(&mut self) {
        let start = self.at;
        let Some(end) = reference_end(self.rest()) else {
            let len = bare(self.rest());
            self.bare_ampersand(start..start + len);
            self.push(&self.text[start..start + len], start, len);
            self.at += len;
            return;
        };
        let name = &self.text[start + 1..start + end - 1];
        self.at += end;
        if self.builder.is_outside() {
            self.outside(start..start + end);
        } else if let Some(letter) = character(name) {
            self.push(letter.encode_utf8(&mut [0; 4]), start, end);
        } else if let Some(text) = self.enter(name, start..start + end) {
            self.left_out(name, &text, start..start + end);
            self.entities.path.pop();
        }
    }

    /// MyBatis' reader keeps an entity in the content as a node of its own kind, which MyBatis then never looks at: nothing is sent for it, and what
    /// it holds is not checked. Only hostile ones are refused.
    fn left_out(&mut self, name: &str, text: &str, at: Range<usize>) {
        let before = self.builder.mistakes();
        self.measure(text, at.clone());
        self.builder.separate();
        if self.builder.mistakes() == before {
            let message = format!("`&{name};` is left out here: MyBatis sends nothing in its place");
            let help = "write its text, or put it into a <sql> fragment and include that; in attributes entities count";
            let left_out = Diagnostic::warning("W004", self.span(at), message).help(help);
            self.builder.warning(left_out);
        }
    }

    /// Counts what an entity would expand to.
    fn measure(&mut self, text: &str, at: Range<usize>) {
        for reference in text.split('&').skip(1) {
            let Some(name) = reference.split_once(';').map(|(name, _)| name) else { continue };
            if self.entities.declared.contains_key(name)
                && let Some(inner) = self.enter(name, at.clone())
            {
                self.measure(&inner, at.clone());
                self.entities.path.pop();
            }
        }
    }

    /// The text of an entity that is to be replaced; it is on the path then.
    pub(super) fn enter(&mut self, name: &str, at: Range<usize>) -> Option<String> {
        let entities = &mut *self.entities;
        if entities.exhausted {
            return None;
        }
        let refused = match entities.declared.get(name) {
            Some(Entity::Internal(_)) if entities.path.iter().any(|on| on == name) => {
                ("E007", format!("the entity `&{name};` contains itself"), None)
            }
            Some(Entity::Internal(text))
                if entities.path.len() < MAX_LEVELS
                    && entities.expansions < MAX_EXPANSIONS
                    && entities.bytes + text.len() <= MAX_EXPANDED_BYTES =>
            {
                let text = text.clone();
                entities.expansions += 1;
                entities.bytes += text.len();
                entities.path.push(name.to_owned());
                return Some(text);
            }
            Some(Entity::Internal(_)) => {
                entities.exhausted = true;
                let message = format!(
                    "the entities expand to too much: more than {MAX_LEVELS} levels, {MAX_EXPANSIONS} references or {} MiB",
                    MAX_EXPANDED_BYTES / (1024 * 1024)
                );
                ("E007", message, None)
            }
            Some(Entity::External(place)) => {
                let message = format!("the entity `&{name};` is the file `{place}`, and files are never read this way");
                ("E008", message, Some("put its text here, or into a <sql> fragment that is included".to_owned()))
            }
            None => ("E001", format!("`&{name};` is not declared"), html(name)),
        };
        let (code, message, help) = refused;
        let diagnostic = Diagnostic { code, ..malformed(self.span(at), message) };
        self.builder.mistake(diagnostic.help_opt(help));
        None
    }

    pub(super) fn bare_ampersand(&mut self, at: Range<usize>) {
        let help = if at.len() == 2 { "write &amp;&amp;, or the word `and`" } else { "write &amp;" };
        let mistake = self.mistake(at, "`&` begins a reference, and this is none");
        mistake.help = Some(help.to_owned());
    }
}

/// The length of an ampersand that begins no reference: two of them are one mistake.
pub(super) fn bare(rest: &str) -> usize {
    if rest.starts_with("&&") { 2 } else { 1 }
}

/// The length of `&name;` or `&#..;`.
pub(super) fn reference_end(rest: &str) -> Option<usize> {
    let behind = &rest[1..];
    let len = match behind.strip_prefix('#') {
        Some(code) => 1 + code.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(code.len()),
        None => name_of(behind).len(),
    };
    (len > 0 && behind[len..].starts_with(';')).then_some(len + 2)
}

/// Names of HTML that people use without declaring them.
fn html(name: &str) -> Option<String> {
    let code = match name {
        "nbsp" => 160,
        "copy" => 169,
        "ndash" => 8211,
        "mdash" => 8212,
        "hellip" => 8230,
        _ => return Some("XML itself knows &lt; &gt; &amp; &quot; and &apos;".to_owned()),
    };
    Some(format!("write &#{code};"))
}
