//! `Executor`, the simple one: runs mapped statements on a connection, keys before and after.

mod batch;
mod call;
mod collect;
mod kept;
mod keys;
mod nested;

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Instant;

use batis_dbc::{Connection, ResultSet, RowRef};
use batis_script::{Keys, Value};
use serde::de::DeserializeOwned;

use crate::cache::{CacheScope, Flush};
use crate::error::{Error, Result};
use crate::interceptor::Outcome;
use crate::keys::GeneratedKeys;
use crate::mapped_statement::MappedStatement;
use crate::result_set_handler::{Record, ResultSetHandler};
use crate::statement_handler::StatementHandler;

pub(crate) use collect::{all, by_key, only};
pub(crate) use kept::{KeptSelect, Looked};

/// Runs statements on one connection.
///
/// Source: `SimpleExecutor` of MyBatis.
#[doc(alias = "SimpleExecutor")]
pub(crate) struct Executor<'c> {
    connection: &'c mut Connection,
    /// When all that it runs must be over; none: what each statement says counts.
    deadline: Option<Instant>,
    caches: CacheScope<'c>,
}

impl<'c> Executor<'c> {
    pub(crate) fn new(connection: &'c mut Connection) -> Self {
        Self { connection, deadline: None, caches: CacheScope::Off }
    }

    /// With the caches that it may use.
    #[inline]
    pub(crate) fn with_caches(mut self, caches: CacheScope<'c>) -> Self {
        self.caches = caches;
        self
    }

