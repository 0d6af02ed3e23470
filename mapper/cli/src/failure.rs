//! How a command can fail, and the exit code of each way.

use std::io::{self, ErrorKind as IoErrorKind, Write};

use batis_dbc::ErrorKind as SqlErrorKind;
use batis_mapper::ErrorKind;
use batis_script::Diagnostics;

use crate::report;

/// The exit code of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All is well.
    Clean = 0,
    /// Mistakes in mapper files, or a statement that cannot be rendered with its parameters.
    Findings = 1,
    /// The command line, a path or the URL is wrong.
    Usage = 2,
    /// The database cannot be reached or refuses the login.
    Connect = 3,
    /// The output cannot be written.
    Output = 4,
    /// The database refused the statement.
    Sql = 5,
}

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The mapper files have mistakes.
    Load(Diagnostics),
    /// Something to be said in words.
    Told(Exit, String),
    /// The output cannot be written.
    Output(io::Error),
}

/// What a command returns.
pub(crate) type Done<T = Exit> = Result<T, Failure>;

impl Failure {
    /// A mistake in the command line or in what it names.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Told(Exit::Usage, message.into())
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Load(_) => Exit::Findings,
            Self::Told(exit, _) => *exit,
            // As with other commands whose reader has seen enough (`batis .. | head`).
            Self::Output(error) if error.kind() == IoErrorKind::BrokenPipe => Exit::Clean,
            Self::Output(_) => Exit::Output,
        }
    }

    /// Writes it for a person.
    pub(crate) fn tell(&self, to: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Load(diagnostics) => {
                report::human(diagnostics, report::colours(&io::stderr()), to)?;
                writeln!(to, "error: the mapper files have mistakes")
            }
            Self::Told(_, message) => writeln!(to, "error: {message}"),
            Self::Output(error) if error.kind() == IoErrorKind::BrokenPipe => Ok(()),
            Self::Output(error) => writeln!(to, "error: cannot write the output: {error}"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}

impl From<batis_mapper::Error> for Failure {
    fn from(error: batis_mapper::Error) -> Self {
        if let Some(diagnostics) = error.diagnostics() {
            return Self::Load(diagnostics.clone());
        }
        let exit = match error.kind() {
            ErrorKind::Load | ErrorKind::Statement => Exit::Usage,
            ErrorKind::Parameter => Exit::Findings,
            _ => Exit::Sql,
        };
        Self::Told(exit, error.to_string())
    }
}

/// An error of opening the database, which is no error of a statement.
pub(crate) fn cannot_connect(error: &batis_mapper::Error) -> Failure {
    let wrong_url = error.sql_error().is_some_and(|e| e.kind() == SqlErrorKind::Url);
    let exit = if wrong_url { Exit::Usage } else { Exit::Connect };
    let what = if wrong_url { "--db" } else { "cannot connect" };
    Failure::Told(exit, format!("{what}: {error}"))
}
