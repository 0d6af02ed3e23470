//! Everything that begins with `<`.

use super::entity::doctype;
use super::reader::Reader;
use super::tag::{Mistake, Tag, begins_tag, name_of, start_tag};
use super::{Comment, Element, malformed};

const STRAY: &str = "write &lt;, or put the SQL into <![CDATA[ .. ]]>";

impl Reader<'_, '_> {
    pub(super) fn markup(&mut self) {
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
        self.allowed(from..end - 3);
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
        let behind = &self.rest()[2 + target.len()..];
        if target.is_empty() || !behind.starts_with(['?', ' ', '\t', '\r', '\n']) {
            let mistake = self.mistake(start..start + 2, "a processing instruction begins with a name and a blank");
            mistake.help = Some("write <?name .. ?>".to_owned());
        }
        // An instruction divides the text around it, which a comment does not.
        self.builder.separate();
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
            if closed_later(&self.text[start..], statement) {
                self.builder.entry_closes();
            } else {
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
