//! `ResultSetHandler`: rows into values.

use batis_dbc::{RowRef, Shape, SqlType};
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::mapped_statement::MappedStatement;
use crate::result::{ColumnDe, Failure, Group, PlanRef, RowDe, Source};

/// Reads the rows of one run of a statement.
pub(crate) struct ResultSetHandler<'s> {
    statement: &'s MappedStatement,
    plan: PlanRef<'s>,
    /// Rows that were read, for messages.
    rows: u64,
}

impl<'s> ResultSetHandler<'s> {
    pub(crate) fn new(statement: &'s MappedStatement, plan: PlanRef<'s>) -> Self {
        Self { statement, plan, rows: 0 }
    }

    /// The row as a value of any deserializable type.
    #[inline]
    pub(crate) fn row<T: DeserializeOwned>(&mut self, row: &RowRef<'_>) -> Result<T> {
        self.rows += 1;
        T::deserialize(RowDe::new(row, &self.plan.group)).map_err(|failure| self.failed::<T>(failure))
    }

    /// The value of one property of the row, for the keys of a map.
    pub(crate) fn property<K: DeserializeOwned>(&self, row: &RowRef<'_>, property: &str) -> Result<K> {
        let Some(index) = column_of(&self.plan.group, property) else {
            let failure = Failure::new(format!("the rows have no property `{property}`"));
            return Err(self.failed::<K>(failure.hint(unknown(property, self.plan.shape()))));
        };
        let key = K::deserialize(ColumnDe::new(row.value(index)));
        key.map_err(|failure| self.failed::<K>(failure.in_column(index)))
    }

    #[cold]
    fn failed<T>(&self, failure: Failure) -> Error {
        let failure = failure.into_repr();
        let shape = self.plan.shape();
        let mut message = format!("row {}", self.rows);
        if let Some(column) = failure.column.and_then(|c| shape.columns().get(c)) {
            message.push_str(&format!(", column `{}`{}", column.name, type_of(column)));
        }
        let target = short_name::<T>();
        if failure.field.is_empty() {
            message.push_str(&format!(" into {target}: {}", failure.message));
        } else {
            message.push_str(&format!(" into field `{}` of {target}: {}", failure.field, failure.message));
        }
        let hint = failure.hint.or_else(|| match (failure.missing, failure.null) {
            (Some(field), _) => Some(missing(field, shape)),
            (None, true) => Some("make the field an Option, or give the column a value in the SQL (coalesce)".into()),
            (None, false) if failure.by_serde && failure.column.is_none() => {
                Some("#[serde(flatten)] and untagged enums hide the type of a field; read such fields into a type of their own".into())
            }
            (None, false) => None,
        });
        let kind = if failure.unsupported { ErrorKind::Unsupported } else { ErrorKind::Result };
        let error = self.statement.blame(Error::new(kind, message));
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

fn column_of(group: &Group, property: &str) -> Option<usize> {
    let (head, rest) = property.split_once('.').map_or((property, None), |(head, rest)| (head, Some(rest)));
    match (&group.entry(head)?.source, rest) {
        (Source::Column { index, .. }, None) => Some(*index),
        (Source::Group(inner), Some(rest)) => column_of(inner, rest),
        _ => None,
    }
}

/// The column's type in parentheses; nothing where the database does not know one (an expression in SQLite).
fn type_of(column: &batis_dbc::Column) -> String {
    match (&*column.type_name, column.sql_type) {
        ("", SqlType::Null) => String::new(),
        ("", known) => format!(" ({known})"),
        (name, _) => format!(" ({})", name.to_lowercase()),
    }
}

/// The type without the paths of its parts: `Vec<User>`.
fn short_name<T>() -> String {
    let of_path = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':' | '{' | '}');
    let parts = std::any::type_name::<T>().split_inclusive(|letter| !of_path(letter));
    let short: String = parts.map(|part| part.rsplit("::").next().unwrap_or(part)).collect();
    format!("`{short}`")
}

fn missing(field: &str, shape: &Shape) -> String {
    let (near, columns) = columns(field, shape);
    match near {
        Some(near) => format!("rename `{near}` or the field; {columns}"),
        None => format!("select it, or make the field an Option or #[serde(default)]; {columns}"),
    }
}

fn unknown(property: &str, shape: &Shape) -> String {
    let (near, columns) = columns(property, shape);
    near.map_or_else(|| columns.clone(), |near| format!("did you mean `{near}`? {columns}"))
}

/// The column whose label is nearest, and all of them in words.
fn columns<'s>(name: &str, shape: &'s Shape) -> (Option<&'s str>, String) {
    let labels: Vec<&str> = shape.columns().iter().map(|c| &*c.name).collect();
    (batis_dbc::nearest(name, labels.iter().copied()), format!("the columns are {}", labels.join(", ")))
}
