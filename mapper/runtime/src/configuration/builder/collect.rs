//! [`Collected`]: everything that a builder names, read; and the configuration that is made of it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use batis_script::{ConfigFile, MapperSet, MapperSetBuilder, Settings};

use super::{ConfigurationBuilder, MapperSource};
use crate::cache::Registry;
use crate::configuration::config_file::LoadedConfig;
use crate::configuration::files::{File, Found, read, read_dir};
use crate::configuration::{Configuration, snake, vendor};
use crate::error::{Error, ErrorKind, Result};
use crate::interceptor::Interceptors;
use crate::mapped_statement::{Defaults, MappedStatement, Shared, Statements};
use crate::result::ResultMaps;

/// Everything that was read, before it is checked.
pub(in crate::configuration) struct Collected {
    pub(in crate::configuration) files: Vec<File>,
    pub(in crate::configuration) properties: Vec<(String, String)>,
    settings: Settings,
    database_id: Option<String>,
    skipped: Vec<PathBuf>,
    pub(in crate::configuration) config: Option<ConfigFile>,
}

impl ConfigurationBuilder {
    pub(in crate::configuration) fn collect(&self) -> Result<Collected> {
        let loaded = self.config.as_ref().map(|config| config.load(&self.properties)).transpose()?;
        if let (Some(id), Some(LoadedConfig { config, .. })) = (&self.environment, &loaded)
            && config.environment(Some(id)).is_none()
        {
            let known: Vec<&str> = config.environments.iter().map(|environment| &*environment.id).collect();
            return Err(Error::new(ErrorKind::Load, format!("the configuration file has no environment `{id}`"))
                .hint(format!("there are: {}", known.join(", "))));
        }
        let mut found = self.read()?;
        let mut settings = self.settings.unwrap_or_default();
        let mut properties = Vec::new();
        let config = loaded.map(|LoadedConfig { config, mappers }| {
            found.mappers.splice(0..0, mappers);
            settings = self.settings.unwrap_or_else(|| config.language_settings());
            properties.clone_from(&config.properties);
            config
        });
        let settings = self.change_settings.iter().fold(settings, |settings, change| change(settings));
        let database_id = self.database_id.clone().or_else(|| self.by_product(config.as_ref()));
        properties.extend(self.properties.iter().cloned());
        let (files, skipped) = (found.mappers, found.others);
        Ok(Collected { files, properties, settings, database_id, skipped, config })
    }

    /// The interceptors of the configuration file, and those of the program around them.
    pub(super) fn intercepting(&self, config: Option<&mut ConfigFile>) -> Result<Interceptors> {
        let Some(config) = config else { return Ok(self.interceptors.clone()) };
        let made = self.plugins.made(config);
        match config.warnings.has_errors() {
            true => Err(config.warnings.clone().into()),
            false => Ok(made.within(&self.interceptors)),
        }
    }

    /// The id of the database's product. Of a configuration file its provider decides, as in MyBatis; the product is that of its environment unless
    /// the program says one.
    fn by_product(&self, config: Option<&ConfigFile>) -> Option<String> {
        let provider = config.filter(|config| config.database_id_provider && self.vendors.is_empty());
        let Some(config) = provider else { return vendor::database_id(self.product.as_deref()?, &self.vendors) };
        let environment = config.environment(self.environment.as_deref());
        let product = self.product.as_deref().or_else(|| environment?.data_source.product())?;
        if config.vendors.is_empty() {
            return Some(product.to_owned());
        }
        vendor::of(product, &config.vendors)
    }

    fn read(&self) -> Result<Found> {
        let mut all = Found::default();
        for source in &self.mappers {
            match source {
                MapperSource::Text(file) => all.mappers.push(file.clone()),
                MapperSource::File(path) => all.mappers.push(read(path)?),
                MapperSource::Folder(path) => {
                    let found = read_dir(path)?;
                    all.mappers.extend(found.mappers);
                    all.others.extend(found.others);
                }
            }
        }
        Ok(all)
    }
}

impl Collected {
    pub(super) fn set(self, builder: &ConfigurationBuilder) -> MapperSetBuilder {
        let mut set = MapperSet::builder().settings(self.settings).strict(builder.strict);
        for (name, bytes) in self.files {
            set = set.file(name, bytes);
        }
        for mapper in &builder.embedded {
            set = set.embedded(mapper.clone());
        }
        for (name, value) in self.properties {
            set = set.property(name, value);
        }
        match self.database_id {
            Some(id) => set.database_id(id),
            None => set,
        }
    }

    /// Checks it and makes what the builder registered for it.
    pub(in crate::configuration) fn build(mut self, builder: &ConfigurationBuilder) -> Result<Configuration> {
        let (skipped, mut config) = (std::mem::take(&mut self.skipped), self.config.take());
        let interceptors = builder.intercepting(config.as_mut())?;
        let (handlers, environment) = (builder.handlers.clone(), builder.environment.clone());
        let defaults = config.as_ref().map(Defaults::of).unwrap_or_default();
        let mappers = self.set(builder).link()?;
        let result_maps = ResultMaps::new(mappers.result_maps());
        let caches = Arc::new(builder.caching.plan(&mappers, config.as_ref()));
        let statements = OnceLock::new();
        let (local_cache, registry) = (caches.is_local(), Registry::new(&caches, &mappers)?);
        let shared =
            Shared { handlers, interceptors, result_maps, mappers: mappers.clone(), defaults, caches, statements };
        let shared = Arc::new(shared);
        let mut statements: Statements = mappers
            .statements()
            .map(|s| (Arc::clone(&s.id), Arc::new(MappedStatement::new(Arc::clone(s), &shared))))
            .collect();
        snake::add_spellings(&mut statements);
        let statements = Arc::new(statements);
        shared.statements.get_or_init(|| Arc::downgrade(&statements));
        Ok(Configuration { statements, mappers, skipped, config, environment, caches: registry, local_cache })
    }
}
