//! Which elements are open, and what to do about tags that do not fit.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, nearest};
use crate::span::Span;
use crate::text::SpannedText;

use super::tag::LEAVES;
use super::{Child, Comment, Element, MAX_DEPTH, MAX_MISTAKES, Parsed, malformed};

/// What stands directly below the root: one of these inside another means that the other was not closed.
const ENTRIES: [&str; 8] = ["select", "insert", "update", "delete", "sql", "resultMap", "parameterMap", "cache"];

/// Elements that mean nothing without an attribute: written without any inside their like, their end tag is meant.
const NEVER_BARE: [&str; 10] =
    ["select", "insert", "update", "delete", "sql", "resultMap", "parameterMap", "if", "when", "foreach"];

#[derive(Debug)]
pub(super) struct Builder {
    file: u32,
    open: Vec<Element>,
    root: Option<Element>,
    announced: Option<(String, Span)>,
    /// The last child is text and takes what follows.
    joins: bool,
    told_outside: bool,
    /// Elements that follow the root's end tag were taken into it.
    reopened: bool,
    /// The entry that is open is known to get its end tag, whatever stands in it.
    entry_closes: bool,
    /// Reading ends here.
    stopped: bool,
    /// Elements that were ended because their end tag was missing: one that comes later is no second mistake.
    ended: Vec<String>,
    parsed: Parsed,
}

impl Builder {
    pub(super) fn new(file: u32) -> Self {
        Self {
            file,
            open: Vec::new(),
            root: None,
            announced: None,
            joins: false,
            told_outside: false,
            reopened: false,
            entry_closes: false,
            stopped: false,
            ended: Vec::new(),
            parsed: Parsed::default(),
        }
    }

    pub(super) fn file(&self) -> u32 {
        self.file
    }

    pub(super) fn stopped(&self) -> bool {
        self.stopped
    }

