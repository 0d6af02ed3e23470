//! What a subscriber of `tracing` sees of PostgreSQL's statements.

#[path = "../../testkit/shared/spans.rs"]
mod spans;

mod common;

use std::io::Read as _;

use batis_dbc::Observability;
use batis_dbc::blocking::Connection;
use common::manager;
use spans::{DEBUG, has, seen_of};

const FIELDS: &[&str] =
    &["db.system.name=\"postgresql\"", "db.namespace=\"postgres\"", "server.address=\"127.0.0.1\"", "server.port="];
/// A table that is always there, and a column of it that is a text.
const TABLE: (&str, &str) = ("pg_class", "relname");

fn connect() -> Option<Connection> {
    let url = batis_testkit::postgres()?.tcp_url("postgres");
    Some(manager().connect_blocking(&url).unwrap())
}

/// The spans of copies.
fn copies(work: impl FnOnce(&mut Connection)) -> Option<Vec<String>> {
    let mut lines = seen_of(DEBUG, Observability::new(), |conn| {
        conn.execute("create temporary table copied (n int, t text)", ()).unwrap();
        work(conn);
    })?;
    lines.retain(|line| line.contains("db.copy{"));
    Some(lines)
}

#[test]
fn a_copy_inwards_is_a_span_with_its_bytes_and_rows() {
    let sql = "COPY copied (n, t) FROM STDIN (FORMAT csv)";
    let Some(lines) = copies(|conn| {
        let mut copy = conn.copy_in(sql).unwrap();
        copy.send(b"1,secret\n2,b").unwrap();
        copy.send(b"\n3,c\n").unwrap();
        assert_eq!(copy.finish().unwrap(), 3);
    }) else {
        return;
    };
    assert_eq!(lines.len(), 1, "{lines:?}");
    has(&lines[0], FIELDS);
    has(&lines[0], &["db.operation.name=\"COPY\"", "db.collection.name=\"copied\"", "batis::statement"]);
    has(&lines[0], &[&format!("db.query.text=\"{sql}\""), "batis.copy.bytes=17", "batis.copy.rows=3"]);
    assert!(!lines[0].contains("secret") && !lines[0].contains("error.type"), "{lines:?}");
}

#[test]
fn so_is_a_copy_of_rows_and_a_batch_that_copies() {
    let Some(lines) = copies(|conn| {
        let mut copy = conn.copy_in_rows("copied (n, t)").unwrap();
        copy.send_all([(1, "a"), (2, "secret")]).unwrap();
        copy.finish().unwrap();
        let mut batch = batis_dbc::Batch::new("insert into copied (n) values (?)");
        (0..5).for_each(|n| batch.add((n,)).unwrap());
        let options = batis_dbc::BatchOptions::new().strategy(batis_dbc::BatchStrategy::Copy);
        conn.execute_batch_with(&batch, &options).unwrap();
    }) else {
        return;
    };
    assert_eq!(lines.len(), 2, "{lines:?}");
    has(&lines[0], &["db.query.text=\"COPY copied (n, t) FROM STDIN\"", "batis.copy.rows=2"]);
    has(&lines[1], &["db.query.text=\"COPY copied (n) FROM STDIN\"", "batis.copy.rows=5"]);
    assert!(!lines[0].contains("secret") && !lines[0].contains("copy.bytes"), "{lines:?}");
}

#[test]
fn a_copy_outwards_is_a_span_to_its_end() {
    let Some(lines) = copies(|conn| {
        conn.execute("insert into copied values (1, 'abc'), (2, 'd')", ()).unwrap();
        let mut text = String::new();
        conn.copy_out("COPY copied TO STDOUT").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "1\tabc\n2\td\n");
        conn.copy_out("COPY (select n from pg_class, copied) TO STDOUT").unwrap().next().unwrap();
        assert_eq!(conn.copy_out_rows("(select n from copied)").unwrap().collect().unwrap().len(), 2);
    }) else {
        return;
    };
    assert_eq!(lines.len(), 3, "{lines:?}");
    has(
        &lines[0],
        &["db.query.text=\"COPY copied TO STDOUT\"", "db.collection.name=\"copied\"", "batis.copy.bytes=10"],
    );
    has(&lines[1], &["batis.copy.bytes=2"]);
    assert!(!lines[1].contains("db.collection.name"), "{lines:?}");
    has(&lines[2], &["db.query.text=\"COPY (select n from copied) TO STDOUT\"", "db.collection.name=\"copied\""]);
}

#[test]
fn a_copy_that_fails_has_its_code() {
    let Some(lines) = copies(|conn| {
        conn.copy_in("COPY nowhere FROM STDIN").unwrap_err();
        let mut copy = conn.copy_in("COPY copied FROM STDIN").unwrap();
        copy.send(b"one\ttwo\n").unwrap();
        copy.finish().unwrap_err();
        let mut copy = conn.copy_in_rows("copied").unwrap();
        copy.send((1,)).unwrap_err();
        drop(copy);
        let mut copy = conn.copy_out("COPY (select 1 / (n - 3) from generate_series(1, 9) n) TO STDOUT").unwrap();
        while copy.next().is_ok() {}
        drop(copy);
        // One that is left has no error, and has stored nothing.
        conn.copy_in("COPY copied FROM STDIN").unwrap().send(b"1\ta\n").unwrap();
    }) else {
        return;
    };
    let codes = ["42P01", "22P02", "07001", "22012"];
    assert_eq!(lines.len(), codes.len() + 1, "{lines:?}");
    for (line, code) in lines.iter().zip(codes) {
        has(line, &[&format!("db.response.status_code=\"{code}\""), &format!("error.type=\"{code}\"")]);
    }
    has(&lines[4], &["batis.copy.bytes=4"]);
    assert!(!lines[4].contains("error.type") && !lines[4].contains("copy.rows"), "{lines:?}");
}
