//! Characters and markup of a text, in order.

use std::collections::HashMap;
use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::text::SpannedText;

use super::builder::Builder;
use super::entity::{Entity, MAX_LEVELS, character, doctype, is_xml};
use super::tag::{Mistake, Tag, begins_tag, name_of, start_tag};
use super::{Attribute, Comment, Element, Parsed, malformed};

/// Entities are replaced so many times in a file, and by so many bytes, as in Java's reader.
const MAX_EXPANSIONS: usize = 64_000;
const MAX_EXPANDED_BYTES: usize = 10 * 1024 * 1024;

/// Reads a whole file.
pub(super) fn read(file: u32, text: &str, known: fn(&str) -> bool) -> Parsed {
    let mut entities = Entities::default();
    let mut builder = Builder::new(file);
    Reader { text, at: 0, place: None, known, builder: &mut builder, entities: &mut entities }.run();
    builder.finish(text.len())
}

/// The entities of the document type and how much they were used.
#[derive(Default)]
struct Entities {
    declared: HashMap<String, Entity>,
    /// Those being replaced now, outermost first.
    path: Vec<String>,
    expansions: usize,
    bytes: usize,
    exhausted: bool,
}

struct Reader<'r, 't> {
    text: &'t str,
    at: usize,
    /// The text of an entity stands where the entity was used.
    place: Option<Range<usize>>,
    known: fn(&str) -> bool,
    builder: &'r mut Builder,
    entities: &'r mut Entities,
}

