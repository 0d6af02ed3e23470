//! The list.

mod batch;
mod batch_keys;
mod calls;
mod cancel;
mod catalog;
mod codes;
mod drivers;
mod endings;
mod errors;
pub(crate) mod facade;
mod facade_more;
mod isolation;
mod keys;
mod leftovers;
mod lifecycle;
mod limits;
mod metadata;
mod parameters;
mod portions;
mod readings;
mod results;
mod scripts;
mod sizes;
mod sources;
mod statements;
mod transactions;
mod values;

pub(crate) use results::numbers;

use std::sync::LazyLock;

use crate::case::Case;

/// All cases, by topic.
#[must_use]
pub fn cases() -> &'static [Case] {
    static ALL: LazyLock<Vec<Case>> = LazyLock::new(|| {
        [
            values::CASES,
            readings::CASES,
            parameters::CASES,
            statements::CASES,
            results::CASES,
            keys::CASES,
            transactions::CASES,
            isolation::CASES,
            leftovers::CASES,
            errors::CASES,
            codes::CASES,
            scripts::CASES,
            calls::CASES,
            limits::CASES,
            portions::CASES,
            sizes::CASES,
            lifecycle::CASES,
            endings::CASES,
            batch::CASES,
            batch_keys::CASES,
            cancel::CASES,
            sources::CASES,
            metadata::CASES,
            catalog::CASES,
            drivers::CASES,
        ]
        .concat()
    });
    &ALL
}

/// The faces for plain threads, by name.
pub(crate) fn faces() -> impl Iterator<Item = &'static (&'static str, facade::Face)> {
    facade::CASES.iter().chain(facade_more::CASES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = cases().iter().map(|c| c.name).chain(faces().map(|(n, _)| *n)).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(all >= 300, "{all}");
    }
}
