//! A statement and a parameter to SQL and binds.

mod apply;
mod context;
mod foreach;
mod output;
mod trim;

use std::borrow::Cow;

use crate::bound_sql::{Bind, BoundSql};
use crate::error::{BindError, BindErrorKind};
use crate::expr::ExprError;
use crate::mapping::{ParameterMapping, ParameterMode};
use crate::path;
use crate::span::Span;
use crate::statement::{SqlSource, Statement};
use crate::value::Value;

use context::Context;
pub(crate) use context::shrunk;

impl Statement {
    /// Renders the statement with a parameter object.
    ///
    /// The parameter is null for no argument, a single value for one (it answers to every name), a map for several
    /// ([`Map::strict`](crate::Map::strict)) or for an object. A static statement costs one allocation, for the binds.
    ///
    /// # Errors
    /// When an expression cannot be evaluated, a parameter is missing or a collection is none; see [`BindErrorKind`].
    #[doc(alias = "getBoundSql")]
    pub fn bind<'a>(&'a self, parameter: &'a Value) -> Result<BoundSql<'a>, BindError> {
        match &self.source {
            SqlSource::Static { sql, mappings } => {
                let mappings = if mappings.is_empty() { &self.parameter_map } else { mappings.as_ref() };
                Ok(BoundSql { sql: Cow::Borrowed(sql), binds: self.fixed_binds(mappings, parameter)? })
            }
            SqlSource::Dynamic { root } => Context::new(self, parameter).render(root),
        }
    }

    /// Parameters that stand outside of loops.
    fn fixed_binds<'a>(
        &'a self,
        mappings: &'a [ParameterMapping],
        parameter: &'a Value,
    ) -> Result<Vec<Bind<'a>>, BindError> {
        let mut binds = Vec::with_capacity(mappings.len());
        for mapping in mappings {
            binds.push(self.static_bind(mapping, parameter)?);
        }
        Ok(binds)
    }

    fn static_bind<'a>(&'a self, mapping: &'a ParameterMapping, parameter: &'a Value) -> Result<Bind<'a>, BindError> {
        let value = if mapping.mode == ParameterMode::Out {
            Cow::Owned(Value::Null)
        } else {
            path::read_parameter(parameter, &mapping.property).map_err(|error| self.failed(error, mapping.span))?
        };
        Ok(Bind { mapping: mapping.into(), value })
    }

    /// An error of an expression or path, with the statement and the place.
    fn failed(&self, error: ExprError, span: Span) -> BindError {
        let error = error.into_failure();
        BindError::new(error.kind, self.id.clone(), error.message).at(self.place(span)).help(error.help)
    }

    fn error(&self, kind: BindErrorKind, message: String, span: Span) -> BindError {
        BindError::new(kind, self.id.clone(), message).at(self.place(span))
    }

    fn place(&self, span: Span) -> Option<crate::span::Location> {
        self.environment.files.get(span.file as usize).map(|file| file.location(span))
    }
}
