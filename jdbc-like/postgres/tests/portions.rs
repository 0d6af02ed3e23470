//! `fetch_size` on the server: a portion is all that it computes, and cursors do not stay.

mod common;

use batis_dbc::{CallOptions, blocking};
use common::{database, threads};

fn number(transaction: &mut blocking::Transaction<'_>, sql: &str) -> i64 {
    transaction.query_one(sql, ()).unwrap().get(0).unwrap()
}

const CURSORS: &str = "select count(*) from pg_cursors where name like 'batis%'";

#[test]
fn the_server_computes_no_more_than_the_portions_that_were_read() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    conn.execute_script("create sequence seen").unwrap();
    let mut transaction = conn.transaction().unwrap();
    let all = "select nextval('seen') from generate_series(1, 1000000)";
    let options = CallOptions::new().fetch_size(100);
    let mut rows = transaction.query_with(all, (), &options).unwrap();
    for _ in 0..150 {
        assert!(rows.advance().unwrap());
    }
    assert_eq!(number(&mut transaction, "select last_value from seen"), 200);
    assert_eq!(number(&mut transaction, CURSORS), 0, "the next statement has closed it");
    let mut rows = transaction.query_with(all, (), &options.max_rows(30)).unwrap();
    while rows.advance().unwrap() {}
    assert_eq!(number(&mut transaction, "select last_value from seen"), 230);
    transaction.commit().unwrap();
}

#[test]
fn a_cursor_is_there_while_it_is_read_and_closed_at_its_end() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    let mut transaction = conn.transaction().unwrap();
    let options = CallOptions::new().fetch_size(10);
    let mine = format!("select ({CURSORS}) from generate_series(1, 25)");
    let seen = transaction.query_with(&mine, (), &options).unwrap().map(|row| row.get::<i64>(0)).unwrap();
    assert_eq!((seen.len(), seen[0], seen[24]), (25, 1, 1));
    assert_eq!(number(&mut transaction, CURSORS), 0);
    transaction.commit().unwrap();
    let outside = conn.query_with(&mine, (), &options).unwrap().map(|row| row.get::<i64>(0)).unwrap();
    assert_eq!((outside.len(), outside[0]), (25, 0), "outside of a transaction there is none");
}

#[test]
fn what_is_no_query_comes_at_once() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    let mut transaction = conn.transaction().unwrap();
    let options = CallOptions::new().fetch_size(1);
    let mut text = |sql: &str| transaction.query_with(sql, (), &options).unwrap().collect().unwrap().len();
    assert_eq!(text("show server_version"), 1);
    assert_eq!(text("explain select 1, 2"), 1);
    assert_eq!(text("values (1), (2), (3)"), 3);
    assert_eq!(text("( select 1 union all select 2 ) ;"), 2);
    assert_eq!(text("with x as (select 1) select * from x"), 1);
    assert_eq!(text("create temp table t (n int); "), 0);
    assert_eq!(text("insert into t values (1), (2) returning n"), 2);
    assert_eq!(text("table t"), 2);
    assert_eq!(text("select * from t for update"), 2);
    transaction.commit().unwrap();
}

#[test]
fn types_of_the_database_s_own_are_read_in_portions_too() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    conn.execute_script("create type mood as enum ('sad', 'glad')").unwrap();
    let mut transaction = conn.transaction().unwrap();
    let sql = "select case n % 2 when 0 then 'sad' else 'glad' end::mood as m, n from generate_series(1, 30) n";
    for size in [7, 30, 100] {
        let rows = transaction.query_with(sql, (), &CallOptions::new().fetch_size(size)).unwrap().collect().unwrap();
        let moods: Vec<&str> = rows.iter().map(|row| row.get("m").unwrap()).collect();
        assert_eq!((moods.len(), moods[0], moods[29]), (30, "glad", "sad"), "{size}");
    }
    transaction.commit().unwrap();
}

#[test]
fn places_of_mistakes_are_those_of_the_text_as_it_was_given() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    let sql = "select 'ä', ?::int,\n nme from pg_class";
    let mut transaction = conn.transaction().unwrap();
    let error = transaction.query_with(sql, (1,), &CallOptions::new().fetch_size(5)).map(drop).unwrap_err();
    assert_eq!((error.sql_state().code(), error.position()), ("42703", sql.find("nme")));
    transaction.rollback().unwrap();
}

#[test]
fn a_read_only_transaction_has_them_too() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    let options = batis_dbc::TransactionOptions::new().read_only(true);
    let mut transaction = conn.transaction_with(&options).unwrap();
    let rows = transaction.query_with("select generate_series(1, 10)", (), &CallOptions::new().fetch_size(3)).unwrap();
    assert_eq!(rows.collect().unwrap().len(), 10);
    transaction.commit().unwrap();
}
