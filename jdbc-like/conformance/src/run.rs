//! Runs the list: [`run`] for tasks, [`run_blocking`] for plain threads.

use std::fmt;
use std::time::{Duration, Instant};

use batis_dbc::driver::Mode;
use batis_dbc::{DriverManager, SqlError, SqlState, block};

use crate::case::{Case, Context, Problem};
use crate::cases::{cases, faces};
use crate::dialect::Dialect;

/// How long one case may take on a plain thread.
const CASE_LIMIT: Duration = Duration::from_secs(60);

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The cases that passed.
    pub passed: Vec<&'static str>,
    /// The cases that failed, and what was found.
    pub failed: Vec<(&'static str, Problem)>,
    /// The cases that the dialect excludes, and why.
    pub skipped: Vec<(&'static str, &'static str)>,
}

impl Report {
    /// # Panics
    /// If a case failed, with the list of what failed.
    pub fn assert_passed(&self) {
        assert!(self.failed.is_empty(), "{self}");
    }

    fn add(&mut self, name: &'static str, outcome: Result<(), Problem>) {
        match outcome {
            Ok(()) => self.passed.push(name),
            Err(problem) => self.failed.push((name, problem)),
        }
    }

    /// Whether the dialect excludes a case; remembers it then.
    fn skips(&mut self, name: &'static str, dialect: &Dialect) -> bool {
        let found = dialect.skipped.iter().find(|(skipped, _)| *skipped == name);
        self.skipped.extend(found);
        found.is_some()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed.len(), self.failed.len(), self.skipped.len())?;
        for (name, problem) in &self.failed {
            write!(f, "\n  {name}: {problem}")?;
        }
        Ok(())
    }
}

/// Runs the list for tasks, one case after another. Await it on the runtime that the driver needs.
pub async fn run(manager: &DriverManager, url: &str, dialect: &Dialect) -> Report {
    let mut report = Report::default();
    for case in cases() {
        if !report.skips(case.name, dialect) {
            report.add(case.name, run_one(case, manager, url, dialect).await);
        }
    }
    report
}

async fn run_one(case: &Case, manager: &DriverManager, url: &str, dialect: &Dialect) -> Result<(), Problem> {
    let mut context = Context::connect(manager, url, dialect, Mode::Async).await?;
    let outcome = case.check(&mut context).await;
    context.conn.close().await;
    outcome
}

/// Runs the list on this thread, without any runtime; each connection is driven by its own runner. The faces of
/// [`batis_dbc::blocking`] are run too.
#[must_use]
pub fn run_blocking(manager: &DriverManager, url: &str, dialect: &Dialect) -> Report {
    let mut report = Report::default();
    for case in cases() {
        if !report.skips(case.name, dialect) {
            report.add(case.name, run_one_blocking(case, manager, url, dialect));
        }
    }
    for (name, check) in faces() {
        if !report.skips(name, dialect) {
            let connection = manager.connect_blocking(url);
            report.add(name, connection.map_err(Problem::from).and_then(|mut c| check(&mut c, dialect)));
        }
    }
    report
}

fn run_one_blocking(case: &Case, manager: &DriverManager, url: &str, dialect: &Dialect) -> Result<(), Problem> {
    let mut context = block(None, None, Context::connect(manager, url, dialect, Mode::Blocking))?;
    let runner = context.conn.runner();
    let mut outcome = Ok(());
    let whole = async {
        outcome = case.check(&mut context).await;
        context.conn.close().await;
        Ok(())
    };
    block(runner.as_deref(), Some(Instant::now() + CASE_LIMIT), whole).map_err(too_long)?;
    outcome
}

fn too_long(error: SqlError) -> Problem {
    match error.sql_state() {
        SqlState::QUERY_CANCELED => Problem::new(format!("not done after {CASE_LIMIT:?}")),
        _ => error.into(),
    }
}
