//! What is PostgreSQL's own: naming of statements, changed schemas, errors, and where connections may be used.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use batis_dbc::{CallOptions, Connection, SqlType, blocking};
use common::{code, database, threads, threads_with};

fn count(conn: &mut blocking::Connection, sql: &str) -> i64 {
    conn.query_one(sql, ()).unwrap().get(0).unwrap()
}

const NAMED: &str = "select count(*) from pg_prepared_statements";

#[test]
fn a_statement_gets_a_name_at_the_threshold() {
    let Some(database) = database() else { return };
    for (options, uses) in [
        ("&prepare_threshold=3", [0, 0, 1, 1]),
        ("&prepare_threshold=-1", [1, 1, 1, 1]),
        ("&prepare_threshold=0", [0; 4]),
    ] {
        let (mut conn, mut look) = (threads_with(&database, options), 0);
        for expected in uses {
            conn.query_one("select ?::int", (1,)).unwrap();
            look += 1;
            // Each look is a text of its own, so that it does not reach the threshold. With -1 it has a name itself.
            let named = count(&mut conn, &format!("{NAMED} where statement not like '%pg_prepared%' -- {look}"));
            assert_eq!(named, expected, "{options}");
        }
    }
}

#[test]
fn without_names_everything_works_and_nothing_is_left_on_the_server() {
    let Some(database) = database() else { return };
    let mut conn = threads_with(&database, "&prepare_threshold=0");
    conn.execute_script("create table t (n bigint, s text)").unwrap();
    let described = conn.describe("select s, n from t where n = ?").unwrap();
    assert_eq!((described.parameters.as_slice(), described.shape.len()), (&[SqlType::BigInt][..], 2));
    conn.execute("insert into t values (?, ?)", (1, "a")).unwrap();
    let prepared = conn.prepare("select n from t where s = ?").unwrap();
    for _ in 0..10 {
        assert_eq!(conn.query_one(&prepared, ("a",)).unwrap().get::<i64>(0).unwrap(), 1);
    }
    assert_eq!(code(&conn.describe("select x from t").unwrap_err()), "42703");
    let mut transaction = conn.transaction().unwrap();
    assert_eq!(transaction.execute("insert into t values (2, 'b')", ()).unwrap(), 1);
    transaction.commit().unwrap();
    assert_eq!((count(&mut conn, NAMED), count(&mut conn, "select count(*) from t")), (0, 2));
}

#[test]
fn an_evicted_statement_is_closed_on_the_server() {
    let Some(database) = database() else { return };
    let mut conn = threads_with(&database, "&prepare_threshold=-1&statement_cache=3");
    for n in 0..20 {
        assert_eq!(count(&mut conn, &format!("select {n}::bigint")), n);
    }
    assert!(count(&mut conn, NAMED) <= 4);
}

#[test]
fn a_schema_that_others_changed_is_healed_outside_of_a_transaction() {
    let Some(database) = database() else { return };
    let mut conn = threads_with(&database, "&prepare_threshold=1");
    database.psql("create table t (a int); insert into t values (1)").unwrap();
    let all = conn.prepare("select * from t").unwrap();
    assert_eq!(conn.query_one(&all, ()).unwrap().shape().len(), 1);
    database.psql("alter table t add b text default 'new'").unwrap();
    let row = conn.query_one(&all, ()).unwrap();
    assert_eq!((row.shape().len(), row.get::<&str>("b").unwrap()), (2, "new"));
}

#[test]
fn a_stale_statement_in_a_transaction_is_told_and_then_healed() {
    let Some(database) = database() else { return };
    let mut conn = threads_with(&database, "&prepare_threshold=1");
    database.psql("create table t (a int); insert into t values (1)").unwrap();
    let all = conn.prepare("select * from t").unwrap();
    conn.query_one(&all, ()).unwrap();
    let mut transaction = conn.transaction().unwrap();
    transaction.query_one("select 1", ()).unwrap();
    database.psql("alter table t add b int default 2").unwrap();
    let error = transaction.query_one(&all, ()).unwrap_err();
    assert_eq!((code(&error).as_str(), error.message()), ("0A000", "cached plan must not change result type"));
    assert!(error.hint_text().is_some_and(|hint| hint.ends_with("run the transaction again")), "{error}");
    transaction.rollback().unwrap();
    let mut transaction = conn.transaction().unwrap();
    assert_eq!(transaction.query_one(&all, ()).unwrap().get::<i64>("b").unwrap(), 2);
    transaction.commit().unwrap();
}

