//! quick-xml's events to a tree of elements, each part with its place.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::text::SpannedText;

/// An element.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Child>,
    /// From `<` to the end of the end tag.
    pub(crate) span: Span,
    /// The name in the start tag.
    pub(crate) name_span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) value: SpannedText,
}

#[derive(Debug, Clone)]
pub(crate) enum Child {
    Element(Element),
    /// Text without interruption, comments left out; a CDATA section is a text of its own.
    Text(SpannedText),
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&SpannedText> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.value)
    }

    pub(crate) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }
}

/// Elements may nest this deep.
const MAX_DEPTH: usize = 150;

/// The root element; after a mistake in the XML itself reading ends, since nothing behind it can be trusted.
pub(crate) fn parse(file: u32, text: &str) -> Result<Element, Diagnostic> {
    let mut builder = Builder { file, text, entities: HashMap::new(), open: Vec::new(), root: None, joins: false };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    loop {
        let start = offset(reader.buffer_position());
        let event = match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => event,
            Err(error) => {
                let at = offset(reader.error_position()).min(text.len());
                return Err(builder.malformed(at, at, error.to_string()));
            }
        };
        let end = offset(reader.buffer_position());
        builder.event(&event, start, end)?;
    }
    builder.finish()
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

struct Builder<'t> {
    file: u32,
    text: &'t str,
    /// General entities that the document type declares as plain text.
    entities: HashMap<String, String>,
    open: Vec<Element>,
    root: Option<Element>,
    /// The last child is text and takes what follows.
    joins: bool,
}

