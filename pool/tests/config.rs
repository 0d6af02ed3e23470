//! The rules of the configuration, and what can be changed at run time.
#![cfg(not(any(loom, shuttle)))]

mod common;

use std::time::Duration;

use batis_pool::{Blocking, Builder, Changes, Pool, PoolErrorKind};
use common::Fake;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn refused(set: impl Fn(Builder<Blocking<Fake>>) -> Builder<Blocking<Fake>>) -> String {
    let error = set(Pool::builder(Blocking(Fake::default()))).build().unwrap_err();
    assert_eq!(error.kind(), PoolErrorKind::Config);
    error.to_string()
}

#[test]
fn defaults_are_hikaricps() {
    let pool = Pool::builder(Blocking(Fake::default())).without_spawner().build().unwrap();
    let config = pool.config();
    assert_eq!((config.max_size(), config.min_idle()), (10, 10));
    assert_eq!(config.connection_timeout(), Duration::from_secs(30));
    assert_eq!(config.validation_timeout(), Duration::from_secs(5));
    assert_eq!(config.max_lifetime(), Duration::from_secs(1800));
    assert_eq!(config.idle_timeout(), Duration::ZERO, "a pool of fixed size never shrinks");
    assert_eq!(config.keepalive_interval(), Duration::ZERO);
    assert_eq!(config.leak_detection_threshold(), Duration::ZERO);
    assert_eq!(config.initialization_fail_timeout(), ms(1));
    assert_eq!(config.alive_bypass(), ms(500));
    assert_eq!(config.housekeeping_period(), Duration::from_secs(30));
    assert!(config.name().starts_with("pool-"));
    let shrinking = Pool::builder(Blocking(Fake::default())).min_idle(2).without_spawner().build().unwrap();
    assert_eq!(shrinking.config().idle_timeout(), Duration::from_secs(600));
}

#[test]
fn a_value_out_of_range_is_an_error_that_quotes_its_rule() {
    let says = |text: String, rule: &str| assert!(text.contains(rule), "{text}");
    says(refused(|b| b.max_size(0)), "max_size = 0 is out of range; allowed is 1 to 65535");
    says(refused(|b| b.max_size(70_000)), "1 to 65535");
    says(refused(|b| b.max_size(5).min_idle(6)), "min_idle = 6 is out of range; allowed is 0 to max_size");
    says(refused(|b| b.connection_timeout(ms(249))), "0 (wait for ever) or at least 250ms");
    says(refused(|b| b.validation_timeout(ms(249))), "at least 250ms and below connection_timeout");
    says(refused(|b| b.connection_timeout(ms(400)).validation_timeout(ms(400))), "below connection_timeout");
    says(refused(|b| b.min_idle(1).idle_timeout(ms(9_999))), "0 (never) or at least 10s");
    says(refused(|b| b.max_lifetime(ms(60_000)).idle_timeout(ms(59_001))), "at least 1s below max_lifetime");
    says(refused(|b| b.idle_timeout(Duration::MAX)), "at least 1s below max_lifetime");
    says(refused(|b| b.max_lifetime(ms(29_999))), "0 (for ever) or at least 30s");
    says(refused(|b| b.keepalive_interval(ms(29_999))), "0 (off) or at least 30s");
    says(refused(|b| b.max_lifetime(ms(60_000)).keepalive_interval(ms(60_000))), "below max_lifetime");
    says(refused(|b| b.leak_detection_threshold(ms(1_999))), "0 (off) or at least 2s");
    says(refused(|b| b.max_lifetime(ms(60_000)).leak_detection_threshold(ms(60_001))), "at most max_lifetime");
    says(refused(|b| b.settle_timeout(ms(249))), "at least 250ms");
    says(refused(|b| b.housekeeping_period(ms(99))), "at least 100ms");
}

#[test]
fn the_edges_of_each_rule_are_allowed() {
    let builder = Pool::builder(Blocking(Fake::default())).max_size(1).min_idle(0).connection_timeout(ms(251));
    let builder = builder.validation_timeout(ms(250)).max_lifetime(ms(30_001)).idle_timeout(ms(10_000));
    let builder = builder.keepalive_interval(ms(30_000)).leak_detection_threshold(ms(2_000));
    assert!(builder.without_spawner().build().is_ok());
}

#[test]
fn only_what_may_change_changes_and_all_of_it_or_nothing() {
    let pool = Pool::builder(Blocking(Fake::default())).max_size(5).min_idle(3).without_spawner().build().unwrap();
    let before = pool.config();
    let wrong = Changes::new().max_size(9).idle_timeout(ms(1));
    assert_eq!(pool.reconfigure(wrong).unwrap_err().kind(), PoolErrorKind::Config);
    assert_eq!(pool.config(), before);
    // Values that stay count too: min_idle is 3.
    assert!(pool.reconfigure(Changes::new().max_size(2)).unwrap_err().to_string().contains("0 to max_size"));
    let right = Changes::new().max_size(8).min_idle(1).connection_timeout(ms(300)).validation_timeout(ms(260));
    let right = right.idle_timeout(ms(20_000)).max_lifetime(ms(40_000)).keepalive_interval(ms(30_000));
    pool.reconfigure(right.leak_detection_threshold(ms(3_000))).unwrap();
    let now = pool.config();
    assert_eq!((now.max_size(), now.min_idle(), now.connection_timeout()), (8, 1, ms(300)));
    assert_eq!((now.validation_timeout(), now.idle_timeout()), (ms(260), ms(20_000)));
    assert_eq!((now.max_lifetime(), now.keepalive_interval()), (ms(40_000), ms(30_000)));
    assert_eq!(now.leak_detection_threshold(), ms(3_000));
    // The rest is sealed: `Changes` has no setter for it.
    assert_eq!((now.name(), now.alive_bypass()), (before.name(), before.alive_bypass()));
}
