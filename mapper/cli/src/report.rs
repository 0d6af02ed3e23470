//! Findings for people and programs.

use std::io::{self, IsTerminal, Write};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use batis_script::{Diagnostic, Diagnostics, Severity, Source, Span};
use serde::Serialize;

/// Lines shown around a finding, so that a long file is not laid out for each of its findings.
const CONTEXT: usize = 2;

/// Related places within so many lines are shown in the same excerpt.
const NEAR: u32 = 30;

/// Whether this stream shows colours: a terminal whose user did not ask for none.
pub(crate) fn colours(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Each finding with its source line and a mark below the place.
pub(crate) fn human(diagnostics: &Diagnostics, colours: bool, to: &mut impl Write) -> io::Result<()> {
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    for item in diagnostics.items() {
        let title = match item.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = title.primary_title(&*item.message).id(item.code);
        let mut group = match diagnostics.files().get(item.span.file as usize) {
            Some(file) => title.element(snippet(file, item)),
            None => Group::with_title(title),
        };
        for place in far_places(diagnostics, item) {
            group = group.element(Level::NOTE.message(place));
        }
        if let Some(help) = &item.help {
            group = group.element(Level::HELP.message(&**help));
        }
        writeln!(to, "{}\n", renderer.render(&[group]))?;
    }
    Ok(())
}

/// The place in its file, with the related places of the same file that are near; those of others are messages.
fn snippet<'a>(file: &'a Source, item: &'a Diagnostic) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = file.text();
    let marked = inside(text, item.span);
    let near = near_places(file, item);
    let whole = near.iter().fold(marked.clone(), |all, (place, _)| all.start.min(place.start)..all.end.max(place.end));
    let shown = lines_around(text, &whole);
    let first_line = file.line_column(Span::new(0, shown.start, shown.start).start).0;
    let label = (!item.label.is_empty()).then_some(&*item.label);
    let mark = AnnotationKind::Primary.span(marked.start - shown.start..marked.end - shown.start).label(label);
    let others = near.into_iter().map(|(place, label)| {
        AnnotationKind::Context.span(place.start - shown.start..place.end - shown.start).label(Some(label))
    });
    let marks: Vec<_> = std::iter::once(mark).chain(others).collect();
    Snippet::source(&text[shown.clone()]).line_start(first_line as usize).path(&**file.name()).annotations(marks)
}

/// Related places not further away than a screen.
fn near_places<'a>(file: &Source, item: &'a Diagnostic) -> Vec<(Range<usize>, &'a str)> {
    let line = |span: Span| file.line_column(span.start).0;
    let near = |span: Span| span.file == item.span.file && line(span).abs_diff(line(item.span)) <= NEAR;
    let places = item.related.iter().filter(|(span, _)| near(*span));
    places.map(|(span, label)| (inside(file.text(), *span), &**label)).collect()
}

/// Related places that the snippet does not show, as lines of their own.
fn far_places(diagnostics: &Diagnostics, item: &Diagnostic) -> Vec<String> {
    let Some(own) = diagnostics.files().get(item.span.file as usize) else { return Vec::new() };
    let near = near_places(own, item);
    let far = item.related.iter().filter(|(span, label)| {
        span.file != item.span.file
            || !near.iter().any(|(place, known)| *place == inside(own.text(), *span) && known == label)
    });
    let files = diagnostics.files();
    far.filter_map(|(span, label)| Some(format!("{label}: {}", files.get(span.file as usize)?.location(*span))))
        .collect()
}

/// The span, at most as long as the text and not through a character.
fn inside(text: &str, span: Span) -> Range<usize> {
    let floor = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

/// The lines of a place and a few around it.
fn lines_around(text: &str, place: &Range<usize>) -> Range<usize> {
    let before = text[..place.start].rmatch_indices('\n').nth(CONTEXT).map_or(0, |(at, _)| at + 1);
    let after = text[place.end..].match_indices('\n').nth(CONTEXT).map_or(text.len(), |(at, _)| place.end + at);
    before..after
}

/// One line for each finding: `file:line:column: error[E001]: message; help`.
pub(crate) fn short(diagnostics: &Diagnostics, to: &mut impl Write) -> io::Result<()> {
    for item in diagnostics.items() {
        if let Some(location) = diagnostics.location(item) {
            write!(to, "{location}: ")?;
        }
        write!(to, "{}[{}]: {}", item.severity, item.code, item.message)?;
        match &item.help {
            Some(help) => writeln!(to, "; help: {help}")?,
            None => writeln!(to)?,
        }
    }
    Ok(())
}

/// One JSON object for each finding, one a line. Lines and columns count from 1, bytes from 0.
pub(crate) fn json(diagnostics: &Diagnostics, to: &mut impl Write) -> io::Result<()> {
    for item in diagnostics.items() {
        let file = diagnostics.files().get(item.span.file as usize);
        let line = Line {
            schema: 1,
            code: item.code,
            level: item.severity.to_string(),
            file: file.map(|file| &**file.name()),
            span: file.map(|file| Place { start: position(file, item.span.start), end: position(file, item.span.end) }),
            message: &item.message,
            label: (!item.label.is_empty()).then_some(&item.label),
            help: item.help.as_deref(),
            related: item.related.iter().filter_map(|(span, label)| related(diagnostics, *span, label)).collect(),
        };
        serde_json::to_writer(&mut *to, &line)?;
        writeln!(to)?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    code: &'a str,
    level: String,
    file: Option<&'a str>,
    span: Option<Place>,
    message: &'a str,
    label: Option<&'a str>,
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    file: &'a str,
    span: Place,
    label: &'a str,
}

fn related<'a>(diagnostics: &'a Diagnostics, span: Span, label: &'a str) -> Option<Related<'a>> {
    let file = diagnostics.files().get(span.file as usize)?;
    let span = Place { start: position(file, span.start), end: position(file, span.end) };
    Some(Related { file: file.name(), span, label })
}

#[derive(Serialize)]
struct Place {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
    byte: u32,
}

fn position(file: &Source, byte: u32) -> Position {
    let (line, column) = file.line_column(byte);
    Position { line, column, byte }
}

/// `1 error`, `2 errors`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, span: Span) -> String {
        let files = vec![Source::new("a.xml", text)].into();
        let item = Diagnostic::error("E001", span, "wrong").label("here");
        let mut out = Vec::new();
        human(&Diagnostics::new(vec![item], files), false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn places_at_the_edges_of_a_file_do_not_panic() {
        for text in ["", "\n", "ä", "a\r\nb", "\u{feff}<mapper/>", "\t<a>\n"] {
            for start in 0..5 {
                for end in 0..12 {
                    shown(text, Span::new(0, start, end));
                }
            }
        }
        shown("a", Span::new(7, 0, 1));
    }

    #[test]
    fn shows_the_line_with_its_number_in_the_file() {
        let text = "1\n2\n3\n4\n<sälect>\n6\n7\n8\n";
        let start = text.find("sä").unwrap();
        let told = shown(text, Span::new(0, start, start + 7));
        assert!(told.contains("--> a.xml:5:2"), "{told}");
        assert!(told.contains("5 | <sälect>\n  |  ^^^^^^ here"), "{told}");
    }
}
