//! `ParameterHandler`: the values of a rendered statement as cells for the driver.

use batis_dbc::{Cells, Out, SqlError, ToSql, ToSqlOutput};
use batis_script::{Bind, BoundSql, ParameterMode, StatementType};
use smallvec::SmallVec;

use crate::error::{Error, ErrorKind, Result};
use crate::mapped_statement::MappedStatement;
use crate::type_handlers::default_to_sql;

/// One parameter of a call of a routine, which may only come back.
pub(crate) struct Given<'p>(&'p ToSqlOutput<'p>);

impl ToSql for Given<'_> {
    fn to_sql(&self) -> batis_dbc::Result<ToSqlOutput<'_>> {
        match self.0 {
            ToSqlOutput::Out => Out.to_sql(),
            given => Ok(given.as_ref().into()),
        }
    }
}

/// The parameters of one call, in the order of the placeholders. Texts and bytes are borrowed from the parameter object.
#[doc(alias = "ParameterHandler")]
pub(crate) struct Parameters<'v>(SmallVec<[ToSqlOutput<'v>; 8]>);

impl<'v> Parameters<'v> {
    /// Asks the type handler of each `#{}` for its value.
    pub(crate) fn of(statement: &MappedStatement, bound: &'v BoundSql<'_>) -> Result<Self> {
        if bound.sql.starts_with('{') && statement.statement().statement_type == StatementType::Callable {
            return Err(only_by_call(statement, bound));
        }
        Self::values(statement, bound, false)
    }

    /// The same for the call of a routine: parameters of mode OUT have no value.
    pub(crate) fn of_call(statement: &MappedStatement, bound: &'v BoundSql<'_>) -> Result<Self> {
        Self::values(statement, bound, true)
    }

    #[inline]
    fn values(statement: &MappedStatement, bound: &'v BoundSql<'_>, calls: bool) -> Result<Self> {
        let mut values = SmallVec::new();
        if statement.binds() {
            for bind in &bound.binds {
                values.push(value(statement, bind, calls).map_err(|e| failed(statement, bound, bind, &e))?);
            }
        }
        Ok(Self(values))
    }

    pub(crate) fn given(&self) -> Vec<Given<'_>> {
        self.0.iter().map(Given).collect()
    }

    pub(crate) fn cells(&self) -> Cells<'_> {
        self.0.iter().map(ToSqlOutput::as_ref).collect()
    }
}

#[inline]
fn value<'v>(statement: &MappedStatement, bind: &'v Bind<'_>, calls: bool) -> batis_dbc::Result<ToSqlOutput<'v>> {
    let mapping = &*bind.mapping;
    if mapping.mode == ParameterMode::Out {
        return if calls { Ok(ToSqlOutput::Out) } else { Err(only_comes_back()) };
    }
    let named = mapping.type_handler.as_deref().and_then(|name| statement.shared.handlers.find(name));
    match named {
        None => default_to_sql(&bind.value, mapping.jdbc_type),
        Some(handler) => handler.to_sql(&bind.value, mapping.jdbc_type),
    }
}

#[cold]
fn only_comes_back() -> SqlError {
    SqlError::unsupported("a parameter of mode OUT").hint("run the statement by `call`, which returns what comes back")
}

#[cold]
fn only_by_call(statement: &MappedStatement, bound: &BoundSql<'_>) -> Error {
    let error = Error::new(ErrorKind::Unsupported, "`{call ..}` is understood by the session's `call` only");
    statement.blame(error.hint("run it by `call`; for rows write `select * from f(..)`")).with_sql(&bound.sql)
}

#[cold]
fn failed(statement: &MappedStatement, bound: &BoundSql<'_>, bind: &Bind<'_>, cause: &SqlError) -> Error {
    let span = bind.mapping.span;
    // A value that an interceptor added stands in no file.
    let written = statement.shared.mappers.files().get(span.file as usize).filter(|_| span.end > 0);
    let place = written.map(|file| file.location(span));
    let error = Error::parameter(format!("#{{{}}}: {}", bind.mapping.property, cause.message()));
    let error = match cause.hint_text() {
        Some(hint) => error.hint(hint),
        None => error,
    };
    statement.blame(error.at(place)).with_sql(&bound.sql)
}
