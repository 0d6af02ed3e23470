//! The bag and the hand-off under every interleaving.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test -p batis-pool --no-default-features --release --test loom
//! ```
//!
//! loom fails a model by itself when two threads reach one cell at once (a double lease) or when all threads sleep (a
//! lost wake-up); the counts at the end find leaked slots and waiters.
#![cfg(loom)]

use batis_pool::model::Model;
use loom::thread;

/// Runs the model; more than two threads, with bounded preemption.
fn explore(preemptions: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(model);
}

#[test]
fn two_borrowers_of_one_slot_have_it_one_after_the_other() {
    explore(None, || {
        let model = Model::new(1, 1, false);
        let other = model.clone();
        let thread = thread::spawn(move || drop(other.take()));
        drop(model.take());
        thread.join().unwrap();
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}

#[test]
fn a_wait_against_a_return() {
    explore(None, || {
        let model = Model::new(1, 1, false);
        let lent = model.take().unwrap();
        let other = model.clone();
        let thread = thread::spawn(move || assert_eq!(other.get().unwrap().item(), Some(0)));
        drop(lent);
        thread.join().unwrap();
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}

#[test]
fn two_waits_against_one_return_each_get_it() {
    explore(Some(2), || {
        let model = Model::new(1, 1, false);
        let lent = model.take().unwrap();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let other = model.clone();
                thread::spawn(move || drop(other.get().unwrap()))
            })
            .collect();
        drop(lent);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}

#[test]
fn nobody_overtakes_those_who_have_looked() {
    explore(None, || {
        let model = Model::new(1, 1, false);
        let lent = model.take().unwrap();
        let (first, second) = (model.join().unwrap(), model.join().unwrap());
        model.want();
        let other = model.clone();
        let newcomer = thread::spawn(move || {
            if let Some(_lent) = other.take() {
                assert_eq!(other.counts().3, 0, "nobody waits who could have had it");
            }
        });
        drop(lent);
        drop(first.wait().unwrap());
        drop(second.wait().unwrap());
        newcomer.join().unwrap();
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}

#[test]
fn a_cancel_against_a_hand_off() {
    explore(None, || {
        let model = Model::new(1, 1, false);
        let lent = model.take().unwrap();
        let other = model.clone();
        // Joins and leaves at once: its destructor passes on what it may have been handed.
        let thread = thread::spawn(move || drop(other.join()));
        drop(lent);
        thread.join().unwrap();
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}

#[test]
fn one_who_leaves_keeps_what_it_was_handed() {
    explore(None, || {
        let model = Model::new(1, 1, false);
        let lent = model.take().unwrap();
        let other = model.clone();
        let thread = thread::spawn(move || {
            let waiting = other.join().unwrap();
            drop(waiting.give_up());
        });
        drop(lent);
        thread.join().unwrap();
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}

#[test]
fn the_baton_is_passed_to_the_next_in_line() {
    explore(Some(2), || {
        let model = Model::new(1, 1, false);
        let lent = model.take().unwrap();
        let first = model.clone();
        let second = model.clone();
        let cancelled = thread::spawn(move || drop(first.join()));
        let served = thread::spawn(move || assert_eq!(second.get().unwrap().item(), Some(0)));
        drop(lent);
        cancelled.join().unwrap();
        served.join().unwrap();
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}

#[test]
fn a_borrower_against_the_housekeeper() {
    explore(None, || {
        let model = Model::new(1, 1, false);
        let other = model.clone();
        let thread = thread::spawn(move || other.retire(0));
        let taken = model.take().is_some();
        let retired = thread.join().unwrap();
        assert!(taken || retired);
        assert_eq!(model.counts(), (u32::from(!retired), 0, 0, 0));
    });
}

#[test]
fn a_wait_against_the_filler() {
    explore(None, || {
        let model = Model::new(1, 0, false);
        let other = model.clone();
        let thread = thread::spawn(move || assert!(other.fill(7)));
        assert_eq!(model.get().unwrap().item(), Some(7));
        thread.join().unwrap();
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}

#[test]
fn closing_against_a_return_leaves_nothing() {
    explore(None, || {
        let model = Model::new(1, 1, false);
        let lent = model.take().unwrap();
        let other = model.clone();
        let thread = thread::spawn(move || other.close());
        drop(lent);
        thread.join().unwrap();
        assert_eq!(model.counts(), (0, 0, 0, 0));
        assert!(model.join().is_none());
    });
}

#[test]
fn closing_against_a_wait_ends_the_wait() {
    explore(None, || {
        let model = Model::new(1, 1, false);
        let lent = model.take().unwrap();
        let other = model.clone();
        let thread = thread::spawn(move || assert!(other.get().is_none()));
        model.close();
        thread.join().unwrap();
        drop(lent);
        assert_eq!(model.counts(), (0, 0, 0, 0));
    });
}

#[test]
fn an_empty_slot_is_handed_to_one_who_connects_by_itself() {
    explore(None, || {
        let model = Model::new(1, 1, true);
        let lent = model.take().unwrap();
        let other = model.clone();
        let thread = thread::spawn(move || {
            let mut got = other.get().unwrap();
            if got.item().is_none() {
                got.connect(8);
            }
        });
        lent.discard();
        thread.join().unwrap();
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}

#[test]
fn a_wait_for_either_of_two_slots_that_come_back_at_once() {
    explore(Some(2), || {
        let model = Model::new(2, 2, false);
        let (first, second) = (model.take().unwrap(), model.take().unwrap());
        let other = model.clone();
        let waits = thread::spawn(move || drop(other.get().unwrap()));
        let returns = thread::spawn(move || drop(first));
        drop(second);
        returns.join().unwrap();
        waits.join().unwrap();
        assert_eq!(model.counts(), (2, 0, 0, 0));
    });
}

#[test]
fn a_wait_against_a_housekeeper_that_puts_back() {
    explore(None, || {
        let model = Model::new(1, 1, false);
        let other = model.clone();
        let thread = thread::spawn(move || other.reserve_and_put_back(0));
        drop(model.get().unwrap());
        thread.join().unwrap();
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}

#[test]
fn the_bag_is_dropped_while_one_is_lent() {
    explore(None, || {
        let model = Model::new(2, 2, false);
        let lent = model.take().unwrap();
        let ground = model.ground();
        let thread = thread::spawn(move || drop(lent));
        drop(model);
        thread.join().unwrap();
        // Whoever came second freed the slot: nobody holds the ground any more.
        assert_eq!(ground.holders(), 1);
    });
}

#[test]
fn two_waits_for_a_slot_that_is_filled_each_get_it() {
    explore(Some(2), || {
        let model = Model::new(1, 0, false);
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let other = model.clone();
                thread::spawn(move || drop(other.get().unwrap()))
            })
            .collect();
        assert!(model.fill(7));
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(model.counts(), (1, 0, 0, 0));
    });
}
