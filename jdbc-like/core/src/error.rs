//! [`SqlError`]: the one error type of the driver layer.

mod display;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::retry::RetryAdvice;
use crate::sql_state::SqlState;

/// What a fallible call of the driver layer returns.
pub type Result<T, E = SqlError> = std::result::Result<T, E>;

/// The kind of an error, for `match`; the SQLSTATE says it more exactly.
///
/// Source: the classes of `java.sql` (`SQLSyntaxErrorException`, `SQLIntegrityConstraintViolationException`, ..), as one enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "SQLSyntaxErrorException")]
#[doc(alias = "SQLTransientException")]
pub enum ErrorKind {
    /// The URL or an option of it is wrong.
    Url,
    /// No connection could be made, or the one at hand broke.
    Connection,
    /// The login was refused.
    Auth,
    /// The statement is wrong: syntax, unknown table, column or function.
    Syntax,
    /// A value is wrong for its type, or does not fit.
    Data,
    /// An integrity constraint was violated.
    Integrity,
    /// The transaction was rolled back by the database and may be tried again.
    TransactionRollback,
    /// The operation does not fit the state of the transaction.
    TransactionState,
    /// A lock could not be had.
    Lock,
    /// The statement was cancelled or its time ran out.
    Timeout,
    /// The driver or database cannot do this.
    Unsupported,
    /// A value could not be converted between SQL and Rust.
    Conversion,
    /// No row, or more rows, where exactly one was expected.
    Cardinality,
    /// The call is wrong: parameter count, unknown column, wrong mode.
    Usage,
    /// A pool or another data source could not lend a connection.
    DataSource,
    /// Anything else the database reports.
    Database,
}

impl ErrorKind {
    /// The kind that belongs to a SQLSTATE.
    #[must_use]
    pub fn of(state: SqlState) -> Self {
        match (state.class(), state.code()) {
            (_, "57014" | "HYT00") => Self::Timeout,
            (_, "55P03") => Self::Lock,
            ("08", _) | (_, "57P01" | "57P02" | "57P03" | "53300") => Self::Connection,
            (_, "42501") => Self::Auth,
            ("28", _) => Self::Auth,
            ("42", _) => Self::Syntax,
            ("22", _) => Self::Data,
            ("23", _) => Self::Integrity,
            ("40", _) => Self::TransactionRollback,
            ("25", _) => Self::TransactionState,
            ("0A", _) => Self::Unsupported,
            ("07", _) => Self::Usage,
            ("02" | "21", _) => Self::Cardinality,
            _ => Self::Database,
        }
    }
}

/// An error of the driver layer: kind, SQLSTATE, message, and what the database said beside it.
///
/// One pointer wide. `Display` prints one line (message, SQLSTATE, and the detail and hint if there are any; statements of a script are
/// counted from 1 there, like lines); the cause is left to
/// [`source`](StdError::source), so that reporters that walk the chain print nothing twice. Parameter values are never part of it.
///
/// Source: `java.sql.SQLException`, with the fields that PostgreSQL's server errors have.
#[doc(alias = "SQLException")]
pub struct SqlError(Box<Repr>);

struct Repr {
    kind: ErrorKind,
    state: SqlState,
    message: Box<str>,
    detail: Option<Box<str>>,
    hint: Option<Box<str>>,
    vendor_code: Option<i32>,
    position: Option<usize>,
    constraint: Option<Box<str>>,
    table: Option<Box<str>>,
    column: Option<Box<str>>,
    sql: Option<Arc<str>>,
    advice: Option<RetryAdvice>,
    batch_index: Option<usize>,
    statement_index: Option<usize>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl SqlError {
    /// An error with this SQLSTATE; its kind follows from the code.
    #[must_use]
    pub fn new(state: SqlState, message: impl Into<String>) -> Self {
        Self::with_kind(ErrorKind::of(state), state, message)
    }

    /// An error whose kind does not follow from its SQLSTATE.
    #[must_use]
    pub fn with_kind(kind: ErrorKind, state: SqlState, message: impl Into<String>) -> Self {
        Self(Box::new(Repr {
            kind,
            state,
            message: message.into().into(),
            detail: None,
            hint: None,
            vendor_code: None,
            position: None,
            constraint: None,
            table: None,
            column: None,
            sql: None,
            advice: None,
            batch_index: None,
            statement_index: None,
            source: None,
        }))
    }

    /// A feature that the driver does not have (SQLSTATE 0A000).
    #[must_use]
    #[doc(alias = "SQLFeatureNotSupportedException")]
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(SqlState::FEATURE_NOT_SUPPORTED, format!("{what} is not supported"))
    }

    /// A mistake in a URL (SQLSTATE 08001).
    #[must_use]
    pub fn url(message: impl Into<String>) -> Self {
        Self::with_kind(ErrorKind::Url, SqlState::CONNECT_FAILED, message)
    }

    /// A conversion between SQL and Rust that failed.
    #[must_use]
    pub fn conversion(state: SqlState, message: impl Into<String>) -> Self {
        Self::with_kind(ErrorKind::Conversion, state, message)
    }

