//! What a recorder of the crate `metrics` is told.
#![cfg(all(feature = "metrics", not(any(loom, shuttle))))]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use batis_pool::{Blocking, Clock, MetricsFacade, Pool, Pooled};
use common::{Fake, block};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

/// Each figure under its name and labels: a gauge's or counter's value, how many values a histogram has.
fn figures(recorder: &DebuggingRecorder) -> BTreeMap<String, f64> {
    let taken = recorder.snapshotter().snapshot().into_vec().into_iter();
    taken
        .map(|(key, _, _, value)| {
            let key = key.key();
            let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let value = match value {
                #[allow(clippy::cast_precision_loss)] // small counts
                DebugValue::Counter(count) => count as f64,
                DebugValue::Gauge(value) => value.into_inner(),
                #[allow(clippy::cast_precision_loss)]
                DebugValue::Histogram(values) => values.len() as f64,
            };
            (format!("{} {}", key.name(), labels.join(" ")), value)
        })
        .collect()
}

#[test]
fn figures_have_opentelemetrys_names() {
    let recorder = DebuggingRecorder::new();
    metrics::with_local_recorder(&recorder, || {
        let (fake, clock) = (Fake::default(), Clock::manual());
        let builder = Pool::builder(Blocking(fake.clone())).max_size(1).name("shop").clock(clock.clone());
        let builder = builder.without_spawner().leak_detection_threshold(Duration::from_secs(2));
        let pool = builder.metrics(MetricsFacade::new("shop")).build().unwrap();
        let held = pool.get_blocking().unwrap();
        assert!(pool.get_blocking_timeout(Duration::from_millis(1)).is_err());
        clock.advance(Duration::from_secs(2));
        block(pool.housekeep());
        Pooled::discard(held);
        fake.set_down(true);
        assert!(pool.get_blocking().is_err());
        fake.set_down(false);
        let _held = pool.get_blocking().unwrap();
        block(pool.housekeep());
    });
    let figures = figures(&recorder);
    let expected = [
        ("batis.pool.closed db.client.connection.pool.name=shop reason=closed", 1.0),
        ("batis.pool.closed db.client.connection.pool.name=shop reason=requested", 1.0),
        ("batis.pool.connect_failures db.client.connection.pool.name=shop", 1.0),
        ("batis.pool.leaks db.client.connection.pool.name=shop", 1.0),
        ("db.client.connection.count db.client.connection.pool.name=shop db.client.connection.state=idle", 0.0),
        ("db.client.connection.count db.client.connection.pool.name=shop db.client.connection.state=used", 1.0),
        ("db.client.connection.create_time db.client.connection.pool.name=shop", 2.0),
        ("db.client.connection.idle.max db.client.connection.pool.name=shop", 1.0),
        ("db.client.connection.idle.min db.client.connection.pool.name=shop", 1.0),
        ("db.client.connection.max db.client.connection.pool.name=shop", 1.0),
        ("db.client.connection.pending_requests db.client.connection.pool.name=shop", 0.0),
        ("db.client.connection.timeouts db.client.connection.pool.name=shop", 1.0),
        ("db.client.connection.use_time db.client.connection.pool.name=shop", 1.0),
        ("db.client.connection.wait_time db.client.connection.pool.name=shop", 2.0),
    ];
    let expected: BTreeMap<_, _> = expected.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(figures, expected);
}
