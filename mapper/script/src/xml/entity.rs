//! The document type and the entities it declares. Nothing outside of the file is ever read.

use std::collections::HashMap;
use std::ops::Range;

use super::tag::name_of;

/// What `&name;` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entity {
    /// The text between the quotes, its character references resolved.
    Internal(String),
    /// `SYSTEM "place"`: named in messages, never fetched.
    External(String),
}

/// A document type declaration.
#[derive(Debug, Default)]
pub(super) struct Doctype {
    /// The name of the root element it announces.
    pub(super) root: Range<usize>,
    pub(super) entities: HashMap<String, Entity>,
    /// Behind its `>`.
    pub(super) end: usize,
    /// Where it stops making sense, and why.
    pub(super) mistake: Option<(Range<usize>, String)>,
}

/// Parameter entities expand to so many bytes at most.
const MAX_SUBSET: usize = 64 * 1024;

/// Entities may stand in each other this deep.
pub(super) const MAX_LEVELS: usize = 20;

/// Reads `<!DOCTYPE .. >` at `at`.
pub(super) fn doctype(text: &str, at: usize) -> Doctype {
    let mut found = Doctype { end: text.len(), ..Doctype::default() };
    let begin = at + "<!DOCTYPE".len();
    let space = text[begin..].len() - text[begin..].trim_start().len();
    let name = name_of(&text[begin + space..]);
    found.root = begin + space..begin + space + name.len();
    let Some(head) = end_of(text, found.root.end, &['>', '[']) else {
        return unclosed(found, at, text);
    };
    if !is_external_id(&text[found.root.end..head]) {
        let message = "a document type names PUBLIC \"..\" \"..\", SYSTEM \"..\" or nothing".to_owned();
        found.mistake = Some((found.root.clone(), message));
    }
    if text[head..].starts_with('>') {
        found.end = head + 1;
        return found;
    }
    let mut subset = Subset::default();
    let close = subset.read(text, head + 1, &mut found);
    let Some(close) = close.and_then(|close| text[close..].find('>').map(|at| close + at)) else {
        return unclosed(found, at, text);
    };
    found.end = close + 1;
    found
}

/// `PUBLIC "name" "place"`, `SYSTEM "place"`, or nothing.
fn is_external_id(text: &str) -> bool {
    let mut rest = text.trim();
    let literals = match rest.get(..6) {
        Some("PUBLIC") => 2,
        Some("SYSTEM") => 1,
        _ => return rest.is_empty(),
    };
    rest = &rest[6..];
    for _ in 0..literals {
        let trimmed = rest.trim_start();
        let Some(literal) = quoted(trimmed) else { return false };
        if trimmed.len() == rest.len() || trimmed.len() < literal.len() + 2 {
            return false;
        }
        rest = &trimmed[literal.len() + 2..];
    }
    rest.is_empty()
}

/// Reading goes on at the first tag.
fn unclosed(mut found: Doctype, at: usize, text: &str) -> Doctype {
    let mut tags = text[at..].match_indices('<').map(|(tag, _)| at + tag);
    found.end = tags.find(|tag| !name_of(&text[tag + 1..]).is_empty()).unwrap_or(text.len());
    found.mistake = Some((at..found.root.end, "the document type is not closed".to_owned()));
    found
}

/// The next of some letters outside of quotes.
fn end_of(text: &str, from: usize, letters: &[char]) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in text[from..].char_indices() {
        match quote {
            Some(open) if open == letter => quote = None,
            Some(_) => {}
            None if letters.contains(&letter) => return Some(from + at),
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None => {}
        }
    }
    None
}

/// The declarations between `[` and `]`.
#[derive(Default)]
struct Subset {
    parameters: HashMap<String, Entity>,
    expanded: usize,
    depth: usize,
}

