//! Procedures and functions of the database, called.

use batis_dbc::{Out, Row, SqlError, TransactionOptions};

use crate::case::{Check, Context, fails, list, same};

list! {
    "calls/refused", "a database without routines refuses calls with 0A000 and a hint", refused;
    "calls/procedure", "a procedure gives its OUT and INOUT parameters by name", procedure;
    "calls/escape", "JDBC's way of writing a call does the same", escape;
    "calls/without_result", "a procedure without such parameters gives a row without columns, and does its work", without_result;
    "calls/function", "the value of a function comes back", function;
    "calls/function_with_out", "a function gives its OUT parameters, which may be left out or stand for themselves", function_with_out;
    "calls/expressions", "arguments may be expressions, text and named", expressions;
    "calls/quoted", "a routine whose name needs a schema and quotes is found", quoted;
    "calls/errors", "what a routine reports comes with its code", errors;
    "calls/wrong", "wrong texts, counts and names are told", wrong;
    "calls/several_rows", "a function that gives more rows than one is told", several_rows;
    "calls/again", "a call can be made again and again", again;
    "calls/in_transaction", "what a call does is undone with its transaction", in_transaction;
}

/// Makes the routines; whether the database has such a thing.
async fn routines(cx: &mut Context) -> Result<bool, SqlError> {
    if cx.dialect.routines.is_empty() {
        return Ok(false);
    }
    cx.table("conf_call", "n {big}").await?;
    for routine in cx.dialect.routines {
        cx.conn.execute(*routine, ()).await?;
    }
    Ok(true)
}

fn labels(row: &Row) -> Vec<&str> {
    row.shape().columns().iter().map(|c| &*c.name).collect()
}

async fn refused(cx: &mut Context) -> Check {
    if routines(cx).await? {
        return Ok(());
    }
    for sql in ["call p(?)", "{call p(?)}", "{? = call f(?)}"] {
        let error = fails!(cx.conn.call(sql, (1,)).await, "0A000");
        same!((error.hint_text().is_some(), error.sql()), (true, Some(sql)));
    }
    same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    Ok(())
}

async fn procedure(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    let row = cx.conn.call("call conf_divide(?, ?, ?, ?)", (17, 5, Out, Out)).await?;
    same!(labels(&row), ["total", "whole", "rest"]);
    same!((row.get::<i64>("total")?, row.get::<i64>("whole")?, row.get::<i64>("rest")?), (22, 3, 2));
    Ok(())
}

async fn escape(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    for sql in ["{call conf_divide(?, ?, ?, ?)}", " { CALL conf_divide ( ?,?,?,? ) } "] {
        let row = cx.conn.call(sql, (17, 5, Out, Out)).await?;
        same!((row.get::<i64>("whole")?, row.get::<i64>("rest")?), (3, 2));
    }
    Ok(())
}

async fn without_result(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    for sql in ["call conf_append(?)", "{call conf_append(?)}"] {
        same!(cx.conn.call(sql, (4,)).await?.shape().len(), 0);
    }
    same!(cx.count("conf_call").await?, 2);
    Ok(())
}

async fn function(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    same!(cx.conn.call("{? = call conf_twice(?)}", (21,)).await?.get::<i64>(0)?, 42);
    same!(cx.conn.call("{?=call conf_twice(?)}", (Out, 21)).await?.get::<i64>("conf_twice")?, 42);
    same!(cx.conn.call("{call conf_twice(?)}", (4,)).await?.get::<i64>(0)?, 8);
    same!(cx.conn.call("{? = call conf_twice(?)}", (None::<i64>,)).await?.get::<Option<i64>>(0)?, None);
    Ok(())
}

async fn function_with_out(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    for sql in ["{call conf_parts(?, ?, ?)}", "{call conf_parts(?)}"] {
        let row = match sql.matches('?').count() {
            1 => cx.conn.call(sql, ("ab-cd",)).await?,
            _ => cx.conn.call(sql, ("ab-cd", Out, Out)).await?,
        };
        same!(labels(&row), ["head", "tail"]);
        same!((row.get::<&str>("head")?, row.get::<&str>("tail")?), ("ab", "cd"));
    }
    Ok(())
}

async fn expressions(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    let row = cx.conn.call("{? = call conf_twice(abs(? - 10) + length('a,?)'))}", (3,)).await?;
    same!(row.get::<i64>(0)?, 22);
    let row = cx.conn.call("call conf_divide(b => ?, total => ?, whole => ?, rest => ?)", (5, 17, Out, Out)).await?;
    same!(row.get::<i64>("whole")?, 3);
    Ok(())
}

async fn quoted(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    let schema = cx.dialect.schema;
    let row = cx.conn.call(&format!("{{call {schema}.\"Conf Add\"(?)}}"), (1,)).await?;
    same!(row.shape().len(), 0);
    same!(cx.count("conf_call").await?, 1);
    same!(cx.conn.call(&format!("{{? = call {schema}.conf_twice(?)}}"), (1,)).await?.get::<i64>(0)?, 2);
    Ok(())
}

async fn errors(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    fails!(cx.conn.call("call conf_divide(?, ?, ?, ?)", (17, 0, Out, Out)).await, "22012");
    fails!(cx.conn.call("{call conf_divide(?, ?, ?, ?)}", (17, 0, Out, Out)).await, "22012");
    same!(cx.conn.call("{? = call conf_twice(?)}", (1,)).await?.get::<i64>(0)?, 2);
    Ok(())
}

async fn wrong(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    for sql in ["select 1", "{call", "{? call f()}", "{d '2024-01-01'}"] {
        let error = fails!(cx.conn.call(sql, ()).await, "42601");
        same!((error.hint_text().is_some(), error.sql()), (true, Some(sql)));
    }
    fails!(cx.conn.call("{? = call conf_twice(?)}", ()).await, "07001");
    fails!(cx.conn.call("{? = call conf_twice(?)}", (1, 2)).await, "07001");
    fails!(cx.conn.call("call conf_append(?)", (1, 2)).await, "07001");
    fails!(cx.conn.call("{? = call conf_nothing(?)}", (1,)).await, "42883");
    fails!(cx.conn.call("{call conf_nothing(?)}", (1,)).await, "42883");
    same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    Ok(())
}

async fn several_rows(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    fails!(cx.conn.call("{call conf_upto(?)}", (3,)).await, "21000");
    same!(cx.conn.call("{call conf_upto(?)}", (1,)).await?.get::<i64>(0)?, 1);
    let row = cx.conn.call("{call conf_upto(?)}", (0,)).await?;
    same!((row.shape().len(), row.get::<Option<i64>>(0)?), (1, None));
    Ok(())
}

async fn again(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    for n in 1..12_i64 {
        let row = cx.conn.call("{call conf_divide(?, ?, ?, ?)}", (n * 3, 3, Out, Out)).await?;
        same!((row.get::<i64>("whole")?, row.get::<i64>("rest")?), (n, 0));
    }
    Ok(())
}

async fn in_transaction(cx: &mut Context) -> Check {
    if !routines(cx).await? {
        return Ok(());
    }
    let mut transaction = cx.conn.transaction().await?;
    transaction.call("call conf_append(?)", (1,)).await?;
    same!(transaction.call("{? = call conf_twice(?)}", (2,)).await?.get::<i64>(0)?, 4);
    transaction.rollback().await?;
    same!(cx.count("conf_call").await?, 0);
    cx.conn.begin(&TransactionOptions::new()).await?;
    cx.conn.call("{call conf_append(?)}", (1,)).await?;
    cx.conn.commit().await?;
    same!(cx.count("conf_call").await?, 1);
    Ok(())
}
