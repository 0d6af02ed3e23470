//! Statements that say what became of the rows they wrote: generated keys.

use super::Connection;
use crate::error::{Result, SqlError};
use crate::options::CallOptions;
use crate::params::Params;
use crate::row::Row;
use crate::sql_state::SqlState;
use crate::sql_text::{first_statement, words};
use crate::statement::{PreparedStatement, StatementRef, ToStatement};

impl Connection {
    /// Runs an insert, update or delete and returns these columns of the rows that it wrote, in their order: keys that the database made,
    /// defaults, what a trigger changed. Without columns: all of them.
    ///
    /// ```no_run
    /// # async fn f(conn: &mut batis_dbc::Connection) -> batis_dbc::Result<()> {
    /// let rows = conn.execute_returning("insert into users (name) values (?)", ("Ann",), &["id", "created"]).await?;
    /// let id: i64 = rows[0].get("id")?;
    /// # Ok(()) }
    /// ```
    ///
    /// The statement is given a `RETURNING`, with the names quoted: they are written as the database keeps them (PostgreSQL: in lower case,
    /// unless they were created in quotes). One that has a `RETURNING` of its own keeps it, and its columns are what comes. All rows are
    /// kept; for many of them write the `RETURNING` and use [`query`](Self::query).
    ///
    /// Source: `executeUpdate(sql, columnNames)` and `getGeneratedKeys` of JDBC, with pgjdbc's way of doing it; `RETURN_GENERATED_KEYS` is
    /// no columns.
    ///
    /// # Errors
    /// As [`query`](Self::query); 42703 for a column that the table does not have; 42601 if the statement writes no rows.
    #[doc(alias = "getGeneratedKeys")]
    #[doc(alias = "RETURN_GENERATED_KEYS")]
    pub async fn execute_returning(
        &mut self,
        statement: impl ToStatement,
        params: impl Params,
        columns: &[&str],
    ) -> Result<Vec<Row>> {
        let base = self.base_depth();
        self.returning_at(base, statement.to_statement(), params, columns).await
    }

    pub(crate) async fn returning_at(
        &mut self,
        depth: u32,
        statement: StatementRef<'_>,
        params: impl Params,
        columns: &[&str],
    ) -> Result<Vec<Row>> {
        let bound = params.bind()?;
        let statement = self.returning(statement, columns)?;
        self.query_at(depth, &statement, &bound.cells(), &CallOptions::new()).await?.collect().await
    }

    /// The statement with a `RETURNING`.
    pub(crate) fn returning(&mut self, statement: StatementRef<'_>, columns: &[&str]) -> Result<PreparedStatement> {
        let can = self.raw_mut().capabilities();
        let sql = match &statement {
            StatementRef::Text(sql) => *sql,
            StatementRef::Prepared(handle) => handle.sql(),
        };
        if has_returning(sql) {
            return Ok(self.statement(statement));
        }
        if !can.returning {
            return Err(SqlError::unsupported("RETURNING")
                .hint("read the key by `last_insert_id`, or by a query")
                .sql_text(sql));
        }
        let text = appended(sql, &list(columns, can.identifier_quote))?;
        Ok(self.statement(StatementRef::Text(&text)))
    }

    /// The key of the row that this connection inserted last, where the database counts its rows: SQLite's rowid. None if nothing was
    /// inserted yet, and always on PostgreSQL, where [`execute_returning`](Self::execute_returning) tells keys of any kind.
    ///
    /// Source: `last_insert_rowid()` of SQLite, which sqlite-jdbc gives out as generated key.
    #[must_use]
    #[doc(alias = "last_insert_rowid")]
    pub fn last_insert_id(&mut self) -> Option<i64> {
        self.raw_mut().last_insert_id()
    }
}

fn has_returning(sql: &str) -> bool {
    words(sql).any(|word| word.depth == 0 && word.is("returning"))
}

/// What can have a `RETURNING`.
const WRITES: [&str; 6] = ["insert", "update", "delete", "merge", "replace", "with"];

/// The text with `returning` and this list at its end; as it is if it has a `RETURNING` of its own. For who builds statements; others have
/// [`Connection::execute_returning`].
///
/// Source: pgjdbc, which does so for `prepareStatement(sql, columnNames)`.
///
/// # Errors
/// 42601 if the statement writes no rows.
pub fn with_returning(sql: &str, list: &str) -> Result<String> {
    if has_returning(sql) { Ok(sql.to_owned()) } else { appended(sql, list) }
}

fn appended(sql: &str, list: &str) -> Result<String> {
    let first = words(sql).next();
    if !first.is_some_and(|first| WRITES.iter().any(|word| first.is(word))) {
        let error =
            SqlError::new(SqlState::SYNTAX_ERROR, "only a statement that writes rows can return columns of them");
        return Err(error.hint("use `query` for statements that read").sql_text(sql));
    }
    // A semicolon and comments behind it go. Two statements stay two, and the database says so.
    let end = first_statement(sql, 0).map_or(sql.len(), |found| found.end);
    let body = if first_statement(sql, end).is_none() { &sql[..end] } else { sql };
    // On a line of its own: the text may end with a comment.
    Ok(format!("{}\nreturning {list}", body.trim_end()))
}

fn list(columns: &[&str], quote: char) -> String {
    if columns.is_empty() {
        return "*".to_owned();
    }
    columns.iter().map(|column| quoted(column, quote)).collect::<Vec<_>>().join(", ")
}

/// A name in quotes.
fn quoted(name: &str, quote: char) -> String {
    let inside = name.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{inside}{quote}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returning_is_appended_once() {
        let of = |sql: &str| with_returning(sql, &list(&["id", "a\"b"], '"')).unwrap();
        let tail = "\nreturning \"id\", \"a\"\"b\"";
        for sql in ["insert into t values (1)", "insert into t values ('a;b')", "update t set a = 'x' -- why"] {
            assert_eq!(of(sql), format!("{sql}{tail}"));
        }
        assert_eq!(of("delete from t ; -- all; of them\n ;"), format!("delete from t{tail}"));
        assert_eq!(of("delete from t; delete from u"), format!("delete from t; delete from u{tail}"));
        assert_eq!(with_returning(" insert into t values (1)", "*").unwrap(), " insert into t values (1)\nreturning *");
        assert!(has_returning("insert into t values (1) RETURNING id"));
        let inner = "with x as (delete from t returning *) insert into u select 'returning' from x";
        assert!(!has_returning(inner));
        assert_eq!(of(inner), format!("{inner}{tail}"));
    }

    #[test]
    fn what_writes_nothing_is_refused() {
        for sql in ["select 1", "", "-- x", "create table t (a int)"] {
            assert_eq!(with_returning(sql, "id").unwrap_err().sql_state(), SqlState::SYNTAX_ERROR, "{sql}");
        }
    }
}