impl Builder<'_> {
    fn malformed(&self, start: usize, end: usize, message: impl Into<String>) -> Diagnostic {
        let help = "in XML write &lt; for < and &amp; for &, or put the SQL into <![CDATA[ .. ]]>";
        Diagnostic::error("E001", Span::new(self.file, start, end), message).help(help)
    }

    fn event(&mut self, event: &Event<'_>, start: usize, end: usize) -> Result<(), Diagnostic> {
        match event {
            Event::Start(_) => self.start(start, end, false),
            Event::Empty(_) => self.start(start, end, true),
            Event::End(_) => {
                self.close(end);
                Ok(())
            }
            Event::Text(_) => self.characters(start, end),
            Event::GeneralRef(_) => self.reference(start, end),
            Event::CData(_) => {
                self.cdata(start, end);
                Ok(())
            }
            Event::DocType(_) => {
                self.entities = entities(&self.text[start..end]);
                Ok(())
            }
            // Comments leave no trace, an instruction divides the text around it.
            Event::PI(_) => {
                self.joins = false;
                Ok(())
            }
            Event::Comment(_) | Event::Decl(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: usize, end: usize, empty: bool) -> Result<(), Diagnostic> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("elements are nested deeper than {MAX_DEPTH} levels");
            return Err(Diagnostic::error("E002", Span::new(self.file, start, end), message));
        }
        if self.root.is_some() && self.open.is_empty() {
            return Err(self.malformed(start, end, "there is a second root element"));
        }
        let inside = &self.text[start + 1..end - if empty { 2 } else { 1 }];
        let name_len = inside.find(|letter: char| letter.is_ascii_whitespace()).unwrap_or(inside.len());
        let mut element = Element {
            name: inside[..name_len].to_owned(),
            attributes: Vec::new(),
            children: Vec::new(),
            span: Span::new(self.file, start, end),
            name_span: Span::new(self.file, start + 1, start + 1 + name_len),
        };
        element.attributes = self.attributes(start + 1 + name_len, start + 1 + inside.len())?;
        self.joins = false;
        self.open.push(element);
        if empty {
            self.close(end);
        }
        Ok(())
    }

    fn close(&mut self, end: usize) {
        self.joins = false;
        let Some(mut element) = self.open.pop() else { return };
        element.span = element.span.to(Span::new(self.file, end, end));
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Child::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn attributes(&self, mut at: usize, end: usize) -> Result<Vec<Attribute>, Diagnostic> {
        let mut attributes: Vec<Attribute> = Vec::new();
        loop {
            let rest = &self.text[at..end];
            at += rest.len() - rest.trim_ascii_start().len();
            if at >= end {
                return Ok(attributes);
            }
            let rest = &self.text[at..end];
            let name_len =
                rest.find(|letter: char| letter == '=' || letter.is_ascii_whitespace()).unwrap_or(rest.len());
            let name = rest[..name_len].to_owned();
            let name_span = Span::new(self.file, at, at + name_len);
            let behind = rest[name_len..].trim_ascii_start();
            let value = behind.strip_prefix('=').map(str::trim_ascii_start).unwrap_or_default();
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''));
            let close = quote.and_then(|quote| value[1..].find(quote));
            let Some(close) = close else {
                return Err(self.malformed(
                    at,
                    at + name_len,
                    format!("the attribute `{name}` has no value in quotes"),
                ));
            };
            if attributes.iter().any(|attribute| attribute.name == name) {
                return Err(self.malformed(at, at + name_len, format!("the attribute `{name}` is given twice")));
            }
            let value_at = end - value.len() + 1;
            let value = self.attribute_value(value_at, value_at + close)?;
            attributes.push(Attribute { name, name_span, value });
            at = value_at + close + 1;
        }
    }

    /// White space becomes blanks, references are replaced; a bare `<` is refused as XML does.
    fn attribute_value(&self, start: usize, end: usize) -> Result<SpannedText, Diagnostic> {
        let mut value = SpannedText::new(self.file, start);
        let mut at = start;
        while at < end {
            let rest = &self.text[at..end];
            let plain = rest.find(['&', '<', '\n', '\r', '\t']).unwrap_or(rest.len());
            if plain > 0 {
                value.push(&rest[..plain], at, plain);
                at += plain;
                continue;
            }
            match rest.as_bytes()[0] {
                b'<' => return Err(self.malformed(at, at + 1, "an attribute must not contain `<`")),
                b'&' => {
                    let len = rest.find(';').map_or(rest.len(), |len| len + 1);
                    value.push(&self.resolved(at, at + len)?, at, len);
                    at += len;
                }
                _ => {
                    let len = if rest.starts_with("\r\n") { 2 } else { 1 };
                    value.push(" ", at, len);
                    at += len;
                }
            }
        }
        Ok(value)
    }

    /// What `&name;` stands for.
    fn resolved(&self, start: usize, end: usize) -> Result<String, Diagnostic> {
        let reference = &self.text[start..end];
        let name = reference.strip_prefix('&').and_then(|rest| rest.strip_suffix(';')).unwrap_or_default();
        let code = name.strip_prefix('#').and_then(|code| match code.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => code.parse().ok(),
        });
        let letter = match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => code.and_then(char::from_u32).filter(|letter| *letter != '\0'),
        };
        match (letter, self.entities.get(name)) {
            (Some(letter), _) => Ok(letter.to_string()),
            (None, Some(text)) => Ok(text.clone()),
            (None, None) => {
                let shown: String = reference.chars().take(20).collect();
                Err(self.malformed(start, end.min(start + 20), format!("`{shown}` is no known character reference")))
            }
        }
    }

    /// The text that takes what comes next.
    fn current(&mut self, at: usize) -> Option<&mut SpannedText> {
        let (file, joins) = (self.file, self.joins);
        let parent = self.open.last_mut()?;
        if !joins {
            parent.children.push(Child::Text(SpannedText::new(file, at)));
        }
        self.joins = true;
        match parent.children.last_mut() {
            Some(Child::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn characters(&mut self, start: usize, end: usize) -> Result<(), Diagnostic> {
        let raw = &self.text[start..end];
        if self.open.is_empty() {
            let stray = raw.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
            return if stray.is_empty() {
                Ok(())
            } else {
                Err(self.malformed(start, end, "there is text outside the root element"))
            };
        }
        let text = self.text;
        if let Some(into) = self.current(start) {
            push_lines(into, &text[start..end], start);
        }
        Ok(())
    }

    fn reference(&mut self, start: usize, end: usize) -> Result<(), Diagnostic> {
        let resolved = self.resolved(start, end)?;
        if let Some(text) = self.current(start) {
            text.push(&resolved, start, end - start);
        }
        Ok(())
    }

    fn cdata(&mut self, start: usize, end: usize) {
        let (from, to) = (start + "<![CDATA[".len(), end - "]]>".len());
        self.joins = false;
        let text = self.text;
        if let Some(into) = self.current(from) {
            push_lines(into, &text[from..to], from);
        }
        self.joins = false;
    }

    fn finish(self) -> Result<Element, Diagnostic> {
        if let Some(open) = self.open.last() {
            let message = format!("<{}> is not closed", open.name);
            return Err(Diagnostic::error("E001", open.name_span, message));
        }
        let at = self.text.len();
        self.root.ok_or_else(|| Diagnostic::error("E001", Span::new(self.file, at, at), "the file holds no element"))
    }
}

/// Line ends of Windows become `\n`, as every XML reader has it.
fn push_lines(text: &mut SpannedText, raw: &str, mut at: usize) {
    let mut rest = raw;
    while let Some(plain) = rest.find('\r') {
        text.push(&rest[..plain], at, plain);
        let len = if rest[plain..].starts_with("\r\n") { 2 } else { 1 };
        text.push("\n", at + plain, len);
        at += plain + len;
        rest = &rest[plain + len..];
    }
    if !rest.is_empty() {
        text.push(rest, at, rest.len());
    }
}

/// `<!ENTITY name "plain text">` of a document type; anything fetched or nested is left out.
fn entities(doctype: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for declaration in doctype.split("<!ENTITY").skip(1) {
        let mut words = declaration.trim_start().splitn(2, char::is_whitespace);
        let (Some(name), Some(rest)) = (words.next(), words.next()) else { continue };
        let rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { continue };
        if let Some(value) = rest[1..].split(quote).next()
            && !value.contains(['&', '<', '%'])
        {
            found.insert(name.to_owned(), value.to_owned());
        }
    }
    found
}
