//! Result maps as data: how columns become objects. Everything the mapper DTD knows is kept.

use std::sync::Arc;

use crate::span::Span;

/// A `<resultMap>`, or the inline map of an association, collection or case; `extends` is already merged in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResultMap {
    /// The full id. Inline maps have MyBatis' derived ids, `namespace.mapper_resultMap[x]_association[y]`.
    pub id: Arc<str>,
    /// `type` (`ofType`, `javaType`, `resultType` for inline maps) as written: a hint only.
    pub type_name: Option<Arc<str>>,
    /// The full id of the map it extends, for messages.
    pub extends: Option<Arc<str>>,
    /// `autoMapping`; `None` leaves it to the setting.
    pub auto_mapping: Option<bool>,
    /// `<idArg>` and `<arg>` in order.
    pub constructor: Vec<ResultMapping>,
    /// `<id>`.
    pub ids: Vec<ResultMapping>,
    /// `<result>`.
    pub results: Vec<ResultMapping>,
    /// `<association>`.
    pub associations: Vec<NestedMapping>,
    /// `<collection>`.
    pub collections: Vec<NestedMapping>,
    /// `<discriminator>`; not inherited.
    pub discriminator: Option<Discriminator>,
    /// Its element.
    pub span: Span,
    /// The value of `extends`.
    pub(crate) extends_span: Span,
}

/// One column: `<id>`, `<result>`, `<idArg>` or `<arg>`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ResultMapping {
    /// `property`, or `name` of a constructor argument; without one the value only tells rows apart.
    pub property: Option<Arc<str>>,
    /// `column`; a constructor argument with a nested map or select may have none.
    pub column: Option<Arc<str>>,
    /// `javaType` as written.
    pub java_type: Option<Arc<str>>,
    /// `jdbcType`, one of MyBatis' upper-case names.
    pub jdbc_type: Option<&'static str>,
    /// `typeHandler` as written.
    pub type_handler: Option<Arc<str>>,
    /// Whether it is an `<id>` or `<idArg>`.
    pub is_id: bool,
    /// `select` of a constructor argument, full id.
    pub select: Option<Arc<str>>,
    /// The pairs of a composite `column` of such an argument: parameter name, column.
    pub columns: Vec<(Arc<str>, Arc<str>)>,
    /// `resultMap` of a constructor argument, full id.
    pub result_map: Option<Arc<str>>,
    /// `columnPrefix` of a constructor argument.
    pub column_prefix: Option<Arc<str>>,
    /// Its element.
    pub span: Span,
}

/// How a nested select is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FetchType {
    /// When the value is asked for.
    Lazy,
    /// With its parent.
    Eager,
}

/// An `<association>` or `<collection>`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NestedMapping {
    /// `property`.
    pub property: Arc<str>,
    /// `column`: for a nested select the value, or pairs `{a=x,b=y}` split in [`NestedMapping::columns`].
    pub column: Option<Arc<str>>,
    /// The pairs of a composite `column`: parameter name, column.
    pub columns: Vec<(Arc<str>, Arc<str>)>,
    /// `javaType` as written.
    pub java_type: Option<Arc<str>>,
    /// `ofType` as written.
    pub of_type: Option<Arc<str>>,
    /// `jdbcType`.
    pub jdbc_type: Option<&'static str>,
    /// `typeHandler` as written.
    pub type_handler: Option<Arc<str>>,
    /// `select`, full id.
    pub select: Option<Arc<str>>,
    /// `resultMap`, full id; also set for an inline map, which is registered under its derived id.
    pub result_map: Option<Arc<str>>,
    /// `notNullColumn`, split at commas, braces taken off.
    pub not_null_columns: Vec<Arc<str>>,
    /// `columnPrefix`.
    pub column_prefix: Option<Arc<str>>,
    /// `resultSet`.
    pub result_set: Option<Arc<str>>,
    /// `foreignColumn`, split at commas.
    pub foreign_columns: Vec<Arc<str>>,
    /// `fetchType`; `None` leaves it to the setting.
    pub fetch_type: Option<FetchType>,
    /// Its element.
    pub span: Span,
    /// The value of `select` or `resultMap`.
    pub(crate) target_span: Span,
}

/// A `<discriminator>`: a column decides which map is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discriminator {
    /// The column and how it is read.
    pub mapping: ResultMapping,
    /// Value and full id of the map for it, in order.
    pub cases: Vec<(Arc<str>, Arc<str>)>,
}
