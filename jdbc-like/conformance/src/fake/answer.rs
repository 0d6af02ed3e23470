//! [`Answer`]: what the fake database says to a statement.

use std::sync::Arc;

use batis_dbc::{Column, Shape, SqlError, SqlState, SqlType, Value};

/// What the fake database says to a statement.
///
/// ```
/// use batis_conformance::{Answer, FakeDriver};
/// use batis_dbc::{DriverManager, Value};
///
/// let fake = FakeDriver::new();
/// fake.on("select id from users", Answer::rows(&["id"], [vec![Value::Int(7)]]).pending(2));
/// let manager = DriverManager::new().with(fake.clone());
/// let mut conn = manager.connect_blocking("fake:any").unwrap();
/// let id: i64 = conn.query_one("select id from users", ()).unwrap().get(0).unwrap();
/// assert_eq!(id, 7);
/// assert_eq!(fake.counters().statements, 1);
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) what: What,
    pub(super) pending: u32,
    pub(super) pending_rows: u32,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Count(u64),
    Rows { shape: Arc<Shape>, rows: Arc<[Vec<Value>]>, error: Option<(SqlState, String)> },
    Error(SqlState, String),
    Panic(String),
    Never,
}

impl Answer {
    fn new(what: What) -> Self {
        Self { what, pending: 0, pending_rows: 0 }
    }

    /// The statement changes this many rows.
    #[must_use]
    pub fn count(rows: u64) -> Self {
        Self::new(What::Count(rows))
    }

    /// The statement returns these rows; missing values are null.
    #[must_use]
    pub fn rows(columns: &[&str], rows: impl IntoIterator<Item = Vec<Value>>) -> Self {
        let columns: Vec<Column> = columns.iter().map(|name| Column::new(*name, SqlType::Other, "")).collect();
        Self::new(What::Rows { shape: Arc::new(Shape::new(columns)), rows: rows.into_iter().collect(), error: None })
    }

    /// The statement fails with this SQLSTATE; one of class 08 breaks the connection.
    #[must_use]
    pub fn error(state: SqlState, message: impl Into<String>) -> Self {
        Self::new(What::Error(state, message.into()))
    }

    /// The driver panics.
    #[must_use]
    pub fn panic(message: impl Into<String>) -> Self {
        Self::new(What::Panic(message.into()))
    }

    /// The statement never ends; only dropping or a deadline ends the wait.
    #[must_use]
    pub fn never() -> Self {
        Self::new(What::Never)
    }

    /// The answer comes after this many polls that are pending (each wakes its task at once).
    #[must_use]
    pub fn pending(mut self, polls: u32) -> Self {
        self.pending = polls;
        self
    }

    /// Each row comes after this many polls that are pending.
    #[must_use]
    pub fn pending_rows(mut self, polls: u32) -> Self {
        self.pending_rows = polls;
        self
    }

    /// After the rows the statement fails. Changes nothing unless the answer has rows.
    #[must_use]
    pub fn then_error(mut self, state: SqlState, message: impl Into<String>) -> Self {
        if let What::Rows { error, .. } = &mut self.what {
            *error = Some((state, message.into()));
        }
        self
    }
}

pub(super) fn error((state, message): (SqlState, String)) -> SqlError {
    SqlError::new(state, message)
}
