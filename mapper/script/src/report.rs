//! Findings as diagnostics of `miette`.

use std::fmt;

use miette::{LabeledSpan, SourceCode, SourceOffset, SourceSpan};

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::Source;
use crate::span::Span;

/// One finding with its file, to be shown by `miette`.
///
/// ```
/// let wrong = batis_script::MapperSet::builder().file("a.xml", "<mapper namespace='a'><sql/></mapper>").link().unwrap_err();
/// let report = miette::Report::new(wrong.reports().remove(0));
/// assert_eq!(report.code().unwrap().to_string(), "E013");
/// ```
#[derive(Debug, Clone)]
pub struct Report {
    item: Diagnostic,
    source: Option<miette::NamedSource<std::sync::Arc<str>>>,
    /// Related places in other files.
    elsewhere: Vec<String>,
}

impl Diagnostics {
    /// Each finding as a diagnostic of `miette`.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        self.items().iter().map(|item| self.report(item)).collect()
    }

    fn report(&self, item: &Diagnostic) -> Report {
        let named = |file: &Source| miette::NamedSource::new(&**file.name(), file.text().into()).with_language("XML");
        let far = item.related.iter().filter(|(span, _)| span.file != item.span.file);
        let place = |span: Span| self.files().get(span.file as usize).map(|file| file.location(span));
        let far = far.filter_map(|(span, label)| Some(format!("{label}: {}", place(*span)?)));
        // A text that was put together cannot be shown as the file that its parts are of.
        let file = self.files().get(item.span.file as usize);
        let (whole, parts) = (file.filter(|file| !file.is_of_parts()), file.filter(|file| file.is_of_parts()));
        Report {
            item: item.clone(),
            source: whole.map(named),
            elsewhere: parts.map(|file| file.location(item.span).to_string()).into_iter().chain(far).collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.item.message)
    }
}

impl std::error::Error for Report {}

fn source_span(span: Span) -> SourceSpan {
    SourceSpan::new(SourceOffset::from(span.start as usize), span.end.saturating_sub(span.start) as usize)
}

impl miette::Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.item.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.item.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let all: Vec<&str> =
            self.item.help.as_deref().into_iter().chain(self.elsewhere.iter().map(|place| &**place)).collect();
        (!all.is_empty()).then(|| Box::new(all.join("\n")) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = (!self.item.label.is_empty()).then(|| self.item.label.clone());
        let own = LabeledSpan::new_primary_with_span(label, source_span(self.item.span));
        let near = self.item.related.iter().filter(|(span, _)| span.file == self.item.span.file);
        let near = near.map(|(span, label)| LabeledSpan::new_with_span(Some(label.clone()), source_span(*span)));
        Some(Box::new(std::iter::once(own).chain(near)))
    }
}
