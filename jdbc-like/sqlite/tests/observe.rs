//! What a subscriber of `tracing` sees of a statement: never parameter values unless asked for.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use batis_dbc::Observability;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down what it is told, one line for each span, record and event.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

struct Line(String);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("batis::")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(span.metadata().name().to_owned());
        span.record(&mut line);
        self.0.lock().unwrap().push(line.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line("record".to_owned());
        values.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn seen(observability: Observability, sql: &str) -> Vec<String> {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        let manager = batis_dbc::DriverManager::new().with(batis_sqlite::SqliteDriver);
        let mut connection = manager.connect_blocking("sqlite::memory:").unwrap().into_inner().detach();
        connection.set_observability(observability);
        let mut connection = batis_dbc::blocking::Connection::new(connection);
        let _ = connection.query_opt(sql, ("secret",));
    });
    std::mem::take(&mut log.0.lock().unwrap())
}

#[test]
fn a_statement_is_a_span_without_its_parameter_values() {
    let lines = seen(Observability::new(), "select ?");
    assert_eq!(
        lines[0],
        "db.statement db.system.name=\"SQLite\" db.query.text=\"select ?\" db.query.parameter.count=1"
    );
    assert_eq!(lines[1], "record db.operation.name=\"SELECT\"");
    assert!(!lines.concat().contains("secret"), "{lines:?}");
}

#[test]
fn a_failure_is_recorded_with_its_code() {
    let lines = seen(Observability::new(), "select nme, ?").concat();
    assert!(lines.contains("db.response.status_code=\"42703\"") && lines.contains("error.type=Syntax"), "{lines}");
}

#[test]
fn values_and_slow_statements_are_told_on_request() {
    let lines = seen(Observability::new().parameters(true).slow_statement(Duration::ZERO), "select ?").concat();
    assert!(lines.contains("secret"), "{lines}");
    assert!(lines.contains("batis::slow") && lines.contains("slow statement"), "{lines}");
}
