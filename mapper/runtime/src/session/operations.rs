//! Selects, updates and keys.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;

use batis_dbc::{FromSql, Row, RowRef};
use batis_script::{StatementKind, Value};
use serde::de::DeserializeOwned;

use super::SqlSession;
use super::to_statement::ToMappedStatement;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::{GeneratedKeys, SetKey};
use crate::mapped_statement::MappedStatement;
use crate::params::IntoParams;

/// A statement and its parameter object, looked up before the future is made, so that it borrows no parameter.
pub(crate) struct Request<'s> {
    pub(crate) statement: &'s MappedStatement,
    pub(crate) parameter: Value,
}

impl<'s> Request<'s> {
    pub(crate) fn new(
        session: &'s SqlSession,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> Result<Self> {
        let statement = statement.find(&session.configuration)?;
        Self::of(statement, params.into_params().into_value())
    }

    pub(crate) fn of(statement: &'s MappedStatement, parameter: Result<Value>) -> Result<Self> {
        let parameter = parameter.map_err(|e| statement.blame(e))?;
        Ok(Self { statement, parameter: statement.intercepted(parameter)? })
    }

    /// Refuses to count the rows of a query.
    pub(crate) fn changes_rows(self) -> Result<Self> {
        changes_rows(self.statement).map(|_| self)
    }
}

/// Refuses to count the rows of a query.
pub(super) fn changes_rows(statement: &MappedStatement) -> Result<&MappedStatement> {
    match statement.kind() {
        StatementKind::Select => Err(statement.blame(
            Error::new(ErrorKind::Unsupported, "a <select> returns rows, not a count")
                .hint("use select_one, select_opt or select_list; or `execute` to run it without its rows"),
        )),
        _ => Ok(statement),
    }
}