    /// A statement is about to run that changes data, or may do so.
    #[inline]
    fn changes(&mut self, statement: &MappedStatement) -> Option<Flush<'c>> {
        self.caches.changes(statement)
    }

    /// Renders a statement.
    fn prepare<'a>(&mut self, statement: &'a MappedStatement, parameter: &'a Value) -> Result<StatementHandler<'a>> {
        let call = StatementHandler::prepare(statement, parameter)?;
        if !call.is_static() {
            self.caches.text_was_made(statement, call.sql());
        }
        Ok(match self.deadline {
            Some(deadline) => call.until(deadline),
            None => call,
        })
    }

    /// All rows.
    pub(crate) async fn list<T: DeserializeOwned>(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.records(statement, parameter, collect::all(&mut all)).await?;
        Ok(all)
    }

    /// The only row, or none.
    pub(crate) async fn optional<T: DeserializeOwned>(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
    ) -> Result<Option<T>> {
        let mut call = self.prepare(statement, parameter)?;
        let mut rows = call.query(self.connection).await?;
        if !rows.advance().await.map_err(|e| call.failed(e))? {
            call.finished(Outcome::Rows(0));
            return Ok(None);
        }
        let mut handler = ResultSetHandler::new(statement, statement.plan(rows.shape()));
        if handler.folds() {
            let mut only = None;
            let mut visit = collect::only(&mut only);
            // Boxed: the future of a call that folds nothing stays small.
            Box::pin(read(&mut handler, &mut rows, &call, &mut visit)).await?;
            Box::pin(self.finish(&mut handler, statement, &call, &mut visit)).await?;
            drop(visit);
            return Ok(only);
        }
        let value = match handler.flat(&rows.row()) {
            Some(record) => record.value().map_err(|e| call.failed(e))?,
            None => return Ok(None),
        };
        if rows.advance().await.map_err(|e| call.failed(e))? {
            return Err(call.failed(Error::many_rows()));
        }
        call.finished(Outcome::Rows(1));
        Ok(Some(value))
    }

    /// Exactly one row.
    pub(crate) async fn one<T: DeserializeOwned>(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
    ) -> Result<T> {
        match self.optional(statement, parameter).await? {
            Some(value) => Ok(value),
            None => Err(statement.blame(Error::no_row())),
        }
    }

    /// All rows by the value of one of their properties; the last of several stays.
    pub(crate) async fn map<K: DeserializeOwned + Eq + Hash, T: DeserializeOwned>(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
        key: &str,
    ) -> Result<HashMap<K, T>> {
        let mut all = HashMap::new();
        self.records(statement, parameter, collect::by_key(&mut all, key)).await?;
        Ok(all)
    }

    /// What the result map makes of the rows, each through a function.
    async fn records(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
        mut visit: impl FnMut(&Record<'_, '_>) -> Result<()>,
    ) -> Result<()> {
        let mut call = self.prepare(statement, parameter)?;
        let mut rows = call.query(self.connection).await?;
        if !rows.advance().await.map_err(|e| call.failed(e))? {
            call.finished(Outcome::Rows(0));
            return Ok(());
        }
        let mut handler = ResultSetHandler::new(statement, statement.plan(rows.shape()));
        if handler.folds() {
            Box::pin(read(&mut handler, &mut rows, &call, &mut visit)).await?;
            return Box::pin(self.finish(&mut handler, statement, &call, &mut visit)).await;
        }
        // Not by `read`: called from here the function is compiled into the loop.
        loop {
            if let Some(record) = handler.flat(&rows.row()) {
                visit(&record).map_err(|e| call.failed(e))?;
            }
            if !rows.advance().await.map_err(|e| call.failed(e))? {
                break;
            }
        }
        call.finished(Outcome::Rows(handler.count()));
        Ok(())
    }

    /// Loads what the objects ask for, and gives those that were not given yet.
    async fn finish(
        &mut self,
        handler: &mut ResultSetHandler<'_>,
        statement: &MappedStatement,
        call: &StatementHandler<'_>,
        visit: &mut impl FnMut(&Record<'_, '_>) -> Result<()>,
    ) -> Result<()> {
        if let Some(forest) = handler.nested_selects() {
            self.load_nested(statement, forest).await.map_err(|e| call.failed(e))?;
        }
        while let Some(record) = handler.next_object() {
            visit(&record).map_err(|e| call.failed(e))?;
        }
        call.finished(Outcome::Rows(handler.count()));
        Ok(())
    }

    /// Each row as it is through a function.
    pub(crate) async fn each(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
        visit: impl FnMut(&RowRef<'_>) -> Result<()>,
    ) -> Result<()> {
        let flush = if statement.caching().changes { self.changes(statement) } else { None };
        let done = self.each_row(statement, parameter, visit).await;
        Flush::ended(flush, &done);
        done
    }

    async fn each_row(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
        mut visit: impl FnMut(&RowRef<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut call = self.prepare(statement, parameter)?;
        let mut rows = call.query(self.connection).await?;
        let mut count = 0;
        while rows.advance().await.map_err(|e| call.failed(e))? {
            visit(&rows.row()).map_err(|e| call.failed(e))?;
            count += 1;
        }
        call.finished(Outcome::Rows(count));
        Ok(())
    }

    /// Runs a statement that changes rows, and empties its cache; says how many, and which keys they were given.
    pub(crate) async fn change(
        &mut self,
        statement: &MappedStatement,
        parameter: &mut Value,
    ) -> Result<(u64, GeneratedKeys)> {
        let flush = self.changes(statement);
        let done = self.update(statement, parameter).await;
        Flush::ended(flush, &done);
        done
    }

    /// The same for one of several changes, after which the cache is emptied.
    async fn update(&mut self, statement: &MappedStatement, parameter: &mut Value) -> Result<(u64, GeneratedKeys)> {
        match &statement.statement().keys {
            Keys::None => {
                let count = self.prepare(statement, parameter)?.update(self.connection).await?;
                Ok((count, GeneratedKeys::default()))
            }
            Keys::Generated { properties, columns } => {
                self.update_returning(statement, parameter, properties, columns).await
            }
            Keys::Select(select) => self.update_with_key(statement, parameter, select).await,
        }
    }
}

/// Gives the rows to the handler, from the current one on, where they are folded.
async fn read(
    handler: &mut ResultSetHandler<'_>,
    rows: &mut ResultSet<'_>,
    call: &StatementHandler<'_>,
    visit: &mut impl FnMut(&Record<'_, '_>) -> Result<()>,
) -> Result<()> {
    loop {
        handler.row(&rows.row(), &mut *visit).map_err(|e| call.failed(e))?;
        if !rows.advance().await.map_err(|e| call.failed(e))? {
            return Ok(());
        }
    }
}