#[test]
fn statements_that_were_taken_away_are_prepared_again() {
    let Some(database) = database() else { return };
    let mut conn = threads_with(&database, "&prepare_threshold=1");
    let statement = conn.prepare("select ?::bigint").unwrap();
    conn.query_one(&statement, (1,)).unwrap();
    conn.execute_script("deallocate all").unwrap();
    assert_eq!(conn.query_one(&statement, (2,)).unwrap().get::<i64>(0).unwrap(), 2);
    conn.execute_script("do $$ begin execute 'deallocate all'; end $$").unwrap();
    assert_eq!(conn.query_one(&statement, (3,)).unwrap().get::<i64>(0).unwrap(), 3);
}

#[test]
fn a_changed_type_does_not_change_values_silently() {
    let Some(database) = database() else { return };
    let mut conn = threads_with(&database, "&prepare_threshold=1");
    conn.execute_script("create table t (v date)").unwrap();
    let insert = conn.prepare("insert into t values (?)").unwrap();
    conn.execute(&insert, ("2024-01-31",)).unwrap();
    conn.execute_script("drop table t; create table t (v timestamp)").unwrap();
    conn.execute(&insert, ("2024-01-31 10:20:30",)).unwrap();
    assert_eq!(conn.query_one("select v::text from t", ()).unwrap().get::<String>(0).unwrap(), "2024-01-31 10:20:30");
}

#[test]
fn threads_work_inside_of_tasks_and_move_between_threads() {
    let Some(database) = database() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let conn = runtime.block_on(async {
        let mut conn = threads(&database);
        conn.execute("create table t (n int)", ()).unwrap();
        conn
    });
    let moved = std::thread::spawn(move || {
        let mut conn = conn;
        conn.execute("insert into t values (1)", ()).unwrap();
        conn
    });
    let mut conn = moved.join().unwrap();
    runtime.block_on(async { assert_eq!(count(&mut conn, "select count(*) from t"), 1) });
    runtime.block_on(async { drop(conn) });
}

#[test]
fn a_future_that_another_thread_wakes_goes_on() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database).into_inner().detach();
    let runner = conn.runner().unwrap();
    let (sender, mut receiver) = tokio::sync::oneshot::channel::<i64>();
    let other = std::thread::spawn(move || sender.send(5).unwrap());
    let answer = batis_dbc::block(Some(&*runner), None, async {
        let sent = (&mut receiver).await.unwrap();
        conn.query_one("select ?::bigint + 1", (sent,)).await?.get::<i64>(0)
    });
    assert_eq!(answer.unwrap(), 6);
    other.join().unwrap();
}

#[test]
fn two_databases_at_once() {
    let (Some(a), Some(b)) = (database(), database()) else { return };
    let (mut in_a, mut in_b) = (threads(&a), threads(&b));
    in_a.execute("create table only_a (n int)", ()).unwrap();
    assert_eq!(code(&in_b.query("select * from only_a", ()).map(drop).unwrap_err()), "42P01");
    let statement = in_a.prepare("select current_database()::text").unwrap();
    for _ in 0..8 {
        assert_eq!(in_a.query_one(&statement, ()).unwrap().get::<String>(0).unwrap(), a.name());
        assert_eq!(in_b.query_one(&statement, ()).unwrap().get::<String>(0).unwrap(), b.name());
    }
}

#[test]
fn errors_say_all_that_the_server_says() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    conn.execute("create table users (id int primary key, name text)", ()).unwrap();
    conn.execute("insert into users values (1, 'Ann')", ()).unwrap();
    let error = conn.execute("insert into users values (?, ?)", (1, "Bob")).unwrap_err();
    assert_eq!(
        (code(&error).as_str(), error.constraint(), error.table()),
        ("23505", Some("users_pkey"), Some("users"))
    );
    assert_eq!(error.detail_text(), Some("Key (id)=(1) already exists."));
    let error = conn.query("select 'ä', ?::int, nme from users", (1,)).map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column \"nme\" does not exist [42703]; hint: Perhaps you meant to reference the column \"users.name\".; at line 1, column 21 \
         of the SQL"
    );
    let sql = "select 1 / (n - 2000) from generate_series(1, 3000) n";
    let error = conn.query(sql, ()).unwrap().collect().unwrap_err();
    assert_eq!((code(&error).as_str(), error.sql()), ("22012", Some(sql)));
    let error = conn.execute_script("select 1;\nselec 2").unwrap_err();
    assert!(error.to_string().ends_with("at line 2, column 1 of the SQL"), "{error}");
    assert_eq!(code(&conn.execute("select 1\0", ()).unwrap_err()), "42601");
    let error = conn.execute("copy users from stdin", ()).unwrap_err();
    assert_eq!(error.hint_text(), Some("COPY from or to the client is run by `copy_in` and `copy_out`"));
    assert!(conn.is_broken());
}

