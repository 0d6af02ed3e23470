//! Nested selects: run when the rows that ask for them are read to their end, on the same connection.

use std::collections::HashMap;
use std::sync::Arc;

use batis_script::Value;

use super::Executor;
use crate::error::{Error, ErrorKind, Result};
use crate::interceptor::Outcome;
use crate::mapped_statement::MappedStatement;
use crate::result::{Failure, Forest, Loaded};
use crate::result_set_handler::ResultSetHandler;
use crate::statement_handler::StatementHandler;

impl Executor<'_> {
    /// Loads what the objects of a result ask for, and what these ask for. A statement runs once for each argument, as with MyBatis' local cache,
    /// so circles end.
    pub(crate) async fn load_nested(&mut self, statement: &MappedStatement, forest: &mut Forest) -> Result<()> {
        let mut known: HashMap<(Arc<str>, Box<[u8]>), u32> = HashMap::new();
        let mut result = 0;
        while forest.get(result).is_some() {
            let mut node = 0;
            while let Some(all) = forest.asked(result, node) {
                node += 1;
                for asked in all {
                    let key = (asked.statement, asked.key);
                    let found = match known.get(&key) {
                        Some(found) => *found,
                        None => {
                            let loaded = self.nested(statement, &key.0, asked.argument).await;
                            let loaded = loaded.map_err(|error| asked_for(error, forest, result))?;
                            let found = forest
                                .add_nested(loaded, result)
                                .map_err(|failure| statement.blame(refused(failure)))?;
                            known.insert(key, found);
                            found
                        }
                    };
                    forest.link(asked.place, found);
                }
            }
            result += 1;
        }
        Ok(())
    }

    /// The result of one nested select.
    async fn nested(&mut self, statement: &MappedStatement, id: &str, argument: Value) -> Result<Loaded> {
        let nested = statement.nested(id)?;
        let argument = nested.intercepted(argument)?;
        let mut call = StatementHandler::prepare(&nested, &argument)?;
        let mut rows = call.query(self.connection).await?;
        let mut handler: Option<ResultSetHandler<'_>> = None;
        let mut count = 0;
        while rows.advance().await.map_err(|e| call.failed(e))? {
            let handler = match &mut handler {
                Some(handler) => handler,
                none => none.insert(ResultSetHandler::new(&nested, nested.tree_plan(rows.shape()))),
            };
            handler.keep(&rows.row()).map_err(|e| call.failed(e))?;
            count += 1;
        }
        call.finished(Outcome::Rows(count));
        Ok(handler.and_then(ResultSetHandler::into_kept).unwrap_or_else(|| Loaded::empty(nested.id())))
    }
}

/// Says who asked, where the error has nothing better to say.
fn asked_for(error: Error, forest: &Forest, by: usize) -> Error {
    match forest.get(by) {
        Some(by) if error.advice().is_none() => error.hint(format!("a result map of `{}` asks for it", by.statement)),
        _ => error,
    }
}

fn refused(failure: Failure) -> Error {
    let failure = failure.into_repr();
    let error = Error::new(ErrorKind::Result, failure.message);
    match failure.hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
