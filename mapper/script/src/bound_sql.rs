//! A statement rendered with a parameter: the SQL and its values.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use crate::mapping::ParameterMapping;
use crate::node::Parameter;
use crate::value::Value;

/// What is sent to the database: SQL with `?`, and the values for them in order.
///
/// Borrows from the statement and the parameter wherever it can; white space is as MyBatis sends it.
#[derive(Debug, Clone)]
#[doc(alias = "org.apache.ibatis.mapping.BoundSql")]
pub struct BoundSql<'a> {
    /// The text, trimmed at both ends.
    pub sql: Cow<'a, str>,
    /// One for each `#{}`, in order; parameters of mode `Out` are among them, with a null value.
    #[doc(alias = "getParameterMappings")]
    pub binds: Vec<Bind<'a>>,
}

/// The value of one `?`.
#[derive(Debug, Clone)]
pub struct Bind<'a> {
    /// What its `#{}` says.
    pub mapping: MappingRef<'a>,
    /// The value.
    pub value: Cow<'a, Value>,
}

impl Bind<'_> {
    /// The value of a `?` that was put into the text behind the statement's back (a tenant's id, a limit); the name is for messages.
    #[must_use]
    pub fn new(name: &str, value: impl Into<Value>) -> Self {
        let mapping = ParameterMapping { property: name.into(), ..ParameterMapping::default() };
        let parameter = Parameter { mapping, loop_value: None, wrong: None };
        Self { mapping: Arc::new(parameter).into(), value: Cow::Owned(value.into()) }
    }
}

/// What a `#{}` says: of the statement, or made for this run when it came in through `${}`. A pointer, so that binds stay small.
#[derive(Debug, Clone)]
pub struct MappingRef<'a>(Source<'a>);

#[derive(Debug, Clone)]
enum Source<'a> {
    Statement(&'a ParameterMapping),
    Made(Arc<Parameter>),
}

impl Deref for MappingRef<'_> {
    type Target = ParameterMapping;

    fn deref(&self) -> &ParameterMapping {
        match &self.0 {
            Source::Statement(mapping) => mapping,
            Source::Made(parameter) => &parameter.mapping,
        }
    }
}

impl<'a> From<&'a ParameterMapping> for MappingRef<'a> {
    fn from(mapping: &'a ParameterMapping) -> Self {
        Self(Source::Statement(mapping))
    }
}

impl From<Arc<Parameter>> for MappingRef<'_> {
    fn from(parameter: Arc<Parameter>) -> Self {
        Self(Source::Made(parameter))
    }
}
