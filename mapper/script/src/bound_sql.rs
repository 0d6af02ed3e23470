//! A statement rendered with a parameter: the SQL and its values.

use std::borrow::Cow;

use crate::mapping::ParameterMapping;
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
    pub mapping: Cow<'a, ParameterMapping>,
    /// The value.
    pub value: Cow<'a, Value>,
}
