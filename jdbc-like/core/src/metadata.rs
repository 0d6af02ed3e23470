//! What is in a database: [`DatabaseMetadata`] and what it returns, the same types for every database.

mod read;

use std::fmt;

use crate::connection::Connection;

/// What is in the database of a connection. Made by [`Connection::metadata`].
///
/// Names are as the database keeps them. Where a schema is asked for, `None` is every schema but the database's own ones; where one table is
/// asked for, `None` is the one that a statement without a schema would find.
///
/// ```no_run
/// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
/// for table in conn.metadata().tables(None).await? {
///     for column in conn.metadata().columns(table.schema.as_deref(), &table.name).await? {
///         println!("{}.{} {}", table.name, column.name, column.type_name);
///     }
/// }
/// # Ok(()) }
/// ```
///
/// Source: `DatabaseMetaData` of JDBC, without its 130 constants ([`Capabilities`]).
#[doc(alias = "DatabaseMetaData")]
#[derive(Debug)]
pub struct DatabaseMetadata<'c> {
    conn: &'c mut Connection,
}

/// What a database can do, as constants.
///
/// Source: the `supports..` and `getMax..` methods of `DatabaseMetaData`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[doc(alias = "supportsBatchUpdates")]
#[doc(alias = "supportsSavepoints")]
pub struct Capabilities {
    /// Whether `CREATE TABLE` and the like are part of a transaction.
    pub transactional_ddl: bool,
    /// Whether an error makes the rest of the transaction fail until it is rolled back.
    pub error_fails_transaction: bool,
    /// Whether there is an isolation below serializable.
    pub isolation_levels: bool,
    /// Whether `RETURNING` works.
    #[doc(alias = "supportsGetGeneratedKeys")]
    pub returning: bool,
    /// Whether there are arrays.
    pub arrays: bool,
    /// Whether there are schemas inside of a database.
    pub schemas: bool,
    /// Whether there are sequences.
    pub sequences: bool,
    /// Whether there are functions and procedures written in the database.
    pub routines: bool,
    /// Whether a statement can be stopped on the server.
    pub cancel: bool,
    /// Whether transactions can be prepared and committed in two steps.
    pub two_phase_commit: bool,
    /// What quotes a name: `"`.
    #[doc(alias = "getIdentifierQuoteString")]
    pub identifier_quote: char,
    /// The longest name, in bytes; 0: no limit.
    #[doc(alias = "getMaxColumnNameLength")]
    pub longest_name: usize,
    /// Parameters that one statement may have.
    pub most_parameters: usize,
}

impl Capabilities {
    /// A database that can nothing of this, to start from.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            transactional_ddl: false,
            error_fails_transaction: false,
            isolation_levels: false,
            returning: false,
            arrays: false,
            schemas: false,
            sequences: false,
            routines: false,
            cancel: false,
            two_phase_commit: false,
            identifier_quote: '"',
            longest_name: 0,
            most_parameters: 0,
        }
    }
}

/// A question about a database that a driver answers by SQL; see [`RawConnection::introspection`](crate::driver::RawConnection::introspection).
///
/// The parameters are text or null; the columns have this order and these types (a number is a 64-bit integer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Introspection {
    /// `()` -> name.
    Schemas,
    /// (schema) -> schema, name, kind, comment.
    Tables,
    /// (schema, table) -> name, position from 1, type name, nullable, default, identity, generated, length, precision, scale, comment.
    Columns,
    /// (schema, table) -> constraint name, column.
    PrimaryKey,
    /// (schema, table) -> name, schema, table, column, referenced schema, referenced table, referenced column, on update, on delete.
    ImportedKeys,
    /// As the imported keys, of those that refer to the table.
    ExportedKeys,
    /// (schema, table) -> name, unique, primary, predicate, column or expression.
    Indexes,
    /// (schema, table) -> name, kind, definition.
    Constraints,
    /// (schema) -> schema, name, type name, start, increment, smallest, largest, cycles.
    Sequences,
    /// (schema) -> schema, name, kind, label or base type.
    Types,
    /// (schema) -> schema, name, kind, arguments, result, language.
    Routines,
    /// (name, as it is written in SQL) -> `procedure` or `function`, the latter first if there are both.
    RoutineKind,
    /// (schema) -> schema, name, definition.
    Views,
    /// `()` -> the name of each prepared transaction of this database, the oldest first.
    PreparedTransactions,
}

