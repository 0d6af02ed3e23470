//! Settings that change what the mapper language means, and what rendering needs of them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::dialect::Dialect;
use crate::document::Document;
use crate::source::Source;
use crate::value::Value;

/// Settings of the mapper language; the names are MyBatis' own, the defaults too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Settings {
    /// A null collection in `<foreach>` gives nothing instead of an error. Default false.
    #[doc(alias = "nullableOnForEach")]
    pub nullable_on_foreach: bool,
    /// Every run of white space in the SQL becomes one blank, in string literals too. Default false.
    #[doc(alias = "shrinkWhitespacesInSql")]
    pub shrink_whitespaces_in_sql: bool,
    /// Inserts read generated keys back unless they say otherwise. Default false.
    #[doc(alias = "useGeneratedKeys")]
    pub use_generated_keys: bool,
    /// What expressions mean where OGNL surprises. Default: as in MyBatis.
    pub dialect: Dialect,
}

impl Settings {
    /// MyBatis' defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets [`Settings::nullable_on_foreach`].
    #[must_use]
    pub fn nullable_on_foreach(mut self, on: bool) -> Self {
        self.nullable_on_foreach = on;
        self
    }

    /// Sets [`Settings::shrink_whitespaces_in_sql`].
    #[must_use]
    pub fn shrink_whitespaces_in_sql(mut self, on: bool) -> Self {
        self.shrink_whitespaces_in_sql = on;
        self
    }

    /// Sets [`Settings::use_generated_keys`].
    #[must_use]
    pub fn use_generated_keys(mut self, on: bool) -> Self {
        self.use_generated_keys = on;
        self
    }

    /// Sets [`Settings::dialect`].
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }
}

/// A function that expressions call as `@java.name.Class@method(..)`; its error text becomes an expression error.
pub type Function = Arc<dyn Fn(&[Value]) -> Result<Value, String> + Send + Sync>;

/// The named functions and constants of expressions: `java.name.Class@member`, sorted.
#[derive(Clone, Default)]
pub(crate) struct Functions {
    entries: Vec<(Arc<str>, Function)>,
}

impl Functions {
    pub(crate) fn insert(&mut self, name: &str, function: Function) {
        match self.entries.binary_search_by(|(known, _)| (**known).cmp(name)) {
            Ok(at) => self.entries[at].1 = function,
            Err(at) => self.entries.insert(at, (name.into(), function)),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Function> {
        let at = self.entries.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.entries[at].1)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| &**name)
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// What rendering a statement needs beside its parameter; shared by all statements of a dialect.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) settings: Settings,
    pub(crate) database_id: Value,
    pub(crate) functions: Functions,
    pub(crate) files: Arc<[Source]>,
}

/// The environment of each file: one for all but files that choose another dialect.
#[derive(Debug)]
pub(crate) struct Environments {
    common: Arc<Environment>,
    own: HashMap<u32, Arc<Environment>>,
}

impl Environments {
    pub(crate) fn new(common: &Arc<Environment>, documents: &[Document]) -> Self {
        let mut other: Option<Arc<Environment>> = None;
        let mut own = HashMap::new();
        for document in documents {
            let Some(dialect) = document.dialect.filter(|dialect| *dialect != common.settings.dialect) else {
                continue;
            };
            // There are two dialects, so there is one other.
            let environment = other.get_or_insert_with(|| {
                let settings = common.settings.dialect(dialect);
                Arc::new(Environment { settings, ..(**common).clone() })
            });
            own.insert(document.root.span.file, Arc::clone(environment));
        }
        Self { common: Arc::clone(common), own }
    }

    pub(crate) fn of(&self, file: u32) -> &Arc<Environment> {
        self.own.get(&file).unwrap_or(&self.common)
    }
}
