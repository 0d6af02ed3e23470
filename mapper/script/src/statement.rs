//! A mapped statement: everything a statement element says, ready to be rendered.

use std::fmt;
use std::sync::Arc;

use crate::mapping::ParameterMapping;
use crate::node::{Room, SqlNode};
use crate::settings::Environment;
use crate::span::{Location, Span};

/// Which element declared the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias = "SqlCommandType")]
pub enum StatementKind {
    /// `<select>`, and the query of a `<selectKey>`.
    Select,
    /// `<insert>`.
    Insert,
    /// `<update>`.
    Update,
    /// `<delete>`.
    Delete,
}

impl StatementKind {
    /// The element's name: `select`, `insert`, `update`, `delete`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for StatementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `statementType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StatementType {
    /// The text is sent as it is; `?` is not bound.
    Statement,
    /// Prepared, values bound; the default.
    #[default]
    Prepared,
    /// A procedure call with OUT parameters.
    Callable,
}

/// `resultSetType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ResultSetType {
    /// What the driver does anyway.
    #[default]
    Default,
    /// Forward only.
    ForwardOnly,
    /// Scrolling, blind to changes.
    ScrollInsensitive,
    /// Scrolling, seeing changes.
    ScrollSensitive,
}

/// A reference from a statement or mapping to a result map, by full id; checked when the files are linked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResultMapRef {
    /// The full id, `namespace.id`.
    pub id: Arc<str>,
    /// Where it was written.
    pub span: Span,
}

/// When a `<selectKey>` runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeyOrder {
    /// Before the statement is rendered, so that its dynamic parts see the key.
    Before,
    /// After the statement ran; the default.
    #[default]
    After,
}

/// A `<selectKey>`.
#[derive(Debug, Clone)]
pub struct SelectKey {
    /// The query, with the id `<statement>!selectKey`.
    pub statement: Arc<Statement>,
    /// Before or after.
    pub order: KeyOrder,
    /// `keyProperty`, split at commas.
    pub properties: Vec<Arc<str>>,
    /// `keyColumn`, split at commas; empty when not given.
    pub columns: Vec<Arc<str>>,
}

/// Where the keys of new rows come from.
#[derive(Debug, Clone, Default)]
#[doc(alias = "KeyGenerator")]
pub enum Keys {
    /// Nothing is read back.
    #[default]
    None,
    /// `useGeneratedKeys`: the database returns them with the statement.
    #[doc(alias = "Jdbc3KeyGenerator")]
    Generated {
        /// `keyProperty`, split at commas; empty when not given.
        properties: Vec<Arc<str>>,
        /// `keyColumn`, split at commas; empty when not given.
        columns: Vec<Arc<str>>,
    },
    /// `<selectKey>`.
    #[doc(alias = "SelectKeyGenerator")]
    Select(SelectKey),
}

/// How the SQL of a statement is made; decided once when the files are loaded.
#[derive(Debug, Clone)]
pub enum SqlSource {
    /// No dynamic element and no `${}`: one text and its parameters.
    #[doc(alias = "RawSqlSource")]
    Static {
        /// The text with `?`.
        sql: Box<str>,
        /// The parameters in order.
        mappings: Box<[ParameterMapping]>,
    },
    /// A tree that is run for each call.
    #[doc(alias = "DynamicSqlSource")]
    Dynamic {
        /// The tree.
        root: Box<[SqlNode]>,
    },
}

/// A statement of a mapper file, as data.
#[derive(Debug, Clone)]
#[doc(alias = "MappedStatement")]
#[non_exhaustive]
pub struct Statement {
    /// The full id, `namespace.id`.
    pub id: Arc<str>,
    /// Which element declared it.
    pub kind: StatementKind,
    /// Text or tree.
    pub source: SqlSource,
    /// The values for bare `?` marks from a `<parameterMap>`; they count when the text has no `#{}`.
    pub parameter_map: Arc<[ParameterMapping]>,
    /// `resultMap`, one for each result set; empty when only `resultType` was given or neither.
    pub result_maps: Vec<ResultMapRef>,
    /// `resultType` as written: a hint only.
    pub result_type: Option<Arc<str>>,
    /// `parameterType` as written: a hint only.
    pub parameter_type: Option<Arc<str>>,
    /// Where the keys of new rows come from.
    pub keys: Keys,
    /// Whether running it empties the caches: false for selects, true for the others unless said otherwise.
    pub flush_cache: bool,
    /// Whether its result may be kept in the shared cache: true for selects, false for the others unless said otherwise.
    pub use_cache: bool,
    /// `timeout` in seconds.
    pub timeout: Option<u32>,
    /// `fetchSize` in rows.
    pub fetch_size: Option<u32>,
    /// `statementType`.
    pub statement_type: StatementType,
    /// `resultSetType`.
    pub result_set_type: ResultSetType,
    /// `resultOrdered`: the rows of one parent stand together.
    pub result_ordered: bool,
    /// `affectData`: a select that writes.
    pub affect_data: bool,
    /// `resultSets`, split at commas.
    pub result_sets: Vec<Arc<str>>,
    /// `databaseId` of the element, if it had one.
    pub database_id: Option<Arc<str>>,
    /// The namespace of the cache it uses, when its mapper has a `<cache>` or `<cache-ref>`.
    pub cache: Option<Arc<str>>,
    /// Where its element begins.
    pub location: Location,
    /// Its element.
    pub span: Span,
    /// The name in its start tag; all of it where it stands in an attribute.
    pub(crate) name_span: Span,
    /// What its tree needs.
    pub(crate) room: Room,
    /// What rendering needs beside the parameter.
    pub(crate) environment: Arc<Environment>,
}

impl Statement {
    /// The part of the id before the last dot.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.id.rsplit_once('.').map_or("", |(namespace, _)| namespace)
    }

    /// The part of the id after the last dot.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.rsplit_once('.').map_or(&*self.id, |(_, name)| name)
    }

    /// Whether its text is the same for every call.
    #[must_use]
    pub fn is_static(&self) -> bool {
        matches!(self.source, SqlSource::Static { .. })
    }
}
