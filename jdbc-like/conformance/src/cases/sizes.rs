//! Much of everything: it works, or is refused with words, and the connection goes on.

use batis_dbc::{CallOptions, Value};

use super::limits::works;
use crate::case::{Check, Context, Problem, list, same};

list! {
    "sizes/sixteen_megabytes", "16 MiB of bytes and of text go in and come back", sixteen_megabytes;
    "sizes/many_columns", "a row of 500 columns goes in and comes back", many_columns;
    "sizes/most_parameters", "as many parameters as the capabilities say work", most_parameters;
    "sizes/too_many_parameters", "one more is refused, and the connection goes on", too_many_parameters;
    "sizes/long_statement", "a statement of 1 MiB runs", long_statement;
    "sizes/long_name", "a name of 60 letters is a name", long_name;
    "sizes/deep_nesting", "a thousand parentheses are taken or refused, never a crash", deep_nesting;
    "sizes/long_script", "a script of a thousand statements runs", long_script;
    "sizes/no_rows", "a statement that finds nothing changes 0 rows and returns none", no_rows;
    "sizes/default_values", "a row of defaults can be inserted", default_values;
    "sizes/large_rows_left", "a large result can be left after its first row", large_rows_left;
    "sizes/empty_values", "empty texts and bytes are not null", empty_values;
    "sizes/many_results", "a connection runs a thousand different statements", many_results;
}

async fn sixteen_megabytes(cx: &mut Context) -> Check {
    cx.table("conf_size", "b {bytes}, t {text}").await?;
    let bytes: Vec<u8> = (0..1_u32 << 24).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    let text = "grün 🌱 und so".repeat(1 << 20);
    cx.conn.execute("insert into conf_size values (?, ?)", (&bytes, &text)).await?;
    let row = cx.conn.query_one("select b, t from conf_size", ()).await?;
    // Not by `same!`, which would print them.
    let kept = row.get::<&[u8]>(0)? == bytes && row.get::<&str>(1)? == text;
    same!(kept, true);
    cx.conn.execute("drop table conf_size", ()).await?;
    Ok(())
}

async fn many_columns(cx: &mut Context) -> Check {
    let columns: Vec<String> = (0..500).map(|n| format!("c{n} {{int}}")).collect();
    cx.table("conf_size", &columns.join(", ")).await?;
    let values: Vec<i64> = (0..500).collect();
    let sql = format!("insert into conf_size values ({})", vec!["?"; 500].join(", "));
    same!(cx.conn.execute(&sql, &values).await?, 1);
    let row = cx.conn.query_one("select * from conf_size", ()).await?;
    same!((row.shape().len(), row.get::<i64>("c499")?, row.get::<i64>(250)?), (500, 499, 250));
    Ok(())
}

/// Whether a number is among this many others.
fn among(count: usize) -> String {
    format!("select count(*) from conf_size where n in ({})", vec!["?"; count].join(","))
}

async fn most_parameters(cx: &mut Context) -> Check {
    cx.table("conf_size", "n {big}").await?;
    cx.conn.execute("insert into conf_size values (7)", ()).await?;
    let most = cx.conn.capabilities().most_parameters;
    let mut values = vec![Value::Int(1); most];
    values[most - 1] = Value::Int(7);
    same!(cx.conn.query_one(&among(most), &values).await?.get::<i64>(0)?, 1);
    Ok(())
}

async fn too_many_parameters(cx: &mut Context) -> Check {
    cx.table("conf_size", "n {big}").await?;
    let more = cx.conn.capabilities().most_parameters + 1;
    let Err(error) = cx.conn.query_one(&among(more), vec![Value::Int(1); more].as_slice()).await else {
        return Err(Problem::new("more parameters than the capabilities say work"));
    };
    same!((error.sql_state().code(), error.breaks_connection()), ("54000", false));
    works(cx).await
}

async fn long_statement(cx: &mut Context) -> Check {
    let text = "x".repeat(1 << 20);
    let row = cx.conn.query_one(&format!("select '{text}', cast(? as bigint)"), (7,)).await?;
    same!((row.get::<&str>(0)?.len(), row.get::<i64>(1)?), (1 << 20, 7));
    Ok(())
}

