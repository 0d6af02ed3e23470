//! [`Error`]: what goes wrong in the mapper, with statement, place and SQL.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use batis_dbc::{SqlError, SqlState};
use batis_script::{BindError, Diagnostics, Location, LookupError};

/// What a fallible call of the mapper returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of an error, for `match`.
///
/// Source: the exceptions of MyBatis (`BuilderException`, `BindingException`, `ReflectionException`, `TooManyResultsException`, ..), as one enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Mapper files could not be read or have mistakes: [`Error::diagnostics`] has all of them.
    Load,
    /// No statement of this id, or an id that stands for several.
    Statement,
    /// The statement could not be rendered or a parameter could not be bound.
    Parameter,
    /// The database, the driver or the data source refused: [`Error::sql_error`] says more.
    Sql,
    /// A row does not fit the type it should become.
    Result,
    /// No row, or more rows, where exactly one was expected.
    #[doc(alias = "TooManyResultsException")]
    Cardinality,
    /// The session's transaction has ended, or the call does not fit its state.
    Transaction,
    /// The mapper or the driver cannot do this.
    Unsupported,
}

/// An error of the mapper: the statement, its place in the mapper file, the SQL, what is wrong and what to do.
///
/// One pointer wide. `Display` tells all of it, the database's words included; [`source`](StdError::source) has only what lies deeper, so that
/// reporters that walk the chain print nothing twice. Parameter values and text from rows are never part of it, except for what the database
/// itself quotes: PostgreSQL's `detail` of a violated constraint shows the key or the row.
///
/// Source: `ErrorContext` of MyBatis, carried in the value instead of a thread-local.
#[doc(alias = "ErrorContext")]
#[doc(alias = "PersistenceException")]
pub struct Error(Box<Repr>);

struct Repr {
    kind: ErrorKind,
    statement: Option<Arc<str>>,
    location: Option<Location>,
    message: String,
    hint: Option<String>,
    sql: Option<Box<str>>,
    state: Option<SqlState>,
    /// The item of a batch, unless the cause knows it.
    item: Option<usize>,
    cause: Cause,
}

enum Cause {
    None,
    Load(Diagnostics),
    Sql(SqlError),
    Bind(BindError),
    /// No statement has the id.
    Unknown,
    Io(std::io::Error),
}

/// Longer SQL texts are cut in messages; [`Error::sql`] has all of it.
const SHOWN_SQL: usize = 400;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let state = match kind {
            ErrorKind::Cardinality => Some(SqlState::CARDINALITY),
            ErrorKind::Transaction => Some(SqlState::INVALID_TRANSACTION_STATE),
            ErrorKind::Unsupported => Some(SqlState::FEATURE_NOT_SUPPORTED),
            ErrorKind::Result => Some(SqlState::RESTRICTED_TYPE),
            ErrorKind::Load | ErrorKind::Statement | ErrorKind::Parameter | ErrorKind::Sql => None,
        };
        Self(Box::new(Repr {
            kind,
            statement: None,
            location: None,
            message: message.into(),
            hint: None,
            sql: None,
            state,
            item: None,
            cause: Cause::None,
        }))
    }

    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Parameter, message)
    }

    pub(crate) fn load(diagnostics: Diagnostics) -> Self {
        let mut error = Self::new(ErrorKind::Load, "the mapper files have mistakes");
        error.0.cause = Cause::Load(diagnostics);
        error
    }

    pub(crate) fn file(path: &Path, cause: std::io::Error) -> Self {
        let mut error = Self::new(ErrorKind::Load, format!("cannot read {}: {cause}", path.display()));
        let relative = path.is_relative() && cause.kind() == std::io::ErrorKind::NotFound;
        if let (true, Ok(folder)) = (relative, std::env::current_dir()) {
            error.0.hint = Some(format!("it is looked for in the working directory, {}", folder.display()));
        }
        error.0.cause = Cause::Io(cause);
        error
    }

    pub(crate) fn lookup(cause: &LookupError) -> Self {
        let mut error = Self::new(ErrorKind::Statement, cause.to_string());
        if matches!(cause, LookupError::Unknown { .. }) {
            error.0.cause = Cause::Unknown;
        }
        error
    }

    /// Whether no statement has the id that was asked for.
    pub(crate) fn is_unknown_statement(&self) -> bool {
        matches!(self.0.cause, Cause::Unknown)
    }

    pub(crate) fn bind(cause: BindError) -> Self {
        let mut error = Self::new(ErrorKind::Parameter, cause.message());
        error.0.statement = Some(cause.statement().into());
        error.0.location = cause.location().cloned();
        error.0.hint = cause.advice().map(Into::into);
        error.0.cause = Cause::Bind(cause);
        error
    }

    pub(crate) fn no_row() -> Self {
        let mut error = Self::new(ErrorKind::Cardinality, "the query returned no row")
            .hint("use `select_opt` where a row may be missing");
        error.0.state = Some(SqlState::NO_DATA);
        error
    }

    pub(crate) fn many_rows() -> Self {
        Self::new(ErrorKind::Cardinality, "the query returned more than one row")
            .hint("use `select_list` for several rows, or add a condition")
    }

    /// Adds the statement and its place, where they are not there yet.
    pub(crate) fn of(mut self, statement: &Arc<str>, location: &Location) -> Self {
        self.0.statement.get_or_insert_with(|| Arc::clone(statement));
        self.0.location.get_or_insert_with(|| location.clone());
        self
    }

    /// Sets the place, more exact than the statement's.
    pub(crate) fn at(mut self, location: Option<Location>) -> Self {
        self.0.location = location.or(self.0.location);
        self
    }

    /// Adds the SQL, where it is not there yet.
    pub(crate) fn with_sql(mut self, sql: &str) -> Self {
        self.0.sql.get_or_insert_with(|| sql.into());
        self
    }

    /// Says which item of a batch it is about, from 0.
    pub(crate) fn in_batch(mut self, item: usize) -> Self {
        match std::mem::replace(&mut self.0.cause, Cause::None) {
            Cause::Sql(cause) => self.0.cause = Cause::Sql(cause.in_batch(item)),
            other => (self.0.cause, self.0.item) = (other, Some(item)),
        }
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The kind, for `match`.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The full id of the statement, if the error belongs to one.
    #[must_use]
    pub fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }

    /// The place in the mapper file, as exact as it is known.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.0.location.as_ref()
    }

    /// What is wrong, without statement, place and SQL.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.0.cause {
            Cause::Sql(cause) => Told(cause).to_string(),
            _ => self.0.message.clone(),
        }
    }

    /// What to do, where there is something to say.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::Sql(cause) => cause.hint_text(),
            _ => self.0.hint.as_deref(),
        }
    }

    /// The SQL that was sent, or was about to be sent.
    #[must_use]
    pub fn sql(&self) -> Option<&str> {
        self.0.sql.as_deref()
    }

    /// The error of the driver layer, if that is where it comes from.
    #[must_use]
    pub fn sql_error(&self) -> Option<&SqlError> {
        match &self.0.cause {
            Cause::Sql(cause) => Some(cause),
            _ => None,
        }
    }

    /// The SQLSTATE: the database's, or the one of the standard for no row (02000), several rows (21000), an ended transaction (25000), a
    /// value that does not fit (07006) and what is not supported (0A000).
    #[must_use]
    #[doc(alias = "getSQLState")]
    pub fn sql_state(&self) -> Option<SqlState> {
        self.sql_error().map(SqlError::sql_state).or(self.0.state)
    }

    /// Which item of a batch failed, from 0.
    #[must_use]
    #[doc(alias = "BatchExecutorException")]
    pub fn batch_index(&self) -> Option<usize> {
        self.0.item.or_else(|| self.sql_error().and_then(SqlError::batch_index))
    }

    /// All mistakes of the mapper files, if they could not be loaded.
    #[must_use]
    pub fn diagnostics(&self) -> Option<&Diagnostics> {
        match &self.0.cause {
            Cause::Load(diagnostics) => Some(diagnostics),
            _ => None,
        }
    }

    /// The error of rendering, if the statement could not be rendered with its parameter.
    #[must_use]
    pub fn bind_error(&self) -> Option<&BindError> {
        match &self.0.cause {
            Cause::Bind(cause) => Some(cause),
            _ => None,
        }
    }

    /// Whether the whole transaction, run again, may succeed (40001, 40P01).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.sql_error().is_some_and(SqlError::is_retryable)
    }
}

