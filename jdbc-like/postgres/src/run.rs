//! Running a statement: without a name in one round trip, or by the name under which the server keeps it.

use std::sync::Arc;

use batis_dbc::driver::{Call, Outcome, Wire};
use batis_dbc::{PreparedStatement, Result, SqlError, SqlState, ValueRef};
use postgres_types::Type;
use tokio_postgres::Error;

use crate::connection::PostgresConnection;
use crate::error::{in_statement, is_stale};
use crate::introspection::MOST_PARAMETERS;
use crate::statement::{check_text, mentions_parameter};
use crate::value::encode::Param;

/// Why a statement did not run.
pub(crate) enum Failure {
    /// The server or the connection says so, of a text that has so many bytes before the statement's own.
    Told(Error, usize),
    /// Nothing was sent.
    Unsent(SqlError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Told(error, 0)
    }
}

impl PostgresConnection {
    pub(crate) async fn run(&mut self, call: Call<'_>) -> Result<Outcome> {
        let Call { statement, params, options, .. } = call;
        let in_transaction = self.watch.in_transaction();
        let portions = self.portions(&call);
        self.begin();
        let ran = match portions {
            Some(rows) => Box::pin(self.run_in_portions(&call, rows)).await,
            None => self.run_at_once(statement, params, in_transaction).await,
        };
        match ran {
            Ok(outcome) => {
                self.answered();
                if let Outcome::Count(count) = outcome {
                    self.affected = count;
                } else {
                    self.wire = Wire::Cursor;
                    self.timer = options.deadline.map(|d| self.host.timer(d));
                }
                Ok(outcome)
            }
            Err(failure) => Err(self.statement_failed(failure, statement)),
        }
    }

    /// The usual way comes first and is kept small: this future is on the heap. The others have boxes of their own.
    async fn run_at_once(
        &mut self,
        statement: &PreparedStatement,
        params: &[ValueRef<'_>],
        in_transaction: bool,
    ) -> Result<Outcome, Failure> {
        match self.run_named(statement, params).await {
            Ok(Some(outcome)) => Ok(outcome),
            Ok(None) => Box::pin(self.run_new(statement, params)).await,
            Err(error) if is_stale(&error) => {
                // The table has changed, or someone took the statement away. In a transaction it is too late, for the next one not.
                self.cache.entry(statement).named = None;
                if in_transaction { Err(error.into()) } else { Box::pin(self.run_new(statement, params)).await }
            }
            Err(error) => Err(error.into()),
        }
    }

    #[cold]
    fn statement_failed(&mut self, failure: Failure, statement: &PreparedStatement) -> SqlError {
        match failure {
            Failure::Told(error, before) => {
                let told = self.failed(&error);
                in_statement(told, &error, statement, before)
            }
            Failure::Unsent(error) => {
                self.wire = Wire::Idle;
                error.sql_text(Arc::clone(statement.shared_sql()))
            }
        }
    }

    /// Runs a statement that the server keeps; none: it does not.
    async fn run_named(
        &mut self,
        statement: &PreparedStatement,
        params: &[ValueRef<'_>],
    ) -> Result<Option<Outcome>, Error> {
        if self.cache.entry(statement).needs_types() {
            Box::pin(self.resolve_before(statement)).await?;
        }
        let Self { client, cache, cursor, .. } = self;
        let entry = cache.entry(statement);
        let Some(named) = &entry.named else { return Ok(None) };
        let values = params.iter().map(|value| Param(*value));
        let stream = client.query_raw(named, values).await?;
        cursor.open(stream, Arc::clone(&entry.plan), entry.only_reads);
        if entry.plan.shape.is_empty() { cursor.finish().await.map(Some) } else { Ok(Some(Outcome::Rows)) }
    }

    /// Runs a statement that the server does not keep, or not yet.
    async fn run_new(&mut self, statement: &PreparedStatement, params: &[ValueRef<'_>]) -> Result<Outcome, Failure> {
        check(statement, params).map_err(Failure::Unsent)?;
        let Self { client, cache, cursor, watch, prepare_threshold, .. } = self;
        let entry = cache.entry(statement);
        if is_due(*prepare_threshold, entry.uses) {
            let named = client.prepare(&entry.sql).await?;
            entry.keep(named, watch);
            if let Some(outcome) = self.run_named(statement, params).await? {
                return Ok(outcome);
            }
            return Err(Failure::Unsent(SqlError::new(SqlState::GENERAL, "the statement was not kept")));
        }
        entry.uses = entry.uses.saturating_add(1);
        let values = params.iter().map(|value| (Param(*value), Type::UNKNOWN));
        let stream = client.query_typed_raw(&entry.sql, values).await?;
        entry.look(watch);
        cursor.open(stream, Arc::clone(&entry.plan), entry.only_reads);
        if entry.plan.shape.is_empty() {
            return Ok(cursor.finish().await?);
        }
        if entry.plan.is_unresolved {
            Box::pin(self.resolve_behind(statement)).await?;
        }
        Ok(Outcome::Rows)
    }
}

/// Whether a statement that was run so often without a name gets one now.
fn is_due(threshold: i32, uses: u32) -> bool {
    match u32::try_from(threshold) {
        Ok(0) => false,
        Ok(threshold) => uses.saturating_add(1) >= threshold,
        Err(_) => true,
    }
}

/// Finds mistakes that the server does not see, or says less clearly.
pub(crate) fn check(statement: &PreparedStatement, params: &[ValueRef<'_>]) -> Result<()> {
    check_text(statement.sql())?;
    if params.len() > MOST_PARAMETERS {
        let text = format!("{} parameters are too many: one call has {MOST_PARAMETERS} at most", params.len());
        return Err(SqlError::new(SqlState::LIMIT_EXCEEDED, text)
            .hint("insert by a `Batch`, or give an array: `= any(?)`, `from unnest(?)`"));
    }
    let own = statement.placeholders().is_empty() && !params.is_empty();
    if own && !mentions_parameter(statement.sql(), params.len()) {
        let count = params.len();
        let text = format!("the statement has fewer placeholders than the {count} parameter(s) that were given");
        return Err(SqlError::new(SqlState::WRONG_PARAMETER_COUNT, text));
    }
    Ok(())
}
