//! Errors of look-ups and of rendering.

use std::fmt;
use std::sync::Arc;

use crate::span::Location;

/// What kind of mistake kept a statement from being rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BindErrorKind {
    /// An expression could not be evaluated.
    Expression,
    /// A parameter was not found.
    Parameter,
    /// The collection of a `<foreach>` is null or not a collection.
    Foreach,
    /// A value cannot be bound.
    Bind,
    /// A `#{}` that came in through `${}` is malformed.
    Load,
    /// Anything else.
    Other,
}

impl BindErrorKind {
    /// `expression`, `parameter`, `foreach`, `bind`, `load`, `other`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expression => "expression",
            Self::Parameter => "parameter",
            Self::Foreach => "foreach",
            Self::Bind => "bind",
            Self::Load => "load",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for BindErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a statement could not be rendered with a parameter: which statement, where in its file, what to do.
pub struct BindError(Box<Repr>);

#[derive(Debug)]
struct Repr {
    kind: BindErrorKind,
    statement: Arc<str>,
    location: Option<Location>,
    message: String,
    help: Option<String>,
}

impl BindError {
    pub(crate) fn new(kind: BindErrorKind, statement: Arc<str>, message: String) -> Self {
        Self(Box::new(Repr { kind, statement, location: None, message, help: None }))
    }

    pub(crate) fn at(mut self, location: Option<Location>) -> Self {
        self.0.location = location;
        self
    }

    pub(crate) fn help(mut self, help: Option<String>) -> Self {
        self.0.help = help;
        self
    }

    /// What kind of mistake it is.
    #[must_use]
    pub fn kind(&self) -> BindErrorKind {
        self.0.kind
    }

    /// The full id of the statement.
    #[must_use]
    pub fn statement(&self) -> &str {
        &self.0.statement
    }

    /// The place in the file, where there is one.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.0.location.as_ref()
    }

    /// What is wrong, without statement and place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do, when there is something to say.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.statement)?;
        if let Some(location) = &self.0.location {
            write!(f, " ({location})")?;
        }
        write!(f, ": {}", self.0.message)?;
        if let Some(help) = &self.0.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for BindError {}

/// Why a statement or result map was not found by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupError {
    /// There is none of this id.
    Unknown {
        /// The id that was asked for.
        id: String,
        /// The nearest ids there are.
        suggestions: Vec<String>,
    },
    /// A short name that stands for several.
    Ambiguous {
        /// The short name.
        id: String,
        /// The full ids it may mean.
        candidates: Vec<String>,
    },
    /// It exists, but only for other databases.
    OtherDatabase {
        /// The id that was asked for.
        id: String,
        /// The database ids it exists for.
        database_ids: Vec<String>,
        /// The database id in use.
        current: Option<String>,
    },
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { id, suggestions } if suggestions.is_empty() => write!(f, "no statement `{id}` is mapped"),
            Self::Unknown { id, suggestions } => {
                write!(f, "no statement `{id}` is mapped; did you mean {}?", listed(suggestions, "or"))
            }
            Self::Ambiguous { id, candidates } => {
                write!(f, "`{id}` is ambiguous: write {}", listed(candidates, "or"))
            }
            Self::OtherDatabase { id, database_ids, current } => {
                write!(f, "`{id}` exists only for databaseId {}", listed(database_ids, "and"))?;
                match current {
                    Some(current) => write!(f, ", here it is `{current}`"),
                    None => write!(f, ", and no databaseId is set"),
                }
            }
        }
    }
}

impl std::error::Error for LookupError {}

fn listed(names: &[String], word: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}
