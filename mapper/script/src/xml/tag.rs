//! What stands between `<` and `>`: names and attributes, with recovery.

use std::ops::Range;

/// A start tag as written, all places in bytes of the text.
#[derive(Debug, Default)]
pub(super) struct Tag {
    pub(super) name: Range<usize>,
    pub(super) attributes: Vec<RawAttribute>,
    /// Behind `>`, or where reading goes on after a mistake.
    pub(super) end: usize,
    /// `<x/>`.
    pub(super) empty: bool,
    pub(super) mistakes: Vec<Mistake>,
}

#[derive(Debug)]
pub(super) struct RawAttribute {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// A mistake in a tag.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) at: Range<usize>,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: Option<String>,
}

impl Mistake {
    fn new(at: Range<usize>, message: impl Into<String>, label: &'static str) -> Self {
        Self { at, message: message.into(), label, help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Elements without content: one of them that is not ended ends at once.
pub(super) const LEAVES: [&str; 9] =
    ["id", "result", "idArg", "arg", "bind", "parameter", "property", "cache-ref", "setting"];

pub(super) fn is_name_start(letter: char) -> bool {
    letter.is_alphabetic() || matches!(letter, '_' | ':')
}

pub(super) fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | ':' | '-' | '.' | '\u{b7}')
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

/// The name at the beginning of a text; empty when there is none.
pub(super) fn name_of(text: &str) -> &str {
    if !text.starts_with(is_name_start) {
        return "";
    }
    &text[..text.find(|letter| !is_name(letter)).unwrap_or(text.len())]
}

/// Whether a text begins like the tag of a known element.
pub(super) fn begins_tag(text: &str, known: fn(&str) -> bool) -> bool {
    let Some(rest) = text.strip_prefix('<') else { return false };
    known(name_of(rest.strip_prefix('/').unwrap_or(rest)))
}

/// Reads the tag at `at`, where `<` and a name stand. `None`: the `<` is no markup but a character that was not escaped.
pub(super) fn start_tag(text: &str, at: usize, known: fn(&str) -> bool) -> Option<Tag> {
    let name = name_of(&text[at + 1..]);
    let name = at + 1..at + 1 + name.len();
    if name.is_empty() {
        return None;
    }
    let mut scanner = Scanner { text, at: name.end, known, tag: Tag { name: name.clone(), ..Tag::default() } };
    scanner.run();
    let tag = scanner.tag;
    // `a <b and c > d`: no element has this name, and what follows are no attributes.
    (tag.mistakes.is_empty() || known(&text[name])).then_some(tag)
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    known: fn(&str) -> bool,
    tag: Tag,
}

impl<'t> Scanner<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) -> bool {
        let len = self.rest().len() - self.rest().trim_start_matches(is_space).len();
        self.at += len;
        len > 0
    }

    fn mistake(&mut self, mistake: Mistake) {
        self.tag.mistakes.push(mistake);
    }

    /// What makes no sense behind another mistake follows from it.
    fn first_mistake(&mut self, mistake: Mistake) {
        if self.tag.mistakes.is_empty() {
            self.mistake(mistake);
        }
    }

    fn not_closed(&mut self) {
        let name = self.tag.name.clone();
        self.tag.empty = LEAVES.contains(&&self.text[name.clone()]);
        self.mistake(Mistake::new(name, "the tag is not closed", "a `>` is missing"));
    }

    /// Whether what begins here, in another line than what is before, is text and the `>` before it is missing.
    fn is_text(&self, start: usize) -> bool {
        let before = &self.text[..start];
        let blank = &before[before.trim_end().len()..];
        let rest = &self.text[start..];
        let until = &rest[..rest.find(['<', '>']).unwrap_or(rest.len())];
        blank.contains('\n') && !until.contains("=\"") && !until.contains("='") && self.tag.mistakes.is_empty()
    }

    fn run(&mut self) {
        loop {
            let spaced = self.skip_space();
            let rest = self.rest();
            if rest.starts_with('>') {
                self.at += 1;
                break;
            }
            if rest.starts_with("/>") {
                (self.at, self.tag.empty) = (self.at + 2, true);
                break;
            }
            let slash = rest.strip_prefix('/').map(str::trim_start);
            let (behind, ended) = (slash.unwrap_or(rest), slash.is_some());
            if behind.is_empty() || behind.starts_with('<') {
                self.at = self.text.len() - behind.len();
                self.not_closed();
                self.tag.empty |= ended;
                break;
            }
            if !self.attribute(spaced) {
                break;
            }
        }
        self.tag.end = self.at;
    }