/// What a table-like thing is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "getTableTypes")]
pub enum TableKind {
    /// A table.
    Table,
    /// A table in partitions.
    Partitioned,
    /// A view.
    View,
    /// A view whose rows are kept.
    MaterializedView,
    /// A table elsewhere.
    Foreign,
    /// A table that a module makes up (SQLite).
    Virtual,
    /// Anything else, by the database's own word.
    Other(String),
}

impl TableKind {
    fn of(word: &str) -> Self {
        match word {
            "table" => Self::Table,
            "partitioned table" => Self::Partitioned,
            "view" => Self::View,
            "materialized view" => Self::MaterializedView,
            "foreign table" => Self::Foreign,
            "virtual" => Self::Virtual,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for TableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::Partitioned => "partitioned table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Foreign => "foreign table",
            Self::Virtual => "virtual",
            Self::Other(word) => word,
        })
    }
}

/// A table, view or the like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableInfo {
    /// Its schema.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: TableKind,
    /// Its comment.
    pub comment: Option<String>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its place, from 1.
    pub position: i64,
    /// Its type, as it would be declared: `character varying(20)`.
    pub type_name: String,
    /// Whether it may be null.
    pub nullable: bool,
    /// The expression of its default.
    pub default: Option<String>,
    /// Whether the database counts it up by itself (identity, serial, SQLite's row id).
    #[doc(alias = "IS_AUTOINCREMENT")]
    pub identity: bool,
    /// Whether it is computed from others.
    pub generated: bool,
    /// The longest text, in characters, where it is limited.
    pub length: Option<i64>,
    /// The digits of a number, where they are limited.
    pub precision: Option<i64>,
    /// The digits behind the point, where they are limited.
    pub scale: Option<i64>,
    /// Its comment.
    pub comment: Option<String>,
}

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrimaryKey {
    /// The constraint's name, where it has one.
    pub name: Option<String>,
    /// Its columns in order.
    pub columns: Vec<String>,
}

/// A foreign key: these columns of this table refer to those of that one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignKey {
    /// The constraint's name, where it has one.
    pub name: Option<String>,
    /// The schema of the table that refers.
    pub schema: Option<String>,
    /// The table that refers.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The schema of the table that is referred to.
    pub referenced_schema: Option<String>,
    /// The table that is referred to.
    pub referenced_table: String,
    /// Its columns, in the order of the others.
    pub referenced_columns: Vec<String>,
    /// What an update does: `NO ACTION`, `CASCADE`, ..
    pub on_update: String,
    /// What a delete does.
    pub on_delete: String,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexInfo {
    /// Its name.
    pub name: String,
    /// Whether no two rows may have the same values.
    pub unique: bool,
    /// Whether it is that of the primary key.
    pub primary: bool,
    /// The condition of a partial index.
    pub predicate: Option<String>,
    /// Its columns or expressions in order.
    pub columns: Vec<String>,
}

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConstraintInfo {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// `PRIMARY KEY`, `UNIQUE`, `FOREIGN KEY`, `CHECK` or `EXCLUDE`.
    pub kind: String,
    /// As it would be declared.
    pub definition: String,
}

/// A sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SequenceInfo {
    /// Its schema.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// The type of its numbers.
    pub type_name: String,
    /// Its first number.
    pub start: i64,
    /// The step.
    pub increment: i64,
    /// Its smallest number.
    pub min: i64,
    /// Its largest number.
    pub max: i64,
    /// Whether it begins anew at its end.
    pub cycles: bool,
}

/// A type that was made in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[doc(alias = "getUDTs")]
pub struct TypeInfo {
    /// Its schema.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// `enum`, `domain`, `composite` or `range`.
    pub kind: String,
    /// The labels of an enum, the base type of a domain, the fields of a composite type, the element type of a range.
    pub parts: Vec<String>,
}

/// A function or procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[doc(alias = "getProcedures")]
#[doc(alias = "getFunctions")]
pub struct RoutineInfo {
    /// Its schema.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// `function`, `procedure`, `aggregate` or `window`.
    pub kind: String,
    /// Its arguments, as they would be declared.
    pub arguments: String,
    /// Its result type; none for procedures.
    pub result: Option<String>,
    /// The language it is written in.
    pub language: String,
}

/// A view and its query.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ViewInfo {
    /// Its schema.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// Its query (SQLite: the whole `CREATE VIEW`).
    pub definition: String,
}
