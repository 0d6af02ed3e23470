//! Mapper files and dynamic SQL as data with spans: no database, no I/O.

#![forbid(unsafe_code)]

mod bound_sql;
mod cache;
mod decimal;
mod diagnostic;
mod error;
mod expr;
mod map;
mod mapping;
mod node;
mod result_map;
mod settings;
mod source;
mod span;
mod statement;
mod value;

pub use bound_sql::{Bind, BoundSql};
pub use cache::CacheElement;
pub use decimal::Decimal;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use error::{BindError, BindErrorKind, LookupError};
pub use expr::Expression;
pub use map::{Map, MapKind};
pub use mapping::{ParameterMapping, ParameterMode};
pub use node::{ForEach, LoopNames, Parameter, SqlNode, TextNode, TextPart, Trim, walk};
pub use result_map::{Discriminator, FetchType, NestedMapping, ResultMap, ResultMapping};
pub use settings::{Function, Settings};
pub use source::Source;
pub use span::{Location, Span};
pub use statement::{
    KeyOrder, Keys, ResultMapRef, ResultSetType, SelectKey, SqlSource, Statement, StatementKind, StatementType,
};
pub use value::{EnumConstant, TypedValue, Value};
