#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod asynchronous;
pub mod blocking;
mod builder;

pub use asynchronous::{Batis, Builder};
pub use batis_dbc as dbc;
pub use batis_dbc::{SqlError, SqlState};
pub use batis_mapper as mapper;
pub use batis_mapper::{Configuration, Error, Result, SqlSession, mapper, params};
pub use batis_pool as pool;
#[cfg(feature = "postgres")]
pub use batis_postgres as postgres;
#[cfg(feature = "sqlite")]
pub use batis_sqlite as sqlite;

use dbc::DriverManager;

/// What most programs need: `use batis::prelude::*`.
pub mod prelude {
    pub use crate::dbc::{Connection, DataSource, FromSql, SqlState, ToSql};
    pub use crate::mapper::{Configuration, SqlSession};
    pub use crate::pool::Pool;
    pub use crate::{Batis, drivers, mapper, params};
}

/// The pool of a [`Batis`].
pub type ConnectionPool = pool::Pool<pool::ConnectionManager>;

/// The drivers that were built in by features: SQLite and PostgreSQL by default. More can be registered on the value.
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// let mut conn = batis::drivers().connect_blocking("sqlite::memory:").unwrap();
/// let sum: i64 = conn.query_one("select ? + ?", (1, 2)).unwrap().get(0).unwrap();
/// assert_eq!(sum, 3);
/// # }
/// ```
#[must_use]
pub fn drivers() -> DriverManager {
    #[allow(unused_mut)] // no driver is built in without their features
    let mut drivers = DriverManager::new();
    #[cfg(feature = "sqlite")]
    drivers.register(batis_sqlite::SqliteDriver);
    #[cfg(feature = "postgres")]
    drivers.register(batis_postgres::PostgresDriver::new());
    drivers
}
