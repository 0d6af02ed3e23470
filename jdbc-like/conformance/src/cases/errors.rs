//! Errors: the same SQLSTATE for the same mistake, and a connection that works on.

use batis_dbc::{ErrorKind, SqlError};

use crate::case::{Check, Context, fails, list, same};

list! {
    "errors/syntax", "a syntax error is 42601 and says where", syntax;
    "errors/no_table", "an unknown table is 42P01", no_table;
    "errors/no_column", "an unknown column is 42703", no_column;
    "errors/no_function", "an unknown function is 42883", no_function;
    "errors/table_exists", "a table that exists is 42P07", table_exists;
    "errors/unique", "a violated unique key is 23505 and says which", unique;
    "errors/primary_key", "a violated primary key is 23505", primary_key;
    "errors/not_null", "a missing value is 23502 and says which column", not_null;
    "errors/foreign_key", "a violated foreign key is 23503", foreign_key;
    "errors/check", "a violated check is 23514", check;
    "errors/too_long", "a text that is too long is refused, where lengths are checked", too_long;
    "errors/empty_statement", "an empty text is an error or does nothing, never a panic", empty_statement;
    "errors/two_statements", "two statements in one text are 42601, and none runs", two_statements;
    "errors/sql_text", "an error carries the SQL text and never the parameters", sql_text;
    "errors/many", "a connection survives a hundred errors", many;
}

pub(super) async fn works(cx: &mut Context) -> Check {
    same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    same!(cx.conn.is_broken(), false);
    Ok(())
}

async fn syntax(cx: &mut Context) -> Check {
    let sql = "select 1\n  frm nowhere at all";
    let error = fails!(cx.conn.query(sql, ()).await, "42601");
    same!(error.kind(), ErrorKind::Syntax);
    let Some(position) = error.position() else {
        return Err(crate::case::Problem::new("a syntax error has no position"));
    };
    same!(position > 8 && position < sql.len(), true);
    same!(error.to_string().contains("at line 2, column "), true);
    works(cx).await
}

async fn no_table(cx: &mut Context) -> Check {
    let error = fails!(cx.conn.query("select * from conf_no_such_table where n = ?", (1,)).await, "42P01");
    same!(error.message().contains("conf_no_such_table"), true);
    fails!(cx.conn.execute("insert into conf_no_such_table values (?)", (1,)).await, "42P01");
    works(cx).await
}

async fn no_column(cx: &mut Context) -> Check {
    cx.table("conf_error", "n {big}").await?;
    let error = fails!(cx.conn.query("select nn from conf_error", ()).await, "42703");
    same!(error.message().contains("nn"), true);
    fails!(cx.conn.execute("insert into conf_error (x) values (?)", (1,)).await, "42703");
    works(cx).await
}

async fn no_function(cx: &mut Context) -> Check {
    fails!(cx.conn.query("select conf_no_such_function(1)", ()).await, "42883");
    works(cx).await
}

async fn table_exists(cx: &mut Context) -> Check {
    cx.table("conf_error", "n {big}").await?;
    fails!(cx.conn.execute("create table conf_error (n bigint)", ()).await, "42P07");
    works(cx).await
}

async fn unique(cx: &mut Context) -> Check {
    cx.table("conf_error", "n {big}, constraint conf_error_n unique (n)").await?;
    cx.conn.execute("insert into conf_error values (?)", (1,)).await?;
    let error = fails!(cx.conn.execute("insert into conf_error values (?)", (1,)).await, "23505");
    same!(
        (error.is_unique_violation(), error.is_integrity_violation(), error.kind()),
        (true, true, ErrorKind::Integrity)
    );
    same!(error.table(), Some("conf_error"));
    if cx.dialect.names_constraints {
        same!(error.constraint(), Some("conf_error_n"));
    } else {
        same!(error.column(), Some("n"));
    }
    works(cx).await
}

async fn primary_key(cx: &mut Context) -> Check {
    cx.table("conf_error", "a {big}, b {big}, primary key (a, b)").await?;
    let insert = "insert into conf_error values (?, ?)";
    cx.conn.execute(insert, (1, 2)).await?;
    fails!(cx.conn.execute(insert, (1, 2)).await, "23505");
    cx.conn.execute(insert, (1, 3)).await?;
    works(cx).await
}

async fn not_null(cx: &mut Context) -> Check {
    cx.table("conf_error", "n {big} not null").await?;
    let error = fails!(cx.conn.execute("insert into conf_error values (?)", (None::<i64>,)).await, "23502");
    same!((error.table(), error.column()), (Some("conf_error"), Some("n")));
    works(cx).await
}

async fn foreign_key(cx: &mut Context) -> Check {
    cx.conn.execute("drop table if exists conf_child", ()).await?;
    cx.table("conf_parent", "id {big} primary key").await?;
    cx.table("conf_child", "id {big} references conf_parent (id)").await?;
    fails!(cx.conn.execute("insert into conf_child values (?)", (1,)).await, "23503");
    cx.conn.execute("insert into conf_parent values (?)", (1,)).await?;
    cx.conn.execute("insert into conf_child values (?)", (1,)).await?;
    fails!(cx.conn.execute("delete from conf_parent", ()).await, "23503");
    cx.conn.execute("drop table conf_child", ()).await?;
    works(cx).await
}

async fn check(cx: &mut Context) -> Check {
    cx.table("conf_error", "n {big} constraint conf_positive check (n > 0)").await?;
    let error = fails!(cx.conn.execute("insert into conf_error values (?)", (-1,)).await, "23514");
    same!(error.constraint(), Some("conf_positive"));
    works(cx).await
}

async fn too_long(cx: &mut Context) -> Check {
    cx.table("conf_error", "t varchar(3)").await?;
    let inserted = cx.conn.execute("insert into conf_error values (?)", ("four",)).await;
    let code = inserted.err().map(|e: SqlError| e.sql_state().code().to_owned());
    same!(code.as_deref(), cx.dialect.too_long);
    works(cx).await
}

async fn empty_statement(cx: &mut Context) -> Check {
    for sql in ["", " ", ";", "-- nothing", "/* nothing */"] {
        if let Ok(count) = cx.conn.execute(sql, ()).await {
            same!(count, 0);
        }
        works(cx).await?;
    }
    Ok(())
}

async fn two_statements(cx: &mut Context) -> Check {
    cx.table("conf_error", "n {big}").await?;
    let sql = "insert into conf_error values (1); insert into conf_error values (2)";
    fails!(cx.conn.execute(sql, ()).await, "42601");
    same!(cx.count("conf_error").await?, 0);
    Ok(())
}

async fn sql_text(cx: &mut Context) -> Check {
    cx.table("conf_error", "n {big} primary key, t {text} not null").await?;
    let sql = "insert into conf_error values (?, ?)";
    let secret = "correct horse";
    cx.conn.execute(sql, (1, secret)).await?;
    let error = fails!(cx.conn.execute(sql, (1, secret)).await, "23505");
    same!(error.sql(), Some(sql));
    same!(error.to_string().contains(secret), false);
    same!(error.to_string().lines().count(), 1);
    Ok(())
}

async fn many(cx: &mut Context) -> Check {
    for n in 0..100 {
        fails!(cx.conn.query(&format!("select conf_x{n}"), ()).await, "42703");
    }
    works(cx).await
}
