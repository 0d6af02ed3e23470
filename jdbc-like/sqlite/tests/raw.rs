//! What rusqlite can do beyond batis, in both threading modes.
#![cfg(feature = "raw-rusqlite-042")]

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use batis_dbc::blocking::Connection;
use batis_dbc::{DriverManager, Result, SqlState};
use batis_sqlite::rusqlite::backup::Backup;
use batis_sqlite::rusqlite::functions::{Aggregate, Context, FunctionFlags};
use batis_sqlite::rusqlite::{self, types::Value};
use batis_sqlite::{BoxError, SqliteConnection, SqliteDriver, with_rusqlite};
use tempfile::TempDir;

fn in_both_modes(f: impl Fn(&mut Connection, &TempDir)) {
    for mode in ["caller", "worker"] {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite:{}?threading={mode}", folder.path().join("app.db").display());
        let mut conn = DriverManager::new().with(SqliteDriver).connect_blocking(&url).unwrap();
        f(&mut conn, &folder);
    }
}

fn with<T: Send + 'static>(
    conn: &mut Connection,
    f: impl FnOnce(&rusqlite::Connection) -> std::result::Result<T, BoxError> + Send + 'static,
) -> Result<T> {
    conn.wait_for(async |conn| with_rusqlite(conn, f).await)
}

struct Product;

impl Aggregate<i64, i64> for Product {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<i64> {
        Ok(1)
    }

    fn step(&self, call: &mut Context<'_>, so_far: &mut i64) -> rusqlite::Result<()> {
        *so_far *= call.get::<i64>(0)?;
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, product: Option<i64>) -> rusqlite::Result<i64> {
        Ok(product.unwrap_or(1))
    }
}

#[test]
fn functions_and_collations() {
    in_both_modes(|conn, _| {
        conn.execute_script("create table t (s text); insert into t values ('bbb'), ('cc'), ('a')").unwrap();
        let sorted = "select s from t order by s collate by_length";
        assert_eq!(conn.query(sorted, ()).unwrap_err().sql_state().code(), "42704", "not there yet");
        with(conn, |db| {
            let flags = FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_UTF8;
            db.create_scalar_function("join3", 3, flags, |call| {
                let parts = (0..3).map(|n| call.get::<Value>(n)).collect::<rusqlite::Result<Vec<_>>>()?;
                Ok(format!("{parts:?}"))
            })?;
            db.create_scalar_function("fails", 0, flags, |_| -> rusqlite::Result<i64> {
                Err(rusqlite::Error::UserFunctionError("it cannot".into()))
            })?;
            db.create_aggregate_function("product", 1, flags, Product)?;
            db.create_collation("by_length", |a, b| a.len().cmp(&b.len()))?;
            Ok(())
        })
        .unwrap();
        let joined: String = conn.query_one("select join3(?, ?, ?)", (1, "x", None::<i64>)).unwrap().get(0).unwrap();
        assert_eq!(joined, "[Integer(1), Text(\"x\"), Null]");
        let all: Vec<String> = conn.query(sorted, ()).unwrap().map(|row| row.get(0)).unwrap();
        assert_eq!(all, ["a", "cc", "bbb"]);
        let product = conn.query_one("select product(length(s)) from t", ()).unwrap();
        assert_eq!(product.get::<i64>(0).unwrap(), 6);
        let error = conn.query_one("select fails()", ()).unwrap_err();
        assert_eq!(error.message(), "it cannot");
    });
}

#[test]
fn a_backup_is_a_database() {
    in_both_modes(|conn, folder| {
        conn.execute_script("create table t (n int, filler text)").unwrap();
        let fill = "with recursive c(n) as (values (1) union all select n + 1 from c where n < 5000) \
            insert into t select n, hex(randomblob(100)) from c";
        conn.execute(fill, ()).unwrap();
        // A result that is left open does not stand in the way.
        assert!(conn.query("select * from t", ()).unwrap().next().unwrap().is_some());
        let path = folder.path().join("copy.db");
        let to = path.clone();
        let steps = with(conn, move |db| {
            let mut copy = rusqlite::Connection::open(to)?;
            let backup = Backup::new(db, &mut copy)?;
            let mut steps = 0;
            while backup.step(20)? != rusqlite::backup::StepResult::Done {
                steps += 1;
            }
            Ok(steps)
        })
        .unwrap();
        assert!(steps > 5);
        let mut copy =
            DriverManager::new().with(SqliteDriver).connect_blocking(&format!("sqlite:{}", path.display())).unwrap();
        let sum = "select count(*), sum(n) from t";
        assert_eq!(copy.query_one(sum, ()).unwrap().values(), conn.query_one(sum, ()).unwrap().values());
        assert_eq!(copy.query_one("pragma integrity_check", ()).unwrap().get::<String>(0).unwrap(), "ok");
    });
}