const STRAY: &str = "write &lt;, or put the SQL into <![CDATA[ .. ]]>";

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

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn span(&self, range: Range<usize>) -> Span {
        let range = self.place.clone().unwrap_or(range);
        Span::new(self.builder.file(), range.start, range.end)
    }

    fn mistake(&mut self, range: Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        let mistake = malformed(self.span(range), message);
        self.builder.mistake(mistake)
    }

    /// Takes text over; the same text when it is not of the file stands where its entity was used.
    fn push(&mut self, piece: &str, at: usize, len: usize) {
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

    fn lines(&mut self, raw: &str, mut at: usize) {
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

    fn outside(&mut self, range: Range<usize>) {
        let raw = &self.text[range.clone()];
        let blank =
            raw.len() - raw.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}').len();
        let len = raw[blank..].trim_end().len();
        if len > 0 && self.builder.first_outside() {
            let start = range.start + blank;
            self.mistake(start..start + len, "there is text outside of the root element");
        }
    }

    /// Reports characters that XML does not know at all.
    fn allowed(&mut self, range: Range<usize>) {
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
            let place = self.place.clone().unwrap_or(start..start + end);
            let (known, entities) = (self.known, &mut *self.entities);
            Reader { text: &text, at: 0, place: Some(place), known, builder: self.builder, entities }.run();
            self.entities.path.pop();
        }
    }

    /// The text of an entity that is to be replaced; it is on the path then.
    fn enter(&mut self, name: &str, at: Range<usize>) -> Option<String> {
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

    fn bare_ampersand(&mut self, at: Range<usize>) {
        let help = if at.len() == 2 { "write &amp;&amp;, or the word `and`" } else { "write &amp;" };
        let mistake = self.mistake(at, "`&` begins a reference, and this is none");
        mistake.help = Some(help.to_owned());
    }

    fn markup(&mut self) {
        let (start, rest) = (self.at, self.rest());
        if rest.starts_with("<!--") {
            self.comment(start);
        } else if rest.starts_with("<![CDATA[") {
            self.cdata(start, "<![CDATA[".len());
        } else if rest.starts_with("<!DOCTYPE") {
            self.doctype(start);
        } else if rest.starts_with("<!") {
            self.unknown_markup(start);
        } else if rest.starts_with("<?") {
            self.instruction(start);
        } else if rest.starts_with("</") && !name_of(&rest[2..]).is_empty() {
            self.end_tag(start);
        } else {
            self.start_tag(start);
        }
    }

    /// What was opened but never closed: reading goes on behind the line.
    fn unclosed(&mut self, start: usize, len: usize, message: &str, close: &str) {
        let mistake = self.mistake(start..start + len, message);
        mistake.label = format!("`{close}` is missing");
        self.at = self.rest().find('\n').map_or(self.text.len(), |len| start + len);
    }

    fn comment(&mut self, start: usize) {
        let inside = &self.text[start + 4..];
        let close = inside.find("-->");
        if close.is_none_or(|close| inside[..close].contains("<!--")) {
            self.unclosed(start, 4, "the comment is not closed", "-->");
            return;
        }
        let inside = &inside[..close.unwrap_or_default()];
        let (from, end) = (start + 4, start + 4 + inside.len() + 3);
        let double = inside.find("--").or_else(|| inside.ends_with('-').then(|| inside.len() - 1));
        if let Some(at) = double {
            let mistake = self.mistake(from + at..from + at + 2, "`--` must not stand in a comment");
            mistake.help = Some("leave it out, or write - -".to_owned());
        }
        let span = self.span(start..end);
        self.builder.comment(Comment { text: inside.trim().to_owned(), span });
        self.at = end;
    }

    fn cdata(&mut self, start: usize, opener: usize) {
        let from = start + opener;
        let inside = &self.text[from..];
        let mut to = from + inside.find("]]>").unwrap_or(inside.len());
        let nested = self.text[from..to].contains("<![CDATA[");
        self.at = to + 3;
        if to == self.text.len() || nested {
            let mistake = self.mistake(start..from, "the section is not closed");
            mistake.label = "`]]>` is missing".to_owned();
            let tags = inside.match_indices("</").map(|(at, _)| at);
            to = tags.filter(|at| begins_tag(&inside[*at..], self.known)).map(|at| from + at).next().unwrap_or(to);
            self.at = to;
        }
        if self.builder.is_outside() {
            self.outside(start..self.at);
            return;
        }
        self.allowed(from..to);
        self.builder.separate();
        let text = self.text;
        self.lines(&text[from..to], from);
        self.builder.separate();
    }

    fn doctype(&mut self, start: usize) {
        let found = doctype(self.text, start);
        self.at = found.end;
        if self.place.is_some() || !self.builder.is_before_root() {
            let message = "a document type stands only before the root element";
            self.mistake(start..start + "<!DOCTYPE".len(), message);
            return;
        }
        if let Some((place, message)) = found.mistake {
            self.mistake(place, message);
        }
        let root = self.text[found.root.clone()].to_owned();
        self.builder.announce(root, self.span(found.root));
        self.entities.declared.extend(found.entities);
    }

    fn unknown_markup(&mut self, start: usize) {
        let rest = self.rest();
        let head: String = rest.chars().take(12).collect::<String>().to_uppercase();
        let letters: String = head.chars().filter(char::is_ascii_alphabetic).collect();
        let mistake = self.mistake(start..start + 2, "this is no markup that XML knows");
        if letters.starts_with("CDATA") {
            mistake.help = Some("a section is written <![CDATA[ .. ]]>".to_owned());
            let opener = 2 + rest[2..].find(|letter: char| !letter.is_alphabetic() && letter != '[').unwrap_or(0);
            self.cdata(start, opener);
        } else if letters.starts_with("DOCTYPE") {
            mistake.help = Some("write <!DOCTYPE in capital letters".to_owned());
            self.at = rest.find('>').map_or(self.text.len(), |end| start + end + 1);
        } else {
            mistake.help = Some("a comment is written <!-- .. -->".to_owned());
            self.push("<!", start, 2);
            self.at += 2;
        }
    }

    fn instruction(&mut self, start: usize) {
        let Some(end) = self.rest().find("?>") else {
            self.unclosed(start, 2, "the processing instruction is not closed", "?>");
            return;
        };
        let target = name_of(&self.rest()[2..]);
        if target.eq_ignore_ascii_case("xml") && (start > 0 || target != "xml") {
            let mistake = self.mistake(start..start + 5, "the XML declaration stands only at the very beginning");
            mistake.help = Some("delete what stands before it, blanks and empty lines too".to_owned());
        }
        self.at += end + 2;
    }

    fn end_tag(&mut self, start: usize) {
        let name = name_of(&self.rest()[2..]);
        let name_at = start + 2..start + 2 + name.len();
        let behind = &self.text[name_at.end..];
        let blank = behind.len() - behind.trim_start().len();
        self.at = name_at.end + blank;
        if self.rest().starts_with('>') {
            self.at += 1;
        } else {
            let stop = behind.find(['<', '>', '\n']).unwrap_or(behind.len());
            let closes = behind[stop..].starts_with('>');
            let mistake = self.mistake(start..name_at.end, format!("the end tag </{name} is not closed"));
            mistake.label = if closes { "nothing may stand behind the name" } else { "a `>` is missing" }.to_owned();
            self.at = if closes { name_at.end + stop + 1 } else { name_at.end };
        }
        if self.builder.top() == Some(name) {
            self.builder.close(self.span(start..self.at));
        } else {
            let following = following_end(self.rest());
            self.builder.mismatched(name, self.span(start..self.at), following);
        }
    }

    fn start_tag(&mut self, start: usize) {
        let Some(tag) = start_tag(self.text, start, self.known) else {
            if self.builder.is_outside() {
                self.outside(start..start + 1);
            } else {
                let mistake = self.mistake(start..start + 1, "`<` begins a tag, and this is none");
                mistake.help = Some(STRAY.to_owned());
                self.push("<", start, 1);
            }
            self.at += 1;
            return;
        };
        self.at = tag.end;
        self.mended(start, &tag);
        let name = &self.text[tag.name.clone()];
        let span = self.span(start..tag.end);
        if tag.attributes.is_empty() && !tag.empty && self.builder.repeats(name) {
            self.builder.meant_as_end(name, span);
            return;
        }
        if self.builder.begins_anew(name) && !tag.empty {
            let statement = self.builder.statement().unwrap_or_default();
            if !closed_later(&self.text[start..], statement) {
                self.builder.close_statement(span);
            }
        }
        let attributes = tag.attributes.iter().map(|raw| self.attribute(raw.name.clone(), raw.value.clone())).collect();
        let element = Element {
            name: name.to_owned(),
            attributes,
            children: Vec::new(),
            span,
            name_span: self.span(tag.name.clone()),
        };
        self.builder.open(element, tag.empty);
    }

    fn mended(&mut self, start: usize, tag: &Tag) {
        for mistake in &tag.mistakes {
            let Mistake { at, message, label, help } = mistake;
            let diagnostic = malformed(self.span(at.clone()), message.clone()).label(*label).help_opt(help.clone());
            self.builder.mistake(diagnostic);
        }
        if !tag.mistakes.is_empty() {
            self.builder.damaged(self.span(start..tag.end));
        }
    }

    fn attribute(&mut self, name: Range<usize>, value: Range<usize>) -> Attribute {
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

/// The length of an ampersand that begins no reference: two of them are one mistake.
fn bare(rest: &str) -> usize {
    if rest.starts_with("&&") { 2 } else { 1 }
}

/// The length of `&name;` or `&#..;`.
fn reference_end(rest: &str) -> Option<usize> {
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

/// The name of the next tag when it is an end tag.
fn following_end(mut rest: &str) -> Option<&str> {
    loop {
        rest = &rest[rest.find('<')?..];
        let skip = if rest.starts_with("<!--") {
            rest.find("-->")? + 3
        } else if rest.starts_with("<![CDATA[") {
            rest.find("]]>")? + 3
        } else {
            return rest.strip_prefix("</").map(name_of).filter(|name| !name.is_empty());
        };
        rest = &rest[skip..];
    }
}

/// Whether an element of this name that is open gets its end tag, when the elements of that name behind it get theirs.
fn closed_later(mut rest: &str, name: &str) -> bool {
    let mut depth = 1_usize;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(end) = rest.strip_prefix('/') {
            if name_of(end) == name {
                depth -= 1;
                if depth == 0 {
                    return true;
                }
            }
        } else if name_of(rest) == name {
            let empty = rest.find('>').is_some_and(|end| rest[..end].ends_with('/'));
            depth += usize::from(!empty);
        }
    }
    false
}