impl From<SqlError> for Error {
    fn from(cause: SqlError) -> Self {
        let mut error = Self::new(ErrorKind::Sql, String::new());
        error.0.sql = cause.sql().map(Into::into);
        error.0.cause = Cause::Sql(cause);
        error
    }
}

impl From<Diagnostics> for Error {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::load(diagnostics)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        match (&e.statement, &e.location) {
            (Some(statement), Some(location)) => write!(f, "{statement} ({location}): ")?,
            (Some(statement), None) => write!(f, "{statement}: ")?,
            (None, Some(location)) => write!(f, "{location}: ")?,
            (None, None) => {}
        }
        if let Some(item) = e.item {
            write!(f, "item {item} of the batch: ")?;
        }
        match &e.cause {
            Cause::Sql(cause) => write!(f, "{}", Told(cause))?,
            Cause::Load(diagnostics) => write!(f, "{}:\n{diagnostics}", e.message)?,
            Cause::None | Cause::Unknown | Cause::Bind(_) | Cause::Io(_) => f.write_str(&e.message)?,
        }
        if let Some(hint) = &e.hint {
            write!(f, "; hint: {hint}")?;
        }
        match &e.sql {
            Some(sql) => write!(f, "\n  SQL: {}", OneLine(sql)),
            None => Ok(()),
        }
    }
}

/// An error of the driver layer. Why a data source lends nothing stands in the causes, which are told too where the error
/// does not tell them by itself.
struct Told<'a>(&'a SqlError);

fn tells_causes(error: &SqlError) -> bool {
    error.kind() == batis_dbc::ErrorKind::DataSource
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        let mut next = self.0.source().filter(|_| tells_causes(self.0));
        while let Some(cause) = next {
            let text = cause.to_string();
            if !told.contains(&text) {
                told.push_str(": ");
                told.push_str(&text);
            }
            next = cause.source();
        }
        f.write_str(&told)
    }
}

/// SQL on one line, cut when it is long.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = 0;
        for (nth, word) in self.0.split_whitespace().enumerate() {
            if written > SHOWN_SQL {
                return f.write_str(" ..");
            }
            if nth > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
            written += word.len() + 1;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            Cause::Sql(cause) if tells_causes(cause) => None,
            Cause::Sql(cause) => cause.source(),
            Cause::Io(cause) => cause.source(),
            Cause::None | Cause::Unknown | Cause::Load(_) | Cause::Bind(_) => None,
        }
    }
}
