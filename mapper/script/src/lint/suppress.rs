//! `<!-- batis: allow(W202) reason -->`: warnings that are meant to be.

use crate::codes::code;
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::dialect;
use crate::document::Document;
use crate::span::Span;
use crate::xml::{Comment, Element};

/// All suppressions of all files.
#[derive(Debug, Default)]
pub(crate) struct Suppressions {
    allowed: Vec<Allowed>,
    malformed: Vec<Diagnostic>,
}

/// One code of one comment.
#[derive(Debug)]
struct Allowed {
    code: String,
    /// The comment.
    comment: Span,
    /// The element behind it.
    element: Option<Span>,
    has_reason: bool,
    used: bool,
}

impl Suppressions {
    pub(crate) fn read(documents: &[Document]) -> Self {
        let mut all = Self::default();
        for document in documents {
            for comment in &document.comments {
                let said = comment.text.strip_prefix("batis:").map(str::trim);
                if let Some(said) = said.filter(|said| !dialect::is_choice(said)) {
                    all.comment(said, comment, &document.root);
                }
            }
        }
        all
    }

    fn comment(&mut self, text: &str, comment: &Comment, root: &Element) {
        let parts = text.strip_prefix("allow").map(str::trim_start).and_then(|rest| rest.strip_prefix('('));
        let Some((codes, reason)) = parts.and_then(|rest| rest.split_once(')')) else {
            let message = "this is no suppression that batis can read";
            let help = "write <!-- batis: allow(W202) reason -->";
            self.malformed.push(Diagnostic::warning("W292", comment.span, message).help(help));
            return;
        };
        let element = element_behind(root, comment.span);
        let reason = reason.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, ':' | '-'));
        for written in codes.split(',').map(str::trim) {
            if !written.starts_with('W') || code(written).is_none() {
                let message = format!("`{written}` is no code of a warning");
                let known = crate::codes::CODES.iter().map(|code| code.code).filter(|code| code.starts_with('W'));
                let unknown = Diagnostic::warning("W292", comment.span, message);
                self.malformed.push(unknown.help_opt(did_you_mean(written, known)));
                continue;
            }
            self.allowed.push(Allowed {
                code: written.to_owned(),
                comment: comment.span,
                element,
                has_reason: !reason.is_empty(),
                used: false,
            });
        }
    }

    /// Takes out the warnings that are allowed.
    pub(crate) fn apply(&mut self, found: &mut Vec<Diagnostic>) {
        found.retain(|item| {
            let mut allowed = self.allowed.iter_mut().filter(|allowed| allowed.covers(item));
            match allowed.next() {
                Some(first) => {
                    first.used = true;
                    false
                }
                None => true,
            }
        });
    }

    /// What is wrong with the suppressions themselves, after all warnings were seen.
    pub(crate) fn findings(&self) -> Vec<Diagnostic> {
        let mut found = self.malformed.clone();
        for allowed in &self.allowed {
            let Allowed { code, comment, has_reason, used, .. } = allowed;
            if !used {
                let message = format!("nothing behind it gives {code}: the suppression can go");
                found.push(Diagnostic::warning("W291", *comment, message));
            } else if !has_reason {
                let message = format!("{code} is allowed without a reason");
                let help = format!("write <!-- batis: allow({code}) why it is meant -->");
                found.push(Diagnostic::warning("W290", *comment, message).help(help));
            }
        }
        found
    }
}

impl Allowed {
    fn covers(&self, item: &Diagnostic) -> bool {
        item.severity == Severity::Warning
            && item.code == self.code
            && self.element.is_some_and(|element| element.file == item.span.file && element.to(item.span) == element)
    }
}

/// The next element behind a comment on its level. Before the root it is the root.
fn element_behind(root: &Element, comment: Span) -> Option<Span> {
    if comment.end <= root.span.start {
        return Some(root.span);
    }
    let mut parent = root;
    while let Some(inner) =
        parent.elements().find(|child| child.span.start < comment.start && comment.end <= child.span.end)
    {
        parent = inner;
    }
    parent.elements().find(|child| child.span.start >= comment.end).map(|child| child.span)
}
