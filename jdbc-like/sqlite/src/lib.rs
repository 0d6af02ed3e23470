//! The SQLite driver of batis, over `rusqlite`.
//!
//! ```
//! # fn main() -> batis_dbc::Result<()> {
//! let manager = batis_dbc::DriverManager::new().with(batis_sqlite::SqliteDriver);
//! let mut conn = manager.connect_blocking("sqlite::memory:")?;
//! let answer: i64 = conn.query_one("select 6 * ?", (7,))?.get(0)?;
//! assert_eq!(answer, 42);
//! # Ok(()) }
//! ```
//!
//! # URLs
//! | URL | database |
//! |---|---|
//! | `sqlite::memory:` | in memory, private to the connection |
//! | `sqlite:data/app.db` | a file, relative to the working directory; created if it is missing |
//! | `sqlite:///var/lib/app.db` | a file, absolute |
//! | `sqlite:` | a temporary file, private to the connection |
//! | `sqlite:name?mode=memory&cache=shared` | in memory, shared by all connections of the process to that name |
//!
//! Options are listed by [`SqliteDriver`]. All work is done inside the call, on the caller's thread: a future of this driver is ready when it
//! is polled for the first time, and a blocking caller needs no runtime.
//!
//! # Functions, collations, backups, blobs
//! With the feature `raw-rusqlite-042`, `with_rusqlite` runs a function on the `rusqlite` connection below, in both threading modes; its
//! documentation shows each of these.
//!
//! # Values
//! A column gives what SQLite stores, whatever its declared type: `Int`, `Float`, `Text`, `Bytes` or `Null`. Text that is no valid UTF-8 comes as
//! `Bytes`.
//!
//! | parameter | stored as |
//! |---|---|
//! | `Bool` | integer 0 or 1 |
//! | `Int`, `Float`, `Text`, `Bytes` | the same; NaN as null, since SQLite has no NaN |
//! | `Numeric`, `Uuid`, `Date`, `Time`, `Timestamp`, `TimestampTz`, `Interval`, `Json` | text, in the form of their `Display` |
//! | `Array` | JSON text |
//!
//! # Statements
//! `execute_returning` appends `RETURNING` with names in backticks: what stands in double quotes and is no column is text for SQLite.
//! `last_insert_id` is the rowid of the last insert. Rows are read from the database one at a time, whatever `fetch_size` says, and cost no
//! allocation. A script is cut where SQLite says, also behind the body of a trigger. There are no procedures to `call` (0A000).
#![deny(unsafe_code)]

mod accesses;
mod busy;
mod cache;
mod connection;
mod control;
mod driver;
mod error;
mod introspection;
mod nullable;
mod options;
#[cfg(feature = "raw-rusqlite-042")]
mod raw;
mod script;
mod statement;
mod types;
mod value;
mod worker;

pub use connection::SqliteConnection;
pub use driver::SqliteDriver;
#[cfg(feature = "raw-rusqlite-042")]
pub use raw::{BoxError, with_rusqlite};

/// The `rusqlite` that this driver is built on, for [`with_rusqlite`] and [`SqliteConnection::rusqlite`].
#[cfg(feature = "raw-rusqlite-042")]
pub use rusqlite;
