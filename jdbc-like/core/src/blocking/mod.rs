//! The same for plain threads: [`Connection`], [`ResultSet`], [`Transaction`] with the same names and no runtime.
//!
//! Thin calls of the async core: each polls its future once (all that SQLite needs), and then lets the connection's [`Runner`] drive it.
//!
//! # Inside of an async runtime
//! They may be called anywhere: whether a thread belongs to a runtime cannot be known (also a thread that may block, as tokio's
//! `spawn_blocking` has them, seems to stand inside of one). What happens there depends on how the connection was made:
//!
//! | connection | called on a plain thread | called inside of a task |
//! |---|---|---|
//! | made for threads ([`connect_blocking`](crate::DriverManager::connect_blocking)) | waits | waits, and blocks the runtime's thread meanwhile |
//! | made for tasks, its runtime has another free thread | waits | waits, and blocks the runtime's thread meanwhile |
//! | made for tasks, its runtime has no other thread | waits | would wait for itself: refused after some seconds (57014, with a hint) |
//!
//! The last is the only case that can never end, so it is the only one that is refused. SQLite does its work inside of the call and has no such
//! case.

mod connection;
mod copy;
mod metadata;
mod result_set;
mod script;
mod transaction;
#[cfg(feature = "xa")]
mod xa;

pub use connection::Connection;
pub use copy::{CopyIn, CopyOut, CopyRows};
pub use metadata::DatabaseMetadata;
pub use result_set::ResultSet;
pub use script::{ScriptResult, ScriptResults};
pub use transaction::Transaction;
#[cfg(feature = "xa")]
pub use xa::XaResource;

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use crate::error::Result;
use crate::runner::{Runner, block};

/// The runner of a connection, shared by what is opened on it.
type SharedRunner = Option<Arc<dyn Runner>>;

#[inline]
fn wait<T>(runner: &SharedRunner, deadline: Option<Instant>, future: impl Future<Output = Result<T>>) -> Result<T> {
    block(runner.as_deref(), deadline, future)
}
