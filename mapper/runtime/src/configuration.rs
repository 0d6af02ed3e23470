//! [`Configuration`]: the frozen registry of statements.

mod builder;
mod config_file;
mod files;
mod local_cache;
mod plugins;
mod reload;
mod snake;
mod vendor;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use batis_dbc::DataSource;
use batis_script::{ConfigFile, EnvironmentElement, MapperSet};

use crate::cache::{Caches, Registry};
use crate::error::{Error, Result};
use crate::mapped_statement::{MappedStatement, Statements};

pub use builder::ConfigurationBuilder;
pub use local_cache::LocalCacheScope;
pub use reload::ReloadableConfiguration;

/// The statements of all mapper files, checked and compiled. Built once, then only read: `Send`, `Sync`, shared behind an `Arc`.
///
/// ```
/// let configuration = batis_mapper::Configuration::builder()
///     .mapper_xml("users.xml", r#"<mapper namespace="users"><select id="count">select count(*) from users</select></mapper>"#)
///     .build()?;
/// assert_eq!(configuration.statement("users.count")?.id(), "users.count");
/// # Ok::<(), batis_mapper::Error>(())
/// ```
///
/// Source: `Configuration` and `SqlSessionFactory` of MyBatis, without setters.
#[doc(alias = "SqlSessionFactory")]
pub struct Configuration {
    statements: Arc<Statements>,
    mappers: MapperSet,
    skipped: Vec<PathBuf>,
    config: Option<ConfigFile>,
    environment: Option<String>,
    caches: Registry,
    /// Transactions have a local cache.
    local_cache: bool,
}

impl Configuration {
    /// Starts a configuration without mapper files.
    #[doc(alias = "SqlSessionFactoryBuilder")]
    pub fn builder() -> ConfigurationBuilder {
        ConfigurationBuilder::default()
    }

    /// A statement by its full id (`namespace.id`), or by its short one where only one has it. A full id may be spelled as Rust spells names:
    /// `users.find_by_name` finds `findByName` where nothing has that id exactly.
    ///
    /// # Errors
    /// If there is none, several, or only one for another database.
    #[doc(alias = "getMappedStatement")]
    #[inline]
    pub fn statement(&self, id: &str) -> Result<&Arc<MappedStatement>> {
        match self.statements.get(id) {
            Some(found) => Ok(found),
            None => self.statement_by_short_name(id),
        }
    }

    #[cold]
    fn statement_by_short_name(&self, id: &str) -> Result<&Arc<MappedStatement>> {
        let found = self.mappers.statement(id).map_err(|e| Error::lookup(&e))?;
        self.statements.get(&found.id).ok_or_else(|| Error::parameter(format!("no statement `{id}` is mapped")))
    }

    /// All statements in file order. The queries of `<selectKey>` are not among them; they are found by `<id>!selectKey`.
    pub fn statements(&self) -> impl Iterator<Item = &Arc<MappedStatement>> {
        let own = self.mappers.statements().filter(|s| !s.id.ends_with("!selectKey"));
        own.filter_map(|s| self.statements.get(&s.id))
    }

    /// The mapper files as data: result maps, caches, warnings.
    #[must_use]
    pub fn mappers(&self) -> &MapperSet {
        &self.mappers
    }

    /// The configuration file it was built from: environments, all settings, aliases, warnings.
    #[must_use]
    pub fn config_file(&self) -> Option<&ConfigFile> {
        self.config.as_ref()
    }

    /// The environment that was [chosen](ConfigurationBuilder::environment), else the default one of the configuration file; none without.
    #[must_use]
    #[doc(alias = "getEnvironment")]
    pub fn environment(&self) -> Option<&EnvironmentElement> {
        self.config.as_ref()?.environment(self.environment.as_deref())
    }

    /// Its caches over a data source; none without a `<cache>`.
    #[inline]
    pub(crate) fn caches(&self, source: &Arc<dyn DataSource>) -> Option<Arc<Caches>> {
        self.caches.of(source)
    }

    #[inline]
    pub(crate) fn has_local_cache(&self) -> bool {
        self.local_cache
    }

    /// XML files below a [`mapper_dir`](ConfigurationBuilder::mapper_dir) that are no mapper files.
    pub fn skipped_files(&self) -> impl Iterator<Item = &Path> {
        self.skipped.iter().map(PathBuf::as_path)
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration").field("statements", &self.statements().count()).finish_non_exhaustive()
    }
}
