//! What is wrong or doubtful in mapper files, all of it at once.

use std::fmt;
use std::sync::Arc;

use crate::codes::{LATE, LATE_WARNINGS};
use crate::source::Source;
use crate::span::{Location, Span};

/// How much a [`Diagnostic`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The files do not load.
    Error,
    /// The files load; the text does what MyBatis does, which is seldom what was meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One finding, with its place and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code: `E001`.. for errors, `W001`.. for warnings.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// The place in the file.
    pub span: Span,
    /// What is wrong, one sentence without a final full stop.
    pub message: String,
    /// A few words to be shown at the place; may be empty.
    pub label: String,
    /// What to do, if there is something to say.
    pub help: Option<String>,
    /// Other places that belong to it, each with a few words.
    pub related: Vec<(Span, String)>,
    /// The full id of something that is missing: no finding of its own when its file could not be read.
    pub(crate) missing: Option<String>,
}

impl Diagnostic {
    /// An error at this place.
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            span,
            message: message.into(),
            label: String::new(),
            help: None,
            related: Vec::new(),
            missing: None,
        }
    }

    /// A warning at this place.
    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Whether it keeps the files from loading: every error but those that MyBatis meets only when a statement gets there (E021, E030).
    #[must_use]
    pub fn keeps_from_loading(&self) -> bool {
        self.severity == Severity::Error && !LATE.contains(&self.code)
    }

    /// Whether it does not keep the files from loading but is sure to fail when a statement gets there: a malformed expression or `#{}` (E030, E021),
    /// a static function that is not registered (W104), a nested result map or statement that does not exist (W050, W051).
    #[must_use]
    pub fn fails_late(&self) -> bool {
        LATE.contains(&self.code) || LATE_WARNINGS.contains(&self.code)
    }

    /// With words shown at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says that something of this full id is missing.
    pub(crate) fn missing(mut self, id: impl Into<String>) -> Self {
        self.missing = Some(id.into());
        self
    }

    /// With another place that belongs to it.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// With advice, when there is any.
    #[must_use]
    pub fn help_opt(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

/// Every finding of a load, in file order, with the files, so that they can be shown.
#[derive(Clone)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    files: Arc<[Source]>,
}

impl Diagnostics {
    /// Findings in these files, put in file order.
    #[must_use]
    pub fn new(mut items: Vec<Diagnostic>, files: Arc<[Source]>) -> Self {
        items.sort_by(|a, b| (a.span, a.code).cmp(&(b.span, b.code)));
        items.dedup();
        // A misplaced element is seen twice: when the file is checked, and again where a fragment of it is put in.
        let misplaced = |code: &str| matches!(code, "E010" | "E031" | "E032");
        items.dedup_by(|b, a| a.span == b.span && misplaced(a.code) && misplaced(b.code));
        Self { items, files }
    }

    /// These findings and, behind them, those of other files.
    #[must_use]
    pub fn followed_by(self, other: &Self) -> Self {
        let files: Arc<[Source]> = self.files.iter().chain(other.files.iter()).cloned().collect();
        let moved = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        let behind = |span: Span| Span { file: span.file.saturating_add(moved), ..span };
        let mut items = self.items;
        items.extend(other.items.iter().cloned().map(|mut item| {
            item.span = behind(item.span);
            item.related.iter_mut().for_each(|(span, _)| *span = behind(*span));
            item
        }));
        Self::new(items, files)
    }

    /// The findings in file order.
    #[must_use]
    pub fn items(&self) -> &[Diagnostic] {
        &self.items
    }

    /// The files the spans point into.
    #[must_use]
    pub fn files(&self) -> &[Source] {
        &self.files
    }

    /// The files, to be shared with other findings about them.
    #[must_use]
    pub fn shared_files(&self) -> Arc<[Source]> {
        Arc::clone(&self.files)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether at least one keeps the files from loading. The others are met when a statement gets there, as in MyBatis.
    #[must_use]
    pub fn keep_from_loading(&self) -> bool {
        self.items.iter().any(Diagnostic::keeps_from_loading)
    }

    /// Whether at least one is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|item| item.severity == Severity::Error)
    }

    /// The place of a finding; `None` for a finding that has no file.
    #[must_use]
    pub fn location(&self, item: &Diagnostic) -> Option<Location> {
        self.files.get(item.span.file as usize).map(|file| file.location(item.span))
    }
}

/// One line each, `file:line:col: error[E003]: message`, advice on a line of its own.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, item) in self.items.iter().enumerate() {
            if nth > 0 {
                writeln!(f)?;
            }
            if let Some(location) = self.location(item) {
                write!(f, "{location}: ")?;
            }
            write!(f, "{}[{}]: {}", item.severity, item.code, item.message)?;
            if !item.label.is_empty() {
                write!(f, " ({})", item.label)?;
            }
            for (span, label) in &item.related {
                if let Some(file) = self.files.get(span.file as usize) {
                    write!(f, "\n  note: {}: {label}", file.location(*span))?;
                }
            }
            if let Some(help) = &item.help {
                write!(f, "\n  help: {help}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Diagnostics {}

/// `did you mean ..?` for the nearest of some names, when one is near enough.
pub(crate) fn did_you_mean<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let nearest = nearest(wanted, names)?;
    Some(format!("did you mean `{nearest}`?"))
}

/// The name nearest to what was written: at most a third of the letters differ.
pub(crate) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = wanted.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(&folded, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
