//! Results in portions (`fetch_size`): the server keeps the query as a cursor and computes so many rows at a time.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use batis_dbc::driver::{Call, Outcome};
use batis_dbc::{BoxFuture, CallOptions};
use futures_util::future::join;
use postgres_types::{ToSql, Type};
use tokio_postgres::{Client, Error, RowStream};

use crate::connection::{PostgresConnection, send_unanswered};
use crate::cursor::Step;
use crate::run::{Failure, check};
use crate::value::encode::Param;

type Portion = BoxFuture<'static, Result<RowStream, Error>>;

/// A cursor that the server keeps.
pub(crate) struct Portal {
    number: u32,
    /// `FETCH FORWARD 100 FROM batis_cursor_1`.
    fetch: Arc<str>,
    /// Rows in a portion; one with fewer is the last.
    rows: u64,
    /// The next portion, of which nothing has come yet.
    asked: Option<Portion>,
}

impl Portal {
    fn new(number: u32, rows: u64) -> Self {
        let fetch = format!("FETCH FORWARD {rows} FROM batis_cursor_{number}").into();
        Self { number, fetch, rows, asked: None }
    }

    fn portion(&self, client: &Arc<Client>) -> Portion {
        let (client, fetch) = (Arc::clone(client), Arc::clone(&self.fetch));
        Box::pin(async move { client.query_typed_raw(&fetch, std::iter::empty::<(Param<'_>, Type)>()).await })
    }

    /// Whether rows are on the way that nobody can read over yet.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }
}

/// What is written before a query to keep it as a cursor.
fn declare(number: u32) -> String {
    format!("DECLARE batis_cursor_{number} NO SCROLL CURSOR FOR ")
}

/// Rows in a portion of this call; none: all come at once.
fn portion_size(options: &CallOptions) -> Option<u64> {
    let rows = u64::from(options.fetch_size);
    match options.max_rows {
        _ if rows == 0 => None,
        0 => Some(rows),
        // The portion ends where the result ends.
        most => Some(rows.min(most)),
    }
}

impl PostgresConnection {
    /// The rows of a portion, if this call has its rows by portions: a query inside of a transaction, outside of which the server keeps no
    /// cursors. (Outside, rows are read as they come, and the server waits when nobody reads.)
    ///
    /// Source: pgjdbc, which heeds `setFetchSize` with auto-commit off only, and reads the whole result into memory otherwise.
    #[inline]
    pub(crate) fn portions(&mut self, call: &Call<'_>) -> Option<u64> {
        let rows = portion_size(call.options)?;
        let open = self.has_transaction() && !self.watch.has_failed();
        (open && self.cache.entry(call.statement).is_query()).then_some(rows)
    }

    /// Declares the cursor and asks for its first rows, in one round trip.
    pub(crate) async fn run_in_portions(&mut self, call: &Call<'_>, rows: u64) -> Result<Outcome, Failure> {
        let Call { statement, params, .. } = *call;
        check(statement, params).map_err(Failure::Unsent)?;
        self.portals = self.portals.wrapping_add(1);
        let portal = Portal::new(self.portals, rows);
        let Self { client, cache, cursor, watch, .. } = self;
        let entry = cache.entry(statement);
        let head = declare(self.portals);
        let text = format!("{head}{}", entry.sql);
        let values: Vec<Param<'_>> = params.iter().map(|value| Param(*value)).collect();
        let typed: Vec<_> = values.iter().map(|value| (value as &(dyn ToSql + Sync), Type::UNKNOWN)).collect();
        let (declared, first) = join(client.execute_typed(&text, &typed), portal.portion(client)).await;
        declared.map_err(|error| Failure::Told(error, head.len()))?;
        let first = first?;
        entry.look(watch);
        cursor.open(first, Arc::clone(&entry.plan), true);
        let unresolved = entry.plan.is_unresolved;
        self.portal = Some(Box::new(portal));
        if unresolved {
            Box::pin(self.resolve_behind(statement)).await?;
        }
        Ok(Outcome::Rows)
    }

    /// The next row, of the next portion where one has ended.
    pub(crate) fn poll_portal(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step, Error>> {
        loop {
            let Some(portal) = &mut self.portal else { return self.cursor.poll(cx) };
            if let Some(asked) = &mut portal.asked {
                let stream = ready!(asked.as_mut().poll(cx))?;
                portal.asked = None;
                let plan = Arc::clone(&self.cursor.plan);
                self.cursor.open(stream, plan, true);
            }
            match ready!(self.cursor.poll(cx))? {
                Step::End(count) if count == portal.rows => portal.asked = Some(portal.portion(&self.client)),
                step => return Poll::Ready(Ok(step)),
            }
        }
    }

    /// Lets the server forget the cursor, without waiting. One of a transaction that has failed is gone when that ends.
    #[cold]
    pub(crate) fn close_portal(&mut self) {
        let Some(portal) = self.portal.take() else { return };
        if self.has_transaction() && !self.watch.has_failed() {
            send_unanswered(&self.client, &format!("CLOSE batis_cursor_{}", portal.number));
        }
    }
}
