use super::{Connection, ResultSet, SharedRunner, Transaction, wait};
use crate::error::Result;
use crate::options::CallOptions;
use crate::params::Params;
use crate::script::{ScriptResult as AsyncScriptResult, ScriptResults as AsyncScriptResults};

/// The results of the statements of a text, for plain threads. See [`batis_dbc::ScriptResults`](crate::ScriptResults).
#[derive(Debug)]
pub struct ScriptResults<'c> {
    inner: AsyncScriptResults<'c>,
    runner: Runner<'c>,
}

/// Who waits, printed as nothing.
struct Runner<'c>(&'c SharedRunner);

impl std::fmt::Debug for Runner<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

/// What one statement of a script gave, for plain threads. See [`batis_dbc::ScriptResult`](crate::ScriptResult).
#[derive(Debug)]
pub enum ScriptResult<'r> {
    /// It returns no rows, and changed so many.
    Count(u64),
    /// It returns rows. They may be left unread.
    Rows(ResultSet<'r>),
}

impl ScriptResults<'_> {
    /// See [`next`](AsyncScriptResults::next).
    ///
    /// # Errors
    /// As there.
    #[allow(clippy::should_implement_trait)] // it lends its rows, which `Iterator` cannot
    pub fn next(&mut self) -> Result<Option<ScriptResult<'_>>> {
        let patience = self.inner.patience();
        let result = match wait(self.runner.0, patience, self.inner.run_next()) {
            Ok(result) => result,
            Err(error) => return Err(self.inner.given_up(error)),
        };
        Ok(result.map(|ran| match self.inner.show(ran) {
            AsyncScriptResult::Count(count) => ScriptResult::Count(count),
            AsyncScriptResult::Rows(rows) => ScriptResult::Rows(ResultSet::new(rows, self.runner.0, patience)),
        }))
    }
}

impl Connection {
    /// See [`query_script`](crate::Connection::query_script).
    ///
    /// # Errors
    /// As there.
    pub fn query_script(&mut self, sql: &str, params: impl Params) -> Result<ScriptResults<'_>> {
        self.query_script_with(sql, params, &CallOptions::new())
    }

    /// See [`query_script_with`](crate::Connection::query_script_with).
    ///
    /// # Errors
    /// As there.
    pub fn query_script_with(
        &mut self,
        sql: &str,
        params: impl Params,
        options: &CallOptions,
    ) -> Result<ScriptResults<'_>> {
        let (conn, runner) = self.parts();
        let inner = conn.query_script_with(sql, params, options)?;
        Ok(ScriptResults { inner, runner: Runner(runner) })
    }
}

impl Transaction<'_> {
    /// See [`query_script`](crate::Transaction::query_script).
    ///
    /// # Errors
    /// As there.
    pub fn query_script(&mut self, sql: &str, params: impl Params) -> Result<ScriptResults<'_>> {
        let (inner, runner) = self.parts();
        Ok(ScriptResults { inner: inner.query_script(sql, params)?, runner: Runner(runner) })
    }
}
