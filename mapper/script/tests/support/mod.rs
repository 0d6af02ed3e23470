//! Findings as text for snapshots.

use std::fmt::Write as _;

use batis_script::{Diagnostic, Diagnostics, Span};

/// Each finding with its line and a mark below the place.
pub(crate) fn shown(diagnostics: &Diagnostics) -> String {
    let mut out = String::new();
    for item in diagnostics.items() {
        one(diagnostics, item, &mut out);
    }
    out
}

fn one(diagnostics: &Diagnostics, item: &Diagnostic, out: &mut String) {
    let _ = writeln!(out, "{}[{}]: {}", item.severity, item.code, item.message);
    place(diagnostics, item.span, &item.label, out);
    for (span, label) in &item.related {
        place(diagnostics, *span, &format!("({label})"), out);
    }
    if let Some(help) = &item.help {
        let _ = writeln!(out, "  help: {help}");
    }
    out.push('\n');
}

fn place(diagnostics: &Diagnostics, span: Span, label: &str, out: &mut String) {
    let file = &diagnostics.files()[span.file as usize];
    let location = file.location(span);
    let line = file.text().lines().nth(location.line as usize - 1).unwrap_or_default();
    let before = location.column as usize - 1;
    let marks = file.slice(span).lines().next().unwrap_or_default().chars().count().max(1);
    // Long lines are shown around the place only.
    let from = before.saturating_sub(60);
    let part: String =
        line.chars().skip(from).take(100).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let _ = writeln!(out, "  {location}");
    let _ = writeln!(out, "    | {}", part.trim_end());
    let _ = writeln!(
        out,
        "    | {}",
        format!("{}{} {label}", " ".repeat(before - from), "^".repeat(marks.min(100))).trim_end()
    );
}
