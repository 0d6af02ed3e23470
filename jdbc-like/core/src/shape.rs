//! [`Shape`] and [`Column`]: what a result looks like; [`Description`]: what a statement looks like before it runs.

use crate::sql_type::SqlType;

/// The columns of a result. Shared by all rows and all runs of a statement, so that plans made for it can be kept beside it.
///
/// Source: `ResultSetMetaData` of JDBC.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[doc(alias = "ResultSetMetaData")]
pub struct Shape {
    columns: Box<[Column]>,
}

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// The label: the alias, or the column's name.
    #[doc(alias = "getColumnLabel")]
    pub name: Box<str>,
    /// The type as far as batis tells types apart.
    pub sql_type: SqlType,
    /// The database's own name of the type (`int4`, `VARCHAR(20)`); empty if it has none.
    #[doc(alias = "getColumnTypeName")]
    pub type_name: Box<str>,
    /// The table column that it shows, where the database says it.
    pub origin: Option<Origin>,
    /// Whether the table column that it shows may be null; none for expressions, and before [`describe`](crate::Connection::describe) asked.
    /// An outer join can make it null all the same.
    #[doc(alias = "isNullable")]
    pub nullable: Option<bool>,
}

/// The table column behind a result column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Origin {
    /// The schema (SQLite: `main` or the attached name).
    pub schema: Box<str>,
    /// The table.
    #[doc(alias = "getTableName")]
    pub table: Box<str>,
    /// The column in that table.
    #[doc(alias = "getColumnName")]
    pub column: Box<str>,
}

impl Column {
    /// A column of this label and type, without an origin.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>, sql_type: SqlType, type_name: impl Into<Box<str>>) -> Self {
        Self { name: name.into(), sql_type, type_name: type_name.into(), origin: None, nullable: None }
    }
}

impl Origin {
    /// A table column.
    #[must_use]
    pub fn new(schema: &str, table: &str, column: &str) -> Self {
        Self { schema: schema.into(), table: table.into(), column: column.into() }
    }
}

impl Shape {
    /// A shape of these columns.
    #[must_use]
    pub fn new(columns: impl Into<Box<[Column]>>) -> Self {
        Self { columns: columns.into() }
    }

    /// The columns in order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many columns there are; 0 for a statement that returns no rows.
    #[must_use]
    #[doc(alias = "getColumnCount")]
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The index of a column (from 0): exact label first, then any case. The first of several equal labels, as in JDBC.
    #[must_use]
    #[doc(alias = "findColumn")]
    pub fn index(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|c| &*c.name == name);
        exact.or_else(|| self.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name)))
    }
}

/// What a statement takes and gives, as the database sees it.
///
/// Source: `ParameterMetaData` and `ResultSetMetaData` before execution.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
#[doc(alias = "ParameterMetaData")]
pub struct Description {
    /// The types of the parameters, in order; `SqlType::Null` where the database does not say.
    pub parameters: Vec<SqlType>,
    /// The database's own names of the parameters' types, as they can be written in a cast; empty where it does not say.
    pub parameter_types: Vec<Box<str>>,
    /// The columns of the result; empty for a statement that returns no rows.
    pub shape: Shape,
    /// What the statement reads and writes, where the database says it exactly (SQLite).
    pub accesses: Option<Accesses>,
}

/// What a statement reads and writes, each once and in order: for the invalidation of caches and for checks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Accesses {
    /// The columns that are read, those inside of views and triggers too; one with an empty name for a table whose rows are only counted.
    pub reads: Vec<Origin>,
    /// The tables that are written, as schema and table.
    pub writes: Vec<(Box<str>, Box<str>)>,
}

impl Accesses {
    /// Adds a column that is read.
    pub fn read(&mut self, schema: &str, table: &str, column: &str) {
        let origin = Origin::new(schema, table, column);
        if let Err(at) = self.reads.binary_search_by(|known| known.cmp(&origin)) {
            self.reads.insert(at, origin);
        }
    }

    /// Adds a table that is written.
    pub fn write(&mut self, schema: &str, table: &str) {
        let table = (schema.into(), table.into());
        if let Err(at) = self.writes.binary_search(&table) {
            self.writes.insert(at, table);
        }
    }
}

impl Description {
    /// A description of these parameters and columns.
    #[must_use]
    pub fn new(parameters: Vec<SqlType>, shape: Shape) -> Self {
        Self { parameters, parameter_types: Vec::new(), shape, accesses: None }
    }

    /// With what the statement reads and writes.
    #[must_use]
    pub fn with_accesses(mut self, accesses: Accesses) -> Self {
        self.accesses = Some(accesses);
        self
    }

    /// With the database's own names of the parameters' types.
    #[must_use]
    pub fn with_parameter_types(mut self, names: Vec<Box<str>>) -> Self {
        self.parameter_types = names;
        self
    }
}
