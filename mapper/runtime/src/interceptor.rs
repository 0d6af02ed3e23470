//! [`Interceptor`]: what looks at every statement, and may change it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use batis_dbc::{BoxFuture, Connection, Result, Row};
use batis_script::{BoundSql, Value};

use crate::error::Error;
use crate::mapped_statement::MappedStatement;

/// Stands around every statement of a configuration: audit fields, tenants, encryption, measuring, refusing.
///
/// ```text
/// session.insert("users.add", &user)
///     parameter    the parameter object, before the statement is rendered with it
///     bound_sql    the SQL and its values
///     prepare      the connection, before the statement runs on it
///     row          each row of its result, for those that ask for it
///     finished     what came of it, and how long it took
/// ```
///
/// All methods have bodies that do nothing. What is registered last ([`ConfigurationBuilder::interceptor`](crate::ConfigurationBuilder::interceptor))
/// is outermost: it comes first on the way to the database, and last on the way back. An error ends the call before the statement
/// runs, and is told with the statement's id and place. The methods run on the thread, or the task, of the call, so those that are not async
/// must not block. A method that panics ends the call as any panic does; [`finished`](Self::finished) must not, since it is also told of calls that
/// a panic ended, and a second one would end the program.
///
/// They see each run of a mapped statement: nested selects and the queries of `<selectKey>` too, with an id of their own. Of a batch each item
/// has its `parameter` and `bound_sql`, and what runs together one `prepare` and one `finished`.
///
/// ```
/// use std::sync::Arc;
/// use batis_dbc::Result;
/// use batis_mapper::script::{StatementKind, Value};
/// use batis_mapper::{BoundSql, Configuration, Finished, Interceptor, MappedStatement};
///
/// /// Notes who changed a row, in each parameter object that has the property.
/// struct Audit { user: String }
///
/// impl Interceptor for Audit {
///     fn parameter(&self, statement: &MappedStatement, parameter: &mut Value) -> Result<()> {
///         if statement.kind() != StatementKind::Select
///             && let Value::Map(map) = parameter
///             && map.get_exact("changed_by").is_some()
///         {
///             Arc::make_mut(map).insert("changed_by", self.user.as_str());
///         }
///         Ok(())
///     }
///
///     fn bound_sql(&self, statement: &MappedStatement, bound: &mut BoundSql<'_>) -> Result<()> {
///         bound.sql = format!("/* {} */ {}", statement.id(), bound.sql).into();
///         Ok(())
///     }
///
///     fn finished(&self, run: &Finished<'_>) {
///         println!("{}: {} in {:?}", run.statement.id(), run.outcome, run.elapsed);
///     }
/// }
///
/// let configuration = Configuration::builder().interceptor(Audit { user: "ann".into() }).build()?;
/// # Ok::<(), batis_mapper::Error>(())
/// ```
///
/// Source: `Interceptor` of MyBatis, which wraps `Executor`, `StatementHandler`, `ParameterHandler` and `ResultSetHandler` by reflection; here each
/// of them has a method of its own type, and nobody can forget to proceed.
#[doc(alias = "org.apache.ibatis.plugin.Interceptor")]
#[doc(alias = "Intercepts")]
#[doc(alias = "plugin")]
pub trait Interceptor: Send + Sync + 'static {
    /// The parameter object of a call, before the statement is rendered with it. Objects and several arguments come as maps of their properties.
    /// What the caller holds is not changed.
    ///
    /// Source: a plugin on `Executor.update` or `Executor.query`.
    ///
    /// # Errors
    /// Whatever should refuse the call.
    #[doc(alias = "Executor")]
    fn parameter(&self, statement: &MappedStatement, parameter: &mut Value) -> Result<()> {
        let _ = (statement, parameter);
        Ok(())
    }

    /// The rendered statement: its SQL with `?`, and a value for each of them ([`Bind::new`](batis_script::Bind::new) makes further ones). A text
    /// that is changed is prepared by its text, and not found by the statement's handle: about 0.1 µs a call.
    ///
    /// Source: a plugin on `StatementHandler.prepare` or `ParameterHandler.setParameters`.
    ///
    /// # Errors
    /// Whatever should refuse the call.
    #[doc(alias = "StatementHandler")]
    #[doc(alias = "ParameterHandler")]
    fn bound_sql(&self, statement: &MappedStatement, bound: &mut BoundSql<'_>) -> Result<()> {
        let _ = (statement, bound);
        Ok(())
    }

    /// The connection, just before the statement runs on it: `set local app.user = ..`, a schema. What it runs by itself is no mapped statement
    /// and not intercepted. In a blocking session the future is waited for there.
    ///
    /// Source: a plugin on `StatementHandler.prepare(Connection, ..)`.
    ///
    /// # Errors
    /// Whatever should refuse the call.
    fn prepare<'a>(
        &'a self,
        statement: &'a MappedStatement,
        sql: &'a str,
        connection: &'a mut Connection,
    ) -> BoxFuture<'a, Result<()>> {
        let _ = (statement, sql, connection);
        Box::pin(std::future::ready(Ok(())))
    }

    /// Whether [`row`](Self::row) is to be shown the rows of a statement; asked once for each statement, when the files are loaded. Default: false. Their rows
    /// are copied then: a thousand rows of five columns take half as long again.
    fn sees_rows(&self, statement: &MappedStatement) -> bool {
        let _ = statement;
        false
    }

    /// A row of a select, or of a call, as it came from the database, before result maps and type handlers: to look at, or to change its values.
    /// From the innermost interceptor outwards. A cache keeps what this made of it. Not shown are the rows of
    /// [`select_with`](crate::SqlSession::select_with), which are read in place, and generated keys.
    ///
    /// Source: a plugin on `ResultSetHandler.handleResultSets`.
    ///
    /// # Errors
    /// Whatever should end the call.
    #[doc(alias = "ResultSetHandler")]
    fn row(&self, statement: &MappedStatement, row: &mut Row) -> Result<()> {
        let _ = (statement, row);
        Ok(())
    }

    /// What came of a run: exactly once for each statement that was about to run, also when its future was dropped. Statements that could not
    /// be rendered, or whose values could not be bound, did not run; nor did those that a cache answered.
    fn finished(&self, run: &Finished<'_>) {
        let _ = run;
    }
}

