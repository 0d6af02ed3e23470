//! The list.

mod batch;
mod calls;
mod cancel;
mod errors;
pub(crate) mod facade;
mod keys;
mod leftovers;
mod lifecycle;
mod limits;
mod metadata;
mod parameters;
mod portions;
mod results;
mod scripts;
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
            parameters::CASES,
            statements::CASES,
            results::CASES,
            keys::CASES,
            transactions::CASES,
            leftovers::CASES,
            errors::CASES,
            scripts::CASES,
            calls::CASES,
            limits::CASES,
            portions::CASES,
            lifecycle::CASES,
            batch::CASES,
            cancel::CASES,
            sources::CASES,
            metadata::CASES,
        ]
        .concat()
    });
    &ALL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = cases().iter().map(|c| c.name).chain(facade::CASES.iter().map(|(n, _)| *n)).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(all >= 80, "{all}");
    }
}