async fn long_name(cx: &mut Context) -> Check {
    let name = "conf_".to_owned() + &"n".repeat(55);
    cx.table(&name, &format!("{} {{int}}", "c".repeat(60))).await?;
    cx.conn.execute(&format!("insert into {name} values (1)"), ()).await?;
    let row = cx.conn.query_one(&format!("select * from {name}"), ()).await?;
    same!(row.get::<i64>("c".repeat(60).as_str())?, 1);
    cx.conn.execute(&format!("drop table {name}"), ()).await?;
    Ok(())
}

async fn deep_nesting(cx: &mut Context) -> Check {
    let sql = format!("select {}1{}", "(".repeat(1000), ")".repeat(1000));
    match cx.conn.query_one(&sql, ()).await {
        Ok(row) => same!(row.get::<i64>(0)?, 1),
        Err(error) => same!(error.breaks_connection(), false),
    }
    works(cx).await
}

async fn long_script(cx: &mut Context) -> Check {
    cx.table("conf_size", "n {big}").await?;
    let script: Vec<String> = (0..1000).map(|n| format!("insert into conf_size values ({n})")).collect();
    cx.conn.execute_script(&format!("begin; {}; commit", script.join(";\n"))).await?;
    same!(cx.count("conf_size").await?, 1000);
    Ok(())
}

async fn no_rows(cx: &mut Context) -> Check {
    cx.table("conf_size", "n {big}").await?;
    same!(cx.conn.execute("update conf_size set n = 1", ()).await?, 0);
    same!(cx.conn.execute("delete from conf_size where n = ?", (1,)).await?, 0);
    same!(cx.conn.query("delete from conf_size returning n", ()).await?.collect().await?.len(), 0);
    same!(cx.conn.query("select n from conf_size", ()).await?.finish().await?, 0);
    same!(cx.conn.query_opt("select n from conf_size", ()).await?.is_none(), true);
    Ok(())
}

async fn default_values(cx: &mut Context) -> Check {
    cx.table("conf_size", "id {key}, t {text} default 'x', n {int}").await?;
    same!(cx.conn.execute("insert into conf_size default values", ()).await?, 1);
    let row = cx.conn.query_one("select id, t, n from conf_size", ()).await?;
    same!((row.get::<i64>(0)?, row.get::<&str>(1)?, row.get::<Option<i64>>(2)?), (1, "x", None));
    Ok(())
}

async fn large_rows_left(cx: &mut Context) -> Check {
    let text = "x".repeat(100_000);
    let sql = format!(
        "with recursive s(i) as (select 1 union all select i + 1 from s where i < 2000) select i, '{text}' from s"
    );
    for options in [CallOptions::new(), CallOptions::new().max_rows(1)] {
        let mut rows = cx.conn.query_with(&sql, (), &options).await?;
        same!(rows.advance().await?, true);
        same!(rows.row().get::<&str>(1)?.len(), text.len());
        works(cx).await?;
    }
    Ok(())
}

async fn empty_values(cx: &mut Context) -> Check {
    cx.table("conf_size", "t {text}, b {bytes}").await?;
    cx.conn.execute("insert into conf_size values (?, ?)", ("", Vec::<u8>::new())).await?;
    let row = cx.conn.query_one("select t, b, t is null, b is null from conf_size", ()).await?;
    same!((row.get::<&str>(0)?, row.get::<&[u8]>(1)?), ("", &[][..]));
    same!((row.get::<bool>(2)?, row.get::<bool>(3)?), (false, false));
    Ok(())
}

async fn many_results(cx: &mut Context) -> Check {
    for n in 0..1000_i64 {
        let row = cx.conn.query_one(&format!("select {n} + cast(? as bigint) as n{n}"), (1,)).await?;
        same!(row.get::<i64>(format!("n{n}").as_str())?, n + 1);
    }
    Ok(())
}