    /// Whether the tag goes on behind it.
    fn attribute(&mut self, spaced: bool) -> bool {
        let start = self.at;
        let stops = |letter: char| is_space(letter) || matches!(letter, '=' | '>' | '<' | '"' | '\'');
        let len = self.rest().find(stops).unwrap_or(self.rest().len());
        // `<br/ >` and `<a b/>` where `b/` is no name.
        let len = self.rest()[..len].strip_suffix('/').map_or(len, str::len);
        let name = start..start + len;
        let written = self.text[name.clone()].to_owned();
        if name_of(&written) != written || written.is_empty() {
            let end = start + self.rest().chars().next().map_or(0, char::len_utf8).max(len);
            if self.is_text(start) {
                self.not_closed();
                return false;
            }
            self.first_mistake(Mistake::new(start..end, "an attribute is expected here", "this is none"));
            self.at = end;
            return true;
        }
        if !spaced {
            self.first_mistake(Mistake::new(
                name.clone(),
                format!("a blank is missing before `{written}`"),
                "here begins another attribute",
            ));
        }
        if self.tag.attributes.iter().any(|known| self.text[known.name.clone()] == *written) {
            let message = format!("the attribute `{written}` is given twice");
            self.mistake(Mistake::new(name.clone(), message, "the second one"));
        }
        self.at = name.end;
        self.skip_space();
        if !self.rest().starts_with('=') {
            if self.is_text(start) {
                self.at = start;
                self.not_closed();
                return false;
            }
            let message = format!("the attribute `{written}` has no value");
            self.first_mistake(Mistake::new(name, message, "").help(format!("write {written}=\"..\"")));
            return true;
        }
        self.at += 1;
        self.skip_space();
        self.value(name, &written)
    }

    fn value(&mut self, name: Range<usize>, written: &str) -> bool {
        let Some(quote) = self.rest().chars().next().filter(|letter| matches!(letter, '"' | '\'')) else {
            let stops = |letter: char| is_space(letter) || matches!(letter, '>' | '<');
            let len = self.rest().find(stops).unwrap_or(self.rest().len());
            let len = self.rest()[..len].strip_suffix('/').map_or(len, str::len);
            let value = self.at..self.at + len;
            let message = format!("the value of `{written}` stands without quotes");
            let help = format!("write {written}=\"{}\"", &self.text[value.clone()]);
            self.mistake(Mistake::new(name.start..value.end, message, "").help(help));
            self.at = value.end;
            self.tag.attributes.push(RawAttribute { name, value });
            return true;
        };
        let open = self.at;
        let inside = &self.text[open + 1..];
        let close = inside.find(quote);
        let swallowed = close.map_or(inside, |close| &inside[..close]);
        let tag = swallowed.match_indices('<').find(|(at, _)| begins_tag(&swallowed[*at..], self.known));
        if close.is_none() || tag.is_some() {
            return self.unclosed(name, written, open, tag.map(|(at, _)| at));
        }
        let value = open + 1..open + 1 + close.unwrap_or_default();
        self.at = value.end + 1;
        if let Some(at) = self.text[value.clone()].find('<') {
            let at = value.start + at;
            let message = format!("the value of `{written}` holds a `<`");
            let mistake = Mistake::new(at..at + 1, message, "write &lt;");
            let help = "in an expression the words lt and lte do as well";
            self.mistake(if written == "test" { mistake.help(help) } else { mistake });
        }
        self.tag.attributes.push(RawAttribute { name, value });
        true
    }

    /// The closing quote is missing: the value ends where the tag seems to end, before the next tag begins.
    fn unclosed(&mut self, name: Range<usize>, written: &str, open: usize, next: Option<usize>) -> bool {
        let until = &self.text[open + 1..next.map_or(self.text.len(), |at| open + 1 + at)];
        let line = until.lines().next().unwrap_or_default();
        let end = line.rfind('>').or_else(|| until.find('>'));
        let message = format!("the value of `{written}` has no closing quote");
        self.mistake(Mistake::new(open..open + 1, message, "this quote is not closed"));
        let len = end.unwrap_or(line.len());
        let empty = end.is_some() && until[..len].ends_with('/');
        let value = open + 1..open + 1 + len - usize::from(empty);
        self.at = open + 1 + end.map_or(len, |end| end + 1);
        self.tag.empty = empty;
        self.tag.attributes.push(RawAttribute { name, value });
        false
    }
}
