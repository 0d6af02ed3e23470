//! [`Case`]: one thing that every driver does; [`Context`]: what it works with.

use std::fmt;
use std::sync::Arc;

use batis_dbc::driver::{ConnectOptions, Mode};
use batis_dbc::{BoxFuture, Connection, DriverDataSource, DriverManager, Runner, SqlError, block};

use crate::dialect::Dialect;

/// One thing that every driver does.
#[derive(Clone, Copy)]
pub struct Case {
    /// `topic/name`, unique in the list.
    pub name: &'static str,
    /// What it proves, as a sentence.
    pub proves: &'static str,
    pub(crate) run: for<'a> fn(&'a mut Context) -> BoxFuture<'a, Check>,
}

impl Case {
    /// Runs the case on this context's connection.
    ///
    /// # Errors
    /// What was found instead of what every driver does.
    pub async fn check(&self, context: &mut Context) -> Check {
        (self.run)(context).await
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("proves", &self.proves).finish()
    }
}

/// What a case returns.
pub type Check = Result<(), Problem>;

/// What a case found instead of what it expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    /// A problem in words.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl From<SqlError> for Problem {
    fn from(error: SqlError) -> Self {
        Self(format!("unexpected error: {error} (SQL: {})", error.sql().unwrap_or("none")))
    }
}

/// What a case works with: a fresh connection, and what is particular to the database.
#[derive(Debug)]
pub struct Context {
    /// The connection under test.
    pub conn: Connection,
    /// What is particular to the database.
    pub dialect: Dialect,
    manager: DriverManager,
    url: String,
    mode: Mode,
}

impl Context {
    /// A context with a fresh connection of this mode.
    ///
    /// # Errors
    /// If no connection can be made.
    pub async fn connect(manager: &DriverManager, url: &str, dialect: &Dialect, mode: Mode) -> Result<Self, SqlError> {
        let conn = open(manager, url, mode).await?;
        Ok(Self { conn, dialect: dialect.clone(), manager: manager.clone(), url: url.to_owned(), mode })
    }

    /// Drops the table of this name, if it is there, and creates it with these columns, `{type}` being replaced by the dialect's name of
    /// a type (`{big}`, `{text}`, ..: the fields of [`Types`](crate::Types)).
    ///
    /// # Errors
    /// What the database says.
    pub async fn table(&mut self, name: &str, columns: &str) -> Result<(), SqlError> {
        let columns = self.dialect.types.fill(columns);
        self.conn.execute(&format!("drop table if exists {name}"), ()).await?;
        self.conn.execute(&format!("create table {name} ({columns})"), ()).await?;
        Ok(())
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count(&mut self, table: &str) -> Result<i64, SqlError> {
        self.conn.query_one(&format!("select count(*) from {table}"), ()).await?.get(0)
    }

    /// One more connection to the same database.
    ///
    /// # Errors
    /// If no connection can be made.
    pub async fn other(&self) -> Result<Other, SqlError> {
        let mut conn = open(&self.manager, &self.url, self.mode).await?;
        let runner = conn.runner();
        Ok(Other { conn, runner, mode: self.mode })
    }

    /// The database as a data source without a pool.
    ///
    /// # Errors
    /// If the URL is wrong.
    pub fn source(&self) -> Result<DriverDataSource, SqlError> {
        self.manager.data_source(&self.url)
    }

    /// A data source of another URL, by the same drivers.
    ///
    /// # Errors
    /// If the URL is wrong.
    pub fn source_of(&self, url: &str) -> Result<DriverDataSource, SqlError> {
        self.manager.data_source(url)
    }

    /// The URL of the database.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Who waits for the answers.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

async fn open(manager: &DriverManager, url: &str, mode: Mode) -> Result<Connection, SqlError> {
    manager.data_source(url)?.connect(&ConnectOptions::new(mode)).await
}

/// A second connection of a case. On plain threads each connection is driven by its own runner, so its operations run inside of
/// [`run`](Self::run).
pub struct Other {
    conn: Connection,
    runner: Option<Arc<dyn Runner>>,
    mode: Mode,
}

impl Other {
    /// Runs operations of this connection.
    ///
    /// # Errors
    /// What they return.
    pub async fn run<T>(&mut self, f: impl AsyncFnOnce(&mut Connection) -> Result<T, SqlError>) -> Result<T, SqlError> {
        match self.mode {
            Mode::Async => f(&mut self.conn).await,
            Mode::Blocking => block(self.runner.as_deref(), None, f(&mut self.conn)),
        }
    }
}

impl fmt::Debug for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Other").field("conn", &self.conn).finish_non_exhaustive()
    }
}

/// Ends the case with a problem unless both are equal.
macro_rules! same {
    ($found:expr, $expected:expr) => {
        match (&$found, &$expected) {
            (found, expected) if found != expected => {
                let text = format!("line {}: {} is {found:?}, expected {expected:?}", line!(), stringify!($found));
                return Err($crate::case::Problem::new(text));
            }
            _ => {}
        }
    };
}

/// The error of an operation, which must have this SQLSTATE.
macro_rules! fails {
    ($operation:expr, $code:expr) => {
        match $operation {
            Ok(_) => {
                let text =
                    format!("line {}: {} succeeded, expected SQLSTATE {}", line!(), stringify!($operation), $code);
                return Err($crate::case::Problem::new(text));
            }
            Err(error) => {
                same!(error.sql_state().code(), $code);
                error
            }
        }
    };
}

/// A list of cases: name, what it proves, function.
macro_rules! list {
    ($($name:literal, $proves:literal, $function:ident;)*) => {
        pub(super) const CASES: &[$crate::case::Case] = &[$(
            $crate::case::Case { name: $name, proves: $proves, run: |cx| Box::pin($function(cx)) },
        )*];
    };
}

pub(crate) use {fails, list, same};
