//! [`ScriptResults`]: the results of several statements in one text, one after another.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use crate::connection::Connection;
use crate::driver::{Outcome, ScriptStatement};
use crate::error::{Result, SqlError};
use crate::options::CallOptions;
use crate::params::{Cells, Params};
use crate::placeholder::Placeholders;
use crate::result_set::ResultSet;
use crate::sql_text::first_statement;
use crate::statement::StatementRef;
use crate::to_sql::wrong_parameter_count;
use crate::transaction::Transaction;
use crate::value::Value;

/// The results of the statements of a text, in order; each statement runs when its result is asked for. Made by
/// [`Connection::query_script`].
///
/// It may be dropped at any time: the statements whose results were not asked for do not run.
#[doc(alias = "getMoreResults")]
pub struct ScriptResults<'c> {
    conn: &'c mut Connection,
    depth: u32,
    sql: Arc<str>,
    /// Parameters of the statements that are still to run.
    params: std::vec::IntoIter<Value>,
    options: CallOptions,
    /// Where the rest of the text begins; none: the script has ended.
    rest: Option<usize>,
    /// How many statements have run.
    done: usize,
    /// Where the statement stands that runs.
    running: Option<Place>,
}

/// What one statement of a script gave.
#[derive(Debug)]
pub enum ScriptResult<'r> {
    /// It returns no rows, and changed so many.
    #[doc(alias = "getUpdateCount")]
    Count(u64),
    /// It returns rows. They may be left unread.
    #[doc(alias = "getResultSet")]
    Rows(ResultSet<'r>),
}

/// How a statement of a script has run.
pub(crate) enum Ran {
    Count(u64),
    Rows(Place),
}

/// Where a statement stands in its script.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    sql: Arc<str>,
    number: usize,
    start: usize,
}

impl Place {
    /// The error of this statement as one of the script.
    pub(crate) fn explain(&self, error: SqlError) -> SqlError {
        error.in_script(self.number).moved_into(Arc::clone(&self.sql), self.start)
    }
}

impl<'c> ScriptResults<'c> {
    fn new(
        conn: &'c mut Connection,
        depth: u32,
        sql: &str,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<Self> {
        let bound = params.bind()?;
        let params: Vec<Value> = bound.cells().iter().map(|cell| Value::from(*cell)).collect();
        // Who finds placeholders itself may need what earlier statements create to read the later ones: that is counted on the way.
        let expected = if conn.raw_mut().finds_placeholders() { params.len() } else { Placeholders::of(sql).count() };
        if expected != params.len() {
            return Err(wrong_parameter_count(expected, params.len()).sql_text(sql));
        }
        let (sql, options) = (sql.into(), options.clone());
        Ok(Self { conn, depth, sql, params: params.into_iter(), options, rest: Some(0), done: 0, running: None })
    }

    /// Runs the next statement; none if there is no further one, or if one has failed. What is left of the result before is dropped.
    ///
    /// # Errors
    /// What the database says of the statement; [`SqlError::statement_index`] tells which one it is, and its position is one in the script.
    /// What ran before it stays, unless a transaction is open.
    pub async fn next(&mut self) -> Result<Option<ScriptResult<'_>>> {
        Ok(self.run_next().await?.map(|ran| self.show(ran)))
    }

