//! [`CacheScope`]: what one operation may look into and keep in; [`Flush`]: what it empties behind a change.

use std::sync::Arc;

use batis_dbc::ErrorKind as SqlErrorKind;

use super::caches::Caches;
use super::clock::Moment;
use super::{CacheKey, TxCaches, only_reads};
use crate::error::Result;
use crate::mapped_statement::MappedStatement;
use crate::result::OwnedRows;

/// The caches of one operation.
pub(crate) enum CacheScope<'c> {
    Off,
    /// Over a data source.
    Shared(&'c Caches),
    Transaction(&'c mut TxCaches),
}

/// A change over a data source. Its cache is emptied when it has ended, however it ended, since it may have been done.
pub(crate) struct Flush<'c> {
    caches: &'c Caches,
    cache: usize,
    /// Until the database said what became of it.
    in_doubt: bool,
}

impl<'c> CacheScope<'c> {
    /// A statement is about to run that changes data, or may do so.
    pub(crate) fn changes(&mut self, statement: &MappedStatement) -> Option<Flush<'c>> {
        match self {
            Self::Off => None,
            Self::Shared(caches) => Flush::of(caches, statement),
            Self::Transaction(tx) => {
                tx.changes(statement);
                None
            }
        }
    }

    /// A query whose text was made for this call is about to run: it may write where the mapper file does not say so. Over a data source that is
    /// no matter: what is kept is asked for itself.
    #[inline]
    pub(crate) fn text_was_made(&mut self, statement: &MappedStatement, sql: &str) {
        if let Self::Transaction(tx) = self
            && !statement.caching().changes
            && !only_reads(sql)
        {
            tx.changes(statement);
        }
    }

    /// Rows that are kept.
    pub(crate) fn find(&self, statement: &MappedStatement, key: &CacheKey) -> Option<Arc<OwnedRows>> {
        match self {
            Self::Off => None,
            Self::Shared(caches) => caches.read_by(statement)?.find(key),
            Self::Transaction(tx) => tx.find(statement, key),
        }
    }

    /// The database is about to be asked. A transaction has a moment of its own.
    pub(crate) fn asks(&self, statement: &MappedStatement) -> Option<Moment> {
        match self {
            Self::Off => None,
            Self::Shared(caches) => {
                caches.read_by(statement)?.missed();
                Some(caches.now())
            }
            Self::Transaction(tx) => tx.asks(statement),
        }
    }

    /// Keeps rows that were read from this moment on. Says whether others find them now.
    pub(crate) fn keep(
        &mut self,
        statement: &MappedStatement,
        key: &CacheKey,
        rows: &Arc<OwnedRows>,
        asked: Option<Moment>,
    ) -> bool {
        match self {
            Self::Off => false,
            Self::Shared(caches) => match (caches.read_by(statement), asked) {
                (Some(space), Some(asked)) => space.keep(key.clone(), Arc::clone(rows), asked),
                _ => false,
            },
            Self::Transaction(tx) => {
                tx.keep(statement, key, rows);
                false
            }
        }
    }
}

impl<'c> Flush<'c> {
    pub(crate) fn of(caches: &'c Caches, statement: &MappedStatement) -> Option<Self> {
        let cache = caches.emptied_by(statement)?;
        Some(Self { caches, cache, in_doubt: true })
    }

    /// What became of the statement. Where that is not told, it was dropped on its way.
    pub(crate) fn ended<T>(flush: Option<Self>, done: &Result<T>) {
        let Some(mut flush) = flush else { return };
        flush.in_doubt = match done {
            Ok(_) => false,
            Err(error) => error.sql_error().is_some_and(|error| {
                error.sql_state().breaks_connection()
                    || matches!(error.kind(), SqlErrorKind::Connection | SqlErrorKind::Timeout)
            }),
        };
    }
}

impl Drop for Flush<'_> {
    fn drop(&mut self) {
        self.caches.empty(self.cache, self.in_doubt);
    }
}
