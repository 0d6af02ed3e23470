//! The PostgreSQL driver of batis, over `tokio-postgres`.
//!
//! ```no_run
//! use batis_dbc::DriverManager;
//! use batis_postgres::PostgresDriver;
//!
//! # async fn f() -> batis_dbc::Result<()> {
//! let manager = DriverManager::new().with(PostgresDriver::new());
//! let mut conn = manager.connect("postgres://app:secret@db.example.org/shop").await?;
//! let open: i64 = conn.query_one("select count(*) from orders where state = ?", ("open",)).await?.get(0)?;
//!
//! // The same without any runtime.
//! let mut conn = manager.connect_blocking("postgres:///shop?host=/run/postgresql")?;
//! conn.execute("update orders set state = ? where id = ?", ("paid", 17))?;
//! # Ok(()) }
//! ```
//!
//! # URLs
//! | URL | server |
//! |---|---|
//! | `postgres://user:password@host:5432/db` | over TCP; `postgresql:` is the same |
//! | `postgres://a,b:5433/db` | the first host that answers, and that is what `target_session_attrs` asks for |
//! | `postgres:///db?host=/run/postgresql` | over the unix socket in that folder |
//! | `postgres://%2Frun%2Fpostgresql/db` | the same |
//!
//! | `postgres:host=db.example.org dbname=shop` | libpq's connection string; [`PostgresDriver::parse_url`] takes it without the scheme too |
//!
//! Options are listed by [`PostgresDriver`], with libpq's names, variables (`PGHOST` ..), password file and service file. The crate builds on
//! unix systems only.
//!
//! # TLS
//! With the feature `tls`, by rustls: `sslmode=verify-full` and the other modes, client certificates, and logins that are bound to their
//! channel. A request to cancel a statement is secured as its connection is.
//!
//! # What the server says by itself
//! `Connection::warnings` gives the notices since it was asked last (the 64 newest are kept). [`PgListener`] and [`blocking::PgListener`]
//! receive what `NOTIFY` sends, over a connection of their own that is made again when it is lost. An error of a connection that was lost
//! while nobody used it has the server's reason as its detail and cause.
//!
//! # Tasks and threads
//! A connection for tasks is `tokio_postgres::Client`, with its I/O in a task of the runtime that made the connection; it ends with that
//! runtime. A connection for plain threads uses no runtime at all: who waits drives the caller's future and the connection's own in a loop
//! over `poll(2)`. It may be used anywhere (inside a task it merely blocks it), moved from thread to thread, and dropped anywhere. A task may
//! even await it, as it comes from a pool for threads; it keeps the task's thread for some milliseconds at a time then.
//!
//! # Statements
//! `?` becomes `$1`, `$2`, .. once for each statement; a text without `?` may have the server's own. The first uses of a statement on a
//! connection are single round trips without a name; from the option `prepare_threshold` on (default 5, as in pgjdbc) the server keeps it by
//! name, and the least recently used one is closed when there are too many. With 0 nothing is ever named, which suits PgBouncer in transaction
//! mode (with names, statements are missing there: 26000). When the schema changes under a named statement it is prepared again, silently outside of a transaction.
//!
//! Rows are read as they come, and the server waits when nobody reads: no result is in memory as a whole. With `fetch_size` inside of a
//! transaction the server computes a portion at a time (`DECLARE` and `FETCH`), so that a result that is left early costs it no more than that.
//! `call` runs procedures and functions; JDBC's `{call ..}` asks the catalog which one is meant.
//!
//! A dropped future, a passed deadline or a result that was left early is cancelled on the server by a *fenced* request before the connection
//! is used again, so that it can never hit the next statement. What was left inside a transaction, or has changed rows, is read over instead.
//!
//! # COPY
//! `Connection::copy_in` and `copy_out` run `COPY .. FROM STDIN` and `TO STDOUT` of any format, `copy_in_rows` and `copy_out_rows` move rows of
//! values in binary form. A copy that was dropped or has failed stores nothing and leaves the connection ready. With `prepare_threshold=0`
//! they need a transaction around them, since a proxy may give the statement and its data different sessions else.
//!
//! # Two-phase commit
//! With the feature `xa` of `batis-dbc`, `batis_dbc::xa::XaResource` prepares and ends branches of transactions over several databases. The
//! server needs `max_prepared_transactions` above 0.
//!
//! # Values
//! | type of the server | value |
//! |---|---|
//! | `bool`; `int2`, `int4`, `int8`, `oid`; `float4`, `float8` | `Bool`; `Int`; `Float` |
//! | `numeric` | `Numeric`: its text, nothing is lost; `money` too |
//! | `text`, `varchar`, `char`, `name`, `xml` | `Text` |
//! | `bytea`, `uuid` | `Bytes`, `Uuid` |
//! | `date`, `time`, `timestamp`, `timestamptz`, `interval` | `Date`, `Time`, `Timestamp`, `TimestampTz`, `Interval` |
//! | `json`, `jsonb` | `Json` |
//! | arrays, of any dimensions | `Array` |
//! | domains | as the type below |
//! | enums, rows, ranges, and all other types | `Text`, as the server writes them (with the settings that it has from the start) |
//! | types of extensions that have no text inside | `Bytes`: their binary form; cast them to text in the statement |
//!
//! Types of the database's own are looked up in its catalog when a connection first sees them: one more round trip for each new type. (In a
//! result of more than 500 rows by a statement without a name the rows are not held back for that: until the next run, what is read there of
//! such types is what their bytes surely are, and `Bytes` else.) The first index of an array, which can be another than 1, is not kept.
//!
//! Parameters have the type that the server sees for their place: a text is taken for an enum, a uuid, a date or a number where one stands.
//! Where value and type are the same thing they are sent in binary form, else as text, which the server reads as it reads a literal.
#![forbid(unsafe_code)]

mod async_host;
mod async_socket;
pub mod blocking;
mod blocking_host;
mod blocking_socket;
mod cache;
mod cancel_request;
mod canceller;
mod catalog;
mod connection;
mod control;
mod copy_in;
mod copy_out;
mod cursor;
mod describe;
mod driver;
mod environment;
mod error;
mod host;
mod introspection;
mod listener;
mod login;
mod messages;
mod options;
mod passfile;
mod plan;
mod portal;
mod properties;
mod relay;
mod resolve;
mod run;
mod run_many;
mod script;
mod secure;
mod security;
mod settings;
mod settle;
mod shared_io;
mod socket;
mod statement;
mod sync;
mod target;
#[cfg(feature = "tls")]
mod tls;
mod types;
mod user_types;
mod value;
mod wakeup;
mod watch;

pub use connection::PostgresConnection;
pub use driver::PostgresDriver;
pub use environment::Environment;
pub use listener::{ListenerEvent, PgListener};
pub use messages::{Notice, Notification};

/// The `tokio-postgres` that this driver is built on, for [`PostgresConnection::client`].
#[cfg(feature = "raw-tokio-postgres-07")]
pub use tokio_postgres;
