//! Nested selects: run when the rows that ask for them are read to their end, on the same connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::vec;

use batis_script::Value;

use super::Executor;
use super::kept::KeptSelect;
use crate::cache::{Caches, Flush};
use crate::error::{Error, ErrorKind, Result};
use crate::interceptor::Outcome;
use crate::mapped_statement::MappedStatement;
use crate::result::{Asked, Failure, Forest, Loaded, OwnedRows, Place};
use crate::result_set_handler::ResultSetHandler;
use crate::statement_handler::StatementHandler;

/// Which of a result's nested selects were loaded, and which is next. A statement runs once for each argument, as with MyBatis' local cache, so
/// circles end.
#[derive(Default)]
pub(crate) struct NestedLoads {
    known: HashMap<Key, u32>,
    /// The object that was asked last, and what it asks for.
    result: usize,
    node: usize,
    asked: vec::IntoIter<Asked>,
    next: Option<Wanted>,
}

/// The statement and its argument.
type Key = (Arc<str>, Box<[u8]>);

/// A select that was not run yet.
struct Wanted {
    key: Key,
    argument: Value,
    place: Place,
    /// Once it was looked up and the interceptors have seen the argument.
    statement: Option<Arc<MappedStatement>>,
}

impl Wanted {
    /// The statement, for a result of another one.
    fn statement(&mut self, by: &MappedStatement) -> Result<Arc<MappedStatement>> {
        if let Some(known) = &self.statement {
            return Ok(Arc::clone(known));
        }
        let found = by.nested(&self.key.0)?;
        self.argument = found.intercepted(std::mem::take(&mut self.argument))?;
        Ok(Arc::clone(self.statement.insert(found)))
    }
}

impl NestedLoads {
    /// The next select that is to be loaded: the same one until it was [given](Self::give).
    fn next(&mut self, forest: &mut Forest) -> Option<&mut Wanted> {
        while self.next.is_none() {
            match self.asked.next() {
                Some(Asked { place, statement, key, argument }) => {
                    let key = (statement, key);
                    match self.known.get(&key) {
                        Some(found) => forest.link(place, *found),
                        None => self.next = Some(Wanted { key, argument, place, statement: None }),
                    }
                }
                None => self.next_object(forest)?,
            }
        }
        self.next.as_mut()
    }

    fn next_object(&mut self, forest: &Forest) -> Option<()> {
        forest.get(self.result)?;
        match forest.asked(self.result, self.node) {
            Some(asked) => {
                self.node += 1;
                self.asked = asked.into_iter();
            }
            None => (self.result, self.node) = (self.result + 1, 0),
        }
        Some(())
    }

    /// The result of the next select.
    fn give(&mut self, statement: &MappedStatement, forest: &mut Forest, loaded: Loaded) -> Result<()> {
        let Some(Wanted { key, place, .. }) = self.next.take() else { return Ok(()) };
        let found = forest.add_nested(loaded, self.result).map_err(|failure| statement.blame(refused(failure)))?;
        self.known.insert(key, found);
        forest.link(place, found);
        Ok(())
    }

    /// Loads what the caches over a data source have. Says whether that was all.
    pub(super) fn load_kept(
        &mut self,
        statement: &MappedStatement,
        forest: &mut Forest,
        caches: &Caches,
    ) -> Result<bool> {
        while let Some(wanted) = self.next(forest) {
            let loaded = kept(statement, wanted, caches);
            match loaded.map_err(|error| asked_for(error, forest, self.result))? {
                Some(loaded) => self.give(statement, forest, loaded)?,
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// The result of one nested select, if it is kept.
fn kept(statement: &MappedStatement, wanted: &mut Wanted, caches: &Caches) -> Result<Option<Loaded>> {
    let nested = wanted.statement(statement)?;
    if !nested.caching().is_kept {
        return Ok(None);
    }
    let select = KeptSelect::new(&nested, &wanted.argument)?;
    match select.find(caches) {
        Some(rows) => loaded(&nested, &select.call, &rows).map(Some),
        None => Ok(None),
    }
}

/// Rows as the result of a nested select.
fn loaded(nested: &MappedStatement, call: &StatementHandler<'_>, rows: &OwnedRows) -> Result<Loaded> {
    if rows.is_empty() {
        return Ok(Loaded::empty(nested.id()));
    }
    let mut handler = ResultSetHandler::new(nested, nested.tree_plan(rows.shape()));
    rows.iter().try_for_each(|row| handler.keep(row)).map_err(|e| call.failed(e))?;
    Ok(handler.into_kept().unwrap_or_else(|| Loaded::empty(nested.id())))
}

impl Executor<'_> {
    /// Loads what the objects of a result ask for, and what these ask for.
    pub(crate) async fn load_nested(&mut self, statement: &MappedStatement, forest: &mut Forest) -> Result<()> {
        self.load_rest(statement, forest, &mut NestedLoads::default()).await
    }

    /// Loads what was not loaded yet.
    pub(super) async fn load_rest(
        &mut self,
        statement: &MappedStatement,
        forest: &mut Forest,
        loads: &mut NestedLoads,
    ) -> Result<()> {
        while let Some(wanted) = loads.next(forest) {
            let loaded = self.nested(statement, wanted).await;
            let loaded = loaded.map_err(|error| asked_for(error, forest, loads.result))?;
            loads.give(statement, forest, loaded)?;
        }
        Ok(())
    }

    /// The result of one nested select.
    async fn nested(&mut self, statement: &MappedStatement, wanted: &mut Wanted) -> Result<Loaded> {
        let nested = wanted.statement(statement)?;
        if nested.takes_rows_out() {
            let mut select = KeptSelect::new(&nested, &wanted.argument)?;
            let rows = self.rows(&mut select, None).await?;
            let loaded = loaded(&nested, &select.call, &rows)?;
            select.call.finished(Outcome::Rows(rows.len() as u64));
            return Ok(loaded);
        }
        let flush = if nested.caching().changes { self.changes(&nested) } else { None };
        let done = self.nested_rows(&nested, &wanted.argument).await;
        Flush::ended(flush, &done);
        done
    }

    async fn nested_rows(&mut self, nested: &MappedStatement, argument: &Value) -> Result<Loaded> {
        let mut call = self.prepare(nested, argument)?;
        let mut rows = call.query(self.connection).await?;
        let mut handler: Option<ResultSetHandler<'_>> = None;
        let mut count = 0;
        while rows.advance().await.map_err(|e| call.failed(e))? {
            let handler = match &mut handler {
                Some(handler) => handler,
                none => none.insert(ResultSetHandler::new(nested, nested.tree_plan(rows.shape()))),
            };
            handler.keep(&rows.row()).map_err(|e| call.failed(e))?;
            count += 1;
        }
        call.finished(Outcome::Rows(count));
        Ok(handler.and_then(ResultSetHandler::into_kept).unwrap_or_else(|| Loaded::empty(nested.id())))
    }
}

/// Says who asked, where the error has nothing better to say.
fn asked_for(error: Error, forest: &Forest, by: usize) -> Error {
    match forest.get(by) {
        Some(by) if error.advice().is_none() => error.hint(format!("a result map of `{}` asks for it", by.statement)),
        _ => error,
    }
}

fn refused(failure: Failure) -> Error {
    let failure = failure.into_repr();
    let error = Error::new(ErrorKind::Result, failure.message);
    match failure.hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
