//! `Executor`, the simple one: runs mapped statements on a connection, keys before and after.

mod keys;

use batis_dbc::{Connection, RowRef};
use batis_script::{Keys, Value};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::keys::GeneratedKeys;
use crate::mapped_statement::MappedStatement;
use crate::result_set_handler::ResultSetHandler;
use crate::statement_handler::StatementHandler;

/// Runs statements on one connection.
///
/// Source: `SimpleExecutor` of MyBatis.
#[doc(alias = "SimpleExecutor")]
pub(crate) struct Executor<'c> {
    connection: &'c mut Connection,
}

impl<'c> Executor<'c> {
    pub(crate) fn new(connection: &'c mut Connection) -> Self {
        Self { connection }
    }

    /// All rows.
    pub(crate) async fn list<T: DeserializeOwned>(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.each(statement, parameter, |handler, row| {
            all.push(handler.row(row)?);
            Ok(())
        })
        .await?;
        Ok(all)
    }

    /// The only row, or none.
    pub(crate) async fn optional<T: DeserializeOwned>(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
    ) -> Result<Option<T>> {
        let call = StatementHandler::prepare(statement, parameter)?;
        let mut rows = call.query(self.connection).await?;
        if !rows.advance().await.map_err(|e| call.failed(e))? {
            return Ok(None);
        }
        let mut handler = ResultSetHandler::new(statement, statement.plan(rows.shape()));
        let value = handler.row(&rows.row()).map_err(|e| call.failed(e))?;
        if rows.advance().await.map_err(|e| call.failed(e))? {
            return Err(call.failed(Error::many_rows()));
        }
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

    /// Each row through a function.
    pub(crate) async fn each(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
        mut visit: impl FnMut(&mut ResultSetHandler<'_>, &RowRef<'_>) -> Result<()>,
    ) -> Result<()> {
        let call = StatementHandler::prepare(statement, parameter)?;
        let mut rows = call.query(self.connection).await?;
        let mut handler: Option<ResultSetHandler<'_>> = None;
        while rows.advance().await.map_err(|e| call.failed(e))? {
            let handler = match &mut handler {
                Some(handler) => handler,
                none => none.insert(ResultSetHandler::new(statement, statement.plan(rows.shape()))),
            };
            visit(handler, &rows.row()).map_err(|e| call.failed(e))?;
        }
        Ok(())
    }

    /// Runs a statement that changes rows; says how many, and which keys they were given.
    pub(crate) async fn update(
        &mut self,
        statement: &MappedStatement,
        parameter: &mut Value,
    ) -> Result<(u64, GeneratedKeys)> {
        match &statement.statement().keys {
            Keys::None => {
                let count = StatementHandler::prepare(statement, parameter)?.update(self.connection).await?;
                Ok((count, GeneratedKeys::default()))
            }
            Keys::Generated { properties, columns } => {
                self.update_returning(statement, parameter, properties, columns).await
            }
            Keys::Select(select) => self.update_with_key(statement, parameter, select).await,
        }
    }
}
