//! [`MappedStatement`]: a statement of a mapper file, ready to run.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use batis_dbc::{CallOptions, PreparedStatement, Row, RowRef, Shape};
use batis_script::{
    BoundSql, ConfigFile, Keys, LookupError, MapperSet, SettingValue, SqlSource, Statement, StatementKind,
    StatementType, Value,
};
use rustc_hash::FxBuildHasher;

use crate::cache::{CachePlan, CacheUse};
use crate::error::{Error, Result};
use crate::interceptor::Interceptors;
use crate::result::{AutoMapping, Known, OwnedRows, PlanRef, Plans, ResultMaps, Rows, Wanted};
use crate::type_handler::TypeHandlers;

/// A statement of a mapper file: what the file says, and what was made of it once: the prepared handle of a static text, the plans that bring
/// columns to fields. It can be kept and given to a session in place of the id, which saves the look-up.
///
/// Source: `MappedStatement` of MyBatis.
pub struct MappedStatement {
    statement: Arc<Statement>,
    prepared: Option<PreparedStatement>,
    pub(crate) key_statement: Option<Box<MappedStatement>>,
    pub(crate) shared: Arc<Shared>,
    caching: CacheUse,
    /// The interceptors that its rows are shown to.
    row_viewers: Interceptors,
    plans: Plans,
    /// The plans of its rows where they are kept: as a nested select.
    tree_plans: Plans,
}

/// What all statements of a configuration share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) handlers: TypeHandlers,
    pub(crate) interceptors: Interceptors,
    pub(crate) result_maps: ResultMaps,
    pub(crate) mappers: MapperSet,
    pub(crate) defaults: Defaults,
    pub(crate) caches: Arc<CachePlan>,
    /// Set when all of them are made.
    pub(crate) statements: OnceLock<Weak<Statements>>,
}

/// All statements by their ids, which stand in the program: nobody makes them collide.
pub(crate) type Statements = HashMap<Arc<str>, Arc<MappedStatement>, FxBuildHasher>;

/// What counts for statements that say nothing themselves: settings of the configuration file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Defaults {
    /// `defaultStatementTimeout`, in seconds.
    timeout: Option<u32>,
    /// `defaultFetchSize`, in rows.
    fetch_size: Option<u32>,
    /// `returnInstanceForEmptyRow`, for the objects inside of a row.
    keeps_empty: bool,
    /// `autoMappingBehavior`.
    auto_mapping: AutoMapping,
}

impl Defaults {
    pub(crate) fn of(config: &ConfigFile) -> Self {
        let said = |name: &str| config.settings.iter().rev().find(|setting| setting.name == name);
        let number = |name: &str| match said(name)?.value {
            SettingValue::Number(number) => Some(number),
            _ => None,
        };
        let keeps_empty = said("returnInstanceForEmptyRow").is_some_and(|said| said.value == SettingValue::Bool(true));
        let auto_mapping = match said("autoMappingBehavior").map(|said| &said.value) {
            Some(SettingValue::Word("NONE")) => AutoMapping::None,
            Some(SettingValue::Word("FULL")) => AutoMapping::Full,
            _ => AutoMapping::Partial,
        };
        let (timeout, fetch_size) = (number("defaultStatementTimeout"), number("defaultFetchSize"));
        Self { timeout, fetch_size, keeps_empty, auto_mapping }
    }
}

impl Shared {
    fn known(&self) -> Known<'_> {
        let Defaults { keeps_empty, auto_mapping, .. } = self.defaults;
        Known { maps: &self.result_maps, handlers: &self.handlers, keeps_empty, auto_mapping }
    }
}

impl MappedStatement {
    pub(crate) fn new(statement: Arc<Statement>, shared: &Arc<Shared>) -> Self {
        let prepared = match &statement.source {
            SqlSource::Static { sql, .. } => Some(PreparedStatement::new(sql.trim())),
            SqlSource::Dynamic { .. } => None,
        };
        let key_statement = match &statement.keys {
            Keys::Select(key) => Some(Box::new(Self::new(Arc::clone(&key.statement), shared))),
            Keys::None | Keys::Generated { .. } => None,
        };
        let mut new = Self {
            caching: shared.caches.of(&statement),
            row_viewers: Interceptors::default(),
            statement,
            prepared,
            key_statement,
            shared: Arc::clone(shared),
            plans: Plans::default(),
            tree_plans: Plans::default(),
        };
        new.row_viewers = shared.interceptors.that_see_rows(&new);
        new
    }

