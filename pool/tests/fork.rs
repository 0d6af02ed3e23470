//! A forked child leaves its parent's connections alone.
#![cfg(all(unix, not(any(loom, shuttle))))]
#![allow(unsafe_code)]

mod common;

use batis_pool::PoolErrorKind;
use common::{Fake, still};

/// Runs this in a child, and gives the number that it answers.
fn in_child(answer: impl FnOnce() -> u8) -> i32 {
    // SAFETY: the child calls nothing but this closure, which waits for no other thread, and ends without destructors.
    unsafe {
        match libc::fork() {
            0 => libc::_exit(i32::from(answer())),
            child => {
                assert!(child > 0, "no fork: {}", std::io::Error::last_os_error());
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
                assert!(libc::WIFEXITED(status), "the child ended with {status}");
                libc::WEXITSTATUS(status)
            }
        }
    }
}

#[test]
fn a_child_lends_nothing_of_its_parents_and_closes_nothing() {
    let fake = Fake::default();
    let (pool, _) = still(&fake, 2);
    let (held, idle) = (pool.get_blocking().unwrap(), pool.get_blocking().unwrap());
    drop(idle);
    let mut child = Some((pool.clone(), held));
    let first_that_failed = in_child(|| {
        let (pool, held) = child.take().unwrap();
        let error = pool.get_blocking().unwrap_err();
        let own = still(&fake, 1).0.get_blocking().is_ok();
        let alive = fake.alive();
        drop(held);
        drop(pool);
        let checks = [
            error.kind() == PoolErrorKind::Closed,
            error.to_string().contains("make a pool in the child"),
            own,
            alive == fake.alive(),
        ];
        checks.iter().position(|good| !good).map_or(0, |at| u8::try_from(at).unwrap() + 1)
    });
    assert_eq!(first_that_failed, 0);
    // Nothing of it is seen here.
    drop(child);
    assert_eq!((fake.alive(), pool.stats().idle), (2, 2));
    drop((pool.get_blocking().unwrap(), pool.get_blocking().unwrap()));
    assert!(pool.closed_blocking(std::time::Duration::from_secs(60)));
}
