//! [`PreparedStatement`]: an owned handle of a SQL text, good for any connection.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::placeholder::Placeholders;

/// A SQL text with its placeholders, ready to be run on any connection of the database it was written for.
///
/// It owns nothing of a connection: each connection keeps the native statements in a cache of its own (least recently used ones leave), and
/// one that does not know this handle prepares it, silently. Cloning costs one counter.
///
/// Source: `java.sql.PreparedStatement`, which belongs to one connection and must be closed; this one must not.
#[derive(Clone)]
#[doc(alias = "prepareStatement")]
pub struct PreparedStatement {
    inner: Arc<Inner>,
}

struct Inner {
    key: u64,
    sql: Arc<str>,
    placeholders: Placeholders,
}

impl PreparedStatement {
    /// A handle for this text. Nothing is sent: mistakes show at the first use, or at [`Connection::prepare`](crate::Connection::prepare).
    #[must_use]
    pub fn new(sql: impl Into<Arc<str>>) -> Self {
        static NEXT_KEY: AtomicU64 = AtomicU64::new(1);
        let sql = sql.into();
        let placeholders = Placeholders::of(&sql);
        let key = NEXT_KEY.fetch_add(1, Ordering::Relaxed);
        Self { inner: Arc::new(Inner { key, sql, placeholders }) }
    }

    /// The text, as it was given.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.inner.sql
    }

    /// The text, shared.
    #[must_use]
    pub fn shared_sql(&self) -> &Arc<str> {
        &self.inner.sql
    }

    /// A number that only this handle and its clones have: the key of the drivers' caches.
    #[must_use]
    #[inline]
    pub fn key(&self) -> u64 {
        self.inner.key
    }

    /// The placeholders of the text.
    #[must_use]
    #[inline]
    pub fn placeholders(&self) -> &Placeholders {
        &self.inner.placeholders
    }
}

impl fmt::Debug for PreparedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PreparedStatement").field(&self.sql()).finish()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for &String {}
    impl Sealed for &super::PreparedStatement {}
}

/// What an operation takes as its statement: a text (looked up in the connection's cache) or a [`PreparedStatement`]. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no statement",
    label = "not a statement",
    note = "give a text (`&str`, `&String`) or a `&PreparedStatement`"
)]
pub trait ToStatement: sealed::Sealed + Send {
    /// The text or the handle.
    fn to_statement(&self) -> StatementRef<'_>;
}

/// A text or a handle.
#[derive(Clone, Copy, Debug)]
pub enum StatementRef<'a> {
    /// A text, not yet looked up.
    Text(&'a str),
    /// A handle.
    Prepared(&'a PreparedStatement),
}

impl ToStatement for &str {
    fn to_statement(&self) -> StatementRef<'_> {
        StatementRef::Text(self)
    }
}

impl ToStatement for &String {
    fn to_statement(&self) -> StatementRef<'_> {
        StatementRef::Text(self)
    }
}

impl ToStatement for &PreparedStatement {
    fn to_statement(&self) -> StatementRef<'_> {
        StatementRef::Prepared(self)
    }
}
