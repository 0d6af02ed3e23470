//! A statement with many sets of parameters, all on the way at once.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use batis_dbc::driver::Items;
use batis_dbc::{CallOptions, PreparedStatement, Result, Row, SqlError, TimedOut, Value, ValueRef};
use futures_util::future::join_all;
use postgres_types::Type;
use tokio_postgres::{Client, Error, Statement};

use crate::connection::PostgresConnection;
use crate::error::in_statement;
use crate::plan::Plan;
use crate::statement::check_text;
use crate::value::decode::{owned, raw};
use crate::value::encode::Param;

/// What the server answered for one set of parameters.
struct Answer {
    changed: u64,
    rows: Vec<tokio_postgres::Row>,
}

impl PostgresConnection {
    /// How many rows each set of parameters has changed. Inside of a transaction: after the first failure the server refuses the rest.
    pub(crate) async fn pipeline(
        &mut self,
        statement: &PreparedStatement,
        items: Items<'_>,
        options: &CallOptions,
    ) -> Result<Vec<u64>> {
        let answers = self.pipelined(statement, items, options, false).await?;
        Ok(answers.into_iter().map(|answer| answer.changed).collect())
    }

    /// The rows of each set of parameters.
    pub(crate) async fn pipeline_rows(
        &mut self,
        statement: &PreparedStatement,
        items: Items<'_>,
        options: &CallOptions,
    ) -> Result<Vec<Vec<Row>>> {
        let answers = self.pipelined(statement, items, options, true).await?;
        let plan = &self.cache.entry(statement).plan;
        Ok(answers.iter().map(|answer| answer.rows.iter().map(|row| owned_row(plan, row)).collect()).collect())
    }

    async fn pipelined(
        &mut self,
        statement: &PreparedStatement,
        items: Items<'_>,
        options: &CallOptions,
        keep: bool,
    ) -> Result<Vec<Answer>> {
        check_text(statement.sql())?;
        self.begin();
        match self.answers(statement, items, options, keep).await {
            Ok(Some(answers)) => {
                self.answered();
                Ok(answers)
            }
            // Still in flight: what comes next ends it.
            Ok(None) => Err(TimedOut.into_error()),
            Err((item, error)) => Err(self.item_failed(item, &error, statement)),
        }
    }

    #[cold]
    fn item_failed(&mut self, item: usize, error: &Error, statement: &PreparedStatement) -> SqlError {
        let told = self.failed(error);
        in_statement(told, error, statement, 0).in_batch(item)
    }

    /// The answers for all items, or the first item that failed; none if the deadline passed.
    async fn answers(
        &mut self,
        statement: &PreparedStatement,
        items: Items<'_>,
        options: &CallOptions,
        keep: bool,
    ) -> Result<Option<Vec<Answer>>, (usize, Error)> {
        let timer = options.deadline.map(|deadline| self.host.timer(deadline));
        let Self { client, cache, watch, prepare_threshold, .. } = self;
        let entry = cache.entry(statement);
        if *prepare_threshold != 0 && entry.named.is_none() {
            let named = client.prepare(&entry.sql).await.map_err(|error| (0, error))?;
            entry.keep(named, watch);
        }
        let named = entry.named.as_ref().filter(|_| *prepare_threshold != 0);
        let all = join_all((0..items.len()).map(|item| one(client, named, &entry.sql, items.params(item), keep)));
        let results = match timer {
            None => all.await,
            Some(timer) => match before(all, timer).await {
                Some(results) => results,
                None => return Ok(None),
            },
        };
        let numbered = results.into_iter().enumerate();
        let answers: Vec<Answer> =
            numbered.map(|(item, result)| result.map_err(|error| (item, error))).collect::<Result<_, _>>()?;
        if keep && named.is_none() {
            entry.look(watch);
        }
        if keep && entry.needs_types() {
            Box::pin(self.resolve_before(statement)).await.map_err(|error| (0, error))?;
        }
        Ok(Some(answers))
    }
}

/// Runs it for one set of parameters; its rows are kept, or dropped.
async fn one(
    client: &Client,
    named: Option<&Statement>,
    sql: &str,
    params: impl ExactSizeIterator<Item = ValueRef<'_>>,
    keep: bool,
) -> Result<Answer, Error> {
    let stream = match named {
        Some(named) => client.query_raw(named, params.map(Param)).await?,
        None => client.query_typed_raw(sql, params.map(|value| (Param(value), Type::UNKNOWN))).await?,
    };
    let (mut stream, mut rows) = (pin!(stream), Vec::new());
    loop {
        let next = std::future::poll_fn(|cx| futures_core::Stream::poll_next(stream.as_mut(), cx)).await;
        match next {
            Some(row) if keep => rows.push(row?),
            Some(row) => drop(row?),
            None => return Ok(Answer { changed: stream.rows_affected().unwrap_or_default(), rows }),
        }
    }
}

/// A row with its values.
fn owned_row(plan: &Plan, row: &tokio_postgres::Row) -> Row {
    let values = plan
        .decoders
        .iter()
        .enumerate()
        .map(|(column, decoder)| raw(row, column).map_or(Value::Null, |raw| owned(decoder, &plan.types, raw)));
    Row::new(Arc::clone(&plan.shape), values.collect())
}

/// The result, unless the limit comes first.
async fn before<T>(future: impl Future<Output = T>, mut limit: batis_dbc::BoxFuture<'static, ()>) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => limit.as_mut().poll(cx).map(|()| None),
    })
    .await
}
