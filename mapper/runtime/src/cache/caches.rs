//! [`Caches`]: all caches of a configuration over one data source.

use std::fmt;
use std::sync::Arc;

use batis_script::MapperSet;

use super::Cache;
use super::clock::{Clock, Moment};
use super::plan::CachePlan;
use super::space::Space;
use crate::error::Result;
use crate::mapped_statement::MappedStatement;

/// The caches, by the numbers of the plan.
pub(crate) struct Caches {
    plan: Arc<CachePlan>,
    clock: Clock,
    spaces: Box<[Space]>,
}

impl Caches {
    /// # Errors
    /// What the maker of a registered cache says.
    pub(super) fn new(plan: &Arc<CachePlan>, mappers: &MapperSet) -> Result<Self> {
        let made = (0..plan.len()).map(|at| plan.make(at, mappers).map(Some)).collect::<Result<Vec<_>>>()?;
        Ok(Self::with(plan, made))
    }

    /// The same, where nobody can be told of a mistake: what cannot be made keeps nothing.
    pub(super) fn as_far_as_possible(plan: &Arc<CachePlan>, mappers: &MapperSet) -> Self {
        Self::with(plan, (0..plan.len()).map(|at| plan.make(at, mappers).ok()))
    }

    fn with(plan: &Arc<CachePlan>, made: impl IntoIterator<Item = Option<Box<dyn Cache>>>) -> Self {
        let each = plan.elements().zip(made);
        let spaces = each.map(|(element, made)| Space::new(Arc::clone(&element.namespace), made, element.blocking));
        Self { plan: Arc::clone(plan), clock: Clock::default(), spaces: spaces.collect() }
    }

    /// To be taken before the database is asked.
    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// The cache that a statement reads. A statement that was kept from another configuration has none.
    pub(crate) fn read_by(&self, statement: &MappedStatement) -> Option<&Space> {
        if !Arc::ptr_eq(&self.plan, &statement.shared.caches) {
            return None;
        }
        self.spaces.get(statement.caching().reads?)
    }

    /// The number of the cache that a statement empties; of another configuration's statement it is found by its namespace.
    pub(crate) fn emptied_by(&self, statement: &MappedStatement) -> Option<usize> {
        if Arc::ptr_eq(&self.plan, &statement.shared.caches) {
            return statement.caching().empties;
        }
        let statement = statement.statement();
        statement.flush_cache.then(|| self.plan.cache(statement.namespace())).flatten()
    }

    pub(super) fn number(&self, namespace: &str) -> Option<usize> {
        self.plan.cache(namespace)
    }

    pub(super) fn space(&self, at: usize) -> Option<&Space> {
        self.spaces.get(at)
    }

    pub(super) fn empty(&self, at: usize, in_doubt: bool) {
        if let Some(space) = self.spaces.get(at) {
            space.empty(&self.clock, in_doubt);
        }
    }
}

impl fmt::Debug for Caches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.spaces.iter().map(Space::namespace)).finish()
    }
}
