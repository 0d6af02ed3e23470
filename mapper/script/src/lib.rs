//! Mapper files and dynamic SQL as data with spans: no database, no I/O.

#![forbid(unsafe_code)]

mod body;
mod bound_sql;
mod cache;
mod caches;
mod check;
mod codes;
mod config;
mod decimal;
mod decode;
mod diagnostic;
mod dialect;
mod document;
mod embedded;
mod error;
mod expr;
mod include;
mod link;
mod lint;
mod map;
mod mapper_set;
mod mapping;
mod node;
mod parameter;
mod parameter_map;
mod path;
mod properties;
mod render;
#[cfg(feature = "miette")]
mod report;
mod result_map;
mod results;
mod schema;
mod select;
mod settings;
mod source;
mod span;
mod spelling;
mod statement;
mod statements;
mod text;
mod token;
mod value;
mod variants;
mod xml;

pub use bound_sql::{Bind, BoundSql, MappingRef};
pub use cache::CacheElement;
pub use check::Checked;
pub use codes::{CODES, Code, code};
pub use config::{
    ConfigFile, ConfigFileBuilder, DataSourceElement, EnvironmentElement, MapperElement, MapperLocation, PluginElement,
    Setting, SettingValue,
};
pub use decimal::Decimal;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use dialect::Dialect;
pub use embedded::{EmbeddedElement, EmbeddedMapper};
pub use error::{BindError, BindErrorKind, LookupError};
pub use expr::Expression;
pub use map::{Map, MapKind};
pub use mapper_set::{MapperSet, MapperSetBuilder};
pub use mapping::{ParameterMapping, ParameterMode};
pub use node::{ForEach, LoopNames, Parameter, SqlNode, TextNode, TextPart, Trim, walk};
#[cfg(feature = "miette")]
pub use report::Report;
pub use result_map::{Discriminator, FetchType, NestedMapping, ResultMap, ResultMapping};
pub use settings::{Function, Settings};
pub use source::{Place, Source};
pub use span::{Location, Span};
pub use spelling::snake_case;
pub use statement::{
    KeyOrder, Keys, ResultMapRef, ResultSetType, SelectKey, SqlSource, Statement, StatementKind, StatementType,
};
pub use value::{EnumConstant, TypedValue, Value};
pub use variants::{Variant, Variants};
