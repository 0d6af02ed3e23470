//! `batis check`: all mistakes and doubtful places of mapper files.

use std::io::{self, Write};

use batis_script::{Diagnostics, Severity};

use crate::args::{CheckArgs, Deny, Format};
use crate::failure::{Done, Exit, Failure};
use crate::project;
use crate::report::{self, counted};

pub(crate) fn check(args: &CheckArgs, out: &mut impl Write) -> Done {
    let loaded = project::load(project::builder(&args.project, &args.paths)?);
    let (diagnostics, statements) = match loaded {
        Ok(configuration) => {
            let statements = configuration.statements().count();
            (configuration.mappers().warnings().clone(), Some((statements, configuration.mappers().files().len())))
        }
        Err(Failure::Load(diagnostics)) => (diagnostics, None),
        Err(other) => return Err(other),
    };
    show(&diagnostics, args.format, out)?;
    let count = |severity| diagnostics.items().iter().filter(|item| item.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    // How many statements files with mistakes would have is not known.
    let what = match statements {
        Some((statements, files)) => format!("{} in {}", counted(statements, "statement"), counted(files, "file")),
        None => counted(diagnostics.files().len(), "file"),
    };
    let summary = format!("checked {what}: {}, {}", counted(errors, "error"), counted(warnings, "warning"));
    match args.format {
        Format::Human => writeln!(out, "{summary}")?,
        // Programs read the findings only.
        Format::Short | Format::Json => {
            out.flush()?;
            let _ = writeln!(io::stderr(), "{summary}");
        }
    }
    let denied = args.deny.contains(&Deny::Warnings) && warnings > 0;
    Ok(if errors > 0 || denied { Exit::Findings } else { Exit::Clean })
}

fn show(diagnostics: &Diagnostics, format: Format, out: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Human => report::human(diagnostics, report::colours(&io::stdout()), out),
        Format::Short => report::short(diagnostics, out),
        Format::Json => report::json(diagnostics, out),
    }
}
