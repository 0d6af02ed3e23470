//! A statement with many sets of parameters, all on the way at once.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use batis_dbc::{CallOptions, PreparedStatement, Result, SqlError, TimedOut, ValueRef};
use futures_util::future::join_all;
use postgres_types::Type;
use tokio_postgres::{Client, Error, Statement};

use crate::connection::PostgresConnection;
use crate::error::in_statement;
use crate::statement::check_text;
use crate::value::encode::Param;

impl PostgresConnection {
    /// Inside of a transaction: after the first failure the server refuses the rest.
    pub(crate) async fn pipeline(
        &mut self,
        statement: &PreparedStatement,
        rows: &[Vec<ValueRef<'_>>],
        options: &CallOptions,
    ) -> Result<Vec<u64>> {
        check_text(statement.sql())?;
        self.begin();
        let ended = self.counts(statement, rows, options).await;
        match ended {
            Ok(Some(counts)) => {
                self.answered();
                Ok(counts)
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

    /// The counts of all items, or the first item that failed; none if the deadline passed.
    async fn counts(
        &mut self,
        statement: &PreparedStatement,
        rows: &[Vec<ValueRef<'_>>],
        options: &CallOptions,
    ) -> Result<Option<Vec<u64>>, (usize, Error)> {
        let timer = options.deadline.map(|deadline| self.host.timer(deadline));
        let Self { client, cache, watch, prepare_threshold, .. } = self;
        let entry = cache.entry(statement);
        if *prepare_threshold != 0 && entry.named.is_none() {
            let named = client.prepare(&entry.sql).await.map_err(|error| (0, error))?;
            entry.keep(named, watch);
        }
        let named = entry.named.as_ref().filter(|_| *prepare_threshold != 0);
        let all = join_all(rows.iter().map(|row| one(client, named, &entry.sql, row)));
        let results = match timer {
            None => all.await,
            Some(timer) => match before(all, timer).await {
                Some(results) => results,
                None => return Ok(None),
            },
        };
        let numbered = results.into_iter().enumerate();
        numbered.map(|(item, result)| result.map_err(|error| (item, error))).collect::<Result<_, _>>().map(Some)
    }
}

/// Runs it for one set of parameters; what it changed.
async fn one(client: &Client, named: Option<&Statement>, sql: &str, row: &[ValueRef<'_>]) -> Result<u64, Error> {
    let stream = match named {
        Some(named) => client.query_raw(named, row.iter().map(|value| Param(*value))).await?,
        None => client.query_typed_raw(sql, row.iter().map(|value| (Param(*value), Type::UNKNOWN))).await?,
    };
    let mut stream = pin!(stream);
    loop {
        let next = std::future::poll_fn(|cx| futures_core::Stream::poll_next(stream.as_mut(), cx)).await;
        match next {
            Some(row) => drop(row?),
            None => return Ok(stream.rows_affected().unwrap_or_default()),
        }
    }
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
