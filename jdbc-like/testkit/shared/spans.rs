//! What a subscriber of `tracing` sees of a statement: never parameter values unless asked for. The same for every driver:
//! its own test says how to connect, and what is special.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use batis_dbc::blocking::Connection;
use batis_dbc::{Batch, Observability};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::{FIELDS, TABLE, connect};

/// What was written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines of a subscriber of this level, one for each span when it ends, and one for each event.
fn seen(level: LevelFilter, how: Observability, sql: &str) -> Option<Vec<String>> {
    seen_of(level, how, |connection| {
        let _ = connection.query_opt(sql, ("secret",));
    })
}

/// The same of any work.
pub(super) fn seen_of(
    level: LevelFilter,
    how: Observability,
    work: impl FnOnce(&mut Connection),
) -> Option<Vec<String>> {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    let mut connection = connect()?.into_inner().detach();
    connection.set_observability(how);
    let mut connection = Connection::new(connection);
    tracing::subscriber::with_default(subscriber, || work(&mut connection));
    let text = String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap();
    // The client library below has a debug log of its own.
    Some(text.lines().filter(|line| line.contains("batis::")).map(str::to_owned).collect())
}

pub(super) const DEBUG: LevelFilter = LevelFilter::DEBUG;
const WARN: LevelFilter = LevelFilter::WARN;

#[track_caller]
pub(super) fn has(line: &str, fields: &[&str]) {
    for field in fields {
        assert!(line.contains(field), "{field} is missing in {line}");
    }
}

#[test]
fn a_statement_is_a_span_without_its_parameter_values() {
    let (table, column) = TABLE;
    let sql = format!("select t.{column} from {table} t where t.{column} = ?");
    let Some(lines) = seen(DEBUG, Observability::new(), &sql) else { return };
    assert_eq!(lines.len(), 1, "{lines:?}");
    has(
        &lines[0],
        &[
            "db.statement{",
            "db.query.parameter.count=1",
            "db.operation.name=\"SELECT\"",
            &format!("db.collection.name=\"{table}\""),
        ],
    );
    has(&lines[0], &[&format!("db.query.text=\"{sql}\""), "batis::statement"]);
    has(&lines[0], FIELDS);
    assert!(!lines[0].contains("secret") && !lines[0].contains("error.type"), "{lines:?}");
}

/// What is seen of a batch of updates of a table of three rows, of which each item is run by itself.
fn batch_seen(level: LevelFilter, how: Observability, items: &[i32]) -> Option<Vec<String>> {
    let lines = seen_of(level, how, |connection| {
        connection
            .execute_script("create temporary table counted (n int); insert into counted values (1), (2), (0)")
            .unwrap();
        let mut batch = Batch::new("update counted set n = 6 / n where n = ?");
        items.iter().for_each(|item| batch.add((*item,)).unwrap());
        let _ = connection.execute_batch(&batch);
    })?;
    Some(lines.into_iter().filter(|line| line.contains("update counted")).collect())
}

#[test]
fn a_batch_is_one_span_with_its_size() {
    let how = Observability::new().parameters(true);
    let Some(lines) = batch_seen(DEBUG, how.clone(), &[1, 2, 777]) else { return };
    assert_eq!(lines.len(), 1, "{lines:?}");
    has(&lines[0], &["db.statement{", "db.operation.batch.size=3", "db.operation.name=\"BATCH UPDATE\""]);
    has(&lines[0], &["db.query.parameter.count=1", "db.collection.name=\"counted\"", "batis::statement"]);
    has(&lines[0], FIELDS);
    assert!(!lines[0].contains("777") && !lines[0].contains("error.type"), "{lines:?}");
    assert!(!lines[0].contains("name=\"UPDATE"), "the operation is told once: {lines:?}");
    let lines = batch_seen(DEBUG, how, &[1]).unwrap();
    has(&lines[0], &["db.operation.name=\"UPDATE\""]);
    assert!(!lines[0].contains("batch.size"), "one item is no batch: {lines:?}");
}

#[test]
fn a_slow_batch_is_warned_of_once() {
    let Some(lines) = batch_seen(WARN, Observability::new().slow_statement(Duration::ZERO), &[1, 2]) else { return };
    assert_eq!(lines.len(), 1, "{lines:?}");
    has(&lines[0], &["WARN", "batis::slow", "db.operation.batch.size=2"]);
}

#[test]
fn a_failure_is_recorded_with_its_code() {
    let Some(lines) = seen(DEBUG, Observability::new(), "select nme, ?") else { return };
    has(&lines[0], &["db.response.status_code=\"42703\"", "error.type=\"42703\""]);
}

#[test]
fn values_are_told_on_request() {
    let sql = "select 1 where ? = ''";
    let Some(lines) = seen(DEBUG, Observability::new().parameters(true), sql) else { return };
    has(&lines[0], &["db.query.parameters=", "secret"]);
}

#[test]
fn slow_statements_are_warned_of_also_when_nobody_records_spans() {
    let sql = "select 1 where ? = ''";
    let slow = Observability::new().slow_statement(Duration::ZERO);
    let Some(lines) = seen(WARN, slow.clone(), sql) else { return };
    assert_eq!(lines.len(), 1, "{lines:?}");
    has(&lines[0], &["WARN", "batis::slow", "slow statement", "elapsed_ms=", sql]);
    assert!(!lines[0].contains("secret"), "{lines:?}");
    let lines = seen(WARN, slow.parameters(true), sql).unwrap();
    has(&lines[0], &["db.query.parameters=", "secret"]);
    let lines = seen(WARN, Observability::new().slow_statement(Duration::from_secs(3600)), sql).unwrap();
    assert_eq!(lines, [""; 0]);
}
