//! Each mistake has its SQLSTATE and kind, the same on every database, with the place where it stands.

use batis_dbc::{ErrorKind, RetryAdvice, SqlError};

use super::errors::works;
use crate::case::{Check, Context, Problem, fails, list, same};

list! {
    "codes/ambiguous_column", "a column that two tables have is 42702", ambiguous_column;
    "codes/wrong_arguments", "a function with too many arguments is 42883", wrong_arguments;
    "codes/duplicate_column", "a table with two columns of one name is 42701", duplicate_column;
    "codes/too_few_values", "an insert with fewer values than columns is 42601", too_few_values;
    "codes/too_many_values", "an insert with more values than columns is 42601", too_many_values;
    "codes/union_columns", "a union of unlike queries is 42601", union_columns;
    "codes/misplaced_aggregate", "an aggregate in WHERE is 42803", misplaced_aggregate;
    "codes/no_savepoint", "an unknown savepoint is 3B001", no_savepoint;
    "codes/no_index", "an unknown index is 42704", no_index;
    "codes/no_view", "dropping an unknown table or view is 42P01", no_view;
    "codes/open_string", "a string without end is 42601", open_string;
    "codes/open_parenthesis", "a parenthesis without end is 42601", open_parenthesis;
    "codes/misspelled", "a misspelled first word is 42601 at its place", misspelled;
    "codes/overflow", "a number beyond its range is 22003", overflow;
    "codes/table_in_subquery", "an unknown table in a subquery, a join and a WITH is 42P01", table_in_subquery;
    "codes/unique_by_update", "an update that violates a key is 23505, and changes nothing", unique_by_update;
    "codes/unique_of_two", "a unique key of two columns is told with its table", unique_of_two;
    "codes/unique_index", "a unique index violates as a key does", unique_index;
    "codes/not_null_by_update", "an update to null is 23502 and names the column", not_null_by_update;
    "codes/foreign_key_by_update", "an update that breaks a reference is 23503", foreign_key_by_update;
    "codes/check_by_update", "an update that breaks a check is 23514 and names it", check_by_update;
    "codes/some_rows", "a statement that fails at its last row has changed none", some_rows;
    "codes/kinds", "each class of SQLSTATE has its kind and its advice", kinds;
    "codes/place_after_unicode", "the place counts bytes, whatever stands before", place_after_unicode;
    "codes/place_after_placeholders", "the place is that in the text with its question marks", place_after_placeholders;
    "codes/place_in_lines", "the place is shown as line and column", place_in_lines;
    "codes/place_when_prepared", "prepare and describe tell the same place as a run", place_when_prepared;
    "codes/place_in_script", "a script tells the place in the whole text", place_in_script;
    "codes/zero_byte_in_text", "a zero byte in a statement is 42601 at its place, and nothing runs", zero_byte_in_text;
}

async fn table(cx: &mut Context) -> Check {
    Ok(cx
        .table("conf_code", "n {big} primary key, t {text} not null constraint conf_short check (length(t) < 9)")
        .await?)
}

/// The text fails with this code, prepared and run, and the connection goes on.
async fn refused(cx: &mut Context, sql: &str, code: &str) -> Result<SqlError, Problem> {
    table(cx).await?;
    fails!(cx.conn.prepare(sql).await, code);
    let error = fails!(cx.conn.execute(sql, ()).await, code);
    same!((error.kind(), error.sql()), (ErrorKind::of(error.sql_state()), Some(sql)));
    works(cx).await?;
    Ok(error)
}

async fn ambiguous_column(cx: &mut Context) -> Check {
    let error = refused(cx, "select n from conf_code a, conf_code b", "42702").await?;
    same!((error.kind(), error.message().contains('n')), (ErrorKind::Syntax, true));
    Ok(())
}

async fn wrong_arguments(cx: &mut Context) -> Check {
    refused(cx, "select abs(1, 2, 3)", "42883").await.map(drop)
}

async fn duplicate_column(cx: &mut Context) -> Check {
    fails!(cx.conn.execute("create table conf_twice (a integer, a integer)", ()).await, "42701");
    works(cx).await
}

async fn too_few_values(cx: &mut Context) -> Check {
    refused(cx, "insert into conf_code (n, t) values (1)", "42601").await.map(drop)
}

async fn too_many_values(cx: &mut Context) -> Check {
    refused(cx, "insert into conf_code (n, t) values (1, 'x', 3)", "42601").await.map(drop)
}

async fn union_columns(cx: &mut Context) -> Check {
    refused(cx, "select 1 union select 1, 2", "42601").await.map(drop)
}

async fn misplaced_aggregate(cx: &mut Context) -> Check {
    refused(cx, "select 1 from conf_code where count(*) > 1", "42803").await.map(drop)
}

