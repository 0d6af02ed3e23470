//! `ResultSetHandler`: rows into values.

use std::sync::Arc;

use batis_dbc::{Row, RowRef, Shape, SqlType};
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::mapped_statement::MappedStatement;
use crate::result::{
    Cells, ColumnDe, Failure, Forest, Group, Loaded, Object, OwnedRow, OwnedRows, PlanRef, RowDe, Rows, Source,
};

/// Reads the rows of one run of a statement: each where it is, or folded into objects where the result map nests.
pub(crate) struct ResultSetHandler<'s> {
    statement: &'s MappedStatement,
    plan: PlanRef<'s>,
    /// Rows that were folded into objects that were not read yet.
    forest: Forest,
    /// How many of these objects were given to read.
    taken: usize,
    /// Rows or objects that were given to read, for messages.
    count: u64,
}

/// A row or an object to read.
pub(crate) struct Record<'h, 'r> {
    context: Context<'h>,
    of: Of<'h, 'r>,
}

enum Of<'h, 'r> {
    Row { row: &'h RowRef<'r>, group: &'h Group },
    Apart(Apart<'h>),
}

/// What is not read where the database put it.
enum Apart<'h> {
    Row { row: OwnedRow<'h>, group: &'h Group },
    Object(Object<'h>),
}

/// What messages name.
#[derive(Clone, Copy)]
struct Context<'h> {
    statement: &'h MappedStatement,
    shape: &'h Arc<Shape>,
    /// `row` or `object`.
    what: &'static str,
    count: u64,
}

impl<'s> ResultSetHandler<'s> {
    pub(crate) fn new(statement: &'s MappedStatement, plan: PlanRef<'s>) -> Self {
        Self { statement, plan, forest: Forest::default(), taken: 0, count: 0 }
    }

    /// Takes a row and gives what is complete with it: the row itself, or an object. What is not complete before the last row is left to
    /// [`next_object`](Self::next_object).
    #[inline]
    pub(crate) fn row(&mut self, row: &RowRef<'_>, visit: impl FnOnce(&Record<'_, '_>) -> Result<()>) -> Result<()> {
        match self.flat(row) {
            Some(record) => visit(&record),
            None => self.tree_row(row, visit),
        }
    }

    /// The row itself, if each one is complete where it is.
    #[inline]
    pub(crate) fn flat<'h, 'r>(&'h mut self, row: &'h RowRef<'r>) -> Option<Record<'h, 'r>> {
        let Rows::Flat(group) = &self.plan.rows else { return None };
        self.count += 1;
        let context = Context { statement: self.statement, shape: self.plan.shape(), what: "row", count: self.count };
        Some(Record { context, of: Of::Row { row, group } })
    }

    /// As [`row`](Self::row), of rows that were taken out of their result.
    pub(crate) fn owned_row(
        &mut self,
        row: OwnedRow<'_>,
        visit: impl FnOnce(&Record<'_, '_>) -> Result<()>,
    ) -> Result<()> {
        let Rows::Flat(group) = &self.plan.rows else { return self.tree_row(row, visit) };
        self.count += 1;
        let context = Context { statement: self.statement, shape: self.plan.shape(), what: "row", count: self.count };
        visit(&Record { context, of: Of::Apart(Apart::Row { row, group }) })
    }

    /// As [`row`](Self::row), of a row as the interceptors leave it.
    pub(crate) fn shown_row(
        &mut self,
        row: &RowRef<'_>,
        visit: impl FnOnce(&Record<'_, '_>) -> Result<()>,
    ) -> Result<()> {
        if !self.statement.shows_rows() {
            return self.row(row, visit);
        }
        let mut shown = OwnedRows::empty(Arc::clone(self.plan.shape()));
        self.statement.take_row(row, &mut shown)?;
        shown.iter().next().map_or(Ok(()), |row| self.owned_row(row, visit))
    }

    /// Whether rows are folded into objects.
    pub(crate) fn folds(&self) -> bool {
        matches!(self.plan.rows, Rows::Tree(_))
    }

    #[inline(never)]
    fn tree_row(&mut self, row: impl Cells, visit: impl FnOnce(&Record<'_, '_>) -> Result<()>) -> Result<()> {
        let Rows::Tree(plan) = &self.plan.rows else { return Ok(()) };
        let (grouped, ordered) = (plan.grouped, plan.ordered);
        if plan.selects || grouped && !ordered {
            return self.keep(row);
        }
        // The row begins another object: the one before is complete.
        let begins = match self.forest.get(0) {
            Some(loaded) => plan.begins(&loaded.tree, row).map_err(|failure| self.not_folded(failure))?,
            None => false,
        };
        let mut visit = Some(visit);
        let mut complete = |handler: &mut Self| match visit.take() {
            Some(visit) => handler.next_object().map_or(Ok(()), |record| visit(&record)),
            None => Ok(()),
        };
        if begins {
            complete(self)?;
            self.forget();
        }
        self.keep(row)?;
        if !grouped {
            complete(self)?;
            self.forget();
        }
        Ok(())
    }

    /// Takes a row that is not read before all rows are there.
    pub(crate) fn keep(&mut self, row: impl Cells) -> Result<()> {
        let Rows::Tree(plan) = &self.plan.rows else { return Ok(()) };
        if self.forest.get(0).is_none() {
            let loaded = Loaded::new(self.statement.id(), Arc::clone(plan), Arc::clone(self.plan.shape()));
            self.forest.add(loaded).map_err(|failure| self.not_folded(failure))?;
        }
        let Some(loaded) = self.forest.first_mut() else { return Ok(()) };
        plan.fold(&mut loaded.tree, row).map_err(|failure| self.not_folded(failure))
    }

