//! Rows cost no allocation: as many for ten thousand of them as for ten.
//!
//! What SQLite itself allocates (its page cache) is not counted; it does not go through Rust's allocator. `threading=worker` copies rows from
//! its thread and is not meant here.

#[path = "../../testkit/shared/counting.rs"]
mod counting;

use batis_dbc::{Connection, DriverManager, Result, RowRef, block, blocking};
use batis_sqlite::SqliteDriver;
use counting::counted;

const TABLE: &str = "create table t (id integer primary key, name text, weight real, data blob, parent integer)";
const FILL: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000) \
    insert into t select i, 'the name of row ' || i, i / 8.0, zeroblob(20), nullif(i % 3, 0) from n";
// Not `limit ?`: SQLite prepares a statement anew when another limit is bound.
const QUERY: &str = "select id, name, weight, data, parent from t where id <= ?";

fn connect() -> blocking::Connection {
    let mut conn = DriverManager::new().with(SqliteDriver).connect_blocking("sqlite::memory:").unwrap();
    conn.execute_script(&format!("{TABLE}; {FILL}")).unwrap();
    conn
}

/// Reads all five columns in place, by index and by name.
fn look(row: &RowRef<'_>) -> Result<usize> {
    let (id, name): (i64, &str) = (row.get(0)?, row.get("name")?);
    let (weight, data, parent): (f64, &[u8], Option<i64>) = (row.get("weight")?, row.get(3)?, row.get(4)?);
    assert!(weight * 8.0 == id as f64 && parent.unwrap_or_default() == id % 3);
    Ok(name.len() + data.len())
}

fn read(conn: &mut blocking::Connection, rows: i64) -> usize {
    let (mut all, mut seen) = (conn.query(QUERY, (rows,)).unwrap(), 0);
    while let Some(row) = all.next().unwrap() {
        seen += look(&row).unwrap().min(1);
    }
    seen
}

async fn read_in_task(conn: &mut Connection, rows: i64) -> Result<usize> {
    let (mut all, mut seen) = (conn.query(QUERY, (rows,)).await?, 0);
    while let Some(row) = all.next().await? {
        seen += look(&row)?.min(1);
    }
    Ok(seen)
}

#[test]
fn ten_thousand_rows_allocate_as_often_as_ten() {
    let mut conn = connect();
    read(&mut conn, 10);
    let (few, of_few) = counted(|| read(&mut conn, 10));
    let (many, of_many) = counted(|| read(&mut conn, 10_000));
    assert_eq!((few, many), (10, 10_000));
    assert_eq!((of_many.allocations, of_many.peak), (of_few.allocations, of_few.peak));
}

#[test]
fn in_tasks_too() {
    let mut conn = connect().into_inner().detach();
    let mut read = |rows: i64| block(None, None, read_in_task(&mut conn, rows)).unwrap();
    read(10);
    let (few, of_few) = counted(|| read(10));
    let (many, of_many) = counted(|| read(10_000));
    assert_eq!((few, many), (10, 10_000));
    assert_eq!((of_many.allocations, of_many.peak), (of_few.allocations, of_few.peak));
}

#[test]
fn another_limit_allocates_nothing_though_sqlite_prepares_anew() {
    let mut conn = connect();
    let page = conn.prepare("select id, name, weight * 2 as w from t limit ?").unwrap();
    let mut read = |rows: i64| {
        let (mut all, mut seen) = (conn.query(&page, (rows,)).unwrap(), 0);
        while let Some(row) = all.next().unwrap() {
            seen += row.get::<&str>("name").unwrap().len().min(1);
        }
        seen
    };
    read(10);
    let (seen, of_all) = counted(|| read(20) + read(5000) + read(3));
    assert_eq!((seen, of_all.allocations), (5023, 0));
}

#[test]
fn a_statement_that_is_known_allocates_nothing_at_all() {
    let mut conn = connect();
    let update = conn.prepare("update t set weight = ?, name = ? where id = ?").unwrap();
    let select = conn.prepare("select name from t where id = ?").unwrap();
    let mut work = |n: i64| {
        conn.execute(&update, (0.5, "another name", n)).unwrap();
        conn.query_opt_with(&select, (n,), |row| Ok(row.get::<&str>(0)?.len())).unwrap()
    };
    work(1);
    let (length, of_both) = counted(|| work(2));
    assert_eq!((length, of_both.allocations), (Some(12), 0));
}
