//! `ParameterHandler`: the values of a rendered statement as cells for the driver.

use batis_dbc::{Cells, SqlError, ToSqlOutput};
use batis_script::{Bind, BoundSql, ParameterMode};
use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::mapped_statement::MappedStatement;
use crate::type_handlers::default_to_sql;

/// The parameters of one call, in the order of the placeholders. Texts and bytes are borrowed from the parameter object.
#[doc(alias = "ParameterHandler")]
pub(crate) struct Parameters<'v>(SmallVec<[ToSqlOutput<'v>; 8]>);

impl<'v> Parameters<'v> {
    /// Asks the type handler of each `#{}` for its value.
    pub(crate) fn of(statement: &MappedStatement, bound: &'v BoundSql<'_>) -> Result<Self> {
        let mut values = SmallVec::new();
        if statement.binds() {
            for bind in &bound.binds {
                values.push(value(statement, bind).map_err(|e| failed(statement, bound, bind, &e))?);
            }
        }
        Ok(Self(values))
    }

    pub(crate) fn cells(&self) -> Cells<'_> {
        self.0.iter().map(ToSqlOutput::as_ref).collect()
    }
}

#[inline]
fn value<'v>(statement: &MappedStatement, bind: &'v Bind<'_>) -> batis_dbc::Result<ToSqlOutput<'v>> {
    let mapping = &*bind.mapping;
    if mapping.mode == ParameterMode::Out {
        return Err(SqlError::unsupported("a parameter of mode OUT"));
    }
    let named = mapping.type_handler.as_deref().and_then(|name| statement.shared.handlers.find(name));
    match named {
        None => default_to_sql(&bind.value, mapping.jdbc_type),
        Some(handler) => handler.to_sql(&bind.value, mapping.jdbc_type),
    }
}

#[cold]
fn failed(statement: &MappedStatement, bound: &BoundSql<'_>, bind: &Bind<'_>, cause: &SqlError) -> Error {
    let span = bind.mapping.span;
    let place = statement.shared.mappers.files().get(span.file as usize).map(|file| file.location(span));
    let error = Error::parameter(format!("#{{{}}}: {}", bind.mapping.property, cause.message()));
    let error = match cause.hint_text() {
        Some(hint) => error.hint(hint),
        None => error,
    };
    statement.blame(error.at(place)).with_sql(&bound.sql)
}
