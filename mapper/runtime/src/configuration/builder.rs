//! [`ConfigurationBuilder`].

mod caching;
mod collect;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use batis_script::{CacheElement, Checked, EmbeddedMapper, PluginElement, Settings};

use super::config_file::ConfigSource;
use super::files::File;
use super::plugins::Plugins;
use super::{Configuration, LocalCacheScope, ReloadableConfiguration};
use crate::cache::Cache;
use crate::error::Result;
use crate::interceptor::{Interceptor, Interceptors};
use crate::type_handler::{TypeHandler, TypeHandlers};
use caching::Caching;

pub(super) use collect::Collected;

/// Collects mapper files and settings; [`build`](Self::build) reads, checks and freezes them.
#[derive(Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ConfigurationBuilder {
    mappers: Vec<MapperSource>,
    embedded: Vec<EmbeddedMapper>,
    database_id: Option<String>,
    product: Option<String>,
    vendors: Vec<(String, String)>,
    properties: Vec<(String, String)>,
    settings: Option<Settings>,
    change_settings: Vec<Change>,
    strict: bool,
    environment: Option<String>,
    config: Option<ConfigSource>,
    handlers: TypeHandlers,
    plugins: Plugins,
    interceptors: Interceptors,
    caching: Caching,
}

/// A change of the settings that come from elsewhere.
type Change = Box<dyn Fn(Settings) -> Settings + Send + Sync>;

#[derive(Debug)]
enum MapperSource {
    Text(File),
    File(PathBuf),
    Folder(PathBuf),
}

impl ConfigurationBuilder {
    /// Adds a mapper file from memory; the name is for messages.
    pub fn mapper_xml(mut self, name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        self.mappers.push(MapperSource::Text((name.into(), text.into())));
        self
    }

