//! One run of a statement, for those who stand around it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use batis_dbc::Connection;

use crate::error::{Error, Result};
use crate::interceptor::{Finished, Outcome};
use crate::mapped_statement::MappedStatement;

/// Tells the interceptors what came of a run: once, at the latest when it is dropped. Nothing where there are none.
pub(crate) struct Run<'s>(Option<Told<'s>>);

struct Told<'s> {
    statement: &'s MappedStatement,
    sql: Box<str>,
    begun: Instant,
    told: AtomicBool,
}

impl<'s> Run<'s> {
    /// A statement that does not run yet.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Begins a run.
    #[inline]
    pub(crate) async fn begin(statement: &'s MappedStatement, sql: &str, connection: &mut Connection) -> Result<Self> {
        match statement.shared.interceptors.is_empty() {
            true => Ok(Self(None)),
            // Boxed: the future of a call that nobody intercepts stays small.
            false => Box::pin(Self::intercepted(statement, sql, connection)).await,
        }
    }

    async fn intercepted(statement: &'s MappedStatement, sql: &str, connection: &mut Connection) -> Result<Self> {
        let told = Told { statement, sql: sql.into(), begun: Instant::now(), told: AtomicBool::new(false) };
        for interceptor in statement.shared.interceptors.inwards() {
            if let Err(error) = interceptor.prepare(statement, &told.sql, connection).await {
                let error = statement.blame(Error::from(error)).with_sql(&told.sql);
                told.tell(Outcome::Failed(&error));
                return Err(error);
            }
        }
        Ok(Self(Some(told)))
    }

    /// Says what came of it.
    #[inline]
    pub(crate) fn finished(&self, outcome: Outcome<'_>) {
        if let Some(told) = &self.0 {
            told.tell(outcome);
        }
    }
}

impl Told<'_> {
    #[cold]
    fn tell(&self, outcome: Outcome<'_>) {
        if self.told.swap(true, Ordering::Relaxed) {
            return;
        }
        let run = Finished { statement: self.statement, sql: &self.sql, outcome, elapsed: self.begun.elapsed() };
        for interceptor in self.statement.shared.interceptors.outwards() {
            interceptor.finished(&run);
        }
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.tell(Outcome::Abandoned);
    }
}
