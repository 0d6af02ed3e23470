//! A list that only grows, read without a lock: what a statement remembers about shapes and types.

use std::sync::OnceLock;

/// More entries than this are not remembered: a statement with so many shapes is not worth a search.
const LIMIT: usize = 16;

/// A list of values that are made once and looked up by a test. Readers never wait.
#[derive(Debug)]
pub(crate) struct OnceList<T> {
    head: OnceLock<Box<Node<T>>>,
}

#[derive(Debug)]
struct Node<T> {
    value: T,
    next: OnceLock<Box<Node<T>>>,
}

impl<T> Default for OnceList<T> {
    fn default() -> Self {
        Self { head: OnceLock::new() }
    }
}

/// A value of the list, or one that found no place in it.
pub(crate) enum Kept<'a, T> {
    Here(&'a T),
    Own(Box<T>),
}

impl<T> std::ops::Deref for Kept<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match self {
            Self::Here(value) => value,
            Self::Own(value) => value,
        }
    }
}

impl<T> OnceList<T> {
    /// The first value that passes the test, else a new one.
    #[inline]
    pub(crate) fn find(&self, test: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> Kept<'_, T> {
        let mut place = &self.head;
        let mut length = 0;
        while let Some(node) = place.get() {
            if test(&node.value) {
                return Kept::Here(&node.value);
            }
            place = &node.next;
            length += 1;
        }
        add(place, make(), length)
    }
}

#[cold]
fn add<T>(place: &OnceLock<Box<Node<T>>>, value: T, length: usize) -> Kept<'_, T> {
    if length >= LIMIT {
        return Kept::Own(Box::new(value));
    }
    match place.set(Box::new(Node { value, next: OnceLock::new() })) {
        // Another thread was first: this call goes on with its own value, a later one finds or adds it further down.
        Err(refused) => Kept::Own(Box::new(refused.value)),
        Ok(()) => match place.get() {
            Some(node) => Kept::Here(&node.value),
            None => unreachable!("it was set in the line above and is never taken out"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_up_to_its_limit_and_then_still_answers() {
        let list = OnceList::default();
        for round in 0..2 {
            for n in 0..LIMIT + 4 {
                let kept = list.find(|v| *v == n, || n);
                assert_eq!(*kept, n, "round {round}");
                assert_eq!(matches!(kept, Kept::Here(_)), n < LIMIT);
            }
        }
    }
}