    /// No element is open.
    pub(super) fn is_outside(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn is_before_root(&self) -> bool {
        self.open.is_empty() && self.root.is_none() && self.announced.is_none()
    }

    /// Whether nothing was said yet about what stands outside of the root.
    pub(super) fn first_outside(&mut self) -> bool {
        !std::mem::replace(&mut self.told_outside, true)
    }

    /// Adds a mistake, which may be completed.
    pub(super) fn mistake(&mut self, mistake: Diagnostic) -> &mut Diagnostic {
        let mistakes = &mut self.parsed.mistakes;
        if mistakes.len() + 1 == MAX_MISTAKES {
            self.stopped = true;
            let message = format!("the XML has {MAX_MISTAKES} mistakes or more: reading ended here");
            mistakes.push(Diagnostic::error("E002", mistake.span, message));
        }
        mistakes.push(mistake);
        let last = mistakes.len() - 1;
        &mut mistakes[last]
    }

    /// How many mistakes there are so far.
    pub(super) fn mistakes(&self) -> usize {
        self.parsed.mistakes.len()
    }

    pub(super) fn warning(&mut self, warning: Diagnostic) {
        self.parsed.warnings.push(warning);
    }

    pub(super) fn damaged(&mut self, tag: Span) {
        self.parsed.damaged.push(tag);
    }

    pub(super) fn comment(&mut self, comment: Comment) {
        // Only these mean something.
        if comment.text.starts_with("batis:") {
            self.parsed.comments.push(comment);
        }
    }

    /// The root that the document type names.
    pub(super) fn announce(&mut self, root: String, span: Span) {
        self.announced = Some((root, span));
    }

    pub(super) fn top(&self) -> Option<&str> {
        self.open.last().map(|element| &*element.name)
    }

    /// What follows is a text of its own.
    pub(super) fn separate(&mut self) {
        self.joins = false;
    }

    /// Text inside the element that is open.
    pub(super) fn text(&mut self, piece: &str, place: Range<usize>) {
        let (file, joins) = (self.file, self.joins);
        let Some(parent) = self.open.last_mut() else { return };
        if !joins {
            parent.children.push(Child::Text(SpannedText::new(file, place.start)));
        }
        self.joins = true;
        if let Some(Child::Text(text)) = parent.children.last_mut()
            && !piece.is_empty()
        {
            text.push(piece, place.start, place.len());
        }
    }

    pub(super) fn open(&mut self, element: Element, empty: bool) {
        let span = element.span;
        if self.open.len() >= MAX_DEPTH {
            self.stopped = true;
            let message = format!("elements are nested deeper than {MAX_DEPTH} levels");
            self.mistake(Diagnostic::error("E002", span, message));
            return;
        }
        if self.open.is_empty()
            && let Some(root) = self.root.take()
        {
            let message = format!("<{}> stands behind the end of the root element <{}>", element.name, root.name);
            let mistake = malformed(element.name_span, message).related(root.name_span, "the root element");
            if !self.reopened {
                self.mistake(mistake.help("a file has one root element: put it inside"));
            }
            self.reopened = true;
            let again = root.name == element.name;
            self.open.push(root);
            if again {
                return;
            }
        }
        if self.top().is_some_and(|top| LEAVES.contains(&top)) {
            self.unclosed(span, &format!("<{}>", element.name));
        }
        self.joins = false;
        self.open.push(element);
        if empty {
            self.close(span);
        }
    }

    /// The innermost element ends with this end tag.
    pub(super) fn close(&mut self, end: Span) {
        self.joins = false;
        let Some(mut element) = self.open.pop() else { return };
        self.entry_closes &= self.open.len() > 1;
        element.span = element.span.to(end);
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Child::Element(element)),
            None => self.root = Some(element),
        }
    }

    /// The innermost element has no end tag: it ends before this place.
    fn unclosed(&mut self, before: Span, ended_by: &str) {
        let Some(element) = self.open.last_mut() else { return };
        // The blanks behind it belong to what is around it.
        if let Some(Child::Text(text)) = element.children.last()
            && text.is_blank()
        {
            element.children.pop();
        }
        let mistake = malformed(element.name_span, format!("<{}> is not closed", element.name))
            .label("opened here")
            .related(before, format!("</{}> is missing before {ended_by}", element.name));
        let name = element.name.clone();
        self.mistake(mistake);
        self.ended.push(name);
        self.close(Span { end: before.start, ..before });
    }

    /// An end tag that does not belong to the innermost element.
    pub(super) fn mismatched(&mut self, name: &str, tag: Span, following: Option<&str>) {
        let place = self.open.iter().rposition(|element| element.name == name);
        let (top, parent) = match self.open.as_slice() {
            [.., parent, top] => (Some(top), Some(parent)),
            [only] => (Some(only), None),
            [] => (None, None),
        };
        // The end tag of the parent stands here and, once more, behind.
        let twice = following.is_some_and(|following| parent.is_some_and(|parent| parent.name == following));
        match (top, place) {
            (Some(_), Some(place)) if !(twice && following == Some(name)) => {
                while self.open.len() > place + 1 {
                    self.unclosed(tag, &format!("</{name}>"));
                }
                self.close(tag);
            }
            (Some(top), _) if twice || nearest(name, [&*top.name]).is_some() => {
                let message = format!("</{name}> does not end <{}>", top.name);
                let mistake = malformed(tag, message)
                    .label(format!("</{}> is expected", top.name))
                    .related(top.name_span, "opened here");
                self.mistake(mistake);
                self.close(tag);
            }
            _ => {
                if let Some(at) = self.ended.iter().position(|ended| ended == name) {
                    self.ended.swap_remove(at);
                    return;
                }
                self.mistake(malformed(tag, format!("</{name}> ends nothing")).label(format!("no <{name}> is open")));
            }
        }
    }

    /// Whether this start tag without attributes repeats the one that is open, where only its end tag makes sense.
    pub(super) fn repeats(&self, name: &str) -> bool {
        self.top() == Some(name) && NEVER_BARE.contains(&name)
    }

    pub(super) fn meant_as_end(&mut self, name: &str, tag: Span) {
        let opened = self.open.last().map_or(tag, |element| element.name_span);
        let mistake = malformed(tag, format!("<{name}> stands inside <{name}>"));
        self.mistake(mistake.label(format!("</{name}> is meant")).related(opened, "opened here"));
        self.close(tag);
    }

    /// Whether an element of this name begins the next entry of a mapper while one is still open.
    pub(super) fn begins_anew(&self, name: &str) -> bool {
        !self.entry_closes && ENTRIES.contains(&name) && self.statement().is_some_and(|open| ENTRIES.contains(&open))
    }

    /// The entry of the mapper that is open.
    pub(super) fn statement(&self) -> Option<&str> {
        self.open.get(1).map(|element| &*element.name)
    }

    /// The entry that is open was looked through: it is closed later.
    pub(super) fn entry_closes(&mut self) {
        self.entry_closes = true;
    }

    /// Ends the entry that is open, where the next one begins.
    pub(super) fn close_statement(&mut self, next: Span) {
        while self.open.len() > 1 {
            self.unclosed(next, "this");
        }
    }

    pub(super) fn finish(mut self, len: usize) -> Parsed {
        let end = Span::new(self.file, len, len);
        let silent = self.reopened || self.stopped;
        while let Some(open) = self.open.last() {
            if silent {
                self.close(end);
                continue;
            }
            let mistake = malformed(open.name_span, format!("<{}> is not closed", open.name));
            self.mistake(mistake.label("opened here"));
            self.close(end);
        }
        match (&self.root, self.announced.take()) {
            (Some(root), Some((name, span))) if root.name != name => {
                let message = format!("the document type announces <{name}>, but the root element is <{}>", root.name);
                let mistake = Diagnostic::error("E004", span, message).related(root.name_span, "the root element");
                self.mistake(mistake.help(format!("write <!DOCTYPE {} ..", root.name)));
            }
            (None, _) if self.parsed.mistakes.is_empty() => {
                self.mistake(malformed(end, "the file holds no element"));
            }
            _ => {}
        }
        self.parsed.root = self.root;
        self.parsed
    }
}