#[test]
fn the_server_may_be_given_its_own_placeholders() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    assert_eq!(conn.query_one("select $1::int + $1", (4,)).unwrap().get::<i64>(0).unwrap(), 8);
    assert!(conn.query_one("select '{\"a\":1}'::jsonb ?? 'a'", ()).unwrap().get::<bool>(0).unwrap());
}

#[test]
fn a_script_that_fails_inside_its_own_transaction_is_seen() {
    let Some(database) = database() else { return };
    let mut conn: Connection = threads(&database).into_inner().detach();
    let runner = conn.runner().unwrap();
    let whole = async {
        assert_eq!(code(&conn.execute_script("begin; select 1; select x").await.unwrap_err()), "42703");
        assert_eq!(conn.hand_back(), batis_dbc::HandBack::Ready);
        conn.execute("select 1", ()).await
    };
    assert_eq!(batis_dbc::block(Some(&*runner), None, whole).unwrap(), 0);
}

#[test]
fn rows_without_columns_are_no_hindrance() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    for _ in 0..7 {
        let rows = conn.query("select from generate_series(1, 3)", ()).unwrap().collect().unwrap();
        assert!(rows.iter().all(|row| row.values().is_empty()), "{rows:?}");
        assert_eq!(conn.execute("select from generate_series(1, 3)", ()).unwrap(), 0);
        assert_eq!(conn.query_one("select 1", ()).unwrap().get::<i64>(0).unwrap(), 1);
    }
}

/// The server's protocol counts to 65,535; what is beyond must not look like a broken connection.
#[test]
fn too_many_parameters_are_refused_before_anything_is_sent() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    let values: Vec<i64> = (0..65_536).collect();
    let text = |count: usize| format!("select count(*) from (values {}) v(n)", vec!["(?)"; count].join(", "));
    let error = conn.query_one(text(65_536).as_str(), &values).unwrap_err();
    assert_eq!(
        error.to_string(),
        "65536 parameters are too many: one call has 65535 at most [54000]; hint: insert by a `Batch`, or give an array: `= any(?)`, `from unnest(?)`"
    );
    assert_eq!(conn.query_one(text(65_535).as_str(), &values[1..]).unwrap().get::<i64>(0).unwrap(), 65_535);
}

#[test]
fn a_parameter_of_no_known_type_is_told_what_to_do() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    let error = conn.query_one("select ? is null", (None::<i32>,)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not determine data type of parameter $1 [42P18]; hint: say by a cast what the parameter is: `?::text`"
    );
    assert!(conn.query_one("select ?::int is null", (None::<i32>,)).unwrap().get::<bool>(0).unwrap());
}

/// Nobody drives it there: the task's thread does, a moment at a time, so that limits hold and other tasks have their turns.
#[test]
fn a_connection_for_threads_can_be_awaited_in_a_task() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database).into_inner();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let turns = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&turns);
        let other = runtime.spawn(async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        assert_eq!(conn.query_one("select ?::int", (7,)).await.unwrap().get::<i32>(0).unwrap(), 7);
        let sum = "select i, repeat('x', 1000) from generate_series(1, 3000) i";
        let all = conn.query(sum, ()).await.unwrap().map(|row| row.get::<i64>(0)).await.unwrap();
        assert_eq!(all.iter().sum::<i64>(), 4_501_500);
        let before = turns.load(Ordering::Relaxed);
        let soon = CallOptions::new().timeout(Duration::from_millis(100));
        let error = conn.execute_with("select pg_sleep(60)", (), &soon).await.unwrap_err();
        assert_eq!(code(&error), "57014");
        assert!(turns.load(Ordering::Relaxed) > before + 3);
        conn.pause(Duration::from_millis(20)).await;
        conn.execute("select 1", ()).await.unwrap();
        other.abort();
    });
    let mut conn = blocking::Connection::leased(conn);
    assert_eq!(count(&mut conn, "select 1::bigint"), 1);
}
