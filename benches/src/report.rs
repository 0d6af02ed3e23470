//! The table for a person, and JSON lines for a program.

use std::io::{self, Write};

use crate::measure::Figure;

/// Writes one piece of work as table rows.
///
/// # Errors
/// If the output cannot be written.
pub fn table(out: &mut impl Write, figures: &[Figure]) -> io::Result<()> {
    let Some(first) = figures.first() else { return Ok(()) };
    writeln!(out, "\n{} ({} rounds)", first.work, first.rounds)?;
    for figure in figures {
        writeln!(out, "  {:<34} {:>12}   {:>6.2}x", figure.subject, nanos(figure.median_ns), figure.ratio)?;
    }
    Ok(())
}

/// Writes the figures as JSON, one object a line.
///
/// # Errors
/// If the output cannot be written.
pub fn json_lines(out: &mut impl Write, figures: &[Figure]) -> io::Result<()> {
    for f in figures {
        let line = serde_json::json!({
            "work": f.work, "subject": f.subject, "median_ns": f.median_ns, "baseline": f.baseline, "rounds": f.rounds, "ratio": f.ratio,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn nanos(ns: f64) -> String {
    match ns {
        n if n < 1e4 => format!("{n:.1} ns"),
        n if n < 1e7 => format!("{:.2} us", n / 1e3),
        n => format!("{:.2} ms", n / 1e6),
    }
}
