//! [`Registry`]: which data source has which caches.

use std::any::Any;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use batis_dbc::DataSource;
use batis_script::MapperSet;

use super::caches::Caches;
use super::plan::CachePlan;
use crate::error::Result;

/// The caches of a configuration, a set for each data source that it is used with, or for all that have one origin: rows of two databases are never
/// mixed.
pub(crate) struct Registry {
    plan: Arc<CachePlan>,
    mappers: MapperSet,
    sets: RwLock<Sets>,
}

#[derive(Default)]
struct Sets {
    /// Made when the files are loaded, so that mistakes are told there: for the first data source.
    first: Option<Caches>,
    of: Vec<(Owner, Arc<Caches>)>,
}

/// Whose caches they are. A weak reference keeps the address from being used again.
enum Owner {
    /// A data source that stands for itself.
    Source(Weak<dyn DataSource>),
    /// What stands for several of them, so that those who write through one empty what is read through another.
    Origin(Weak<dyn Any + Send + Sync>),
}

impl Owner {
    fn of(source: &Arc<dyn DataSource>) -> Self {
        match source.origin() {
            Some(origin) => Self::Origin(Arc::downgrade(&origin)),
            None => Self::Source(Arc::downgrade(source)),
        }
    }

    fn address(&self) -> *const () {
        match self {
            Self::Source(source) => source.as_ptr().cast(),
            Self::Origin(origin) => origin.as_ptr().cast(),
        }
    }

    fn is_alive(&self) -> bool {
        match self {
            Self::Source(source) => source.strong_count() > 0,
            Self::Origin(origin) => origin.strong_count() > 0,
        }
    }
}

impl Registry {
    /// # Errors
    /// What the maker of a registered cache says.
    pub(crate) fn new(plan: &Arc<CachePlan>, mappers: &MapperSet) -> Result<Self> {
        let first = if plan.is_empty() { None } else { Some(Caches::new(plan, mappers)?) };
        let sets = RwLock::new(Sets { first, of: Vec::new() });
        Ok(Self { plan: Arc::clone(plan), mappers: mappers.clone(), sets })
    }

    /// The caches over a data source, always the same ones; none without a `<cache>`.
    #[inline]
    pub(crate) fn of(&self, source: &Arc<dyn DataSource>) -> Option<Arc<Caches>> {
        if self.plan.is_empty() { None } else { Some(self.set_of(source)) }
    }

    fn set_of(&self, source: &Arc<dyn DataSource>) -> Arc<Caches> {
        let owner = Owner::of(source);
        let known = self.sets.read().unwrap_or_else(PoisonError::into_inner).find(&owner);
        known.unwrap_or_else(|| self.add(owner))
    }

    #[cold]
    fn add(&self, owner: Owner) -> Arc<Caches> {
        let lock = || self.sets.write().unwrap_or_else(PoisonError::into_inner);
        let first = lock().first.take();
        // Without the lock: a registered cache is made by code of the user.
        let made = first.unwrap_or_else(|| Caches::as_far_as_possible(&self.plan, &self.mappers));
        let mut sets = lock();
        if let Some(known) = sets.find(&owner) {
            return known;
        }
        let made = Arc::new(made);
        sets.of.retain(|(owner, _)| owner.is_alive());
        sets.of.push((owner, Arc::clone(&made)));
        made
    }
}

impl Sets {
    fn find(&self, owner: &Owner) -> Option<Arc<Caches>> {
        let found = self.of.iter().find(|(known, _)| known.address() == owner.address());
        found.map(|(_, caches)| Arc::clone(caches))
    }
}
