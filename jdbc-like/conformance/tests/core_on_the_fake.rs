//! What the core does with operations that were left in flight. Only a driver that is pending on demand can show it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use batis_conformance::{Answer, FakeDriver};
use batis_dbc::{Connection, DriverManager, HandBack, ScriptResult, SqlState, TransactionOptions, Value, block};

fn connect(fake: &FakeDriver) -> Connection {
    block(None, None, DriverManager::new().with(fake.clone()).connect("fake:x")).unwrap()
}

/// Runs a future to its end on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    block(None, None, async { Ok(future.await) }).unwrap()
}

/// Polls once and drops; the operation must have been pending.
fn leave<T>(future: impl Future<Output = T>) {
    let mut future = pin!(future);
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn a_dropped_operation_is_settled_before_the_next_one() {
    let fake = FakeDriver::new();
    fake.on("slow", Answer::count(1).pending(3));
    let mut conn = connect(&fake);
    leave(conn.execute("slow", ()));
    assert_eq!(wait(conn.execute("next", ())).unwrap(), 0);
    assert_eq!(fake.log(), ["1: slow", "1: SETTLE", "1: next"]);
}

#[test]
fn a_cursor_is_ended_by_the_next_operation() {
    let fake = FakeDriver::new();
    fake.on("rows", Answer::rows(&["a"], [vec![Value::Int(1)], vec![Value::Int(2)]]));
    let mut conn = connect(&fake);
    wait(async { conn.query("rows", ()).await.unwrap().advance().await }).unwrap();
    wait(conn.execute("next", ())).unwrap();
    assert_eq!(fake.log(), ["1: rows", "1: CLOSE CURSOR", "1: next"]);
}

#[test]
fn a_dropped_begin_is_rolled_back() {
    let fake = FakeDriver::new();
    fake.control_pending(2);
    let mut conn = connect(&fake);
    leave(conn.transaction());
    wait(conn.execute("next", ())).unwrap();
    assert_eq!(fake.log(), ["1: SETTLE", "1: ROLLBACK", "1: next"]);
}

#[test]
fn a_dropped_commit_is_an_unknown_outcome_and_the_connection_is_not_used_again() {
    let fake = FakeDriver::new();
    let mut conn = connect(&fake);
    wait(conn.begin(&TransactionOptions::new())).unwrap();
    fake.control_pending(2);
    leave(conn.commit());
    let error = wait(conn.execute("next", ())).unwrap_err();
    assert_eq!(error.sql_state(), SqlState::OUTCOME_UNKNOWN);
    assert!(conn.is_broken());
    assert_eq!(wait(conn.execute("next", ())).unwrap_err().sql_state(), SqlState::CONNECTION_CLOSED);
    assert_eq!(conn.hand_back(), HandBack::Broken);
}

#[test]
fn a_connection_that_breaks_at_commit_leaves_the_outcome_unknown() {
    let fake = FakeDriver::new();
    let mut conn = connect(&fake);
    wait(conn.begin(&TransactionOptions::new())).unwrap();
    fake.break_connections();
    let error = wait(conn.commit()).unwrap_err();
    assert_eq!(error.sql_state(), SqlState::OUTCOME_UNKNOWN);
    assert!(conn.is_broken());
}

#[test]
fn a_broken_connection_is_noticed_at_its_next_use_and_a_new_one_works() {
    let fake = FakeDriver::new();
    let mut conn = connect(&fake);
    fake.break_connections();
    let error = wait(conn.execute("x", ())).unwrap_err();
    assert_eq!(error.sql_state(), SqlState::CONNECTION_FAILURE);
    assert!(conn.is_broken());
    assert_eq!(conn.hand_back(), HandBack::Broken);
    wait(connect(&fake).execute("x", ())).unwrap();
}

#[test]
fn handing_back_says_what_is_to_be_done() {
    let fake = FakeDriver::new();
    fake.on("rows", Answer::rows(&["a"], [vec![Value::Int(1)]]));
    fake.on("slow", Answer::count(1).pending(3));
    let mut conn = connect(&fake);
    assert_eq!(conn.hand_back(), HandBack::Ready);
    wait(async { conn.query("rows", ()).await.map(drop) }).unwrap();
    assert_eq!(conn.hand_back(), HandBack::Ready);
    wait(conn.begin(&TransactionOptions::new())).unwrap();
    assert_eq!(conn.hand_back(), HandBack::Ready);
    leave(conn.execute("slow", ()));
    assert_eq!(conn.hand_back(), HandBack::Settle);
    wait(conn.settle()).unwrap();
    fake.control_pending(1);
    wait(conn.begin(&TransactionOptions::new())).unwrap();
    assert_eq!(conn.hand_back(), HandBack::Settle);
    wait(conn.settle()).unwrap();
    assert_eq!(fake.counters().rollbacks, 2);
}

#[test]
fn rows_may_be_pending_and_fail_in_the_middle() {
    let fake = FakeDriver::new();
    let answer = Answer::rows(&["a"], [vec![Value::Int(1)]]).pending(2).pending_rows(2);
    fake.on("rows", answer.then_error(SqlState::DATA_EXCEPTION, "division by zero"));
    let mut conn = connect(&fake);
    wait(async {
        let mut rows = conn.query("rows", ()).await.unwrap();
        assert!(rows.advance().await.unwrap());
        assert_eq!(rows.row().get::<i64>("a").unwrap(), 1);
        assert_eq!(rows.advance().await.unwrap_err().sql_state(), SqlState::DATA_EXCEPTION);
        assert!(!rows.advance().await.unwrap());
        assert!(rows.row().value(0).is_null());
    });
}

#[test]
fn a_statement_that_never_ends_is_left_by_the_blocking_deadline() {
    let fake = FakeDriver::new();
    fake.on("never", Answer::never());
    let mut conn = DriverManager::new().with(fake.clone()).connect_blocking("fake:x").unwrap();
    let options = batis_dbc::CallOptions::new().timeout(std::time::Duration::from_millis(20));
    assert_eq!(conn.execute_with("never", (), &options).unwrap_err().sql_state(), SqlState::QUERY_CANCELED);
    conn.execute("next", ()).unwrap();
    assert_eq!(fake.counters().settles, 1);
}

#[test]
fn refusing_and_panicking_are_as_scripted() {
    let fake = FakeDriver::new();
    let manager = DriverManager::new().with(fake.clone());
    fake.refuse_connections(1, SqlState::CONNECTION_REJECTED, "too many");
    assert_eq!(manager.connect_blocking("fake:x").unwrap_err().to_string(), "too many [08004]");
    let mut conn = manager.connect_blocking("fake:x").unwrap();
    fake.on("boom", Answer::panic("as scripted"));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| conn.execute("boom", ())));
    assert!(caught.is_err());
    fake.fail_pings(Some((SqlState::CONNECTION_FAILURE, "gone")));
    assert!(conn.ping().is_err());
    drop(conn);
    let counters = fake.counters();
    assert_eq!((counters.connects, counters.refused, counters.closes, counters.pings), (1, 1, 1, 1));
}

