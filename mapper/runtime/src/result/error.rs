//! What can go wrong while a row becomes a value: one pointer on the way, told in full at the end.

use std::fmt::{self, Display};
use std::sync::Arc;

use batis_dbc::Shape;
use serde::de::{Error, Expected, Unexpected};

/// Why a row or column does not fit. Column and field are added by who knows them.
#[derive(Debug)]
pub(crate) struct Failure(Box<Repr>);

#[derive(Debug)]
pub(crate) struct Repr {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The column in which it happened.
    pub(crate) column: Option<usize>,
    /// The result map of the object in which it happened, where there is one.
    pub(crate) map: Option<Arc<str>>,
    /// The nested select in whose rows it happened, and their columns.
    pub(crate) select: Option<(Arc<str>, Arc<Shape>)>,
    /// The path of fields, outermost first.
    pub(crate) field: String,
    /// The field for which there is no column.
    pub(crate) missing: Option<&'static str>,
    pub(crate) null: bool,
    pub(crate) unsupported: bool,
    /// The words are serde's, which may stand between the row and the field.
    pub(crate) by_serde: bool,
}

impl Failure {
    #[cold]
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Repr {
            message: message.into(),
            hint: None,
            column: None,
            map: None,
            select: None,
            field: String::new(),
            missing: None,
            null: false,
            unsupported: false,
            by_serde: false,
        }))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| hint.into());
        self
    }

    pub(crate) fn unsupported(what: &str) -> Self {
        let mut failure = Self::new(format!("{what} is not supported"));
        failure.0.unsupported = true;
        failure.hint("load it by a nested `select`, or read it by a statement of its own")
    }

    fn by_serde(message: impl Into<String>) -> Self {
        let mut failure = Self::new(message);
        failure.0.by_serde = true;
        failure
    }

    /// Adds the column, unless a column inside was named.
    #[cold]
    pub(crate) fn in_column(mut self, column: usize) -> Self {
        self.0.column.get_or_insert(column);
        self
    }

    /// Puts a field in front of the path.
    #[cold]
    pub(crate) fn in_field(mut self, field: &str) -> Self {
        let inner = std::mem::take(&mut self.0.field);
        let dot = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
        self.0.field = format!("{field}{dot}{inner}");
        self
    }

    /// Puts the position in a list in front of the path.
    #[cold]
    pub(crate) fn in_element(self, at: usize) -> Self {
        self.in_field(&format!("[{at}]"))
    }

    /// Adds the nested select, unless one inside was named.
    #[cold]
    pub(crate) fn in_select(mut self, statement: &Arc<str>, shape: &Arc<Shape>) -> Self {
        self.0.select.get_or_insert_with(|| (Arc::clone(statement), Arc::clone(shape)));
        self
    }

    /// Adds the result map, unless one inside was named.
    #[cold]
    pub(crate) fn in_map(mut self, map: &Arc<str>) -> Self {
        self.0.map.get_or_insert_with(|| Arc::clone(map));
        self
    }

    pub(crate) fn into_repr(self) -> Repr {
        *self.0
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Failure {}

impl Error for Failure {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        Self::by_serde(message.to_string())
    }

    /// Without the value: rows may hold what must not be in a log.
    #[cold]
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let mut failure = Self::by_serde(format!("{} where {expected} was expected", kind(&found)));
        failure.0.null = matches!(found, Unexpected::Unit | Unexpected::Option);
        failure
    }

    #[cold]
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match found {
            Unexpected::Signed(v) => Self::by_serde(format!("the number {v} does not fit {expected}")),
            Unexpected::Unsigned(v) => Self::by_serde(format!("the number {v} does not fit {expected}")),
            other => Self::by_serde(format!("this {} is not {expected}", kind(&other))),
        }
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        let mut failure = Self::new(format!("no column fills the field `{field}`"));
        failure.0.missing = Some(field);
        failure
    }
}

fn kind(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "integer",
        Unexpected::Float(_) => "float",
        Unexpected::Char(_) | Unexpected::Str(_) => "text",
        Unexpected::Bytes(_) => "bytes",
        Unexpected::Unit | Unexpected::Option => "NULL",
        Unexpected::Seq => "list",
        Unexpected::Map => "object",
        _ => "value",
    }
}
