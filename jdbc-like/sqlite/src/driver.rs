//! [`SqliteDriver`]: opens databases.

use std::path::Path;
use std::time::{Duration, Instant};

use batis_dbc::driver::{ConnectOptions, Driver, Mode, RawConnection};
use batis_dbc::{Op, PropertyInfo, Result, SqlError, SqlState, Url};
use rusqlite::{OpenFlags, ffi};

use crate::busy::Limits;
use crate::connection::SqliteConnection;
use crate::error::foreign;
use crate::options::{OpenMode, Options, PROPERTIES};
use crate::worker;

/// The driver for `sqlite:` URLs.
///
/// | option | default | meaning |
/// |---|---|---|
/// | `mode` | `rwc` | `ro` (read only), `rw` (must exist), `rwc` (created if missing, as sqlite-jdbc does), `memory` |
/// | `cache` | `private` | `shared`: connections of this process to the same name share one database in memory |
/// | `busy_timeout` | 5000 | milliseconds to wait for another connection's lock before `55P03` |
/// | `foreign_keys` | `true` | whether foreign keys are enforced |
/// | `journal_mode` | `wal` | the default is set for files opened for writing only |
/// | `synchronous` | `normal` | `off`, `normal`, `full`, `extra` |
/// | `transaction_lock` | `immediate` | when a transaction that may write takes its lock; `deferred`, `immediate`, `exclusive` |
/// | `threading` | `caller` | where statements run: `caller`, the thread that calls; `worker`, a thread of the connection's own, for long statements in async services |
/// | `statement_cache` | 256 | prepared statements kept by a connection |
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "org.sqlite.JDBC")]
pub struct SqliteDriver;

impl Driver for SqliteDriver {
    fn schemes(&self) -> &[&'static str] {
        &["sqlite"]
    }

    fn product(&self) -> &'static str {
        "SQLite"
    }

    fn properties(&self) -> &[PropertyInfo] {
        PROPERTIES
    }

    fn connection_limit(&self, url: &Url) -> Option<usize> {
        Options::from_url(url).is_ok_and(|options| options.is_private()).then_some(1)
    }

    fn connect<'a>(&'a self, url: &'a Url, options: &'a ConnectOptions) -> Op<'a, Result<Box<dyn RawConnection>>> {
        Op::ready(Options::from_url(url).and_then(|o| connect(&o, options)))
    }
}

fn connect(options: &Options, how: &ConnectOptions) -> Result<Box<dyn RawConnection>> {
    if options.worker {
        // Whoever waits, the worker waits on a thread of its own.
        return Ok(Box::new(worker::start(open(options, how.deadline, Mode::Blocking)?)?));
    }
    Ok(Box::new(open(options, how.deadline, how.mode)?))
}

fn open(options: &Options, deadline: Option<Instant>, mode: Mode) -> Result<SqliteConnection> {
    let mut db = rusqlite::Connection::open_with_flags(file_name(options), flags(options))
        .map_err(|e| cannot_open(&e, options))?;
    let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
    db.busy_timeout(left.map_or(options.busy_timeout, |l| l.min(options.busy_timeout))).map_err(|e| foreign(&e))?;
    set_up(&db, options).map_err(|e| cannot_open(&e, options))?;
    set_journal_mode(&db, options, deadline)?;
    let limits = Limits::new(options.busy_timeout, mode);
    limits.set_handler(&mut db)?;
    Ok(SqliteConnection::new(db, options, limits))
}

