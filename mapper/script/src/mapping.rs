//! What a `#{}` says about its parameter.

use std::sync::Arc;

use crate::span::Span;

/// The direction of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ParameterMode {
    /// Sent to the database.
    #[default]
    In,
    /// Comes back from a procedure; nothing is sent.
    Out,
    /// Both.
    InOut,
}

/// One `#{}`: where the value comes from and what was said about its type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ParameterMapping {
    /// The path, such as `user.address[0].city`; empty never occurs.
    pub property: Arc<str>,
    /// `jdbcType`, one of MyBatis' upper-case names.
    pub jdbc_type: Option<&'static str>,
    /// `javaType` as written: a hint only.
    pub java_type: Option<Arc<str>>,
    /// `typeHandler` as written: the name under which a handler is registered.
    pub type_handler: Option<Arc<str>>,
    /// `mode`, default `In`.
    pub mode: ParameterMode,
    /// `numericScale`.
    pub numeric_scale: Option<i32>,
    /// `resultMap`, for cursors that come back from procedures.
    pub result_map: Option<Arc<str>>,
    /// `jdbcTypeName`, the database's name of a user-defined type.
    pub jdbc_type_name: Option<Arc<str>>,
    /// The place of the whole `#{}`.
    pub span: Span,
}
