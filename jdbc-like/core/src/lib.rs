//! The driver layer of batis: what JDBC is to Java.
//!
//! ```text
//! "sqlite:app.db" -> Url -> DriverManager -> Driver::connect -> Connection
//!                                                                  |  prepare, query, execute, transaction
//!                       Row <- RowRef <- ResultSet <---------------+
//! ```
//!
//! Users see concrete types: [`Connection`], [`PreparedStatement`], [`ResultSet`], [`Transaction`]. Below them stands a small interface for
//! drivers ([`driver`]): one object, the raw connection. The same names exist for plain threads in [`blocking`]; there is one implementation,
//! and no hidden runtime.
//!
//! | JDBC | here |
//! |---|---|
//! | `DriverManager.getConnection(url)` | [`DriverManager::connect`] |
//! | `DataSource.getConnection()` | [`DataSource::connection`] |
//! | `prepareStatement`, `setX`, `executeQuery` | [`Connection::query`] with a text or a [`PreparedStatement`], and a tuple |
//! | `executeUpdate` | [`Connection::execute`] |
//! | `getGeneratedKeys` | [`Connection::execute_returning`] |
//! | `prepareCall`, `registerOutParameter` | [`Connection::call`], [`Out`] |
//! | `execute`, `getMoreResults` | [`Connection::query_script`] |
//! | `ResultSet.next`, `getX` | [`ResultSet::next`], [`RowRef::get`] |
//! | `wasNull` | `row.get::<Option<T>>(..)` |
//! | `addBatch`, `executeBatch`; pgjdbc's `CopyManager` | [`Batch`]; [`Connection::copy_in`], [`Connection::copy_out`] |
//! | `setAutoCommit(false)`, `commit`, `rollback`, `setSavepoint` | [`Connection::transaction`], [`Transaction`] |
//! | `SQLException.getSQLState()` | [`SqlError::sql_state`] |
//!
//! Placeholders are `?` for every database. Indexes count from 0.
#![forbid(unsafe_code)]

mod array;
mod batch;
pub mod blocking;
mod call;
mod cancel;
mod connection;
mod convert;
mod copy;
mod data_source;
pub mod driver;
mod driver_manager;
mod error;
mod from_sql;
mod keywords;
mod limit;
mod metadata;
mod observe;
mod op;
mod options;
mod params;
mod placeholder;
mod result_set;
mod retry;
mod row;
mod runner;
mod script;
mod shape;
mod sql_enum;
mod sql_state;
mod sql_text;
mod sql_type;
mod statement;
mod temporal;
mod to_sql;
mod transaction;
mod url;
mod value;
#[cfg(feature = "xa")]
pub mod xa;

pub use array::ArrayElement;
pub use batch::{Batch, BatchOptions, BatchOutcome, BatchRows, BatchStrategy};
pub use call::Out;
pub use cancel::CancelHandle;
pub use connection::{Connection, HandBack, Mark, Verdict, with_returning};
pub use copy::{CopyIn, CopyOut, CopyRows};
pub use data_source::{
    DataSource, DataSourceInfo, DriverDataSource, Home, Lease, RollbackDataSource, SingleConnectionDataSource,
};
pub use driver_manager::DriverManager;
pub use error::{ErrorKind, Result, SqlError};
pub use from_sql::{FromSql, FromSqlError};
pub use metadata::{
    Capabilities, ColumnInfo, ConstraintInfo, DatabaseMetadata, ForeignKey, IndexInfo, PrimaryKey, RoutineInfo,
    SequenceInfo, TableInfo, TableKind, TypeInfo, ViewInfo,
};
#[cfg(feature = "tracing")]
pub use observe::Observability;
pub use op::{BoxFuture, Op};
pub use options::{CallOptions, IsolationLevel, LockMode, TransactionOptions};
pub use params::{Bound, Cells, Params};
pub use placeholder::Placeholders;
pub use result_set::{ResultSet, Rows};
pub use retry::{Retry, RetryAdvice};
pub use row::{Row, RowIndex, RowRef};
pub use runner::{ParkRunner, Runner, TimedOut, block};
pub use script::{ScriptResult, ScriptResults};
pub use shape::{Accesses, Column, Description, Origin, Shape};
pub use sql_enum::SqlEnum;
pub use sql_state::SqlState;
pub use sql_type::SqlType;
pub use statement::{PreparedStatement, StatementRef, ToStatement};
pub use to_sql::{ToSql, ToSqlOutput};
pub use transaction::Transaction;
pub use url::{Host, PropertyInfo, Url, nearest};
pub use value::{Interval, Value, ValueRef};
