//! What a subscriber of `tracing` is told.
#![cfg(all(feature = "tracing", not(any(loom, shuttle))))]

mod common;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use batis_pool::{Blocking, Clock, Pool};
use common::{Fake, block};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down the events of the pool, a line each.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Times differ from run to run.
        if !["took", "waited"].contains(&field.name()) {
            self.0.push_str(&format!(" {}={value:?}", field.name()));
        }
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() || metadata.target() == "batis_pool"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn events_tell_what_somebody_should_look_at() {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        let (fake, clock) = (Fake::default(), Clock::manual());
        let builder = Pool::builder(Blocking(fake.clone())).max_size(1).name("shop").clock(clock.clone());
        let pool = builder.without_spawner().leak_detection_threshold(Duration::from_secs(2)).build().unwrap();
        let held = pool.get_blocking().unwrap();
        assert!(pool.get_blocking_timeout(Duration::from_millis(1)).is_err());
        clock.advance(Duration::from_secs(2));
        block(pool.housekeep());
        drop(held);
        fake.set_down(true);
        pool.evict_idle();
        assert!(pool.get_blocking().is_err());
    });
    let mut told = log.0.lock().unwrap().clone();
    let leaks: Vec<_> = told.iter().filter(|line| line.contains("leaked")).cloned().collect();
    told.retain(|line| !line.contains("leaked"));
    assert_eq!(leaks.len(), 2, "{leaks:?} {told:?}");
    assert!(leaks[0].starts_with("WARN message=a connection seems to be leaked pool=\"shop\" holder=for 2s since "));
    assert!(leaks[0].contains("thread `events_tell_what"), "{leaks:?}");
    assert!(leaks[1].starts_with("INFO message=a connection reported as leaked has come back"), "{leaks:?}");
    assert_eq!(
        told,
        [
            r#"DEBUG message=connected pool="shop""#,
            r#"WARN message=no connection became free in time pool="shop" stats=total=1, active=1, idle=0, waiting=1, max=1"#,
            r#"DEBUG message=closing a connection pool="shop" reason=it was asked for"#,
            r#"WARN message=connecting failed pool="shop" error=the database is down"#,
        ]
    );
}
