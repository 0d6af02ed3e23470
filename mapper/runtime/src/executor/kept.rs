//! Selects that have to do with caches: their rows are owned, from a cache or from the database, and read from there.

use std::sync::Arc;

use batis_script::Value;

use super::Executor;
use super::nested::NestedLoads;
use crate::cache::{CacheKey, Caches, Flight, Flush, only_reads};
use crate::error::Result;
use crate::interceptor::Outcome;
use crate::mapped_statement::MappedStatement;
use crate::result::OwnedRows;
use crate::result_set_handler::{Record, ResultSetHandler};
use crate::statement_handler::StatementHandler;

/// One call of such a statement.
pub(crate) struct KeptSelect<'s> {
    statement: &'s MappedStatement,
    pub(super) call: StatementHandler<'s>,
    changes: bool,
    /// None where its rows are not kept.
    key: Option<CacheKey>,
}

/// What the caches over a data source have for it.
pub(crate) enum Looked<'s> {
    /// Everything: it was given.
    Answered,
    /// Its rows, but not all that its nested selects ask for.
    Begun(Box<Reading<'s>>),
    Missed,
}

/// Its rows on their way into values.
pub(crate) struct Reading<'s> {
    handler: ResultSetHandler<'s>,
    loads: NestedLoads,
}

impl<'s> KeptSelect<'s> {
    /// Renders the statement.
    pub(crate) fn new(statement: &'s MappedStatement, parameter: &'s Value) -> Result<Self> {
        let call = StatementHandler::prepare(statement, parameter)?;
        // A text that is always the same was looked at when it was loaded.
        let changes = statement.caching().changes || !call.is_static() && !only_reads(call.sql());
        let is_kept = statement.caching().is_kept && !changes;
        let key = if is_kept { Some(call.key()?) } else { None };
        Ok(Self { statement, call, changes, key })
    }

    /// Answers it without a connection, as far as possible; waits for those who ask for the same. With it comes the turn to ask the database, where
    /// others wait for that.
    pub(crate) async fn ask<'c, V>(&self, caches: &'c Caches, visit: &mut V) -> Result<(Looked<'s>, Option<Flight<'c>>)>
    where
        V: FnMut(&Record<'_, '_>) -> Result<()> + ?Sized,
    {
        let looked = self.look(caches, visit)?;
        if !matches!(looked, Looked::Missed) {
            return Ok((looked, None));
        }
        let Some(turn) = self.turn(caches).await else { return Ok((looked, None)) };
        let looked = self.look(caches, visit)?;
        let is_asker = matches!(looked, Looked::Missed) && turn.is_worth_waiting_for();
        Ok((looked, is_asker.then_some(turn)))
    }

    fn look<V>(&self, caches: &Caches, visit: &mut V) -> Result<Looked<'s>>
    where
        V: FnMut(&Record<'_, '_>) -> Result<()> + ?Sized,
    {
        let Some(rows) = self.find(caches) else { return Ok(Looked::Missed) };
        let mut reading = self.read(&rows, visit)?;
        let is_complete = match reading.handler.nested_selects() {
            Some(forest) => reading.loads.load_kept(self.statement, forest, caches)?,
            None => true,
        };
        if !is_complete {
            return Ok(Looked::Begun(Box::new(reading)));
        }
        self.finish(reading, visit)?;
        Ok(Looked::Answered)
    }

    /// Its rows, if they are kept over the data source.
    pub(super) fn find(&self, caches: &Caches) -> Option<Arc<OwnedRows>> {
        caches.read_by(self.statement)?.find(self.key.as_ref()?)
    }

    /// Waits for those who ask for the same; none where nobody waits.
    async fn turn<'c>(&self, caches: &'c Caches) -> Option<Flight<'c>> {
        let flights = caches.read_by(self.statement)?.flights()?;
        Some(flights.join(self.key.clone()?).await)
    }

    /// Gives what is complete with the rows alone.
    fn read<V>(&self, rows: &OwnedRows, visit: &mut V) -> Result<Reading<'s>>
    where
        V: FnMut(&Record<'_, '_>) -> Result<()> + ?Sized,
    {
        let plan = self.statement.plan(rows.shape());
        let mut handler = ResultSetHandler::new(self.statement, plan);
        let mut all = rows.iter();
        all.try_for_each(|row| handler.owned_row(row, &mut *visit)).map_err(|e| self.call.failed(e))?;
        Ok(Reading { handler, loads: NestedLoads::default() })
    }

    /// Gives the objects that were complete with the last row only.
    fn finish<V>(&self, mut reading: Reading<'_>, visit: &mut V) -> Result<()>
    where
        V: FnMut(&Record<'_, '_>) -> Result<()> + ?Sized,
    {
        while let Some(record) = reading.handler.next_object() {
            visit(&record).map_err(|e| self.call.failed(e))?;
        }
        self.call.finished(Outcome::Rows(reading.handler.count()));
        Ok(())
    }
}

impl Executor<'_> {
    /// Runs such a select as far as it was not answered yet; its time runs from now on. Who waits for the same rows goes on when they are there.
    pub(crate) async fn kept<V>(
        &mut self,
        select: &mut KeptSelect<'_>,
        reading: Option<Box<Reading<'_>>>,
        turn: Option<Flight<'_>>,
        visit: &mut V,
    ) -> Result<()>
    where
        V: FnMut(&Record<'_, '_>) -> Result<()> + ?Sized,
    {
        select.call.begins_now();
        let mut reading = match reading {
            Some(reading) => *reading,
            None => {
                let rows = self.rows(select, turn).await?;
                select.read(&rows, visit)?
            }
        };
        if let Some(forest) = reading.handler.nested_selects() {
            let loaded = self.load_rest(select.statement, forest, &mut reading.loads).await;
            loaded.map_err(|e| select.call.failed(e))?;
        }
        select.finish(reading, visit)
    }

    /// The rows of such a select: kept ones, or those of the database, which are kept then.
    pub(super) async fn rows(
        &mut self,
        select: &mut KeptSelect<'_>,
        turn: Option<Flight<'_>>,
    ) -> Result<Arc<OwnedRows>> {
        let KeptSelect { statement, call, changes, key } = select;
        let Some(key) = key else {
            let flush = if *changes { self.changes(statement) } else { None };
            let done = self.query(call).await;
            Flush::ended(flush, &done);
            return done;
        };
        if let Some(found) = self.caches.find(statement, key) {
            return Ok(found);
        }
        let asked = self.caches.asks(statement);
        let rows = self.query(call).await?;
        let kept = self.caches.keep(statement, key, &rows, asked);
        if let Some(turn) = turn {
            turn.landed(kept);
        }
        Ok(rows)
    }

    async fn query(&mut self, call: &mut StatementHandler<'_>) -> Result<Arc<OwnedRows>> {
        let mut rows = call.query(self.connection).await?;
        let mut owned: Option<OwnedRows> = None;
        while rows.advance().await.map_err(|e| call.failed(e))? {
            let owned = owned.get_or_insert_with(|| OwnedRows::empty(Arc::clone(rows.shape())));
            call.statement().take_row(&rows.row(), owned).map_err(|e| call.failed(e))?;
        }
        Ok(Arc::new(owned.unwrap_or_else(|| OwnedRows::empty(Arc::clone(rows.shape())))))
    }
}
