//! [`CachePlan`]: what the mapper files say of caches, decided when they are loaded.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use batis_script::{CacheElement, MapperSet, SqlSource, Statement, StatementKind, StatementType};

use super::builtin::BuiltIn;
use super::{Cache, only_reads};
use crate::error::{Error, ErrorKind, Result};
use crate::java_name::class_of;

/// Makes the cache of an element.
pub(crate) type CacheMaker = dyn Fn(&CacheElement) -> Result<Box<dyn Cache>, String> + Send + Sync;

/// The registered ones by name. A mapper file may write the full Java name, the class or an alias.
#[derive(Clone, Default)]
pub(crate) struct CacheMakers {
    by_name: HashMap<Box<str>, Arc<CacheMaker>>,
}

impl CacheMakers {
    pub(crate) fn insert(&mut self, name: &str, maker: Arc<CacheMaker>) {
        self.by_name.insert(name.into(), maker);
    }

    /// None for classes nobody registered: they mean the cache that is built in.
    fn find(&self, name: &str, aliases: &[(Arc<str>, Arc<str>)]) -> Option<Arc<CacheMaker>> {
        let by = |name: &str| self.by_name.get(name).or_else(|| self.by_name.get(class_of(name)));
        let aliased = || aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name)).and_then(|(_, of)| by(of));
        by(name).or_else(aliased).cloned()
    }
}

/// The caches of a configuration, before any data source is known.
#[derive(Default)]
pub(crate) struct CachePlan {
    caches: Vec<Planned>,
    /// For each namespace the cache that it uses.
    of: HashMap<Arc<str>, usize>,
    /// `localCacheScope` is SESSION.
    local: bool,
}

struct Planned {
    element: CacheElement,
    maker: Option<Arc<CacheMaker>>,
}

/// What a statement has to do with caches.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CacheUse {
    /// The shared cache in which its result is looked for.
    pub(crate) reads: Option<usize>,
    /// The shared cache that it empties.
    pub(crate) empties: Option<usize>,
    /// It changes data or locks it, as far as the mapper file says.
    pub(crate) changes: bool,
    /// Its result may be kept somewhere.
    pub(crate) is_kept: bool,
    /// As a query it goes the way of those that are kept, or empty something. All others pay for this one question.
    pub(crate) is_special: bool,
}

impl CachePlan {
    /// Without shared caches if they are not `enabled`.
    pub(crate) fn new(
        mappers: &MapperSet,
        makers: &CacheMakers,
        aliases: &[(Arc<str>, Arc<str>)],
        enabled: bool,
        local: bool,
    ) -> Self {
        let mut plan = Self { local, ..Self::default() };
        if !enabled {
            return plan;
        }
        for (at, element) in mappers.caches().iter().enumerate() {
            let maker = makers.find(&element.cache_type, aliases);
            plan.of.insert(Arc::clone(&element.namespace), at);
            plan.caches.push(Planned { element: element.clone(), maker });
        }
        // Namespaces that refer to the cache of another one are known by their statements.
        for statement in mappers.statements() {
            if let Some(at) = statement.cache.as_ref().and_then(|owner| plan.of.get(owner).copied()) {
                plan.of.entry(statement.namespace().into()).or_insert(at);
            }
        }
        plan
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.caches.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.caches.len()
    }

    pub(crate) fn is_local(&self) -> bool {
        self.local
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &CacheElement> {
        self.caches.iter().map(|planned| &planned.element)
    }

    /// The number of a namespace's cache.
    pub(super) fn cache(&self, namespace: &str) -> Option<usize> {
        self.of.get(namespace).copied()
    }

    pub(crate) fn of(&self, statement: &Statement) -> CacheUse {
        let cache = statement.cache.as_ref().and_then(|owner| self.cache(owner));
        let says_so = matches!(&statement.source, SqlSource::Static { sql, .. } if !only_reads(sql));
        let changes = statement.kind != StatementKind::Select
            || statement.affect_data
            || statement.flush_cache
            || statement.statement_type == StatementType::Callable
            || says_so;
        let reads = cache.filter(|_| !changes && statement.use_cache);
        let empties = cache.filter(|_| statement.flush_cache);
        let is_kept = reads.is_some() || self.local && !changes;
        let is_special = is_kept || changes && (self.local || !self.is_empty());
        CacheUse { reads, empties, changes, is_kept, is_special }
    }

    /// Makes the cache of this number.
    ///
    /// # Errors
    /// What the maker says, with the place of the element.
    pub(super) fn make(&self, at: usize, mappers: &MapperSet) -> Result<Box<dyn Cache>> {
        let Planned { element, maker } = &self.caches[at];
        let Some(maker) = maker else { return Ok(Box::new(BuiltIn::new(element))) };
        maker(element).map_err(|cause| {
            let (namespace, class) = (&element.namespace, &element.cache_type);
            let message = format!("the cache `{class}` of `{namespace}` could not be made: {cause}");
            let place = mappers.files().get(element.span.file as usize).map(|file| file.location(element.span));
            Error::new(ErrorKind::Load, message).at(place)
        })
    }
}

impl fmt::Debug for CachePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachePlan").field("of", &self.of).field("local", &self.local).finish_non_exhaustive()
    }
}