impl Subset {
    /// Reads declarations up to `]` or the end; the place of `]`.
    fn read(&mut self, text: &str, mut at: usize, found: &mut Doctype) -> Option<usize> {
        loop {
            let rest = &text[at..];
            at += rest.len() - rest.trim_start().len();
            let rest = &text[at..];
            if rest.is_empty() || rest.starts_with(']') {
                return (!rest.is_empty()).then_some(at);
            }
            at = if rest.starts_with("<!--") {
                at + rest.find("-->")? + 3
            } else if rest.starts_with("<?") {
                at + rest.find("?>")? + 2
            } else if let Some(reference) = rest.strip_prefix('%') {
                let end = at + 1 + reference.find(';')? + 1;
                self.parameter(&text[at + 1..end - 1], at..end, found);
                end
            } else if rest.starts_with("<!") {
                let end = end_of(text, at, &['>'])?;
                if let Some(declaration) = rest.strip_prefix("<!ENTITY") {
                    self.entity(&declaration[..end - at - "<!ENTITY".len()], found);
                }
                end + 1
            } else {
                let letter = rest.chars().next().map_or(1, char::len_utf8);
                let message = "this is no declaration of a document type".to_owned();
                found.mistake.get_or_insert((at..at + letter, message));
                at + letter
            };
        }
    }

    fn parameter(&mut self, name: &str, place: Range<usize>, found: &mut Doctype) {
        let message = match self.parameters.get(name).cloned() {
            Some(Entity::Internal(text)) if self.expanded + text.len() <= MAX_SUBSET && self.depth < MAX_LEVELS => {
                self.expanded += text.len().max(1);
                self.depth += 1;
                // Its own entities and mistakes count, its places do not: they are not of the file.
                let mut inner = Doctype::default();
                self.read(&text, 0, &mut inner);
                self.depth -= 1;
                for (name, entity) in inner.entities {
                    found.entities.entry(name).or_insert(entity);
                }
                inner.mistake.map(|(_, message)| message)
            }
            Some(Entity::Internal(_)) => Some("the parameter entities of the document type are too long".to_owned()),
            Some(Entity::External(place)) => {
                Some(format!("the parameter entity `%{name};` is `{place}`, which is not read"))
            }
            None => Some(format!("there is no parameter entity `%{name};`")),
        };
        if let Some(message) = message {
            found.mistake.get_or_insert((place, message));
        }
    }

    /// The first declaration of a name counts.
    fn entity(&mut self, declaration: &str, found: &mut Doctype) {
        let declaration = declaration.trim_start();
        let (parameter, declaration) = match declaration.strip_prefix('%') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, declaration),
        };
        let name = name_of(declaration);
        let value = declaration[name.len()..].trim_start();
        let entity = match quoted(value) {
            Some(text) => Entity::Internal(resolved(text)),
            None => Entity::External(quoted_last(value).unwrap_or_default().to_owned()),
        };
        let into = if parameter { &mut self.parameters } else { &mut found.entities };
        if !name.is_empty() {
            into.entry(name.to_owned()).or_insert(entity);
        }
    }
}

fn quoted(value: &str) -> Option<&str> {
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split(quote).next()
}

/// The system identifier of `SYSTEM "x"` and `PUBLIC "y" "x"`.
fn quoted_last(value: &str) -> Option<&str> {
    let end = value.rfind(['"', '\''])?;
    let quote = value[end..].chars().next()?;
    value[..end].rfind(quote).map(|start| &value[start + 1..end])
}

/// Character references in an entity's value are replaced when it is declared, others when it is used.
fn resolved(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("&#") {
        out.push_str(&rest[..at]);
        let reference = &rest[at..];
        let end = reference.find(';').map_or(reference.len(), |end| end + 1);
        match character(reference[1..end].trim_end_matches(';')) {
            // What it stands for is markup again when the entity is used.
            Some(letter) => out.push(letter),
            None => out.push_str(&reference[..end]),
        }
        rest = &reference[end..];
    }
    out.push_str(rest);
    out
}

/// `#10`, `#x0a`, `lt`, `amp` and the other three.
pub(super) fn character(name: &str) -> Option<char> {
    match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => {}
    }
    let code = name.strip_prefix('#')?;
    let code = match code.strip_prefix('x') {
        Some(hex) if hex.bytes().all(|digit| digit.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok()?,
        None if code.bytes().all(|digit| digit.is_ascii_digit()) => code.parse().ok()?,
        _ => return None,
    };
    char::from_u32(code).filter(|letter| is_xml(*letter))
}

/// Whether XML allows a character at all.
pub(super) fn is_xml(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}