async fn no_savepoint(cx: &mut Context) -> Check {
    let mut transaction = cx.conn.transaction().await?;
    fails!(transaction.execute("release savepoint conf_none", ()).await, "3B001");
    transaction.rollback().await?;
    works(cx).await
}

async fn no_index(cx: &mut Context) -> Check {
    fails!(cx.conn.execute("drop index conf_none", ()).await, "42704");
    works(cx).await
}

async fn no_view(cx: &mut Context) -> Check {
    fails!(cx.conn.execute("drop table conf_none", ()).await, "42P01");
    fails!(cx.conn.execute("drop view conf_none", ()).await, "42P01");
    works(cx).await
}

async fn open_string(cx: &mut Context) -> Check {
    refused(cx, "select 'it''s open", "42601").await.map(drop)
}

async fn open_parenthesis(cx: &mut Context) -> Check {
    refused(cx, "select (1 + (2)", "42601").await.map(drop)
}

async fn misspelled(cx: &mut Context) -> Check {
    let error = refused(cx, "  selct 1", "42601").await?;
    same!(error.position(), Some(2));
    Ok(())
}

async fn overflow(cx: &mut Context) -> Check {
    let sql = "select abs(cast(? as bigint))";
    let failed = match cx.conn.query(sql, (i64::MIN,)).await {
        Ok(mut rows) => rows.advance().await.map(drop),
        Err(error) => Err(error),
    };
    let error = fails!(failed, "22003");
    same!(error.kind(), ErrorKind::Data);
    same!(cx.conn.query_one(sql, (-7,)).await?.get::<i64>(0)?, 7);
    Ok(())
}

async fn table_in_subquery(cx: &mut Context) -> Check {
    for sql in [
        "select 1 where exists (select * from conf_none)",
        "select * from conf_code join conf_none on true",
        "with a as (select * from conf_none) select * from a",
    ] {
        let error = refused(cx, sql, "42P01").await?;
        same!(error.message().contains("conf_none"), true);
    }
    Ok(())
}

const INSERT: &str = "insert into conf_code values (?, ?)";

async fn two_rows(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute(INSERT, (1, "one")).await?;
    cx.conn.execute(INSERT, (2, "two")).await?;
    Ok(())
}

async fn unique_by_update(cx: &mut Context) -> Check {
    two_rows(cx).await?;
    let error = fails!(cx.conn.execute("update conf_code set n = ? where n = ?", (1, 2)).await, "23505");
    same!((error.table(), error.is_unique_violation()), (Some("conf_code"), true));
    same!(cx.conn.query_one("select max(n) from conf_code", ()).await?.get::<i64>(0)?, 2);
    works(cx).await
}

async fn unique_of_two(cx: &mut Context) -> Check {
    cx.table("conf_pair", "a {int}, b {int}, constraint conf_pair_key unique (a, b)").await?;
    let insert = "insert into conf_pair values (?, ?)";
    cx.conn.execute(insert, (1, 2)).await?;
    let error = fails!(cx.conn.execute(insert, (1, 2)).await, "23505");
    same!((error.table(), error.column()), (Some("conf_pair"), None));
    same!(error.constraint(), cx.dialect.names_constraints.then_some("conf_pair_key"));
    // Null equals nothing, so such a pair may be there twice.
    for _ in 0..2 {
        cx.conn.execute(insert, (1, None::<i32>)).await?;
    }
    works(cx).await
}

async fn unique_index(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute("create unique index conf_code_t on conf_code (t)", ()).await?;
    cx.conn.execute(INSERT, (1, "x")).await?;
    let error = fails!(cx.conn.execute(INSERT, (2, "x")).await, "23505");
    same!(error.table(), Some("conf_code"));
    works(cx).await
}

async fn not_null_by_update(cx: &mut Context) -> Check {
    two_rows(cx).await?;
    let error = fails!(cx.conn.execute("update conf_code set t = ? where n = 1", (None::<String>,)).await, "23502");
    same!((error.table(), error.column(), error.kind()), (Some("conf_code"), Some("t"), ErrorKind::Integrity));
    works(cx).await
}

async fn foreign_key_by_update(cx: &mut Context) -> Check {
    cx.conn.execute("drop table if exists conf_child", ()).await?;
    two_rows(cx).await?;
    cx.table("conf_child", "p {big} references conf_code (n)").await?;
    cx.conn.execute("insert into conf_child values (1)", ()).await?;
    fails!(cx.conn.execute("update conf_code set n = 5 where n = 1", ()).await, "23503");
    fails!(cx.conn.execute("update conf_child set p = 77", ()).await, "23503");
    same!(cx.conn.execute("update conf_child set p = 2", ()).await?, 1);
    cx.conn.execute("drop table conf_child", ()).await?;
    works(cx).await
}

