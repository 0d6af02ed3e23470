//! `batis check`: all mistakes and doubtful places of mapper files.

use std::io::{self, Write};

use batis_script::{Checked, Diagnostic, Diagnostics, Severity, code};

use crate::args::{CheckArgs, Format};
use crate::failure::{Done, Exit, Failure};
use crate::report::{self, counted};
use crate::{github, project, sarif};

pub(crate) fn check(args: &CheckArgs, out: &mut impl Write) -> Done {
    let builder = project::builder(&args.project, &args.paths)?;
    let (diagnostics, set) = match builder.check().map_err(Failure::from) {
        Ok(Checked { diagnostics, set, .. }) => (diagnostics, set),
        // Mistakes of the configuration file: which mapper files there are is not known.
        Err(Failure::Load(diagnostics)) => (diagnostics, None),
        Err(other) => return Err(other),
    };
    if diagnostics.files().is_empty() {
        return Err(project::no_mapper_files());
    }
    let diagnostics = asked_for(&diagnostics, args);
    show(&diagnostics, args.format, out)?;
    let count = |severity| diagnostics.items().iter().filter(|item| item.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let files = counted(diagnostics.files().len(), "file");
    // How many statements files with mistakes would have is not known.
    let what = match set {
        Some(set) => {
            let own = set.statements().filter(|statement| !statement.id.ends_with("!selectKey")).count();
            format!("{} in {files}", counted(own, "statement"))
        }
        None => files,
    };
    let summary = format!("checked {what}: {}, {}", counted(errors, "error"), counted(warnings, "warning"));
    if args.format == Format::Human {
        writeln!(out, "{summary}")?;
    } else {
        // Programs read the findings only.
        out.flush()?;
        let _ = writeln!(io::stderr(), "{summary}");
    }
    let denied = diagnostics.items().iter().any(|item| is_denied(item, args));
    Ok(if errors > 0 || denied { Exit::Findings } else { Exit::Clean })
}

/// What is to be told: errors, and warnings that are on, or asked for, and not allowed.
fn asked_for(diagnostics: &Diagnostics, args: &CheckArgs) -> Diagnostics {
    let named = |list: &[String], item: &Diagnostic| list.iter().any(|code| code == item.code || code == "all");
    let told = |item: &&Diagnostic| {
        let on = code(item.code).is_none_or(|code| code.on) || named(&args.warn, item) || named(&args.deny, item);
        item.severity == Severity::Error || on && !named(&args.allow, item)
    };
    let items = diagnostics.items().iter().filter(told).cloned().collect();
    Diagnostics::new(items, diagnostics.shared_files())
}

fn is_denied(item: &Diagnostic, args: &CheckArgs) -> bool {
    item.severity == Severity::Warning && args.deny.iter().any(|what| what == "warnings" || what == item.code)
}

fn show(diagnostics: &Diagnostics, format: Format, out: &mut impl Write) -> Result<(), Failure> {
    match format {
        Format::Human => report::human(diagnostics, report::colours(&io::stdout()), out)?,
        Format::Short => report::short(diagnostics, out)?,
        Format::Json => report::json(diagnostics, out)?,
        Format::Sarif => sarif::write(diagnostics, out)?,
        Format::Github => github::write(diagnostics, out)?,
    }
    Ok(())
}