#[test]
fn blobs_piece_by_piece() {
    in_both_modes(|conn, _| {
        conn.execute("create table files (id integer primary key, content blob)", ()).unwrap();
        const SIZE: i64 = 1_000_000;
        conn.execute("insert into files values (7, zeroblob(?))", (SIZE,)).unwrap();
        let written = with(conn, |db| {
            let mut blob = db.blob_open("main", "files", "content", 7, false)?;
            for piece in 0..100_u8 {
                blob.write_all(&[piece; 10_000])?;
            }
            Ok(blob.write(b"more")?)
        });
        assert_eq!(written.unwrap(), 0, "it does not grow");
        let read = with(conn, |db| {
            let mut blob = db.blob_open("main", "files", "content", 7, true)?;
            blob.seek(SeekFrom::Start(509_999))?;
            let mut piece = [0; 2];
            blob.read_exact(&mut piece)?;
            Ok(piece)
        });
        assert_eq!(read.unwrap(), [50, 51]);
        let length = conn.query_one("select length(content), hex(substr(content, 1000000)) from files", ()).unwrap();
        assert_eq!((length.get::<i64>(0).unwrap(), length.get::<&str>(1).unwrap()), (SIZE, "63"));
        // In a transaction it is part of it.
        let mut transaction = conn.transaction().unwrap();
        transaction.execute("insert into files values (8, zeroblob(3))", ()).unwrap();
        transaction.rollback().unwrap();
        let missing = with(conn, |db| Ok(db.blob_open("main", "files", "content", 8, true).map(|_| ())?));
        assert_eq!(missing.unwrap_err().message(), "no such rowid: 8");
    });
}

#[test]
fn errors_have_their_codes() {
    in_both_modes(|conn, _| {
        conn.execute_script("create table t (id integer primary key); insert into t values (1)").unwrap();
        let error = with(conn, |db| Ok(db.execute("insert into t values (1)", ())?)).unwrap_err();
        assert_eq!(error.sql_state(), SqlState::UNIQUE_VIOLATION);
        let error = with(conn, |_| Err::<(), _>(std::io::Error::other("no file").into())).unwrap_err();
        assert_eq!((error.message(), error.sql_state()), ("no file", SqlState::GENERAL));
        conn.wait_for(async |conn| with_rusqlite(conn, |_| Ok::<_, BoxError>(())).await).unwrap();
        assert_eq!(conn.query_one("select count(*) from t", ()).unwrap().get::<i64>(0).unwrap(), 1);
    });
}

#[test]
fn the_connection_itself_is_there_where_it_runs_on_the_callers_thread() {
    let mut conn = DriverManager::new().with(SqliteDriver).connect_blocking("sqlite::memory:").unwrap();
    let db = conn.raw::<SqliteConnection>().unwrap().rusqlite();
    db.busy_timeout(Duration::from_millis(1)).unwrap();
    assert!(db.is_autocommit());
}

#[test]
fn a_function_that_takes_long_holds_up_no_task() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = "sqlite::memory:?threading=worker";
        let mut conn = DriverManager::new().with(SqliteDriver).connect(url).await.unwrap();
        let (go, wait) = std::sync::mpsc::channel();
        let long = with_rusqlite(&mut conn, move |_| Ok::<_, BoxError>(wait.recv()?));
        // It ends only because this task is not held up.
        let other = async { go.send(5).unwrap() };
        let (got, ()) = tokio::join!(long, other);
        assert_eq!(got.unwrap(), 5);
        // Left, it ends before the next statement.
        drop(with_rusqlite(&mut conn, |_| Ok::<_, BoxError>(())));
        assert_eq!(conn.query_one("select 1", ()).await.unwrap().get::<i64>(0).unwrap(), 1);
    });
}
