//! Statement handles and the caches behind them.

use batis_dbc::PreparedStatement;
use batis_dbc::SqlType::{BigInt, Double, Null, Text};

use crate::case::{Check, Context, fails, list, same};

list! {
    "statements/reuse", "a handle runs many times with other parameters", reuse;
    "statements/unprepared_handle", "a handle that was never sent is prepared at its first use", unprepared_handle;
    "statements/other_connection", "a handle works on a connection that has never seen it", other_connection;
    "statements/outlives_connection", "a handle outlives the connection that prepared it", outlives_connection;
    "statements/eviction", "more statements than any cache keeps work, and the first one still does", eviction;
    "statements/same_text", "two handles of one text do not disturb each other", same_text;
    "statements/prepare_fails", "preparing a wrong text fails with the database's code", prepare_fails;
    "statements/after_error", "a statement that failed once works with other parameters", after_error;
    "statements/changed_table", "a cached select sees a column that was added", changed_table;
    "statements/recreated_table", "a cached insert works on a table that was dropped and created anew", recreated_table;
    "statements/describe", "describe says the labels and the number of parameters without running anything", describe;
    "statements/describe_origin", "columns say which table column they show, where the database knows", describe_origin;
    "statements/describe_nullable", "columns say whether the table column may be null, expressions say nothing", describe_nullable;
    "statements/describe_join", "columns of a join, of a view and of an alias show their own tables", describe_join;
    "statements/describe_after_change", "a table that was changed is described anew", describe_after_change;
    "statements/describe_writes", "statements that write are described with what they return, and do nothing", describe_writes;
    "statements/describe_parameters", "parameters are described by number, and by type where the database knows", describe_parameters;
    "statements/describe_in_transaction", "describing disturbs neither a transaction nor the next run", describe_in_transaction;
    "statements/describe_nothing", "a statement that returns no rows has no columns", describe_nothing;
    "statements/long_text", "a text of 100 kB runs", long_text;
}

async fn reuse(cx: &mut Context) -> Check {
    let statement = cx.conn.prepare("select cast(? as bigint) + 1").await?;
    for n in 0..20_i64 {
        same!(cx.conn.query_one(&statement, (n,)).await?.get::<i64>(0)?, n + 1);
    }
    Ok(())
}

async fn unprepared_handle(cx: &mut Context) -> Check {
    let statement = PreparedStatement::new("select cast(? as bigint)");
    same!(cx.conn.query_one(&statement, (5,)).await?.get::<i64>(0)?, 5);
    Ok(())
}

async fn other_connection(cx: &mut Context) -> Check {
    let statement = cx.conn.prepare("select cast(? as bigint)").await?;
    let mut other = cx.other().await?;
    for n in 0..7_i64 {
        let there = other.run(async |c| c.query_one(&statement, (n,)).await).await?;
        same!(there.get::<i64>(0)?, n);
        same!(cx.conn.query_one(&statement, (n,)).await?.get::<i64>(0)?, n);
    }
    Ok(())
}

async fn outlives_connection(cx: &mut Context) -> Check {
    let mut other = cx.other().await?;
    let statement = other.run(async |c| c.prepare("select cast(? as bigint)").await).await?;
    drop(other);
    same!(cx.conn.query_one(&statement, (6,)).await?.get::<i64>(0)?, 6);
    Ok(())
}

async fn eviction(cx: &mut Context) -> Check {
    let first = cx.conn.prepare("select cast(? as bigint) * 2").await?;
    for round in 0..2_i64 {
        for n in 0..300_i64 {
            let sql = format!("select cast(? as bigint) + {n}");
            same!(cx.conn.query_one(&sql, (round,)).await?.get::<i64>(0)?, round + n);
        }
        same!(cx.conn.query_one(&first, (round,)).await?.get::<i64>(0)?, round * 2);
    }
    Ok(())
}

async fn same_text(cx: &mut Context) -> Check {
    let a = cx.conn.prepare("select cast(? as bigint)").await?;
    let b = PreparedStatement::new("select cast(? as bigint)");
    for n in 0..3_i64 {
        same!(cx.conn.query_one(&a, (n,)).await?.get::<i64>(0)?, n);
        same!(cx.conn.query_one(&b, (-n,)).await?.get::<i64>(0)?, -n);
    }
    Ok(())
}

