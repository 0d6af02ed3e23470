//! The driver layer against the raw drivers: one row by key, and a thousand rows. [`bulk`] has the larger pieces.

use std::sync::Arc;
use std::time::Instant;

use batis_dbc::{Connection, DriverManager, PreparedStatement, blocking};
use batis_postgres::PostgresDriver;
use batis_sqlite::SqliteDriver;
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;

use super::bulk;
use super::user::{ALL, BY_ID, BY_ID_PG, User, next, postgres, schema};
use crate::{Subject, Work};

pub(super) fn all() -> Vec<Work> {
    let mut works = vec![sqlite_by_id(), sqlite_by_id_in_transaction(), sqlite_all()];
    if let Some(database) = postgres() {
        works.extend([
            postgres_by_id("PostgreSQL: select one row by key", &database.url()),
            postgres_by_id("PostgreSQL over TCP: select one row by key", &database.tcp_url()),
            postgres_blocking_by_id(),
            postgres_all(),
        ]);
    }
    works.extend(bulk::all());
    works
}

/// A runtime of one thread: the least that async costs.
pub(super) fn runtime() -> Arc<Runtime> {
    Arc::new(tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made"))
}

pub(super) fn drivers() -> DriverManager {
    DriverManager::new().with(SqliteDriver).with(PostgresDriver::new())
}

fn rusqlite() -> rusqlite::Connection {
    let conn = rusqlite::Connection::open_in_memory().expect("SQLite opens in memory");
    conn.execute_batch(&schema()).expect("the schema is right");
    conn
}

pub(super) fn sqlite_blocking() -> batis_dbc::blocking::Connection {
    let mut conn = drivers().connect_blocking("sqlite::memory:").expect("SQLite opens in memory");
    conn.execute_script(&schema()).expect("the schema is right");
    conn
}

fn sqlite_async(rt: &Runtime) -> Connection {
    rt.block_on(async {
        let mut conn = drivers().connect("sqlite::memory:").await.expect("SQLite opens in memory");
        conn.execute_script(&schema()).await.expect("the schema is right");
        conn
    })
}

pub(super) fn rusqlite_by_id(conn: &rusqlite::Connection, id: i64) {
    let mut statement = conn.prepare_cached(BY_ID).expect("the statement is right");
    let user = statement.query_row([id], |row| {
        Ok(User { id: row.get(0)?, name: row.get(1)?, email: row.get(2)?, age: row.get(3)?, score: row.get(4)? })
    });
    user.expect("the row is there").consume();
}

/// The raw driver as first subject of SQLite work.
pub(super) fn rusqlite_subject(in_transaction: bool) -> Subject {
    let (conn, mut key) = (rusqlite(), 0);
    if in_transaction {
        conn.execute_batch("begin").expect("a transaction begins");
    }
    Subject::each("rusqlite prepare_cached", move || rusqlite_by_id(&conn, next(&mut key)))
}

fn blocking_by_id(name: &'static str, in_transaction: bool) -> Subject {
    let (mut conn, mut key) = (sqlite_blocking(), 0);
    if in_transaction {
        conn.execute_script("begin").expect("a transaction begins");
    }
    Subject::each(name, move || {
        let user = conn.query_opt_with(BY_ID, (next(&mut key),), User::read).expect("the query runs");
        user.expect("the row is there").consume();
    })
}

fn handle_by_id(in_transaction: bool) -> Subject {
    let (mut conn, mut key) = (sqlite_blocking(), 0);
    let statement = PreparedStatement::new(BY_ID);
    if in_transaction {
        conn.execute_script("begin").expect("a transaction begins");
    }
    Subject::each("batis-dbc blocking, handle", move || {
        let user = conn.query_opt_with(&statement, (next(&mut key),), User::read).expect("the query runs");
        user.expect("the row is there").consume();
    })
}

fn async_by_id(name: &'static str, rt: Arc<Runtime>, mut conn: Connection) -> Subject {
    let mut key = 0;
    Subject::new(name, move |n| {
        rt.block_on(async {
            let start = Instant::now();
            for _ in 0..n {
                let user = conn.query_opt_with(BY_ID, (next(&mut key),), User::read).await.expect("the query runs");
                user.expect("the row is there").consume();
            }
            start.elapsed()
        })
    })
}

fn sqlite_by_id() -> Work {
    let rt = runtime();
    let conn = sqlite_async(&rt);
    let subjects = vec![
        rusqlite_subject(false),
        blocking_by_id("batis-dbc blocking, text", false),
        handle_by_id(false),
        async_by_id("batis-dbc async, text", rt, conn),
    ];
    Work { name: "SQLite: select one row by key", subjects }
}

fn sqlite_by_id_in_transaction() -> Work {
    let subjects = vec![rusqlite_subject(true), blocking_by_id("batis-dbc blocking, text", true), handle_by_id(true)];
    Work { name: "SQLite: select one row by key, inside a transaction", subjects }
}

fn sqlite_all() -> Work {
    let raw = rusqlite();
    let mut conn = sqlite_blocking();
    let subjects = vec![
        Subject::each("rusqlite prepare_cached", move || {
            let mut statement = raw.prepare_cached(ALL).expect("the statement is right");
            let rows = statement.query_map([], |row| {
                Ok(User {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    email: row.get(2)?,
                    age: row.get(3)?,
                    score: row.get(4)?,
                })
            });
            rows.expect("the query runs").for_each(|user| user.expect("the row is read").consume());
        }),
        Subject::each("batis-dbc blocking", move || {
            let mut rows = conn.query(ALL, ()).expect("the query runs");
            while let Some(row) = rows.next().expect("the row is read") {
                User::read(&row).expect("the row fits").consume();
            }
        }),
    ];
    Work { name: "SQLite: select 1,000 rows of 5 columns", subjects }
}

pub(super) fn postgres_url() -> String {
    let database = postgres().expect("asked for only where PostgreSQL is");
    database.url()
}

pub(super) fn postgres_blocking() -> blocking::Connection {
    drivers().connect_blocking(&postgres_url()).expect("the private server answers")
}

pub(super) fn postgres_async(rt: &Runtime, url: &str) -> Connection {
    rt.block_on(async {
        let mut conn = drivers().connect(url).await.expect("the private server answers");
        conn.execute_script(&format!("drop table if exists users; {}", schema())).await.expect("the schema is right");
        conn
    })
}

pub(super) fn tokio_postgres(rt: &Runtime, url: &str) -> tokio_postgres::Client {
    // The same place for both: a URL of ours is a libpq URL.
    let config: tokio_postgres::Config = url.parse().expect("our URL is libpq's");
    rt.block_on(async {
        let (client, io) = config.connect(NoTls).await.expect("the private server answers");
        tokio::runtime::Handle::current().spawn(io);
        client
    })
}

pub(super) fn read_raw(row: &tokio_postgres::Row) -> User {
    User {
        id: i64::from(row.get::<_, i32>(0)),
        name: row.get(1),
        email: row.get(2),
        age: row.get(3),
        score: row.get(4),
    }
}

pub(super) fn raw_postgres_by_id(url: &str) -> Subject {
    let rt = runtime();
    let client = tokio_postgres(&rt, url);
    let statement = rt.block_on(client.prepare(BY_ID_PG)).expect("the statement is right");
    let mut key = 0;
    Subject::new("tokio-postgres, prepared", move |n| {
        rt.block_on(async {
            let start = Instant::now();
            for _ in 0..n {
                let id = i32::try_from(next(&mut key)).expect("keys are small");
                let row = client.query_one(&statement, &[&id]).await.expect("the row is there");
                read_raw(&row).consume();
            }
            start.elapsed()
        })
    })
}

fn postgres_by_id(name: &'static str, url: &str) -> Work {
    let rt = runtime();
    let conn = postgres_async(&rt, url);
    Work { name, subjects: vec![raw_postgres_by_id(url), async_by_id("batis-dbc async, text", rt, conn)] }
}

fn postgres_blocking_by_id() -> Work {
    let (mut raw, mut raw_key) = (postgres_crate(), 0);
    let statement = raw.prepare(BY_ID_PG).expect("the statement is right");
    let (mut conn, mut key) = (postgres_blocking(), 0);
    let subjects = vec![
        Subject::each("postgres, prepared", move || {
            let id = i32::try_from(next(&mut raw_key)).expect("keys are small");
            read_raw(&raw.query_one(&statement, &[&id]).expect("the row is there")).consume();
        }),
        Subject::each("batis-dbc blocking, no runtime", move || {
            let user = conn.query_opt_with(BY_ID, (next(&mut key),), User::read).expect("the query runs");
            user.expect("the row is there").consume();
        }),
        raw_postgres_by_id(&postgres_url()),
    ];
    Work { name: "PostgreSQL: select one row by key, on a plain thread", subjects }
}

fn postgres_crate() -> postgres::Client {
    postgres::Client::connect(&postgres_url(), postgres::NoTls).expect("the private server answers")
}

fn postgres_all() -> Work {
    let (rt, raw_rt) = (runtime(), runtime());
    let mut conn = postgres_async(&rt, &postgres_url());
    let client = tokio_postgres(&raw_rt, &postgres_url());
    let statement = raw_rt.block_on(client.prepare(ALL)).expect("the statement is right");
    let subjects = vec![
        Subject::each("tokio-postgres, prepared", move || {
            let rows = raw_rt.block_on(client.query(&statement, &[])).expect("the query runs");
            rows.iter().for_each(|row| read_raw(row).consume());
        }),
        Subject::each("batis-dbc async", move || {
            rt.block_on(async {
                let mut rows = conn.query(ALL, ()).await.expect("the query runs");
                while let Some(row) = rows.next().await.expect("the row is read") {
                    User::read(&row).expect("the row fits").consume();
                }
            });
        }),
    ];
    Work { name: "PostgreSQL: select 1,000 rows of 5 columns", subjects }
}
