//! Texts of several statements.

use crate::case::{Check, Context, fails, list, same};

list! {
    "scripts/several", "a script runs its statements in order", several;
    "scripts/quoting", "a semicolon in a string, name or comment ends nothing", quoting;
    "scripts/nothing", "a script may be empty", nothing;
    "scripts/selects", "rows of a script are dropped", selects;
    "scripts/error", "a script ends at its first error, with the place; what ran before stays or not, as the dialect says", error;
    "scripts/after_cursor", "a script runs although a result was left early", after_cursor;
}

async fn several(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let script =
        "insert into conf_script values (1);\ninsert into conf_script values (2);\nupdate conf_script set n = n * 10;";
    cx.conn.execute_script(script).await?;
    let sum = cx.conn.query_one("select cast(sum(n) as bigint) from conf_script", ()).await?;
    same!(sum.get::<i64>(0)?, 30);
    Ok(())
}

async fn quoting(cx: &mut Context) -> Check {
    cx.table("conf_script", "t {text}").await?;
    let script =
        "insert into conf_script values ('a;b'); -- and; so on\n/* ; */ insert into conf_script values ('it''s; ?')";
    cx.conn.execute_script(script).await?;
    let rows = cx.conn.query("select t from conf_script order by t", ()).await?;
    same!(rows.map(|row| row.get::<String>(0)).await?, ["a;b", "it's; ?"]);
    Ok(())
}

async fn nothing(cx: &mut Context) -> Check {
    for script in ["", "  \n ", ";;", "-- only a comment"] {
        cx.conn.execute_script(script).await?;
    }
    Ok(())
}

async fn selects(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    cx.conn.execute_script("select 1; select 2; insert into conf_script values (1); select 3").await?;
    same!(cx.count("conf_script").await?, 1);
    Ok(())
}

async fn error(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let script =
        "insert into conf_script values (1);\ninsert into conf_nowhere values (2);\ninsert into conf_script values (3)";
    let error = fails!(cx.conn.execute_script(script).await, "42P01");
    same!(error.sql(), Some(script));
    same!(cx.count("conf_script").await?, if cx.dialect.script_is_atomic { 0 } else { 1 });
    Ok(())
}

async fn after_cursor(cx: &mut Context) -> Check {
    cx.conn.query(&super::results::numbers(5000), ()).await?.advance().await?;
    cx.conn.execute_script("select 1; select 2").await?;
    Ok(())
}
