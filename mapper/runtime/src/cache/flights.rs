//! [`Flights`]: of those who miss the same key one asks the database, and the others wait for what it finds.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Fifo, OwnedMutexGuard};

use super::CacheKey;

/// The keys that are asked for at this moment.
///
/// Source: `BlockingCache` of MyBatis, which locks a key until the session that missed it commits. Here it is free as soon as the rows are
/// there, and nobody waits who holds a connection.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<CacheKey, Arc<Turn>>>);

/// The turn to ask for a key. True once somebody's rows could not be kept: waiting for each other is of no use then.
type Turn = Fifo<bool>;

/// A place in the queue of a key, then the turn to ask. Dropping it, at any time, lets the next one go.
pub(crate) struct Flight<'f> {
    flights: &'f Flights,
    key: CacheKey,
    /// Taken when it is dropped.
    turn: Option<Arc<Turn>>,
    held: Option<OwnedMutexGuard<bool>>,
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<CacheKey, Arc<Turn>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn to ask for this key. What was found by those before is in the cache then.
    pub(crate) async fn join(&self, key: CacheKey) -> Flight<'_> {
        let turn = Arc::clone(self.lock().entry(key.clone()).or_default());
        let mut flight = Flight { flights: self, key, turn: Some(Arc::clone(&turn)), held: None };
        flight.held = Some(turn.lock_owned().await);
        flight
    }

    /// How many keys are asked for.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }
}

impl Flight<'_> {
    /// The rows are there, and may have been kept. If not, all who wait ask for themselves at once: what comes too late for one cache is no
    /// reason to ask one after the other.
    pub(crate) fn landed(mut self, kept: bool) {
        if let Some(held) = &mut self.held {
            **held |= !kept;
        }
    }

    /// Whether there is reason to let the others wait for what this one finds.
    pub(crate) fn is_worth_waiting_for(&self) -> bool {
        self.held.as_ref().is_some_and(|held| !**held)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.held = None;
        let mut flights = self.flights.lock();
        // The last of a key: one count is the map's, the other ours. Nobody else can come while the map is locked.
        if self.turn.as_ref().is_some_and(|turn| Arc::strong_count(turn) == 2) {
            flights.remove(&self.key);
        }
        self.turn = None;
    }
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").field("keys", &self.lock().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use batis_dbc::ValueRef;
    use batis_script::MapperSet;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn key(n: i64) -> CacheKey {
        let xml = r#"<mapper namespace="t"><select id="a">select 1</select></mapper>"#;
        let set = MapperSet::builder().file("t.xml", xml).link().unwrap();
        CacheKey::new(set.statement("t.a").unwrap(), None, std::iter::once(ValueRef::Int(n)))
    }

    #[test]
    fn one_goes_after_the_other_and_who_gives_up_is_in_nobodys_way() {
        let flights = Flights::default();
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(first) = pin!(flights.join(key(1))).poll(&mut cx) else { panic!("it is free") };
        let mut third = Box::pin(flights.join(key(1)));
        {
            let mut second = pin!(flights.join(key(1)));
            assert!(second.as_mut().poll(&mut cx).is_pending());
            assert!(third.as_mut().poll(&mut cx).is_pending());
            drop(first);
            // The second is dropped when it is its turn.
        }
        assert!(pin!(flights.join(key(2))).poll(&mut cx).is_ready(), "another key is free");
        let Poll::Ready(third) = third.as_mut().poll(&mut cx) else { panic!("it is its turn") };
        assert_eq!(flights.len(), 1);
        drop(third);
        assert_eq!(flights.len(), 0, "nothing is left");
    }

    #[test]
    fn nobody_waits_for_rows_that_cannot_be_kept() {
        let flights = Flights::default();
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(first) = pin!(flights.join(key(1))).poll(&mut cx) else { panic!("it is free") };
        let mut second = Box::pin(flights.join(key(1)));
        let mut third = Box::pin(flights.join(key(1)));
        assert!(second.as_mut().poll(&mut cx).is_pending() && third.as_mut().poll(&mut cx).is_pending());
        assert!(first.is_worth_waiting_for());
        first.landed(false);
        for waiting in [second, third] {
            let Poll::Ready(flight) = pin!(waiting).poll(&mut cx) else { panic!("it is its turn") };
            assert!(!flight.is_worth_waiting_for());
        }
        let Poll::Ready(again) = pin!(flights.join(key(1))).poll(&mut cx) else { panic!("it is free") };
        assert!(again.is_worth_waiting_for(), "it is forgotten with the last who waited");
        again.landed(true);
        assert_eq!(flights.len(), 0);
    }
}
