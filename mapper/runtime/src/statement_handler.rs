//! `StatementHandler`: a statement rendered for one call, and its run on a connection.

use std::time::Instant;

use batis_dbc::{Batch, CallOptions, Connection, ResultSet, Row};
use batis_script::{BoundSql, ParameterMapping, ParameterMode, Value};

use crate::error::{Error, Result};
use crate::mapped_statement::MappedStatement;
use crate::parameter_handler::Parameters;

/// One call of a statement.
pub(crate) struct StatementHandler<'a> {
    statement: &'a MappedStatement,
    bound: BoundSql<'a>,
    options: CallOptions,
}

impl<'a> StatementHandler<'a> {
    /// Renders the statement.
    pub(crate) fn prepare(statement: &'a MappedStatement, parameter: &'a Value) -> Result<Self> {
        Ok(Self { statement, bound: statement.bound_sql(parameter)?, options: statement.options() })
    }

    /// The same call with another deadline.
    pub(crate) fn until(mut self, deadline: Instant) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// The same call with another text.
    pub(crate) fn with_sql(mut self, sql: String) -> Self {
        self.bound.sql = sql.into();
        self
    }

    pub(crate) fn sql(&self) -> &str {
        &self.bound.sql
    }

    /// Runs it and opens its rows.
    pub(crate) async fn query<'c>(&self, connection: &'c mut Connection) -> Result<ResultSet<'c>> {
        let parameters = Parameters::of(self.statement, &self.bound)?;
        let cells = parameters.cells();
        let rows = match self.handle() {
            Some(handle) => connection.query_cells(handle, &cells, &self.options).await,
            None => connection.query_with(&*self.bound.sql, cells.as_slice(), &self.options).await,
        };
        rows.map_err(|e| self.failed(e))
    }

    /// Runs it and counts the rows that it changed.
    pub(crate) async fn update(&self, connection: &mut Connection) -> Result<u64> {
        let parameters = Parameters::of(self.statement, &self.bound)?;
        let cells = parameters.cells();
        let count = match self.handle() {
            Some(handle) => connection.execute_cells(handle, &cells, &self.options).await,
            None => connection.execute_with(&*self.bound.sql, cells.as_slice(), &self.options).await,
        };
        count.map_err(|e| self.failed(e))
    }

    /// Calls the routine that it is a call of.
    pub(crate) async fn call(&self, connection: &mut Connection) -> Result<Row> {
        let parameters = Parameters::of_call(self.statement, &self.bound)?;
        let row = connection.call_with(self.sql(), parameters.given().as_slice(), &self.options).await;
        row.map_err(|e| self.failed(e))
    }

    /// What the parameters that come back (OUT and INOUT) say, in their order.
    pub(crate) fn returned(&self) -> impl Iterator<Item = &ParameterMapping> {
        self.bound.binds.iter().map(|bind| &*bind.mapping).filter(|mapping| mapping.mode != ParameterMode::In)
    }

    /// An empty batch of this text.
    pub(crate) fn batch(&self) -> Batch {
        match self.handle() {
            Some(handle) => Batch::of(handle),
            None => Batch::new(self.sql()),
        }
    }

    /// Adds its values to a batch.
    pub(crate) fn add_to(&self, batch: &mut Batch) -> Result<()> {
        let parameters = Parameters::of(self.statement, &self.bound)?;
        batch.add(parameters.cells().as_slice()).map_err(|e| self.failed(e))
    }

    /// The handle of a static text, unless the text was changed for this call.
    fn handle(&self) -> Option<&batis_dbc::PreparedStatement> {
        match self.bound.sql {
            std::borrow::Cow::Borrowed(_) => self.statement.prepared(),
            std::borrow::Cow::Owned(_) => None,
        }
    }

    /// An error of the database, with statement, place and SQL.
    #[cold]
    pub(crate) fn failed(&self, error: impl Into<Error>) -> Error {
        self.statement.blame(error.into()).with_sql(&self.bound.sql)
    }
}