/// A run of a statement, for [`Interceptor::finished`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished<'a> {
    /// The statement; that of a batch once for all items that ran together.
    pub statement: &'a MappedStatement,
    /// What was sent, with `?`.
    pub sql: &'a str,
    /// What came of it.
    pub outcome: Outcome<'a>,
    /// From `prepare` to the last row, with the time that the caller took for the rows of a stream.
    pub elapsed: Duration,
}

/// What came of a run.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// So many rows, or objects of a nested result map, were read.
    Rows(u64),
    /// So many rows were changed: of a batch, by all items that ran together.
    Changed(u64),
    /// A procedure or function was called.
    Called,
    /// It failed: in the database, or because a row did not fit its type.
    Failed(&'a Error),
    /// Its future was dropped, its stream was left early, or code that read a row panicked.
    Abandoned,
}

impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(count) => write!(f, "{count} rows"),
            Self::Changed(count) => write!(f, "{count} rows changed"),
            Self::Called => f.write_str("called"),
            Self::Failed(error) => write!(f, "failed: {}", error.message()),
            Self::Abandoned => f.write_str("abandoned"),
        }
    }
}

/// The interceptors of a configuration, in the order in which they were registered.
#[derive(Clone, Default)]
pub(crate) struct Interceptors(Vec<Arc<dyn Interceptor>>);

impl Interceptors {
    pub(crate) fn push(&mut self, interceptor: Arc<dyn Interceptor>) {
        self.0.push(interceptor);
    }

    /// These, and others around them.
    pub(crate) fn within(mut self, outer: &Self) -> Self {
        self.0.extend(outer.0.iter().cloned());
        self
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From the outermost on.
    pub(crate) fn inwards(&self) -> impl Iterator<Item = &dyn Interceptor> {
        self.0.iter().rev().map(|interceptor| &**interceptor)
    }

    /// Those that want to see the rows of this statement.
    pub(crate) fn that_see_rows(&self, statement: &MappedStatement) -> Self {
        Self(self.0.iter().filter(|interceptor| interceptor.sees_rows(statement)).cloned().collect())
    }

    /// Shows them a row.
    pub(crate) fn show(&self, statement: &MappedStatement, row: &mut Row) -> Result<()> {
        self.outwards().try_for_each(|interceptor| interceptor.row(statement, row))
    }

    /// From the innermost on.
    pub(crate) fn outwards(&self) -> impl Iterator<Item = &dyn Interceptor> {
        self.0.iter().map(|interceptor| &**interceptor)
    }
}

impl fmt::Debug for Interceptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} interceptors", self.0.len())
    }
}
