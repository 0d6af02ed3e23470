//! `mybatis-config.xml` as data.

mod environment;
mod java_properties;
mod read;
mod setting;

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::dialect::Dialect;
use crate::settings::Settings;
use crate::span::Span;

pub use environment::DataSourceElement;
pub use setting::{Setting, SettingValue};

/// A configuration file of MyBatis: what it says, as data. Nothing is opened or connected here.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use batis_script::{ConfigFile, MapperLocation};
///
/// let xml = r#"<configuration>
///   <properties><property name="base" value="mappers"/></properties>
///   <settings><setting name="nullableOnForEach" value="true"/></settings>
///   <mappers><mapper resource="${base}/users.xml"/></mappers>
/// </configuration>"#;
/// let config = ConfigFile::builder("mybatis-config.xml", xml).read()?;
/// assert!(config.language_settings().nullable_on_foreach);
/// assert_eq!(config.mappers[0].location, MapperLocation::Resource("mappers/users.xml".into()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
#[doc(alias = "XMLConfigBuilder")]
pub struct ConfigFile {
    /// All properties, those of files included; the last one of a name counts.
    pub properties: Vec<(String, String)>,
    /// The settings in file order, typed.
    pub settings: Vec<Setting>,
    /// Alias and type of each `<typeAlias>`: a hint only, since types are said at the call.
    pub type_aliases: Vec<(Arc<str>, Arc<str>)>,
    /// `default` of `<environments>`.
    pub default_environment: Option<Arc<str>>,
    /// The environments.
    pub environments: Vec<EnvironmentElement>,
    /// Whether there is a `<databaseIdProvider>`; without [`vendors`](Self::vendors) the product's name is the `databaseId`.
    pub database_id_provider: bool,
    /// Part of a product's name, and the `databaseId` for it, in file order.
    pub vendors: Vec<(Arc<str>, Arc<str>)>,
    /// The plugins, in file order.
    pub plugins: Vec<PluginElement>,
    /// Where the mapper files are, in order.
    pub mappers: Vec<MapperElement>,
    /// What has no effect in batis or is doubtful.
    pub warnings: Diagnostics,
}

/// An `<environment>`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EnvironmentElement {
    /// `id`.
    pub id: Arc<str>,
    /// `type` of its `<transactionManager>`.
    pub transaction_manager: Arc<str>,
    /// Its `<dataSource>`.
    pub data_source: DataSourceElement,
    /// Its element.
    pub span: Span,
}

impl EnvironmentElement {
    /// The URL of its database as batis writes it: [`DataSourceElement::batis_url`].
    ///
    /// # Errors
    /// As there, with the environment's name.
    pub fn batis_url(&self) -> Result<String, String> {
        self.data_source.batis_url().map_err(|what| format!("the environment `{}`: {what}", self.id))
    }
}

/// A `<plugin>`. What it does is up to the runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PluginElement {
    /// `interceptor`, a Java class.
    pub interceptor: Arc<str>,
    /// Its `<property>` elements, in file order.
    pub properties: Vec<(Arc<str>, Arc<str>)>,
    /// Where it is named.
    pub span: Span,
}

impl PluginElement {
    /// A property by name; the last one of a name counts.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().rev().find(|(known, _)| &**known == name).map(|(_, value)| &**value)
    }
}

/// A `<mapper>` or `<package>` of `<mappers>`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapperElement {
    /// What it names.
    pub location: MapperLocation,
    /// Where it is written.
    pub span: Span,
}

/// Where a mapper file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapperLocation {
    /// A path below the root folder.
    Resource(Arc<str>),
    /// A URL; only `file:` can be read.
    Url(Arc<str>),
    /// A Java interface: `com.shop.UserMapper` has the file `com/shop/UserMapper.xml`, or none.
    Class(Arc<str>),
    /// A Java package: all mapper files below its folder.
    Package(Arc<str>),
}

/// Reads a [`ConfigFile`].
#[must_use = "nothing is read until `read`"]
pub struct ConfigFileBuilder<'b> {
    name: String,
    bytes: Vec<u8>,
    properties: Vec<(String, String)>,
    resources: Resources<'b>,
}

/// Gives the bytes of a properties file by its resource path or URL.
type Resources<'b> = Box<dyn Fn(&str) -> Result<Vec<u8>, String> + 'b>;

impl ConfigFile {
    /// A file to be read; the name is for messages.
    pub fn builder<'b>(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> ConfigFileBuilder<'b> {
        ConfigFileBuilder {
            name: name.into(),
            bytes: bytes.into(),
            properties: Vec::new(),
            resources: Box::new(|_| Err("no files can be read here".to_owned())),
        }
    }

    /// The settings of the mapper language, [`Dialect::PROPERTY`] among them.
    #[must_use]
    pub fn language_settings(&self) -> Settings {
        let said = self.properties.iter().rev().find(|(name, _)| name == Dialect::PROPERTY);
        let dialect = said.and_then(|(_, word)| word.parse().ok()).unwrap_or_default();
        self.settings.iter().fold(Settings::new().dialect(dialect), |settings, setting| {
            match (setting.name, &setting.value) {
                ("nullableOnForEach", SettingValue::Bool(on)) => settings.nullable_on_foreach(*on),
                ("shrinkWhitespacesInSql", SettingValue::Bool(on)) => settings.shrink_whitespaces_in_sql(*on),
                ("useGeneratedKeys", SettingValue::Bool(on)) => settings.use_generated_keys(*on),
                _ => settings,
            }
        })
    }

    /// An environment by id; the default one for `None`.
    #[must_use]
    pub fn environment(&self, id: Option<&str>) -> Option<&EnvironmentElement> {
        let id = id.or(self.default_environment.as_deref())?;
        self.environments.iter().find(|environment| &*environment.id == id)
    }
}

impl<'b> ConfigFileBuilder<'b> {
    /// A property given by the program: it wins over those of the file.
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.push((name.into(), value.into()));
        self
    }

    /// How `<properties resource="..">` and `url=".."` are read. Without it they are an error.
    pub fn resources(mut self, read: impl Fn(&str) -> Result<Vec<u8>, String> + 'b) -> Self {
        self.resources = Box::new(read);
        self
    }

    /// Reads it.
    ///
    /// # Errors
    /// All mistakes of the file.
    pub fn read(self) -> Result<ConfigFile, Diagnostics> {
        read::read(self)
    }
}

impl fmt::Debug for ConfigFileBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFileBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}
