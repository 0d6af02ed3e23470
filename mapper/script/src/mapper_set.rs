//! The set of all loaded mapper files: linked, frozen, shared.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::cache::CacheElement;
use crate::check::Checked;
use crate::diagnostic::{Diagnostics, nearest};
use crate::embedded::EmbeddedMapper;
use crate::error::LookupError;
use crate::link;
use crate::properties::Properties;
use crate::result_map::ResultMap;
use crate::settings::{Function, Functions, Settings};
use crate::source::Source;
use crate::span::Span;
use crate::statement::Statement;
use crate::value::Value;

/// Mapper files that were read, linked and compiled; nothing in it changes any more, so it can be shared by all threads.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use batis_script::{Map, MapperSet, Value};
///
/// let xml = r#"<mapper namespace="users">
///   <select id="find" resultType="map">
///     select * from users
///     <where><if test="name != null">name = #{name}</if></where>
///   </select>
/// </mapper>"#;
/// let set = MapperSet::builder().file("users.xml", xml).link()?;
/// let parameter = Value::from(Map::new().with("name", "ada"));
/// let bound = set.statement("users.find")?.bind(&parameter)?;
/// assert!(bound.sql.ends_with("WHERE name = ?"));
/// assert_eq!(*bound.binds[0].value, Value::from("ada"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[doc(alias = "org.apache.ibatis.session.Configuration")]
pub struct MapperSet {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) statements: Registry<Statement>,
    pub(crate) result_maps: Registry<ResultMap>,
    pub(crate) fragments: Vec<(Arc<str>, Span)>,
    pub(crate) caches: Vec<CacheElement>,
    pub(crate) foreign: HashMap<String, Vec<String>>,
    pub(crate) database_id: Option<String>,
    pub(crate) files: Arc<[Source]>,
    pub(crate) warnings: Diagnostics,
}

/// Things with full ids, found by them or by the part behind the last dot.
#[derive(Debug)]
pub(crate) struct Registry<T> {
    items: Vec<Arc<T>>,
    by_id: HashMap<Arc<str>, usize>,
    by_name: HashMap<Box<str>, Vec<usize>>,
}

impl<T> Registry<T> {
    pub(crate) fn new(items: Vec<Arc<T>>, id: impl Fn(&T) -> &Arc<str>) -> Self {
        let mut by_id = HashMap::with_capacity(items.len());
        let mut by_name: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        for (at, item) in items.iter().enumerate() {
            let id = id(item);
            by_id.insert(id.clone(), at);
            let name = id.rsplit_once('.').map_or(&**id, |(_, name)| name);
            by_name.entry(name.into()).or_default().push(at);
        }
        Self { items, by_id, by_name }
    }