    /// Adds a mapper file, read by [`build`](Self::build).
    pub fn mapper_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.mappers.push(MapperSource::File(path.into()));
        self
    }

    /// Adds all `*.xml` below a folder, in the order of their paths. XML files that are no mapper files are left out and listed by
    /// [`Configuration::skipped_files`].
    pub fn mapper_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.mappers.push(MapperSource::Folder(path.into()));
        self
    }

    /// Adds the statements that stand in the attributes of a [mapper trait](macro@crate::mapper): `.mapper(UserMapperImpl::STATEMENTS)`. They stand
    /// beside those of mapper files of the same namespace; an id that is in both is an error (E040).
    ///
    /// ```
    /// use batis_mapper::{Configuration, Result, mapper};
    ///
    /// #[mapper(crate = ::batis_mapper)]
    /// trait Counters {
    ///     #[select("select n from counters where name = #{name}")]
    ///     async fn read(&self, name: &str) -> Result<Option<i64>>;
    /// }
    ///
    /// let configuration = Configuration::builder().mapper(CountersImpl::STATEMENTS).build()?;
    /// assert!(configuration.statement("Counters.read").is_ok());
    /// # Ok::<(), batis_mapper::Error>(())
    /// ```
    #[doc(alias = "addMapper")]
    pub fn mapper(mut self, statements: EmbeddedMapper) -> Self {
        self.embedded.push(statements);
        self
    }

    /// Chooses the statements of this `databaseId`. Default: that of [`product`](Self::product), else none.
    #[doc(alias = "databaseIdProvider")]
    pub fn database_id(mut self, id: impl Into<String>) -> Self {
        self.database_id = Some(id.into());
        self
    }

    /// Chooses the statements by the database's product name (`DataSourceInfo::product`), through the vendors.
    pub fn product(mut self, product: impl Into<String>) -> Self {
        self.product = Some(product.into());
        self
    }

    /// Says which `databaseId` belongs to products whose name contains `name`; the first that fits counts. Default: the usual ones
    /// (`postgresql`, `sqlite`, `mysql`, `mariadb`, `oracle`, `sqlserver`, `db2`, `h2`, `hsqldb`), none of which count once one is given.
    #[doc(alias = "VendorDatabaseIdProvider")]
    pub fn vendor(mut self, name: impl Into<String>, database_id: impl Into<String>) -> Self {
        self.vendors.push((name.into(), database_id.into()));
        self
    }

    /// Sets a property that `${name}` in attributes and text of mapper files is replaced by.
    #[doc(alias = "properties")]
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.push((name.into(), value.into()));
        self
    }

    /// Sets what the mapper language means. Default: what the [`config_file`](Self::config_file) says, else as in MyBatis.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = Some(settings);
        self
    }

    /// Changes single settings, whatever the others are.
    pub fn change_settings(mut self, change: impl Fn(Settings) -> Settings + Send + Sync + 'static) -> Self {
        self.change_settings.push(Box::new(change));
        self
    }

    /// Refuses what MyBatis would meet only when it runs: malformed expressions, functions that are not registered, nested result maps and statements
    /// that do not exist. Default: false, as in MyBatis, so that one bad branch of an old file does not stop a program; they are warnings then.
    pub fn strict(mut self, on: bool) -> Self {
        self.strict = on;
        self
    }

    /// Reads a `mybatis-config.xml`: its properties, settings, vendors and mapper files, before those that are given here. What is set here wins.
    ///
    /// The database of its [environment](Self::environment) chooses the `databaseId`; connecting is left to the program (the umbrella crate's
    /// `Batis::from_config` does it).
    #[doc(alias = "build")]
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Self {
        let root = self.config.take().and_then(|config| config.root);
        self.config = Some(ConfigSource { path: path.into(), root });
        self
    }

    /// The folder that stands for Java's class path: `resource="com/shop/Users.xml"` is looked for below it. Default: that of the configuration
    /// file. Call it behind [`config_file`](Self::config_file).
    pub fn config_root(mut self, folder: impl Into<PathBuf>) -> Self {
        if let Some(config) = &mut self.config {
            config.root = Some(folder.into());
        }
        self
    }

    /// The environment of the configuration file whose database chooses the `databaseId` when no [`product`](Self::product) is given. Default: its default one.
    pub fn environment(mut self, id: impl Into<String>) -> Self {
        self.environment = Some(id.into());
        self
    }

    /// Registers a handler for `typeHandler="name"`; Java's full class names find it by their last part.
    pub fn type_handler(mut self, name: impl AsRef<str>, handler: impl TypeHandler) -> Self {
        self.handlers.insert(name.as_ref(), Arc::new(handler));
        self
    }

    /// Registers a cache for `<cache type="name">`: how it is made of its element, which has the `property` children too. Java's full class
    /// names find it by their last part, and so do the aliases of the configuration file. Other types mean the cache that is built in.
    ///
    /// It is made once for each data source that the configuration is used with; entries of two of them must not be mixed. One that cannot be
    /// made is an error of [`build`](Self::build); over a second data source, where there is nobody to tell, nothing is kept instead.
    ///
    /// See [`Cache`] for an example.
    pub fn cache<C: Cache, E: fmt::Display>(
        mut self,
        name: impl AsRef<str>,
        make: impl Fn(&CacheElement) -> Result<C, E> + Send + Sync + 'static,
    ) -> Self {
        let maker = move |element: &CacheElement| match make(element) {
            Ok(cache) => Ok(Box::new(cache) as Box<dyn Cache>),
            Err(error) => Err(error.to_string()),
        };
        self.caching.makers.insert(name.as_ref(), Arc::new(maker));
        self
    }

    /// Whether the shared caches of `<cache>` elements are used. Default: what the configuration file says, else true.
    #[doc(alias = "cacheEnabled")]
    pub fn cache_enabled(mut self, on: bool) -> Self {
        self.caching.enabled = Some(on);
        self
    }

    /// How long a session remembers what it read. Default: what the configuration file says, else [`LocalCacheScope::Statement`].
    #[doc(alias = "localCacheScope")]
    pub fn local_cache_scope(mut self, scope: LocalCacheScope) -> Self {
        self.caching.local = Some(scope);
        self
    }

    /// Puts an interceptor around all statements; the last one is outermost.
    #[doc(alias = "addInterceptor")]
    pub fn interceptor(mut self, interceptor: impl Interceptor) -> Self {
        self.interceptors.push(Arc::new(interceptor));
        self
    }

    /// Says what makes the interceptor of a `<plugin interceptor="name">` of the [`config_file`](Self::config_file), with its properties; the last
    /// part of a Java class name is enough. Those of the file are inside of those that the program adds. A plugin that nothing makes
    /// is a warning and has no effect; one whose properties are refused is an error at its place.
    ///
    /// ```
    /// # struct Slow(u64);
    /// # impl batis_mapper::Interceptor for Slow {}
    /// let builder = batis_mapper::Configuration::builder().plugin("SlowSqlPlugin", |element| {
    ///     let text = element.property("millis").unwrap_or("1000");
    ///     let millis = text.parse().map_err(|_| batis_dbc::SqlError::new(
    ///         batis_dbc::SqlState::INVALID_PARAMETER, format!("`{text}` is no number of milliseconds")))?;
    ///     Ok(Slow(millis))
    /// });
    /// ```
    #[doc(alias = "setProperties")]
    pub fn plugin<I: Interceptor>(
        mut self,
        name: impl AsRef<str>,
        make: impl Fn(&PluginElement) -> batis_dbc::Result<I> + Send + Sync + 'static,
    ) -> Self {
        self.plugins.register(name.as_ref(), make);
        self
    }

    /// Reads and checks all files.
    ///
    /// # Errors
    /// If a file cannot be read, or with all mistakes of all files ([`Error::diagnostics`](crate::Error::diagnostics)).
    pub fn build(self) -> Result<Configuration> {
        self.collect()?.build(&self)
    }

    /// The same, for files that are edited while the program runs.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn reloadable(self) -> Result<ReloadableConfiguration> {
        ReloadableConfiguration::new(self)
    }

    /// Reads all files and tells everything about them: mistakes, warnings and what the lint rules say.
    ///
    /// # Errors
    /// If a file cannot be read, or the configuration file has mistakes.
    pub fn check(self) -> Result<Checked> {
        let mut collected = self.collect()?;
        let mut config = collected.config.take();
        self.intercepting(config.as_mut())?;
        let mut checked = collected.set(&self).check();
        if let Some(config) = config {
            checked.diagnostics = config.warnings.followed_by(&checked.diagnostics);
        }
        Ok(checked)
    }
}

impl fmt::Debug for ConfigurationBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigurationBuilder")
            .field("mappers", &self.mappers.len())
            .field("database_id", &self.database_id)
            .field("product", &self.product)
            .finish_non_exhaustive()
    }
}
