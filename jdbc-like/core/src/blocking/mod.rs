//! The same for plain threads: [`Connection`], [`ResultSet`], [`Transaction`] with the same names and no runtime.
//!
//! Thin calls of the async core: each polls its future once (all that SQLite needs), and then lets the connection's [`Runner`] drive it.
//! They may be called anywhere, also inside a task of an async runtime, where they merely block it.

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

fn wait<T>(runner: &SharedRunner, deadline: Option<Instant>, future: impl Future<Output = Result<T>>) -> Result<T> {
    block(runner.as_deref(), deadline, future)
}