async fn prepare_fails(cx: &mut Context) -> Check {
    let error = fails!(cx.conn.prepare("select * from conf_no_such_table").await, "42P01");
    same!(error.sql(), Some("select * from conf_no_such_table"));
    same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
    Ok(())
}

async fn after_error(cx: &mut Context) -> Check {
    cx.table("conf_stmt", "n {big} not null").await?;
    let insert = cx.conn.prepare("insert into conf_stmt values (?)").await?;
    for n in 0..8_i64 {
        fails!(cx.conn.execute(&insert, (None::<i64>,)).await, "23502");
        same!(cx.conn.execute(&insert, (n,)).await?, 1);
    }
    same!(cx.count("conf_stmt").await?, 8);
    Ok(())
}

async fn changed_table(cx: &mut Context) -> Check {
    cx.table("conf_stmt", "a {big}").await?;
    cx.conn.execute("insert into conf_stmt values (1)", ()).await?;
    let all = cx.conn.prepare("select * from conf_stmt").await?;
    for _ in 0..8 {
        same!(cx.conn.query_one(&all, ()).await?.shape().len(), 1);
    }
    cx.conn.execute("alter table conf_stmt add column b bigint default 2", ()).await?;
    let row = cx.conn.query_one(&all, ()).await?;
    same!(row.shape().len(), 2);
    same!(row.get::<i64>("b")?, 2);
    Ok(())
}

async fn recreated_table(cx: &mut Context) -> Check {
    let insert = PreparedStatement::new("insert into conf_stmt values (?)");
    for _ in 0..2 {
        cx.table("conf_stmt", "n {big}").await?;
        for n in 0..8_i64 {
            same!(cx.conn.execute(&insert, (n,)).await?, 1);
        }
    }
    same!(cx.count("conf_stmt").await?, 8);
    Ok(())
}

async fn describe(cx: &mut Context) -> Check {
    cx.table("conf_stmt", "n {big}, t {text}").await?;
    let sql = "select n, t as label from conf_stmt where n > ? and t = ?";
    let described = cx.conn.describe(sql).await?;
    let labels: Vec<&str> = described.shape.columns().iter().map(|c| &*c.name).collect();
    same!(labels, ["n", "label"]);
    same!(described.parameters.len(), 2);
    let known = described.parameters.iter().all(|t| *t != batis_dbc::SqlType::Null);
    same!(known, cx.dialect.describes_parameters);
    let insert = "insert into conf_stmt (n) values (?)";
    cx.conn.describe(insert).await?;
    same!(cx.count("conf_stmt").await?, 0);
    Ok(())
}

async fn describe_origin(cx: &mut Context) -> Check {
    cx.table("conf_stmt", "n {big}, t {text}").await?;
    let described = cx.conn.describe("select t as label, n + 1 from conf_stmt").await?;
    let columns = described.shape.columns();
    let origin = columns[0].origin.as_ref().map(|o| (&*o.table, &*o.column));
    same!(origin, cx.dialect.knows_origins.then_some(("conf_stmt", "t")));
    same!(columns[1].origin.is_none(), true);
    Ok(())
}

async fn describe_nullable(cx: &mut Context) -> Check {
    cx.table("conf_stmt", "id {key}, n {big} not null, t {text}").await?;
    let described = cx.conn.describe("select id, n as label, t, n + 1, t || 'x' from conf_stmt").await?;
    let nullable: Vec<Option<bool>> = described.shape.columns().iter().map(|c| c.nullable).collect();
    same!(nullable, [Some(false), Some(false), Some(true), None, None]);
    Ok(())
}

async fn describe_join(cx: &mut Context) -> Check {
    cx.conn.execute("drop view if exists conf_view", ()).await?;
    cx.table("conf_stmt", "id {key}, t {text}").await?;
    cx.table("conf_other", "id {key}, n {big} not null").await?;
    let sql = "select a.t, b.n, b.id from conf_stmt a left join conf_other b on b.id = a.id";
    let described = cx.conn.describe(sql).await?;
    let tables: Vec<String> = origins(described.shape.columns());
    same!(tables, ["conf_stmt.t", "conf_other.n", "conf_other.id"]);
    same!(described.shape.columns()[0].origin.as_ref().map(|o| &*o.schema), Some(cx.dialect.schema));
    cx.conn.execute("create view conf_view as select t as shown from conf_stmt", ()).await?;
    let described = cx.conn.describe("select shown from conf_view").await?;
    same!(described.shape.columns()[0].origin.is_some(), true);
    cx.conn.execute("drop view conf_view", ()).await?;
    Ok(())
}

