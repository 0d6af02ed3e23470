//! Whatever stands in strings, names and comments, a statement takes as many parameters as SQLite's own lexer finds.

use batis_dbc::{Batch, BatchOptions, BatchStrategy, DriverManager, Placeholders, SqlState, Value};
use batis_sqlite::SqliteDriver;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

fn texts(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(prop::sample::select(pieces), 0..most).prop_map(|parts| parts.concat())
}

const NASTY: &[&str] =
    &["?", "??", "?|", "?&", "$$", "--", "/", "\\", "`", "[", "E", "ä", "7", ":", ";", "@", " ", "|"];

/// Expressions that mean the same to PostgreSQL's lexer, by whose rules batis scans.
fn common() -> impl Strategy<Value = String> {
    let plain = texts(NASTY, 6).prop_map(|text| format!("'{text}''{text}'"));
    let named = texts(NASTY, 4).prop_map(|text| format!("(select \"?{text}\" from (select ? as \"?{text}\"))"));
    let line = texts(NASTY, 5).prop_map(|text| format!("1 --'{text}\n"));
    let block = texts(NASTY, 5).prop_map(|text| format!("1 /*'{}*/", text.replace('/', "")));
    let quoted = texts(NASTY, 4).prop_map(|text| {
        let name = text.replace('`', "");
        format!("(select `?{name}` from (select ? as `?{name}`))")
    });
    prop_oneof![plain, named, line, block, quoted, Just("? + ?".to_owned()), Just("?||'x'".to_owned())]
}

/// Expressions that only SQLite reads so.
fn own() -> impl Strategy<Value = String> {
    let backslash = Just("'\\' || ? || '\\'".to_owned());
    let operators = Just("?|? + ?&?".to_owned());
    let flat_comment = Just("1 /* ? /* ? */ + ?".to_owned());
    let brackets = texts(NASTY, 4).prop_map(|text| format!("(select [?{text}] from (select ? as [?{text}]))"));
    prop_oneof![backslash, operators, flat_comment, brackets]
}

fn statements(expressions: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::collection::vec(expressions, 1..5).prop_map(|parts| format!("select {}", parts.join(", ")))
}

/// How many parameters SQLite finds.
fn seen(db: &rusqlite::Connection, sql: &str) -> Option<usize> {
    db.prepare(sql).ok().map(|statement| statement.parameter_count())
}

fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })
}

#[test]
fn a_statement_takes_as_many_parameters_as_sqlite_finds() {
    let db = rusqlite::Connection::open_in_memory().unwrap();
    let manager = DriverManager::new().with(SqliteDriver);
    for threading in ["caller", "worker"] {
        let conn = manager.connect_blocking(&format!("sqlite::memory:?threading={threading}")).unwrap();
        let conn = std::cell::RefCell::new(conn);
        let outcome = runner().run(&statements(prop_oneof![common(), own()]), |sql| {
            let Some(count) = seen(&db, &sql) else { return Err(TestCaseError::fail(format!("SQLite refuses {sql}"))) };
            let mut conn = conn.borrow_mut();
            prop_assert_eq!(conn.describe(&sql).unwrap().parameters.len(), count);
            let values = vec![Value::Int(1); count + 1];
            conn.query_one(&sql, &values[..count]).unwrap();
            if count > 0 {
                for wrong in [count - 1, count + 1] {
                    let error = conn.query_one(&sql, &values[..wrong]).unwrap_err();
                    prop_assert_eq!(error.sql_state(), SqlState::WRONG_PARAMETER_COUNT, "{}", error);
                }
            }
            Ok(())
        });
        outcome.unwrap();
    }
}

#[test]
fn the_scanner_agrees_where_both_databases_agree() {
    let db = rusqlite::Connection::open_in_memory().unwrap();
    let outcome = runner().run(&statements(common()), |sql| {
        prop_assert_eq!(seen(&db, &sql), Some(Placeholders::of(&sql).count()), "{}", sql);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn a_batch_takes_what_sqlite_counts() {
    let mut conn = DriverManager::new().with(SqliteDriver).connect_blocking("sqlite::memory:").unwrap();
    conn.execute("create table t ([a?b], c)", ()).unwrap();
    for (sql, parameters) in [
        ("insert into t ([a?b], c) values (?, ?)", 2),
        ("insert into t values (:n, :n)", 1),
        ("insert into t values (?, :n) -- '", 2),
        ("insert into t values (?2, 1)", 2),
        ("insert into t select $a, 1 /* /* ? */", 1),
    ] {
        let mut batch = Batch::new(sql);
        for item in 0..6 {
            batch.add(vec![item; parameters]).unwrap();
        }
        for strategy in [BatchStrategy::Auto, BatchStrategy::MultiValues] {
            conn.execute("delete from t", ()).unwrap();
            match conn.execute_batch_with(&batch, &BatchOptions::new().strategy(strategy)) {
                Ok(outcome) => assert_eq!(outcome.total(), 6, "{sql}"),
                Err(error) => assert_eq!((error.sql_state().code(), strategy), ("0A000", BatchStrategy::MultiValues)),
            }
        }
    }
}