fn flags(options: &Options) -> OpenFlags {
    let mode = match options.mode {
        OpenMode::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        OpenMode::ReadWrite => OpenFlags::SQLITE_OPEN_READ_WRITE,
        OpenMode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        OpenMode::Memory => {
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_MEMORY
        }
    };
    let shared = if options.shared {
        OpenFlags::SQLITE_OPEN_SHARED_CACHE | OpenFlags::SQLITE_OPEN_URI
    } else {
        OpenFlags::empty()
    };
    // A connection is used by one thread at a time, so SQLite needs no mutex of its own.
    mode | shared | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// The name that SQLite is given. Only a shared database in memory needs SQLite's own kind of URL.
fn file_name(options: &Options) -> String {
    let path = &options.path;
    if options.shared {
        let memory = if options.is_file() { "" } else { "&mode=memory" };
        return format!("file:{}?cache=shared{memory}", escaped(path));
    }
    if path.starts_with("file:") { format!("./{path}") } else { path.clone() }
}

fn escaped(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/:".contains(&b);
    path.bytes()
        .fold(String::new(), |out, b| out + &if plain(b) { char::from(b).to_string() } else { format!("%{b:02x}") })
}

/// Settings of each connection. The second one reads the file, so that one that is no database is found here.
fn set_up(db: &rusqlite::Connection, options: &Options) -> rusqlite::Result<()> {
    let foreign_keys = if options.foreign_keys { "on" } else { "off" };
    db.execute_batch(&format!("pragma foreign_keys = {foreign_keys}; pragma synchronous = {}", options.synchronous))
}

/// Sets the journal mode if the file is in another one. It is a property of the file, so after the first time there is nothing to do.
fn set_journal_mode(db: &rusqlite::Connection, options: &Options, deadline: Option<Instant>) -> Result<()> {
    let by_default = options.is_file() && options.mode != OpenMode::ReadOnly;
    let wanted = match options.journal_mode {
        Some(mode) => mode,
        None if by_default => "wal",
        None => return Ok(()),
    };
    let patience = Instant::now() + options.busy_timeout;
    let patience = deadline.map_or(patience, |d| d.min(patience));
    loop {
        let set = journal_mode(db, wanted);
        match set {
            Ok(_) if options.journal_mode.is_none() => return Ok(()),
            Ok(mode) if mode.eq_ignore_ascii_case(wanted) || !options.is_file() => return Ok(()),
            Ok(mode) => {
                let message = format!("the database stays in journal mode `{mode}`, `{wanted}` was asked for");
                return Err(SqlError::url(message));
            }
            // Others open the same new file just now; SQLite does not wait here by itself.
            Err(error) if is_busy(&error) && Instant::now() < patience => std::thread::sleep(Duration::from_millis(5)),
            // The default is a wish: a file that cannot be written to, or is in use in another mode, is used as it is.
            Err(_) if options.journal_mode.is_none() => return Ok(()),
            Err(error) => return Err(cannot_open(&error, options)),
        }
    }
}

fn journal_mode(db: &rusqlite::Connection, wanted: &str) -> rusqlite::Result<String> {
    let now: String = db.query_row("pragma journal_mode", [], |row| row.get(0))?;
    if now.eq_ignore_ascii_case(wanted) {
        return Ok(now);
    }
    db.query_row(&format!("pragma journal_mode = {wanted}"), [], |row| row.get(0))
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked))
}

/// Says which database could not be opened, and why if the file tells.
fn cannot_open(error: &rusqlite::Error, options: &Options) -> SqlError {
    let cause = foreign(error);
    let primary = cause.vendor_code().map(|code| code & 0xff);
    let state = if primary == Some(ffi::SQLITE_CANTOPEN) { SqlState::CONNECT_FAILED } else { cause.sql_state() };
    let (reason, hint) = match primary {
        Some(ffi::SQLITE_CANTOPEN) => why_not(options),
        _ => (None, None),
    };
    let reason = reason.unwrap_or_else(|| cause.message().to_owned());
    let mut told = SqlError::new(state, format!("cannot open the SQLite database `{}`: {reason}", options.path));
    if let Some(code) = cause.vendor_code() {
        told = told.vendor(code);
    }
    match hint.or_else(|| cause.hint_text().map(str::to_owned)) {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

/// Why a file cannot be opened, and what to do.
fn why_not(options: &Options) -> (Option<String>, Option<String>) {
    let path = Path::new(&options.path);
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    if path.is_dir() {
        (Some("it is a folder".into()), None)
    } else if let Some(folder) = folder.filter(|f| !f.exists()) {
        (Some(format!("the folder `{}` does not exist", folder.display())), None)
    } else if !path.exists() && options.mode != OpenMode::Create {
        (Some("the file does not exist".into()), Some("mode=rwc creates it".into()))
    } else {
        (None, None)
    }
}
