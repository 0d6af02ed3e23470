//! The result maps of a configuration, by id.

use std::collections::HashMap;
use std::sync::Arc;

use batis_script::ResultMap;

/// Result maps by full id. Checked when the mapper files were linked, so a missing one is only a map that is not used.
#[derive(Debug, Default)]
pub(crate) struct ResultMaps(HashMap<Arc<str>, Arc<ResultMap>>);

impl ResultMaps {
    pub(crate) fn new<'a>(maps: impl IntoIterator<Item = &'a Arc<ResultMap>>) -> Self {
        Self(maps.into_iter().map(|map| (Arc::clone(&map.id), Arc::clone(map))).collect())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&ResultMap> {
        self.0.get(id).map(|map| &**map)
    }
}
