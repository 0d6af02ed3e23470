//! `StatementHandler`: a statement rendered for one call, and its run on a connection.

use std::borrow::Cow;
use std::time::Instant;

use batis_dbc::{Batch, CallOptions, Connection, ResultSet, Row};
use batis_script::{BoundSql, ParameterMapping, ParameterMode, Value};

use crate::cache::CacheKey;
use crate::error::{Error, Result};
use crate::interceptor::Outcome;
use crate::mapped_statement::MappedStatement;
use crate::parameter_handler::Parameters;
use crate::run::Run;

/// One call of a statement.
pub(crate) struct StatementHandler<'a> {
    statement: &'a MappedStatement,
    bound: BoundSql<'a>,
    options: CallOptions,
    run: Run<'a>,
}

impl<'a> StatementHandler<'a> {
    /// Renders the statement.
    pub(crate) fn prepare(statement: &'a MappedStatement, parameter: &'a Value) -> Result<Self> {
        let mut bound = statement.bound_sql(parameter)?;
        if !statement.shared.interceptors.is_empty() {
            intercept(statement, &mut bound)?;
        }
        Ok(Self { statement, bound, options: statement.options(), run: Run::none() })
    }

    /// The same call with another deadline.
    pub(crate) fn until(mut self, deadline: Instant) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Its time runs from now on: it was rendered before there was a connection.
    pub(crate) fn begins_now(&mut self) {
        self.options = self.statement.options();
    }

    /// The same call with another text.
    pub(crate) fn with_sql(mut self, sql: String) -> Self {
        self.bound.sql = sql.into();
        self
    }

    /// Whether its text is that of every call.
    pub(crate) fn is_static(&self) -> bool {
        matches!(self.bound.sql, Cow::Borrowed(_))
    }

    pub(crate) fn statement(&self) -> &'a MappedStatement {
        self.statement
    }

    pub(crate) fn sql(&self) -> &str {
        &self.bound.sql
    }

    /// What its rows are the answer to.
    pub(crate) fn key(&self) -> Result<CacheKey> {
        let parameters = Parameters::of(self.statement, &self.bound)?;
        let sql = match &self.bound.sql {
            Cow::Borrowed(_) => None,
            Cow::Owned(sql) => Some(&**sql),
        };
        Ok(CacheKey::new(self.statement.statement(), sql, parameters.cells().iter().copied()))
    }

    /// Runs it and opens its rows.
    pub(crate) async fn query<'c>(&mut self, connection: &'c mut Connection) -> Result<ResultSet<'c>> {
        let parameters = Parameters::of(self.statement, &self.bound)?;
        self.run = Run::begin(self.statement, &self.bound.sql, connection).await?;
        let cells = parameters.cells();
        let rows = match self.handle() {
            Some(handle) => connection.query_cells(handle, &cells, &self.options).await,
            None => connection.query_with(&*self.bound.sql, cells.as_slice(), &self.options).await,
        };
        rows.map_err(|e| self.failed(e))
    }

    /// Runs it and counts the rows that it changed.
    pub(crate) async fn update(&mut self, connection: &mut Connection) -> Result<u64> {
        let parameters = Parameters::of(self.statement, &self.bound)?;
        self.run = Run::begin(self.statement, &self.bound.sql, connection).await?;
        let cells = parameters.cells();
        let count = match self.handle() {
            Some(handle) => connection.execute_cells(handle, &cells, &self.options).await,
            None => connection.execute_with(&*self.bound.sql, cells.as_slice(), &self.options).await,
        };
        let count = count.map_err(|e| self.failed(e))?;
        self.finished(Outcome::Changed(count));
        Ok(count)
    }

    /// Calls the routine that it is a call of.
    pub(crate) async fn call(&mut self, connection: &mut Connection) -> Result<Row> {
        let parameters = Parameters::of_call(self.statement, &self.bound)?;
        self.run = Run::begin(self.statement, &self.bound.sql, connection).await?;
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
            Cow::Borrowed(_) => self.statement.prepared(),
            Cow::Owned(_) => None,
        }
    }

    /// Its rows were read to their end, or its call has ended.
    #[inline]
    pub(crate) fn finished(&self, outcome: Outcome<'_>) {
        self.run.finished(outcome);
    }

    /// An error of the database, with statement, place and SQL.
    #[cold]
    pub(crate) fn failed(&self, error: impl Into<Error>) -> Error {
        let error = self.statement.blame(error.into()).with_sql(&self.bound.sql);
        self.run.finished(Outcome::Failed(&error));
        error
    }
}

#[cold]
fn intercept(statement: &MappedStatement, bound: &mut BoundSql<'_>) -> Result<()> {
    let before = bound.sql.as_bytes().as_ptr_range();
    for interceptor in statement.shared.interceptors.inwards() {
        interceptor.bound_sql(statement, bound).map_err(|e| statement.blame(e.into()).with_sql(&bound.sql))?;
    }
    // A borrowed text means the statement's own everywhere else.
    if bound.sql.as_bytes().as_ptr_range() != before {
        bound.sql = Cow::Owned(std::mem::take(&mut bound.sql).into_owned());
    }
    Ok(())
}