async fn check_by_update(cx: &mut Context) -> Check {
    two_rows(cx).await?;
    let error = fails!(cx.conn.execute("update conf_code set t = ?", ("much too long",)).await, "23514");
    same!(error.constraint(), Some("conf_short"));
    works(cx).await
}

async fn some_rows(cx: &mut Context) -> Check {
    two_rows(cx).await?;
    fails!(cx.conn.execute("insert into conf_code values (7, 'x'), (8, 'y'), (1, 'again')", ()).await, "23505");
    same!(cx.count("conf_code").await?, 2);
    works(cx).await
}

async fn kinds(cx: &mut Context) -> Check {
    two_rows(cx).await?;
    let integrity = fails!(cx.conn.execute(INSERT, (1, "x")).await, "23505");
    same!((integrity.kind(), integrity.retry_advice()), (ErrorKind::Integrity, RetryAdvice::No));
    let syntax = fails!(cx.conn.execute("select conf_none", ()).await, "42703");
    same!((syntax.kind(), syntax.retry_advice()), (ErrorKind::Syntax, RetryAdvice::No));
    let usage = fails!(cx.conn.execute(INSERT, (1,)).await, "07001");
    same!((usage.kind(), usage.is_retryable()), (ErrorKind::Usage, false));
    let cardinality = fails!(cx.conn.query_one("select n from conf_code", ()).await, "21000");
    same!((cardinality.kind(), cardinality.breaks_connection()), (ErrorKind::Cardinality, false));
    let none = fails!(cx.conn.query_one("select n from conf_code where n = 77", ()).await, "02000");
    same!((none.kind(), none.sql_state().class()), (ErrorKind::Cardinality, "02"));
    let conversion = fails!(cx.conn.query_one("select t from conf_code where n = 1", ()).await?.get::<i64>(0), "07006");
    same!(conversion.kind(), ErrorKind::Conversion);
    let state = fails!(cx.conn.commit().await, "25000");
    same!(state.kind(), ErrorKind::TransactionState);
    works(cx).await
}

/// The place of a mistake is where the text says `nme`.
async fn at_the_name(cx: &mut Context, sql: &str, values: &[i64]) -> Check {
    table(cx).await?;
    let error = fails!(cx.conn.query(sql, values).await, "42703");
    same!(error.position(), sql.find("nme"));
    Ok(())
}

async fn place_after_unicode(cx: &mut Context) -> Check {
    at_the_name(cx, "select 'grün', '日本語 🌱', nme from conf_code", &[]).await
}

async fn place_after_placeholders(cx: &mut Context) -> Check {
    let sql = "select cast(? as bigint), '?', /* ? */ cast(? as bigint), nme from conf_code where n = ?";
    at_the_name(cx, sql, &[1, 2, 3]).await
}

async fn place_in_lines(cx: &mut Context) -> Check {
    table(cx).await?;
    let error = fails!(cx.conn.query("select n,\n  'ü', t,\n  'ä', nme\nfrom conf_code", ()).await, "42703");
    same!(error.to_string().ends_with("; at line 3, column 8 of the SQL"), true);
    Ok(())
}

async fn place_when_prepared(cx: &mut Context) -> Check {
    table(cx).await?;
    let sql = "select n from conf_code where n = ? and nme = ?";
    let places = [
        fails!(cx.conn.prepare(sql).await, "42703").position(),
        fails!(cx.conn.describe(sql).await, "42703").position(),
        fails!(cx.conn.execute(sql, (1, 2)).await, "42703").position(),
    ];
    same!(places, [sql.find("nme"); 3]);
    Ok(())
}

async fn place_in_script(cx: &mut Context) -> Check {
    table(cx).await?;
    let script = "select 'grün';\nselect n from conf_code;\nselect nme from conf_code; select 1";
    let error = fails!(cx.conn.execute_script(script).await, "42703");
    same!((error.position(), error.sql()), (script.find("nme"), Some(script)));
    Ok(())
}

async fn zero_byte_in_text(cx: &mut Context) -> Check {
    table(cx).await?;
    let sql = "insert into conf_code values (1, 'a\0b')";
    for error in [
        fails!(cx.conn.execute(sql, ()).await, "42601"),
        fails!(cx.conn.prepare(sql).await, "42601"),
        fails!(cx.conn.execute_script(sql).await, "42601"),
    ] {
        same!(error.position(), sql.find('\0'));
    }
    same!(cx.count("conf_code").await?, 0);
    works(cx).await
}