    /// Adds what the database says beside the message.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into().into());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into().into());
        self
    }

    /// Adds the vendor's own code (SQLite's extended result code, the `XaCode` of a two-phase commit).
    #[must_use]
    pub fn vendor(mut self, code: i32) -> Self {
        self.0.vendor_code = Some(code);
        self
    }

    /// Adds the place of the mistake: bytes from the beginning of the SQL text, counted from 0.
    #[must_use]
    pub fn at(mut self, position: usize) -> Self {
        self.0.position = Some(position);
        self
    }

    /// Adds the violated constraint, and the table and column if known.
    #[must_use]
    pub fn on(mut self, constraint: Option<&str>, table: Option<&str>, column: Option<&str>) -> Self {
        self.0.constraint = constraint.map(Into::into);
        self.0.table = table.map(Into::into);
        self.0.column = column.map(Into::into);
        self
    }

    /// Adds the SQL text, if none is there yet.
    #[must_use]
    pub fn sql_text(mut self, sql: impl Into<Arc<str>>) -> Self {
        self.0.sql.get_or_insert_with(|| sql.into());
        self
    }

    /// Says which item of a batch it is about, from 0.
    #[must_use]
    pub fn in_batch(mut self, item: usize) -> Self {
        self.0.batch_index = Some(item);
        self
    }

    /// Says which statement of a script it is about, from 0.
    #[must_use]
    pub fn in_script(mut self, statement: usize) -> Self {
        self.0.statement_index = Some(statement);
        self
    }

    /// The same error, of a statement that begins at this byte of a script.
    pub(crate) fn moved_into(mut self, script: Arc<str>, start: usize) -> Self {
        self.0.position = Some(start + self.0.position.unwrap_or_default());
        self.0.sql = Some(script);
        self
    }

    /// Says what may be done about it, where the SQLSTATE alone does not tell.
    #[must_use]
    pub fn advise(mut self, advice: RetryAdvice) -> Self {
        self.0.advice = Some(advice);
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind, for `match`.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The SQLSTATE; every error has one.
    #[must_use]
    #[doc(alias = "getSQLState")]
    pub fn sql_state(&self) -> SqlState {
        self.0.state
    }

    /// The message alone, without code, detail and hint.
    #[must_use]
    #[doc(alias = "getMessage")]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The vendor's own code: SQLite's extended result code, the `XaCode` of an error of an `XaResource`; none for others on PostgreSQL.
    #[must_use]
    #[doc(alias = "getErrorCode")]
    pub fn vendor_code(&self) -> Option<i32> {
        self.0.vendor_code
    }

    /// Where in the SQL text the mistake is: bytes from 0 in the text that was given to batis (with its `?`).
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        self.0.position
    }

    /// The name of the violated constraint, where the database says it.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.0.constraint.as_deref()
    }

    /// The table that the error is about, where the database says it.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.0.table.as_deref()
    }

    /// The column that the error is about, where the database says it.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.0.column.as_deref()
    }

    /// What the database says beside the message.
    #[must_use]
    pub fn detail_text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// What to do next, from the database or from batis.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The SQL text that failed, as it was given to batis.
    #[must_use]
    pub fn sql(&self) -> Option<&str> {
        self.0.sql.as_deref()
    }

    /// Whether a connection that saw this error must not be used again.
    #[must_use]
    pub fn breaks_connection(&self) -> bool {
        self.0.state.breaks_connection()
    }

    /// Whether the whole transaction, run again, may succeed (40001, 40P01, SQLite's outdated snapshot).
    #[must_use]
    #[doc(alias = "SQLTransactionRollbackException")]
    pub fn is_retryable(&self) -> bool {
        self.retry_advice() == RetryAdvice::Transaction
    }

    /// Which item of a batch failed, from 0.
    #[must_use]
    #[doc(alias = "BatchUpdateException")]
    pub fn batch_index(&self) -> Option<usize> {
        self.0.batch_index
    }

    /// Which statement of a script failed, from 0.
    #[must_use]
    pub fn statement_index(&self) -> Option<usize> {
        self.0.statement_index
    }

    /// What may be done about the error. It follows from the SQLSTATE unless the driver knows better.
    #[must_use]
    pub fn retry_advice(&self) -> RetryAdvice {
        self.0.advice.unwrap_or_else(|| match self.0.state {
            SqlState::OUTCOME_UNKNOWN => RetryAdvice::No,
            state if state.is_retryable() => RetryAdvice::Transaction,
            state if state.breaks_connection() => RetryAdvice::Reconnect,
            SqlState::LOCK_NOT_AVAILABLE => RetryAdvice::Statement,
            _ => RetryAdvice::No,
        })
    }

    /// Whether an integrity constraint was violated (class 23).
    #[must_use]
    #[doc(alias = "SQLIntegrityConstraintViolationException")]
    pub fn is_integrity_violation(&self) -> bool {
        self.0.kind == ErrorKind::Integrity
    }

    /// Whether a unique or primary key was violated (23505).
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.0.state == SqlState::UNIQUE_VIOLATION
    }
}

impl StdError for SqlError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}
