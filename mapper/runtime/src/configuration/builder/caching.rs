//! [`Caching`]: what the program says of caches, and the configuration file where it says nothing.

use batis_script::{ConfigFile, MapperSet, SettingValue};

use crate::cache::{CacheMakers, CachePlan};
use crate::configuration::LocalCacheScope;

/// What the program says of caches.
#[derive(Default)]
pub(super) struct Caching {
    pub(super) makers: CacheMakers,
    pub(super) enabled: Option<bool>,
    pub(super) local: Option<LocalCacheScope>,
}

impl Caching {
    /// What the program says wins over the configuration file.
    pub(super) fn plan(&self, mappers: &MapperSet, config: Option<&ConfigFile>) -> CachePlan {
        let said = |name: &str| {
            let settings = config.map(|config| &config.settings)?;
            settings.iter().rev().find(|setting| setting.name == name).map(|setting| &setting.value)
        };
        let enabled = self.enabled.unwrap_or(said("cacheEnabled") != Some(&SettingValue::Bool(false)));
        let local = match self.local {
            Some(scope) => scope == LocalCacheScope::Session,
            None => said("localCacheScope") == Some(&SettingValue::Word("SESSION")),
        };
        let aliases = config.map_or(&[][..], |config| &config.type_aliases);
        CachePlan::new(mappers, &self.makers, aliases, enabled, local)
    }
}
