//! Calls of procedures and functions (`statementType="CALLABLE"`), and the parameters that come back.

use batis_dbc::Row;
use batis_script::{ParameterMapping, StatementType, Value};
use serde::de::DeserializeOwned;

use super::Executor;
use crate::cache::Flush;
use crate::error::{Error, ErrorKind, Result};
use crate::interceptor::Outcome;
use crate::mapped_statement::MappedStatement;
use crate::result::{Group, Reader, Source};
use crate::result_set_handler::read_row;
use crate::statement_handler::StatementHandler;

impl Executor<'_> {
    /// Calls a routine, empties the statement's cache, and reads what comes back.
    ///
    /// Source: `CallableStatementHandler` of MyBatis, which writes it into the parameter object.
    pub(crate) async fn call<T: DeserializeOwned>(
        &mut self,
        statement: &MappedStatement,
        parameter: &Value,
    ) -> Result<T> {
        if statement.statement().statement_type != StatementType::Callable {
            let error = Error::new(ErrorKind::Unsupported, "the statement is no call of a procedure or function");
            return Err(statement.blame(
                error.hint("write statementType=\"CALLABLE\" if it is one; use select_one or update otherwise"),
            ));
        }
        let flush = self.changes(statement);
        let done = self.called(statement, parameter).await;
        Flush::ended(flush, &done);
        done
    }

    async fn called<T: DeserializeOwned>(&mut self, statement: &MappedStatement, parameter: &Value) -> Result<T> {
        let mut call = self.prepare(statement, parameter)?;
        check_order(&call)?;
        let row = call.call(self.connection).await?;
        let row = statement.shown(row).map_err(|e| call.failed(e))?;
        let group = fields(statement, &call, &row).map_err(|e| call.failed(e))?;
        let back = read_row(statement, &row, &group).map_err(|e| call.failed(e))?;
        call.finished(Outcome::Called);
        Ok(back)
    }
}

/// What comes back is in the order of the routine's parameters: where arguments are named, that need not be the order of the text.
fn check_order(call: &StatementHandler<'_>) -> Result<()> {
    let named = call.sql().contains("=>") || call.sql().contains(":=");
    if !named || call.returned().nth(1).is_none() {
        return Ok(());
    }
    let message = "several parameters of mode OUT or INOUT in a call with named arguments are not supported";
    Err(call.failed(Error::new(ErrorKind::Unsupported, message).hint("give the arguments by position")))
}

/// The columns under the names of the parameters; under their own where no parameter comes back.
fn fields(statement: &MappedStatement, call: &StatementHandler<'_>, row: &Row) -> Result<Group> {
    let mut group = Group::default();
    let columns = row.shape().columns();
    let expected = call.returned().count();
    if expected == 0 {
        for (index, column) in columns.iter().enumerate() {
            group.add(&column.name, Source::Column { index, reader: Reader::Plain });
        }
        return Ok(group);
    }
    if expected != columns.len() {
        let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        let message = format!("{} values came back, for {expected} parameters of mode OUT or INOUT", names.len());
        let hint = format!("write one for each of: {}", names.join(", "));
        return Err(Error::new(ErrorKind::Result, message).hint(hint));
    }
    for (index, mapping) in call.returned().enumerate() {
        group.add(&mapping.property, source(statement, mapping, index));
    }
    Ok(group)
}

fn source(statement: &MappedStatement, mapping: &ParameterMapping, index: usize) -> Source {
    let class = mapping.java_type.as_deref().and_then(|name| name.rsplit('.').next());
    if mapping.jdbc_type == Some("CURSOR") || mapping.result_map.is_some() || class == Some("ResultSet") {
        return Source::Unsupported("a cursor that comes back from a routine");
    }
    let handler = mapping.type_handler.as_deref().and_then(|name| statement.shared.handlers.find(name));
    Source::Column { index, reader: handler.map_or(Reader::Plain, |handler| Reader::Handler(handler.clone())) }
}
