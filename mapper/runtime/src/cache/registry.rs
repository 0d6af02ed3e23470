//! [`Registry`]: which data source has which caches.

use std::sync::{Arc, PoisonError, RwLock, Weak};

use batis_dbc::DataSource;
use batis_script::MapperSet;

use super::caches::Caches;
use super::plan::CachePlan;
use crate::error::Result;

/// The caches of a configuration, a set for each data source that it is used with: rows of two databases are never mixed.
pub(crate) struct Registry {
    plan: Arc<CachePlan>,
    mappers: MapperSet,
    sets: RwLock<Sets>,
}

#[derive(Default)]
struct Sets {
    /// Made when the files are loaded, so that mistakes are told there: for the first data source.
    first: Option<Caches>,
    /// A weak reference keeps the address from being used again.
    of: Vec<(Weak<dyn DataSource>, Arc<Caches>)>,
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
        let known = self.sets.read().unwrap_or_else(PoisonError::into_inner).find(source);
        known.unwrap_or_else(|| self.add(source))
    }

    #[cold]
    fn add(&self, source: &Arc<dyn DataSource>) -> Arc<Caches> {
        let lock = || self.sets.write().unwrap_or_else(PoisonError::into_inner);
        let first = lock().first.take();
        // Without the lock: a registered cache is made by code of the user.
        let made = first.unwrap_or_else(|| Caches::as_far_as_possible(&self.plan, &self.mappers));
        let mut sets = lock();
        if let Some(known) = sets.find(source) {
            return known;
        }
        let made = Arc::new(made);
        sets.of.retain(|(source, _)| source.strong_count() > 0);
        sets.of.push((Arc::downgrade(source), Arc::clone(&made)));
        made
    }
}

impl Sets {
    fn find(&self, source: &Arc<dyn DataSource>) -> Option<Arc<Caches>> {
        let address = Arc::as_ptr(source).cast::<()>();
        let found = self.of.iter().find(|(known, _)| std::ptr::eq(known.as_ptr().cast::<()>(), address));
        found.map(|(_, caches)| Arc::clone(caches))
    }
}
