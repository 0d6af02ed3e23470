//! The bag by itself; small enough for miri.

use super::Slot;
use crate::model::{Ground, Model};
use crate::waiter::Waiter;

#[test]
fn a_slot_has_two_cache_lines_and_a_waiter_at_most_one() {
    assert_eq!(size_of::<Slot<Ground>>(), 128);
    // With the two counts of its `Arc`.
    assert!(size_of::<Waiter<super::Hold<Ground>>>() + 16 <= 64);
}

#[test]
fn each_move_of_the_table_of_states() {
    let model = Model::new(2, 1, false);
    assert_eq!(model.counts(), (1, 0, 0, 0));
    let lent = model.take().unwrap();
    assert_eq!((lent.item(), model.counts()), (Some(0), (0, 1, 0, 0)));
    assert!(model.take().is_none());
    assert!(!model.retire(0), "one in use is not reserved");
    drop(lent);
    model.reserve_and_put_back(0);
    assert_eq!(model.counts(), (1, 0, 0, 0));
    model.take().unwrap().discard();
    assert_eq!(model.counts(), (0, 0, 0, 0));
    assert!(model.fill(1) && model.fill(2) && !model.fill(3), "as many as there are slots");
    assert!(model.retire(0) && !model.retire(0));
    assert_eq!(model.counts(), (1, 0, 0, 0));
}

#[test]
fn a_return_goes_to_the_first_in_line_and_a_leaver_passes_it_on() {
    let model = Model::new(1, 1, false);
    let lent = model.take().unwrap();
    let (first, second) = (model.join().unwrap(), model.join().unwrap());
    // The look of those who wait marks the slot.
    model.want();
    drop(lent);
    assert_eq!(model.counts(), (0, 1, 0, 1));
    drop(first);
    assert_eq!(model.counts(), (0, 1, 0, 0));
    assert_eq!(second.wait().unwrap().item(), Some(0));
    assert_eq!(model.counts(), (1, 0, 0, 0));
}

#[test]
fn threads_take_turns_on_one_slot() {
    let model = Model::new(1, 1, false);
    let turns = if cfg!(miri) { 20 } else { 2000 };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..turns).for_each(|_| assert_eq!(model.get().unwrap().item(), Some(0))));
        }
    });
    assert_eq!(model.counts(), (1, 0, 0, 0));
}

#[test]
fn a_lent_slot_outlives_its_bag_and_is_freed_by_its_owner() {
    let model = Model::new(2, 2, false);
    let (ground, lent) = (model.ground(), model.take().unwrap());
    drop(model);
    assert_eq!(ground.holders(), 2);
    drop(lent);
    assert_eq!(ground.holders(), 1);
}

#[test]
fn a_bag_grows_and_shrinks() {
    let model = Model::new(1, 1, false);
    model.set_limit(3);
    assert!(model.fill(1) && model.fill(2) && !model.fill(3));
    let all = [model.take().unwrap(), model.take().unwrap(), model.take().unwrap()];
    assert!(model.take().is_none());
    model.set_limit(1);
    drop(all);
    assert!(model.retire(2) && !model.fill(9));
    assert_eq!(model.counts(), (2, 0, 0, 0));
}
