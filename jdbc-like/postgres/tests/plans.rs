//! When statements have names, and what happens when the server does not know one any more: once again, and never inside of a transaction.

mod common;

use std::time::{Duration, Instant};

use batis_dbc::{CallOptions, ErrorKind, blocking};
use common::{database, threads, threads_with};

fn count(conn: &mut blocking::Connection, sql: &str) -> i64 {
    conn.query_one(sql, ()).unwrap().get(0).unwrap()
}

/// Unseen by the driver, which looks at the tags of commands only.
const DEALLOCATE: &str = "do $$ begin execute 'deallocate all'; end $$";

#[test]
fn by_default_a_statement_has_a_name_from_its_fifth_use_on() {
    let Some(database) = database() else { return };
    for (options, expected) in
        [("", [0, 0, 0, 0, 1, 1]), ("&prepare_threshold=1", [1; 6]), ("&prepare_threshold=0", [0; 6])]
    {
        let mut conn = threads_with(&database, options);
        let mut seen = [0; 6];
        for (at, named) in seen.iter_mut().enumerate() {
            conn.query_one("select ?::int + 5", (1,)).unwrap();
            // Each look is a text of its own, so that it does not reach the threshold.
            let look = format!("select count(*) from pg_prepared_statements where statement like '%+ 5' -- {at}");
            *named = count(&mut conn, &look);
        }
        assert_eq!(seen, expected, "{options}");
    }
}

#[test]
fn describing_gives_a_name_at_once_except_where_there_are_none() {
    let Some(database) = database() else { return };
    for (options, expected) in [("", 1), ("&prepare_threshold=0", 0)] {
        let mut conn = threads_with(&database, options);
        conn.prepare("select ?::int + 6").unwrap();
        let look = "select count(*) from pg_prepared_statements where statement like '%+ 6'";
        assert_eq!(count(&mut conn, look), expected, "{options}");
    }
}

#[test]
fn a_statement_that_writes_is_done_once_though_its_plan_was_stale() {
    let Some(database) = database() else { return };
    let mut conn = threads_with(&database, "&prepare_threshold=1");
    database.psql("create table t (a int)").unwrap();
    let insert = conn.prepare("insert into t (a) values (?) returning *").unwrap();
    conn.query_one(&insert, (1,)).unwrap();
    database.psql("alter table t add b int default 7").unwrap();
    let row = conn.query_one(&insert, (2,)).unwrap();
    assert_eq!((row.shape().len(), row.get::<i64>("b").unwrap()), (2, 7));
    conn.execute_script(DEALLOCATE).unwrap();
    conn.query_one(&insert, (3,)).unwrap();
    assert_eq!(count(&mut conn, "select count(*) from t"), 3);
    assert_eq!(count(&mut conn, "select sum(a)::bigint from t"), 6);
}

#[test]
fn a_name_that_is_gone_in_a_transaction_is_told_and_then_healed() {
    let Some(database) = database() else { return };
    let mut conn = threads_with(&database, "&prepare_threshold=1");
    conn.execute_script("create table t (a int)").unwrap();
    let insert = conn.prepare("insert into t values (?)").unwrap();
    conn.execute(&insert, (1,)).unwrap();
    let mut transaction = conn.transaction().unwrap();
    transaction.execute(&insert, (2,)).unwrap();
    transaction.execute(DEALLOCATE, ()).unwrap();
    let error = transaction.execute(&insert, (3,)).unwrap_err();
    assert_eq!(error.sql_state().code(), "26000");
    assert_eq!(transaction.execute("select 1", ()).unwrap_err().sql_state().code(), "25P02");
    transaction.rollback().unwrap();
    let mut transaction = conn.transaction().unwrap();
    transaction.execute(&insert, (4,)).unwrap();
    transaction.commit().unwrap();
    assert_eq!(count(&mut conn, "select sum(a)::bigint from t"), 5);
}

#[test]
fn a_savepoint_around_it_makes_it_work() {
    let Some(database) = database() else { return };
    let mut conn = threads_with(&database, "&prepare_threshold=1");
    let select = conn.prepare("select ?::bigint").unwrap();
    conn.query_one(&select, (1,)).unwrap();
    let mut transaction = conn.transaction().unwrap();
    transaction.execute(DEALLOCATE, ()).unwrap();
    let mut savepoint = transaction.savepoint().unwrap();
    assert_eq!(savepoint.query_one(&select, (2,)).unwrap_err().sql_state().code(), "26000");
    savepoint.rollback().unwrap();
    assert_eq!(transaction.query_one(&select, (3,)).unwrap().get::<i64>(0).unwrap(), 3);
    transaction.commit().unwrap();
}

#[test]
fn the_server_s_own_time_limit_and_ours_end_alike() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    let begun = Instant::now();
    conn.execute_script("set statement_timeout = 100").unwrap();
    let theirs = conn.execute("select pg_sleep(30)", ()).unwrap_err();
    conn.execute_script("set statement_timeout = 0").unwrap();
    let ours = conn.execute_with("select pg_sleep(30)", (), &CallOptions::new().timeout(Duration::from_millis(100)));
    let ours = ours.unwrap_err();
    for error in [theirs, ours] {
        assert_eq!((error.sql_state().code(), error.kind()), ("57014", ErrorKind::Timeout));
    }
    assert_eq!(count(&mut conn, "select 1::bigint"), 1);
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[test]
fn max_rows_ends_the_statement_on_the_server() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    conn.execute_script("create sequence seen").unwrap();
    let all = "select nextval('seen'), repeat('x', 1000) from generate_series(1, 1000000)";
    let rows = conn.query_with(all, (), &CallOptions::new().max_rows(3)).unwrap();
    assert_eq!(rows.collect().unwrap().len(), 3);
    assert!(count(&mut conn, "select last_value from seen") < 500_000, "it was cancelled when the next one came");
}
