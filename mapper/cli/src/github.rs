//! Findings as workflow commands of GitHub Actions.

use std::io::{self, Write};

use batis_script::Diagnostics;

/// One `::error file=..` line for each finding.
pub(crate) fn write(diagnostics: &Diagnostics, to: &mut impl Write) -> io::Result<()> {
    for item in diagnostics.items() {
        let mut properties = format!("title={}", item.code);
        if let Some(file) = diagnostics.files().get(item.span.file as usize) {
            let (line, column) = file.line_column(item.span.start);
            let (end_line, end_column) = file.line_column(item.span.end);
            properties = format!(
                "file={},line={line},col={column},endLine={end_line},endColumn={end_column},{properties}",
                property(file.name())
            );
        }
        let help = item.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        writeln!(to, "::{} {properties}::{}", item.severity, data(&format!("{}{help}", item.message)))?;
    }
    Ok(())
}

/// Line breaks and the escape character itself, as the runner wants them.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use batis_script::{Diagnostic, Source, Span};

    #[test]
    fn escapes_what_would_end_a_field() {
        let files = vec![Source::new("a,b.xml", "<a>\n")].into();
        let item = Diagnostic::error("E001", Span::new(0, 0, 1), "100% wrong").help("x");
        let mut out = Vec::new();
        write(&Diagnostics::new(vec![item], files), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "::error file=a%2Cb.xml,line=1,col=1,endLine=1,endColumn=2,title=E001::100%25 wrong%0Ahelp: x\n"
        );
    }
}