    /// The result of the statement that has just run.
    pub(crate) fn show(&mut self, ran: Ran) -> ScriptResult<'_> {
        match ran {
            Ran::Count(count) => ScriptResult::Count(count),
            Ran::Rows(place) => {
                ScriptResult::Rows(ResultSet::new(self.conn, false, self.options.max_rows).of_script(place))
            }
        }
    }

    pub(crate) async fn run_next(&mut self) -> Result<Option<Ran>> {
        let Some(from) = self.rest.take() else { return Ok(None) };
        let mut place = Place { sql: Arc::clone(&self.sql), number: self.done, start: from };
        let found = match self.find(from).await {
            Ok(Some(found)) => found,
            Ok(None) if self.params.len() > 0 => return Err(place.explain(wrong_parameter_count(0, self.params.len()))),
            Ok(None) => return Ok(None),
            Err(error) => return Err(place.explain(error)),
        };
        let ScriptStatement { place: Range { start, end }, parameters } = found;
        let text = &self.sql[start..end];
        place.start = start + (text.len() - text.trim_start().len());
        let statement = self.conn.statement(StatementRef::Text(&self.sql[place.start..end]));
        if self.is_wrong(parameters, end).await {
            return Err(place.explain(wrong_parameter_count(parameters, self.params.len())));
        }
        let params: Vec<Value> = self.params.by_ref().take(parameters).collect();
        self.running = Some(place.clone());
        let cells: Cells<'_> = params.iter().map(Value::as_ref).collect();
        let outcome = match self.conn.start_at(self.depth, &statement, &cells, &self.options).await {
            Ok(outcome) => outcome,
            Err(error) => return Err(place.explain(error)),
        };
        self.running = None;
        self.done += 1;
        self.rest = Some(end);
        Ok(Some(match outcome {
            Outcome::Count(count) => Ran::Count(count),
            Outcome::Rows => Ran::Rows(place),
        }))
    }

    /// Whether there are too few parameters for a statement that ends here, or too many and it is the last one.
    async fn is_wrong(&mut self, parameters: usize, end: usize) -> bool {
        match self.params.len().cmp(&parameters) {
            Ordering::Less => true,
            Ordering::Equal => false,
            // One that cannot be read yet is one.
            Ordering::Greater => matches!(self.find(end).await, Ok(None)),
        }
    }

    /// Until when the next result is waited for.
    pub(crate) fn patience(&mut self) -> Option<Instant> {
        self.conn.patience(self.options.deadline)
    }

    /// The error of who waited for the next result and gave up, where the driver keeps no time by itself.
    pub(crate) fn given_up(&self, error: SqlError) -> SqlError {
        match &self.running {
            Some(place) if error.statement_index().is_none() => place.explain(error),
            _ => error,
        }
    }

    /// The next statement, asked of the driver, since each database has its own rules.
    async fn find(&mut self, from: usize) -> Result<Option<ScriptStatement>> {
        self.conn.settle_within(self.depth, self.options.deadline).await?;
        let limit = self.conn.limit(self.options.deadline);
        let found = limit.during(self.conn.raw_mut().first_statement(&self.sql, from)).await;
        found.map_err(|e| self.conn.note(e))
    }
}

impl fmt::Debug for ScriptResults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptResults").field("sql", &self.sql).field("done", &self.done).finish_non_exhaustive()
    }
}

impl Connection {
    /// Runs a text of several statements, separated by `;`, and gives the result of each: see [`query_script_with`](Self::query_script_with).
    ///
    /// ```no_run
    /// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
    /// use batis_dbc::ScriptResult;
    /// let mut results = conn.query_script("update t set n = n + ?; select n from t", (1,))?;
    /// while let Some(result) = results.next().await? {
    ///     match result {
    ///         ScriptResult::Count(changed) => println!("{changed} row(s) changed"),
    ///         ScriptResult::Rows(rows) => println!("{} row(s)", rows.collect().await?.len()),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// 07001 if the number of parameters is wrong. Nothing runs before the first result is asked for. SQLite counts the parameters of each
    /// statement by itself (`?1`, `:name`), so there the number is seen to be wrong on the way, by [`ScriptResults::next`]: at the latest
    /// before the statement that it is too small for, or before the last one.
    #[doc(alias = "getMoreResults")]
    pub fn query_script(&mut self, sql: &str, params: impl Params) -> Result<ScriptResults<'_>> {
        self.query_script_with(sql, params, &CallOptions::new())
    }

    /// Runs a text of several statements with options. The deadline is that of all of them; the limits hold for each result.
    ///
    /// The parameters belong to the `?` of the whole text, in order. Each statement is a call of its own, as if it had been run by
    /// [`query`](Self::query): values have their types, and outside of a transaction each commits by itself. (For a text whose results
    /// nobody wants, [`execute_script`](Self::execute_script) takes one round trip.)
    ///
    /// Source: `Statement.execute` with `getMoreResults` of JDBC; pgjdbc cuts the text in the same way.
    ///
    /// # Errors
    /// As [`query_script`](Self::query_script).
    pub fn query_script_with(
        &mut self,
        sql: &str,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<ScriptResults<'_>> {
        let depth = self.base_depth();
        ScriptResults::new(self, depth, sql, params, options)
    }

    /// The error of a script of which the driver has counted the statements, with a place.
    pub(crate) fn in_script(&mut self, error: SqlError, sql: &str) -> SqlError {
        let error = self.note(error).sql_text(sql);
        match (error.statement_index(), error.position()) {
            (Some(number), None) => match nth_statement(sql, number) {
                Some(start) => error.at(start),
                None => error,
            },
            _ => error,
        }
    }
}

impl Transaction<'_> {
    /// Runs a text of several statements and gives the result of each. See [`Connection::query_script_with`].
    ///
    /// # Errors
    /// As there.
    pub fn query_script(&mut self, sql: &str, params: impl Params) -> Result<ScriptResults<'_>> {
        let (conn, depth) = self.parts();
        ScriptResults::new(conn, depth, sql, params, &CallOptions::new())
    }
}

/// Where a statement begins, by its number from 0.
fn nth_statement(sql: &str, number: usize) -> Option<usize> {
    let mut found = first_statement(sql, 0)?;
    for _ in 0..number {
        found = first_statement(sql, found.end)?;
    }
    Some(found.start)
}