impl SqlSession {
    /// The only row of a query; of a result map with nested maps the only object, whatever the number of its rows.
    ///
    /// # Errors
    /// 02000 if there is no row, 21000 if there are more; what the database says; a row that does not fit `T`.
    #[doc(alias = "selectOne")]
    pub fn select_one<'s, T: DeserializeOwned + Send>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<T>> + Send {
        let request = Request::new(self, statement, params);
        async move {
            let request = request?;
            if request.statement.takes_rows_out() {
                return Box::pin(self.kept_one(request)).await;
            }
            let mut held = self.held(request.statement).await?;
            held.executor(request.statement)?.one(request.statement, &request.parameter).await
        }
    }

    /// The only row of a query, or none.
    ///
    /// # Errors
    /// As [`select_one`](Self::select_one), but for the missing row.
    #[doc(alias = "selectOne")]
    pub fn select_opt<'s, T: DeserializeOwned + Send>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<Option<T>>> + Send {
        let request = Request::new(self, statement, params);
        async move {
            let request = request?;
            if request.statement.takes_rows_out() {
                return Box::pin(self.kept_opt(request)).await;
            }
            let mut held = self.held(request.statement).await?;
            held.executor(request.statement)?.optional(request.statement, &request.parameter).await
        }
    }

    /// All rows of a query, or all objects that its result map makes of them. Nested selects run on the same connection, after the rows.
    ///
    /// # Errors
    /// What the database says; a row that does not fit `T`.
    #[doc(alias = "selectList")]
    pub fn select_list<'s, T: DeserializeOwned + Send>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<Vec<T>>> + Send {
        let request = Request::new(self, statement, params);
        async move {
            let request = request?;
            if request.statement.takes_rows_out() {
                return Box::pin(self.kept_list(request)).await;
            }
            let mut held = self.held(request.statement).await?;
            held.executor(request.statement)?.list(request.statement, &request.parameter).await
        }
    }

    /// All rows of a query, by the value of one of their properties. Of several rows with one key the last stays.
    ///
    /// # Errors
    /// As [`select_list`](Self::select_list); if the rows have no such property.
    #[doc(alias = "selectMap")]
    #[doc(alias = "MapKey")]
    pub fn select_map<'s, K, T>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
        key: &'s str,
    ) -> impl Future<Output = Result<HashMap<K, T>>> + Send
    where
        K: DeserializeOwned + Eq + Hash + Send,
        T: DeserializeOwned + Send,
    {
        let request = Request::new(self, statement, params);
        async move {
            let request = request?;
            if request.statement.takes_rows_out() {
                return Box::pin(self.kept_map(request, key)).await;
            }
            let mut held = self.held(request.statement).await?;
            held.executor(request.statement)?.map(request.statement, &request.parameter, key).await
        }
    }

    /// All rows of a query, each read in place by a function: nothing is copied that it does not copy.
    ///
    /// # Errors
    /// What the database says, and what the function returns.
    #[doc(alias = "ResultHandler")]
    pub fn select_with<'s, T: Send>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
        mut read: impl FnMut(&RowRef<'_>) -> batis_dbc::Result<T> + Send,
    ) -> impl Future<Output = Result<Vec<T>>> + Send {
        let request = Request::new(self, statement, params);
        async move {
            let request = request?;
            let mut held = self.held(request.statement).await?;
            let mut all = Vec::new();
            let mut executor = held.executor(request.statement)?;
            let each = executor.each(request.statement, &request.parameter, |row| {
                all.push(read(row)?);
                Ok(())
            });
            each.await.map(|()| all)
        }
    }

    /// All rows of a query as they are: result maps do not apply.
    ///
    /// # Errors
    /// What the database says.
    pub fn select_rows<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<Vec<Row>>> + Send {
        let statement = statement.find(&self.configuration);
        let rows = statement.map(|statement| self.select_with(statement, params, |row| statement.row(row)));
        async move { rows?.await }
    }

    /// Runs an `<insert>`, `<update>` or `<delete>` and says how many rows it changed. The three names mean the same.
    ///
    /// # Errors
    /// What the database says.
    pub fn insert<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<u64>> + Send {
        self.update(statement, params)
    }

    /// As [`insert`](Self::insert).
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "executeUpdate")]
    pub fn update<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<u64>> + Send {
        let request = Request::new(self, statement, params).and_then(Request::changes_rows);
        async move { self.run(request?).await.map(|(count, _)| count) }
    }

    /// As [`insert`](Self::insert).
    ///
    /// # Errors
    /// What the database says.
    pub fn delete<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<u64>> + Send {
        self.update(statement, params)
    }

    /// Runs any statement and says how many rows it changed; rows that it returns are read and dropped.
    ///
    /// # Errors
    /// What the database says.
    pub fn execute<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<u64>> + Send {
        let request = Request::new(self, statement, params);
        async move { self.run(request?).await.map(|(count, _)| count) }
    }

    /// Calls a procedure or function (`statementType="CALLABLE"`) and returns the parameters that come back, those of mode OUT and INOUT, as
    /// fields by their properties; `()` for nothing, and a tuple or a single value by position.
    ///
    /// ```no_run
    /// # async fn f(session: batis_mapper::SqlSession) -> batis_mapper::Result<()> {
    /// // <update id="split" statementType="CALLABLE">{call split(#{amount}, #{whole,mode=OUT}, #{rest,mode=OUT})}</update>
    /// #[derive(serde::Deserialize)]
    /// struct Split { whole: i32, rest: f64 }
    ///
    /// let split: Split = session.call("money.split", batis_mapper::params! { amount: 2.5 }).await?;
    /// // <select id="girth" statementType="CALLABLE">{#{girth,mode=OUT} = call girth(#{radius})}</select>
    /// let girth: f64 = session.call("money.girth", batis_mapper::params! { radius: 1.5 }).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// The text is what [`Connection::call`](batis_dbc::Connection::call) takes. What comes back belongs to the parameters in their order, so
    /// all parameters of mode OUT must be written, and arguments be given by position. `jdbcType` is not needed: the types are the routine's.
    /// Where no parameter comes back, the fields are the routine's own columns. `useGeneratedKeys` and `<selectKey>` have no effect.
    ///
    /// Source: MyBatis, which writes such parameters into the parameter object; `registerOutParameter` of JDBC.
    ///
    /// # Errors
    /// 0A000 if the database has no routines (SQLite), if the statement is no call, and for cursors that are read; what the routine reports; a
    /// value that does not fit `T`.
    #[doc(alias = "prepareCall")]
    #[doc(alias = "CallableStatement")]
    pub fn call<'s, T: DeserializeOwned + Send>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<T>> + Send {
        let request = Request::new(self, statement, params);
        async move {
            let request = request?;
            let mut held = self.held(request.statement).await?;
            held.executor(request.statement)?.call(request.statement, &request.parameter).await
        }
    }

    /// Runs an `<insert>` and gives the keys of the new rows (`<selectKey>`, `useGeneratedKeys`).
    ///
    /// # Errors
    /// What the database says.
    #[doc(alias = "getGeneratedKeys")]
    pub fn insert_keys<'s>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<GeneratedKeys>> + Send {
        let request = Request::new(self, statement, params).and_then(Request::changes_rows);
        async move { self.run(request?).await.map(|(_, keys)| keys) }
    }

    /// Runs an `<insert>` and gives the first key of its row.
    ///
    /// # Errors
    /// As [`insert_keys`](Self::insert_keys); 02000 if the statement gives none.
    pub fn insert_returning_key<'s, K: for<'k> FromSql<'k> + Send>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        params: impl IntoParams<'s>,
    ) -> impl Future<Output = Result<K>> + Send {
        let request = Request::new(self, statement, params).and_then(Request::changes_rows);
        async move {
            let request = request?;
            let statement = request.statement;
            let (_, keys) = self.run(request).await?;
            keys.first().map_err(|e| statement.blame(e))
        }
    }

    /// Runs an `<insert>` and writes the keys of the new row into the object that it was made from; of a list of objects, into each of them.
    ///
    /// # Errors
    /// As [`insert`](Self::insert), and what the object says of its keys.
    #[doc(alias = "keyProperty")]
    pub fn insert_with_keys<'s, P: SetKey + serde::Serialize + Send + ?Sized>(
        &'s self,
        statement: impl ToMappedStatement + 's,
        target: &'s mut P,
    ) -> impl Future<Output = Result<u64>> + Send {
        let params = (&*target).into_params().into_value();
        let statement = statement.find(&self.configuration);
        let request = statement.and_then(|statement| Request::of(statement, params)?.changes_rows());
        async move {
            let request = request?;
            let statement = request.statement;
            let (count, keys) = self.run(request).await?;
            target.set_keys(&keys).map_err(|e| statement.blame(e.into()))?;
            Ok(count)
        }
    }

    async fn run(&self, mut request: Request<'_>) -> Result<(u64, GeneratedKeys)> {
        let mut held = self.held(request.statement).await?;
        held.executor(request.statement)?.change(request.statement, &mut request.parameter).await
    }
}