#[test]
fn two_operations_left_in_a_row_are_both_settled() {
    let fake = FakeDriver::new();
    fake.on("slow", Answer::count(1).pending(9));
    let mut conn = connect(&fake);
    for _ in 0..2 {
        leave(conn.execute("slow", ()));
    }
    wait(poll_fn(|_| Poll::Ready(())));
    wait(conn.execute("next", ())).unwrap();
    assert_eq!(fake.log(), ["1: slow", "1: SETTLE", "1: slow", "1: SETTLE", "1: next"]);
}

#[test]
fn a_script_runs_as_far_as_it_is_asked_and_ends_when_a_step_is_dropped() {
    let fake = FakeDriver::new();
    fake.on("one", Answer::rows(&["a"], [vec![Value::Int(1)], vec![Value::Int(2)]]));
    fake.on("three", Answer::count(3).pending(5));
    let mut conn = connect(&fake);
    let mut results = conn.query_script("one; two;; three; four", ()).unwrap();
    assert!(fake.log().is_empty());
    assert!(matches!(wait(results.next()).unwrap(), Some(ScriptResult::Rows(_))));
    assert!(matches!(wait(results.next()).unwrap(), Some(ScriptResult::Count(0))));
    leave(results.next());
    assert!(wait(results.next()).unwrap().is_none());
    wait(conn.execute("next", ())).unwrap();
    assert_eq!(fake.log(), ["1: one", "1: CLOSE CURSOR", "1: two", "1: three", "1: SETTLE", "1: next"]);
}

#[test]
fn errors_of_scripts_are_placed() {
    let fake = FakeDriver::new();
    fake.on("bad ?", Answer::error(SqlState::DATA_EXCEPTION, "no"));
    let rows = Answer::rows(&["a"], [vec![Value::Int(1)]]);
    fake.on("late", rows.then_error(SqlState::DATA_EXCEPTION, "not all"));
    let mut conn = connect(&fake);
    let script = "fine;\n -- a comment\n late; bad ?";
    let mut results = conn.query_script(script, (7,)).unwrap();
    wait(results.next()).unwrap();
    // The comment is a part of the statement behind it, so the fake database does not know the text.
    assert!(matches!(wait(results.next()).unwrap(), Some(ScriptResult::Count(0))));
    let error = wait(results.next()).map(drop).unwrap_err();
    assert_eq!((error.statement_index(), error.position(), error.sql()), (Some(2), script.find("bad"), Some(script)));
    assert_eq!(error.to_string(), "statement 3 of the script: no [22000]; at line 3, column 8 of the SQL");
    let mut results = conn.query_script("x; late", ()).unwrap();
    wait(results.next()).unwrap();
    let Some(ScriptResult::Rows(rows)) = wait(results.next()).unwrap() else { panic!("there are no rows") };
    let error = wait(rows.collect()).unwrap_err();
    assert_eq!((error.statement_index(), error.position()), (Some(1), Some(3)));
    assert_eq!(conn.query_script("?", ()).map(drop).unwrap_err().sql_state().code(), "07001");
}