    /// The full id, `namespace.id`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.statement.id
    }

    /// Which element declared it.
    #[must_use]
    #[doc(alias = "getSqlCommandType")]
    pub fn kind(&self) -> StatementKind {
        self.statement.kind
    }

    /// What the mapper file says of it.
    #[must_use]
    pub fn statement(&self) -> &Arc<Statement> {
        &self.statement
    }

    /// The SQL and the values for a parameter object, as they would be sent, but for what [interceptors](crate::Interceptor) change.
    ///
    /// # Errors
    /// If the statement cannot be rendered with this parameter.
    #[doc(alias = "getBoundSql")]
    pub fn bound_sql<'a>(&'a self, parameter: &'a Value) -> Result<BoundSql<'a>> {
        self.statement.bind(parameter).map_err(Error::bind)
    }

    /// Whether its rows are copied out of their result before they are read: for a cache, or to be shown to an interceptor.
    #[inline]
    pub(crate) fn takes_rows_out(&self) -> bool {
        self.caching.is_special || self.shows_rows()
    }

    /// Whether an interceptor wants to see its rows.
    #[inline]
    pub(crate) fn shows_rows(&self) -> bool {
        !self.row_viewers.is_empty()
    }

    /// A row, copied, as the interceptors leave it.
    pub(crate) fn row(&self, row: &RowRef<'_>) -> batis_dbc::Result<Row> {
        self.shown(row.to_row())
    }

    /// A row as the interceptors leave it.
    pub(crate) fn shown(&self, mut row: Row) -> batis_dbc::Result<Row> {
        self.row_viewers.show(self, &mut row)?;
        Ok(row)
    }

    /// Copies a row to others, as the interceptors leave it.
    pub(crate) fn take_row(&self, row: &RowRef<'_>, into: &mut OwnedRows) -> batis_dbc::Result<()> {
        match self.shows_rows() {
            true => into.push(&self.row(row)?),
            false => into.push(row),
        }
        Ok(())
    }

    /// Shows the interceptors the parameter object of a call.
    #[inline]
    pub(crate) fn intercepted(&self, mut parameter: Value) -> Result<Value> {
        for interceptor in self.shared.interceptors.inwards() {
            interceptor.parameter(self, &mut parameter).map_err(|e| self.blame(e.into()))?;
        }
        Ok(parameter)
    }

    /// The handle of a static text.
    pub(crate) fn prepared(&self) -> Option<&PreparedStatement> {
        self.prepared.as_ref()
    }

    /// What it has to do with caches.
    #[inline]
    pub(crate) fn caching(&self) -> CacheUse {
        self.caching
    }

    /// Whether values are bound; a `statementType="STATEMENT"` is sent as it is.
    pub(crate) fn binds(&self) -> bool {
        self.statement.statement_type != StatementType::Statement
    }

    /// Deadline and fetch size.
    pub(crate) fn options(&self) -> CallOptions {
        let mut options = CallOptions::new();
        if let Some(seconds) = self.statement.timeout.or(self.shared.defaults.timeout).filter(|s| *s > 0) {
            options = options.deadline(Instant::now() + Duration::from_secs(seconds.into()));
        }
        match self.statement.fetch_size.or(self.shared.defaults.fetch_size) {
            Some(rows) => options.fetch_size(rows),
            None => options,
        }
    }

    /// How rows of this shape are read; made once.
    #[inline]
    pub(crate) fn plan(&self, shape: &Arc<Shape>) -> PlanRef<'_> {
        self.plans.of(shape, |shape| Rows::of(shape, self.wanted(), self.shared.known()))
    }

    /// How rows of this shape are kept; made once.
    pub(crate) fn tree_plan(&self, shape: &Arc<Shape>) -> PlanRef<'_> {
        self.tree_plans.of(shape, |shape| Rows::tree(shape, self.wanted(), self.shared.known()))
    }

    /// The statement that a result map of this one names.
    pub(crate) fn nested(&self, id: &str) -> Result<Arc<Self>> {
        let unknown = |error: &LookupError| self.blame(Error::lookup(error).hint("a result map names it in `select`"));
        let found = self.shared.mappers.statement(id).map_err(|error| unknown(&error))?;
        let registered = self.shared.statements.get().and_then(Weak::upgrade);
        let kept = registered.and_then(|statements| statements.get(&found.id).cloned());
        // Who kept this statement longer than its configuration pays for it.
        Ok(kept.unwrap_or_else(|| Arc::new(Self::new(Arc::clone(found), &self.shared))))
    }

    /// The first result map counts: the others are for further result sets.
    fn wanted(&self) -> Wanted<'_> {
        let result_map = self.statement.result_maps.first().map(|reference| &*reference.id);
        let result_type = self.statement.result_type.as_deref();
        Wanted { result_map, result_type, ordered: self.statement.result_ordered }
    }

    /// The error, with this statement's id and place.
    #[cold]
    pub(crate) fn blame(&self, error: Error) -> Error {
        error.of(&self.statement.id, &self.statement.location)
    }
}

impl fmt::Debug for MappedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &*self.statement;
        f.debug_struct("MappedStatement").field("id", &s.id).field("kind", &s.kind).finish_non_exhaustive()
    }
}
