//! The way to what `rusqlite` can do beyond batis, for both threading modes.

use std::error::Error;

use batis_dbc::{Connection, Result, SqlError, SqlState};

use crate::connection::SqliteConnection;
use crate::error::foreign;
use crate::worker::WorkerConnection;

/// What goes wrong in a function of [`with_rusqlite`].
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Runs a function on the `rusqlite` connection below: user functions and collations, backups, incremental blobs, hooks. With
/// `?threading=worker` it runs on the connection's thread. What was left behind by earlier operations is ended first.
///
/// A blocking caller runs it by [`wait_for`](batis_dbc::blocking::Connection::wait_for).
///
/// # Functions and collations
/// They belong to the connection; a pool makes them for each of its connections when it connects.
///
/// ```
/// # fn main() -> batis_dbc::Result<()> {
/// use batis_sqlite::rusqlite::functions::FunctionFlags;
/// # let manager = batis_dbc::DriverManager::new().with(batis_sqlite::SqliteDriver);
/// let mut conn = manager.connect_blocking("sqlite::memory:")?;
/// conn.wait_for(async |conn| {
///     batis_sqlite::with_rusqlite(conn, |db| {
///         db.create_scalar_function("twice", 1, FunctionFlags::SQLITE_DETERMINISTIC, |call| Ok(call.get::<i64>(0)? * 2))?;
///         db.create_collation("by_length", |a, b| a.len().cmp(&b.len()))
///     }).await
/// })?;
/// assert_eq!(conn.query_one("select twice(?)", (21,))?.get::<i64>(0)?, 42);
/// # Ok(()) }
/// ```
///
/// # Backups
/// ```no_run
/// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
/// use std::time::Duration;
/// use batis_sqlite::rusqlite::{self, backup::Backup};
/// batis_sqlite::with_rusqlite(conn, |db| {
///     let mut copy = rusqlite::Connection::open("copy.db")?;
///     // 100 pages at a time, with pauses in which others can write.
///     Backup::new(db, &mut copy)?.run_to_completion(100, Duration::from_millis(10), None)
/// }).await
/// # }
/// ```
///
/// # Blobs piece by piece
/// ```no_run
/// # async fn f(conn: &mut batis_dbc::Connection, id: i64) -> batis_dbc::Result<()> {
/// use std::fs::File;
/// conn.execute("insert into files (id, content) values (?, zeroblob(?))", (id, 1_000_000_000)).await?;
/// batis_sqlite::with_rusqlite(conn, move |db| -> Result<u64, batis_sqlite::BoxError> {
///     let mut blob = db.blob_open("main", "files", "content", id, false)?;
///     Ok(std::io::copy(&mut File::open("large.bin")?, &mut blob)?)
/// }).await?;
/// # Ok(()) }
/// ```
///
/// Transactions that the function begins it must end; the busy handler and the progress handler are those of batis. Outside of the semver
/// promise: another `rusqlite` is another feature.
///
/// # Errors
/// 0A000 if the connection is not one of this driver; what the function returns, with its SQLSTATE if it is an error of SQLite.
pub async fn with_rusqlite<T, E, F>(conn: &mut Connection, f: F) -> Result<T>
where
    T: Send + 'static,
    E: Into<BoxError>,
    F: FnOnce(&rusqlite::Connection) -> std::result::Result<T, E> + Send + 'static,
{
    let f = move |connection: &mut SqliteConnection| connection.waiting(|db| f(db).map_err(|error| told(error.into())));
    if conn.raw::<WorkerConnection>().is_some() {
        return conn.raw_settled::<WorkerConnection>().await?.ask(f).await;
    }
    f(conn.raw_settled::<SqliteConnection>().await?)
}

fn told(error: BoxError) -> SqlError {
    match error.downcast::<SqlError>() {
        Ok(error) => *error,
        Err(error) => match error.downcast_ref::<rusqlite::Error>() {
            Some(sqlite) => foreign(sqlite).caused_by(error),
            None => SqlError::new(SqlState::GENERAL, error.to_string()).caused_by(error),
        },
    }
}