    /// How many rows or objects were given to read.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// What was kept.
    pub(crate) fn into_kept(mut self) -> Option<Loaded> {
        self.forest.take_first()
    }

    /// The objects whose nested selects are to be loaded; none where there are no such.
    pub(crate) fn nested_selects(&mut self) -> Option<&mut Forest> {
        match &self.plan.rows {
            Rows::Tree(plan) if plan.selects => Some(&mut self.forest),
            _ => None,
        }
    }

    /// The next object, of those that all rows made.
    pub(crate) fn next_object(&mut self) -> Option<Record<'_, '_>> {
        let object = Object::root(&self.forest, self.taken)?;
        self.taken += 1;
        self.count += 1;
        let context =
            Context { statement: self.statement, shape: self.plan.shape(), what: "object", count: self.count };
        Some(Record { context, of: Of::Apart(Apart::Object(object)) })
    }

    /// Makes room for the next object.
    fn forget(&mut self) {
        self.taken = 0;
        if let Some(loaded) = self.forest.first_mut() {
            loaded.tree.clear();
        }
    }

    #[cold]
    fn not_folded(&self, failure: Failure) -> Error {
        let context =
            Context { statement: self.statement, shape: self.plan.shape(), what: "object", count: self.count + 1 };
        context.failed("", failure)
    }
}

/// Reads a row that was taken out of its result.
pub(crate) fn read_row<T: DeserializeOwned>(statement: &MappedStatement, row: &Row, group: &Group) -> Result<T> {
    let context = Context { statement, shape: row.shape(), what: "row", count: 1 };
    T::deserialize(RowDe::new(row, group)).map_err(|failure| context.failed(&short_name::<T>(), failure))
}

impl Record<'_, '_> {
    /// As a value of any deserializable type.
    #[inline]
    pub(crate) fn value<T: DeserializeOwned>(&self) -> Result<T> {
        let value = match &self.of {
            Of::Row { row, group } => T::deserialize(RowDe::new(*row, group)),
            Of::Apart(apart) => value_apart(apart),
        };
        value.map_err(|failure| self.context.failed(&short_name::<T>(), failure))
    }

    /// The value of one property, for the keys of a map.
    pub(crate) fn property<K: DeserializeOwned>(&self, property: &str) -> Result<K> {
        let value = match &self.of {
            Of::Row { row, group } => value_of(*row, group, property),
            Of::Apart(Apart::Row { row, group }) => value_of(*row, group, property),
            Of::Apart(Apart::Object(object)) => value_of(*object, &object.plan().group, property),
        };
        value.map_err(|failure| self.context.failed(&short_name::<K>(), failure))
    }
}

/// Out of the way of rows that are read where they are.
#[inline(never)]
fn value_apart<T: DeserializeOwned>(apart: &Apart<'_>) -> std::result::Result<T, Failure> {
    match apart {
        Apart::Row { row, group } => T::deserialize(RowDe::new(*row, group)),
        Apart::Object(object) => object.read(|object| T::deserialize(object)),
    }
}

fn value_of<K: DeserializeOwned>(cells: impl Cells, group: &Group, property: &str) -> std::result::Result<K, Failure> {
    let Some(column) = column_of(group, property) else {
        let failure = Failure::new(format!("the rows have no property `{property}`"));
        return Err(failure.hint(unknown(property, cells.shape())));
    };
    K::deserialize(ColumnDe::new(cells.value(column))).map_err(|failure| failure.in_column(cells.place(column)))
}

fn column_of(group: &Group, property: &str) -> Option<usize> {
    let (head, rest) = property.split_once('.').map_or((property, None), |(head, rest)| (head, Some(rest)));
    match (&group.entry(head)?.source, rest) {
        (Source::Column { index, .. }, None) => Some(*index),
        (Source::Group(inner), Some(rest)) => column_of(inner, rest),
        _ => None,
    }
}

impl Context<'_> {
    #[cold]
    fn failed(self, target: &str, failure: Failure) -> Error {
        let failure = failure.into_repr();
        let shape = failure.select.as_ref().map_or(self.shape, |(_, shape)| shape);
        let mut message = format!("{} {}", self.what, self.count);
        if let Some((select, _)) = &failure.select {
            message.push_str(&format!(", nested select `{select}`"));
        }
        if let Some(map) = failure.map.as_deref().filter(|map| !map.is_empty()) {
            message.push_str(&format!(", result map `{map}`"));
        }
        if let Some(column) = failure.column.and_then(|c| shape.columns().get(c)) {
            message.push_str(&format!(", column `{}`{}", column.name, type_of(column)));
        }
        match (&*failure.field, target) {
            (_, "") => {}
            ("", target) => message.push_str(&format!(" into {target}")),
            (field, target) => message.push_str(&format!(" into field `{field}` of {target}")),
        }
        message.push_str(&format!(": {}", failure.message));
        let hint = failure.hint.or_else(|| match (failure.missing, failure.null) {
            (Some(field), _) => Some(missing(field, failure.map.is_some_and(|map| !map.is_empty()), shape)),
            (None, true) if failure.column.is_none() => Some("make the field an Option: there is no such object".into()),
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

/// Where maps nest, a column that no mapping names is not mapped by its label.
fn missing(field: &str, nests: bool, shape: &Shape) -> String {
    let (near, columns) = columns(field, shape);
    match near {
        _ if nests => format!(
            "map it in the result map, say autoMapping=\"true\" there, or make the field an Option or #[serde(default)]; {columns}"
        ),
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
