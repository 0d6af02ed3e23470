//! Copying outwards: `COPY .. TO STDOUT`.

use std::borrow::Cow;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use batis_dbc::driver::{Copied, Wire};
use batis_dbc::{CallOptions, Result, SqlError, SqlState};
use bytes::Bytes;
use futures_core::Stream as _;
use tokio_postgres::{CopyOutStream, Error};

use crate::connection::PostgresConnection;
use crate::error::in_text;
use crate::plan::Plan;
use crate::statement::{check_copy, check_text, copied_query, mentions_writes};
use crate::value::copy::{Format, fields};

/// What comes of a copy outwards.
pub(crate) struct CopyOut {
    stream: Pin<Box<CopyOutStream>>,
    /// The current portion, or the rest of it behind the current row.
    data: Bytes,
    /// The columns of the current row, in the portion that it came with; none: the portion itself is the only column.
    fields: Option<Fields>,
}

#[derive(Default)]
struct Fields {
    began: bool,
    row: Bytes,
    places: Vec<Option<Range<usize>>>,
}

impl CopyOut {
    fn new(stream: CopyOutStream, of_rows: bool) -> Self {
        Self { stream: Box::pin(stream), data: Bytes::new(), fields: of_rows.then(Fields::default) }
    }

    /// Moves to the next row or portion; `false` at the end.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        loop {
            if let Some(fields) = &mut self.fields
                && fields.next(&mut self.data)
            {
                return Poll::Ready(Ok(true));
            }
            match ready!(self.stream.as_mut().poll_next(cx)) {
                Some(Ok(portion)) if self.fields.is_none() || self.data.is_empty() => self.data = portion,
                // The server sends whole rows; who stands in between may have cut them.
                Some(Ok(portion)) => self.data = [&*self.data, &*portion].concat().into(),
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(Ok(false)),
            }
            if self.fields.is_none() {
                return Poll::Ready(Ok(true));
            }
        }
    }

    /// A column of the current row; none: null.
    pub(crate) fn field(&self, column: usize) -> Option<&[u8]> {
        match &self.fields {
            None => (column == 0).then_some(&*self.data),
            Some(fields) => fields.row.get(fields.places.get(column)?.clone()?),
        }
    }
}

impl Fields {
    /// Takes the next row from the data, if it is there as a whole.
    fn next(&mut self, data: &mut Bytes) -> bool {
        if !self.began {
            let Some(header) = Format::skip_header(data) else { return false };
            *data = data.slice(header..);
            self.began = true;
        }
        let Some(end) = fields(data, &mut self.places) else { return false };
        self.row = data.split_to(end);
        true
    }
}

impl PostgresConnection {
    pub(crate) async fn begin_copy_out(&mut self, what: Copied<'_>, options: &CallOptions) -> Result<()> {
        self.check_proxy()?;
        let (sql, plan) = match what {
            Copied::Statement(sql) => {
                check_copy(sql, "TO", "copy_out")?;
                (Cow::Borrowed(sql), None)
            }
            Copied::Rows(source) | Copied::Literals(source) => {
                let plan = copied_columns(self, source).await?;
                (Cow::Owned(format!("COPY {source} TO STDOUT{}", Format::Binary.option())), Some(plan))
            }
            other => return Err(SqlError::unsupported(format!("{other:?}"))),
        };
        check_text(&sql)?;
        self.begin();
        match self.start_copy_out(&sql).await {
            Ok(stream) => {
                let copy = CopyOut::new(stream, plan.is_some());
                self.cursor.open_copy(copy, Arc::new(plan.unwrap_or_else(Plan::of_bytes)), !mentions_writes(&sql));
                self.answered();
                self.wire = Wire::Cursor;
                self.timer = options.deadline.map(|deadline| self.host.timer(deadline));
                Ok(())
            }
            Err(error) => {
                let told = self.failed(&error);
                Err(in_text(told, &error, &sql))
            }
        }
    }

    async fn start_copy_out(&mut self, sql: &str) -> Result<CopyOutStream, Error> {
        let statement = self.client.prepare(sql).await?;
        self.client.copy_out(&statement).await
    }
}

/// The columns of a table (`t`, `t (a, b)`) or of a query in parentheses, as `COPY` takes them.
pub(crate) async fn copied_columns(conn: &mut PostgresConnection, target: &str) -> Result<Plan> {
    let sql = copied_query(target);
    check_text(&sql)?;
    conn.begin();
    match columns(conn, &sql).await {
        Ok(plan) => {
            conn.answered();
            if plan.shape.is_empty() {
                return Err(SqlError::new(SqlState::SYNTAX_ERROR, "there are no columns to copy").sql_text(target));
            }
            Ok(plan)
        }
        Err(error) => {
            // The place of the error would be one in another text.
            Err(conn.failed(&error).sql_text(target))
        }
    }
}

async fn columns(conn: &mut PostgresConnection, sql: &str) -> Result<Plan, Error> {
    // It has a name on the server until it is dropped here.
    let _statement = conn.client.prepare(sql).await?;
    let types = conn.watch.types();
    let plan = conn.watch.description(|seen| Plan::of(seen, None, types));
    if !plan.is_unresolved {
        return Ok(plan);
    }
    let PostgresConnection { client, catalog, watch, .. } = conn;
    catalog.resolve(client, watch, plan.unresolved()).await?;
    Ok(plan.resolved(watch.types()))
}
