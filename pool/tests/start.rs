//! Starting: fail-fast and its variants.
#![cfg(not(any(loom, shuttle)))]

mod common;

use std::sync::atomic::Ordering;
use std::time::Duration;

use batis_pool::{Blocking, Pool, PoolErrorKind};
use common::{Fake, block, until};

#[test]
fn start_fails_at_once_with_the_connect_error() {
    let fake = Fake::default();
    fake.set_down(true);
    let error = Pool::builder(Blocking(fake.clone())).name("shop").start_blocking().unwrap_err();
    assert_eq!(error.kind(), PoolErrorKind::Connect);
    assert_eq!(error.cause().unwrap().to_string(), "the database is down");
    assert_eq!(fake.0.attempts.load(Ordering::SeqCst), 1);
}

#[test]
fn start_tries_for_as_long_as_it_is_told() {
    let fake = Fake::default();
    fake.set_down(true);
    let up = fake.clone();
    let helper = std::thread::spawn(move || {
        until("it was tried twice", || up.0.attempts.load(Ordering::SeqCst) >= 2);
        up.set_down(false);
    });
    let builder = Pool::builder(Blocking(fake.clone())).initialization_fail_timeout(Duration::from_secs(60));
    let pool = builder.start_blocking().unwrap();
    assert!(pool.get_blocking().is_ok());
    helper.join().unwrap();
}

#[test]
fn with_zero_it_tries_once_and_starts_anyway() {
    let fake = Fake::default();
    fake.set_down(true);
    let builder = Pool::builder(Blocking(fake.clone())).max_size(1).initialization_fail_timeout(Duration::ZERO);
    let pool = block(builder.without_spawner().start()).unwrap();
    assert_eq!(fake.0.attempts.load(Ordering::SeqCst), 1);
    fake.set_down(false);
    assert!(pool.get_blocking().is_ok());
}

#[test]
fn with_zero_a_connection_that_fails_its_check_is_an_error_all_the_same() {
    let fake = Fake::default();
    fake.0.checks_fail.store(true, Ordering::SeqCst);
    let builder = Pool::builder(Blocking(fake.clone())).initialization_fail_timeout(Duration::ZERO);
    assert_eq!(builder.start_blocking().unwrap_err().cause().unwrap().to_string(), "no answer");
    assert_eq!(fake.alive(), 0);
}

#[test]
fn build_never_tries() {
    let fake = Fake::default();
    fake.set_down(true);
    let pool = Pool::builder(Blocking(fake.clone())).without_spawner().build().unwrap();
    assert_eq!(fake.0.attempts.load(Ordering::SeqCst), 0);
    assert_eq!(pool.get_blocking().unwrap_err().kind(), PoolErrorKind::Connect);
}

#[test]
fn the_connection_of_the_start_is_kept() {
    let fake = Fake::default();
    let pool = Pool::builder(Blocking(fake.clone())).max_size(1).start_blocking().unwrap();
    assert_eq!(pool.get_blocking().unwrap().number, 0);
    assert_eq!(fake.connects(), 1);
}