    /// By full id or short name; several candidates when the short name is ambiguous.
    pub(crate) fn get(&self, id: &str) -> Result<&Arc<T>, &[usize]> {
        if let Some(at) = self.by_id.get(id) {
            return Ok(&self.items[*at]);
        }
        match self.by_name.get(id).map(Vec::as_slice) {
            Some([only]) => Ok(&self.items[*only]),
            Some(several) => Err(several),
            None => Err(&[]),
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &Arc<str>> + Clone {
        self.by_id.keys()
    }

    /// In file order.
    pub(crate) fn items(&self) -> &[Arc<T>] {
        &self.items
    }
}

impl MapperSet {
    /// A builder without files.
    pub fn builder() -> MapperSetBuilder {
        MapperSetBuilder::default()
    }

    /// A statement by its full id, or by its short name while that is unambiguous. The query of a `<selectKey>` has
    /// the id of its statement with `!selectKey` behind.
    ///
    /// # Errors
    /// When there is none (with near names), when a short name is ambiguous (with the candidates), or when it exists
    /// only for other databases.
    #[doc(alias = "getMappedStatement")]
    pub fn statement(&self, id: &str) -> Result<&Arc<Statement>, LookupError> {
        let inner = &self.inner;
        inner.statements.get(id).map_err(|several| {
            if !several.is_empty() {
                let candidates = several.iter().map(|at| inner.statements.items[*at].id.to_string()).collect();
                return LookupError::Ambiguous { id: id.to_owned(), candidates };
            }
            if let Some(database_ids) = self.foreign(id) {
                let current = inner.database_id.clone();
                return LookupError::OtherDatabase { id: id.to_owned(), database_ids, current };
            }
            LookupError::Unknown { id: id.to_owned(), suggestions: self.suggestions(id) }
        })
    }

    fn foreign(&self, id: &str) -> Option<Vec<String>> {
        let named = |full: &str| full == id || full.rsplit_once('.').is_some_and(|(_, name)| name == id);
        let mut found: Vec<String> =
            self.inner.foreign.iter().filter(|(full, _)| named(full)).flat_map(|(_, ids)| ids.clone()).collect();
        found.sort();
        found.dedup();
        (!found.is_empty()).then_some(found)
    }

    fn suggestions(&self, id: &str) -> Vec<String> {
        let statements = &self.inner.statements;
        if let Some(near) = nearest(id, statements.ids().map(|id| &**id)) {
            return vec![near.to_owned()];
        }
        // A right name in the wrong namespace, or a near one.
        let name = id.rsplit_once('.').map_or(id, |(_, name)| name);
        let near = nearest(name, statements.by_name.keys().map(|name| &**name));
        let places = near.and_then(|name| statements.by_name.get(name)).map(Vec::as_slice).unwrap_or_default();
        places.iter().take(3).map(|at| statements.items[*at].id.to_string()).collect()
    }

    /// All statements in file order, the queries of `<selectKey>` included.
    #[doc(alias = "getMappedStatements")]
    pub fn statements(&self) -> impl ExactSizeIterator<Item = &Arc<Statement>> {
        self.inner.statements.items.iter()
    }

    /// A result map by full id or unambiguous short name; inline maps have derived ids.
    #[must_use]
    #[doc(alias = "getResultMap")]
    pub fn result_map(&self, id: &str) -> Option<&Arc<ResultMap>> {
        self.inner.result_maps.get(id).ok()
    }

    /// All result maps in file order, inline ones included.
    pub fn result_maps(&self) -> impl ExactSizeIterator<Item = &Arc<ResultMap>> {
        self.inner.result_maps.items.iter()
    }

    /// Full id and place of all `<sql>` fragments in force.
    pub fn fragments(&self) -> impl ExactSizeIterator<Item = (&str, Span)> {
        self.inner.fragments.iter().map(|(id, span)| (&**id, *span))
    }

    /// The `<cache>` elements, at most one for each namespace.
    #[must_use]
    pub fn caches(&self) -> &[CacheElement] {
        &self.inner.caches
    }

    /// The files in the order in which they were given; spans index into them.
    #[must_use]
    pub fn files(&self) -> &[Source] {
        &self.inner.files
    }

    /// The database id it was linked for.
    #[must_use]
    pub fn database_id(&self) -> Option<&str> {
        self.inner.database_id.as_deref()
    }

    /// What loads but is probably not meant.
    #[must_use]
    pub fn warnings(&self) -> &Diagnostics {
        &self.inner.warnings
    }
}

impl fmt::Debug for MapperSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapperSet")
            .field("files", &self.inner.files.len())
            .field("statements", &self.inner.statements.items.len())
            .finish_non_exhaustive()
    }
}

/// Collects files and settings for a [`MapperSet`].
#[derive(Debug, Default)]
#[must_use]
pub struct MapperSetBuilder {
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) embedded: Vec<EmbeddedMapper>,
    pub(crate) database_id: Option<String>,
    pub(crate) properties: Properties,
    pub(crate) settings: Settings,
    pub(crate) functions: Functions,
    pub(crate) strict: bool,
}

impl MapperSetBuilder {
    /// Adds a mapper file; the name is for messages. A file of a name that was given before is ignored.
    #[doc(alias = "addMapper")]
    pub fn file(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let name = name.into();
        if !self.files.iter().any(|(known, _)| *known == name) {
            self.files.push((name, bytes.into()));
        }
        self
    }

    /// Adds the statements of a mapper trait's attributes. The same ones a second time are ignored.
    #[doc(alias = "addMapper")]
    pub fn embedded(mut self, mapper: EmbeddedMapper) -> Self {
        if !self.embedded.contains(&mapper) {
            self.embedded.push(mapper);
        }
        self
    }

    /// The database in use: statements and fragments for it are preferred, those for others left out. None by default.
    #[doc(alias = "setDatabaseId")]
    pub fn database_id(mut self, id: impl Into<String>) -> Self {
        self.database_id = Some(id.into());
        self
    }

    /// A property for `${name}` in the files, replaced when they are loaded.
    #[doc(alias = "setVariables")]
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.set(name, value);
        self
    }

    /// The settings; MyBatis' defaults otherwise.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// A function (or constant) that expressions call by its Java name, `com.example.Codes@isActive`.
    pub fn function(
        mut self,
        java_name: &str,
        function: impl Fn(&[Value]) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        let function: Function = Arc::new(function);
        self.functions.insert(java_name.trim_start_matches('@'), function);
        self
    }

    /// Refuses what MyBatis would meet only when it runs ([`Diagnostic::fails_late`](crate::Diagnostic::fails_late)). Default: false, as in MyBatis.
    pub fn strict(mut self, on: bool) -> Self {
        self.strict = on;
        self
    }

    /// Reads, links and compiles all files.
    ///
    /// # Errors
    /// All mistakes of all files at once, with the warnings among them.
    pub fn link(self) -> Result<MapperSet, Diagnostics> {
        link::link(self)
    }

    /// Reads, links and compiles all files, and applies the lint rules: what loads but is doubtful.
    ///
    /// All rules count, also those that are off unless asked for ([`Code::on`](crate::Code::on)); suppressions
    /// (`<!-- batis: allow(W202) reason -->` before an element) are taken into account.
    #[must_use]
    pub fn check(self) -> Checked {
        link::check(self)
    }
}