fn origins(columns: &[batis_dbc::Column]) -> Vec<String> {
    let told = columns.iter().filter_map(|c| c.origin.as_ref());
    told.map(|origin| format!("{}.{}", origin.table, origin.column)).collect()
}

async fn describe_after_change(cx: &mut Context) -> Check {
    cx.table("conf_stmt", "n {big}").await?;
    let all = cx.conn.prepare("select * from conf_stmt").await?;
    same!(cx.conn.describe(&all).await?.shape.columns()[0].nullable, Some(true));
    cx.table("conf_stmt", "n {big} not null, t {text}").await?;
    let described = cx.conn.describe(&all).await?;
    same!(origins(described.shape.columns()), ["conf_stmt.n", "conf_stmt.t"]);
    same!(described.shape.columns()[0].nullable, Some(false));
    cx.conn.execute("alter table conf_stmt rename column t to u", ()).await?;
    same!(origins(cx.conn.describe(&all).await?.shape.columns()), ["conf_stmt.n", "conf_stmt.u"]);
    Ok(())
}

async fn describe_writes(cx: &mut Context) -> Check {
    cx.table("conf_stmt", "id {key}, n {big}").await?;
    let described = cx.conn.describe("insert into conf_stmt (n) values (?) returning id, n as m").await?;
    let labels: Vec<&str> = described.shape.columns().iter().map(|c| &*c.name).collect();
    same!((labels, described.parameters.len()), (vec!["id", "m"], 1));
    cx.conn.describe("delete from conf_stmt").await?;
    cx.conn.describe("update conf_stmt set n = ? where id = ?").await?;
    same!(cx.count("conf_stmt").await?, 0);
    Ok(())
}

async fn describe_parameters(cx: &mut Context) -> Check {
    cx.table("conf_stmt", "n {big}, t {text}, d {double}").await?;
    let sql = "select 1 from conf_stmt where t = ? and n between ? and ? and d > ? -- ?";
    let described = cx.conn.describe(sql).await?;
    let expected = if cx.dialect.describes_parameters { [Text, BigInt, BigInt, Double] } else { [Null; 4] };
    same!(described.parameters, expected);
    same!(cx.conn.describe("select 1").await?.parameters.len(), 0);
    Ok(())
}

async fn describe_in_transaction(cx: &mut Context) -> Check {
    cx.table("conf_stmt", "n {big}").await?;
    let select = cx.conn.prepare("select n from conf_stmt").await?;
    cx.conn.begin(&batis_dbc::TransactionOptions::new()).await?;
    cx.conn.execute("insert into conf_stmt values (1)", ()).await?;
    for _ in 0..3 {
        same!(cx.conn.describe(&select).await?.shape.len(), 1);
        same!(cx.conn.query_one(&select, ()).await?.get::<i64>(0)?, 1);
    }
    cx.conn.query(&super::results::numbers(5000), ()).await?.advance().await?;
    same!(cx.conn.describe(&select).await?.shape.len(), 1);
    cx.conn.commit().await?;
    same!(cx.count("conf_stmt").await?, 1);
    Ok(())
}

async fn describe_nothing(cx: &mut Context) -> Check {
    cx.table("conf_stmt", "n {big}").await?;
    same!(cx.conn.describe("delete from conf_stmt").await?.shape.is_empty(), true);
    let mut rows = cx.conn.query("delete from conf_stmt", ()).await?;
    same!(rows.advance().await?, false);
    Ok(())
}

async fn long_text(cx: &mut Context) -> Check {
    let sql = format!("select {} as n -- {}", "1 + ".repeat(500) + "1", "x".repeat(100_000));
    same!(cx.conn.query_one(&sql, ()).await?.get::<i64>("n")?, 501);
    Ok(())
}
