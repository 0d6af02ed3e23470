//! Texts of several statements.

use std::time::Duration;

use batis_dbc::{CallOptions, ScriptResult, ScriptResults, SqlError, Value};

use super::limits::LONGER;
use super::results::numbers;
use crate::case::{Check, Context, Problem, fails, list, same};

list! {
    "scripts/several", "a script runs its statements in order", several;
    "scripts/quoting", "a semicolon in a string, name or comment ends nothing", quoting;
    "scripts/nothing", "a script may be empty", nothing;
    "scripts/selects", "rows of a script are dropped", selects;
    "scripts/error", "a script ends at its first error, with the place; what ran before stays or not, as the dialect says", error;
    "scripts/error_in_the_middle", "the failing statement of a script is named by its number and place, also where the database tells no place", error_in_the_middle;
    "scripts/results", "each statement of a script has its result: counts and rows, in order", results;
    "scripts/results_are_typed", "their values have the types that a query gives", results_are_typed;
    "scripts/results_left", "results may be left unread, or half read", results_left;
    "scripts/results_dropped", "statements whose results were not asked for do not run", results_dropped;
    "scripts/results_quoting", "semicolons in strings, names and comments end nothing", results_quoting;
    "scripts/results_nothing", "a script of nothing has no results", results_nothing;
    "scripts/results_depend", "a statement sees what those before it created", results_depend;
    "scripts/results_parameters", "the parameters of a script are shared out in order", results_parameters;
    "scripts/results_wrong_count", "a wrong number of parameters is refused with 07001, at the latest before the statement that it is of", results_wrong_count;
    "scripts/results_own_placeholders", "placeholders in the database's own form are shared out as the database counts them", results_own_placeholders;
    "scripts/results_error", "the failing statement is named, those before it stay, those behind it do not run", results_error;
    "scripts/results_error_in_rows", "an error in the middle of rows names the statement too", results_error_in_rows;
    "scripts/results_returning", "a statement that writes and returns rows gives rows", results_returning;
    "scripts/results_in_transaction", "a script inside of a transaction is undone with it", results_in_transaction;
    "scripts/results_transaction_text", "a script may begin and commit by itself", results_transaction_text;
    "scripts/results_limits", "max_rows holds for each result, the deadline for all", results_limits;
    "scripts/results_routine", "the body of a routine or trigger is one statement", results_routine;
    "scripts/in_savepoint", "a script through a guard is undone with it, and ends what is deeper", in_savepoint;
    "scripts/after_cursor", "a script runs although a result was left early", after_cursor;
}

async fn in_savepoint(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let script = |n: u32| format!("insert into conf_script values ({n}); insert into conf_script values ({n})");
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute_script(&script(1)).await?;
    let mut savepoint = transaction.savepoint().await?;
    savepoint.execute_script(&script(2)).await?;
    std::mem::forget(savepoint);
    transaction.execute_script(&script(3)).await?;
    fails!(transaction.savepoint().await?.execute_script("select * from nowhere").await, "42P01");
    transaction.commit().await?;
    let all = cx.conn.query("select n from conf_script order by n", ()).await?.map(|row| row.get::<i64>(0)).await?;
    same!(all, [1, 1, 3, 3]);
    Ok(())
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
    same!((error.sql(), error.statement_index()), (Some(script), Some(1)));
    same!(cx.count("conf_script").await?, if cx.dialect.script_is_atomic { 0 } else { 1 });
    Ok(())
}

async fn after_cursor(cx: &mut Context) -> Check {
    cx.conn.query(&numbers(5000), ()).await?.advance().await?;
    cx.conn.execute_script("select 1; select 2").await?;
    Ok(())
}

async fn error_in_the_middle(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big} unique").await?;
    let script = "insert into conf_script values (1); -- one; two\n\n  insert into conf_script values (1);\nselect ';'";
    let error = fails!(cx.conn.execute_script(script).await, "23505");
    let start = script.rfind("insert").unwrap_or(0);
    // A comment before a statement may count as a part of it.
    same!(error.statement_index(), Some(1));
    same!(error.position().is_some_and(|at| at <= start && at > script.find(';').unwrap_or(0)), true);
    same!(error.to_string().starts_with("statement 2 of the script: "), true);
    Ok(())
}

/// What each result is, in a word.
async fn told(mut results: ScriptResults<'_>) -> Result<Vec<String>, SqlError> {
    let mut told = Vec::new();
    while let Some(result) = results.next().await? {
        told.push(match result {
            ScriptResult::Count(count) => format!("count {count}"),
            ScriptResult::Rows(rows) => {
                let values = rows.map(|row| Ok(format!("{}", row.get::<i64>(0)?))).await?;
                format!("rows {}", values.join(" "))
            }
        });
    }
    Ok(told)
}

async fn results(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let script = "insert into conf_script values (1), (2), (3);
        select n from conf_script order by n; update conf_script set n = n * 10 where n > 1;
        select n from conf_script where n > 99; select sum(n) * 1 as s, 'x' from conf_script; delete from conf_script;;";
    let script = script.replace("sum(n) * 1", "cast(sum(n) as bigint)");
    let told = told(cx.conn.query_script(&script, ())?).await?;
    same!(told, ["count 3", "rows 1 2 3", "count 2", "rows ", "rows 51", "count 3"]);
    Ok(())
}

async fn results_are_typed(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}, t {text}, b {bytes}, d {double}").await?;
    let bytes: &[u8] = b"\x00\x01";
    cx.conn.execute("insert into conf_script values (?, ?, ?, ?)", (1, "a", bytes, 0.25)).await?;
    let query = "select n, t, b, d from conf_script";
    let expected = cx.conn.query_one(query, ()).await?;
    let mut results = cx.conn.query_script(&format!("select 1; {query}"), ())?;
    results.next().await?;
    let Some(ScriptResult::Rows(rows)) = results.next().await? else {
        return Err(crate::case::Problem::new("there are no rows"));
    };
    let found = rows.collect().await?;
    same!(found[0].values(), expected.values());
    let labels: Vec<&str> = found[0].shape().columns().iter().map(|c| &*c.name).collect();
    same!(labels, ["n", "t", "b", "d"]);
    Ok(())
}

async fn results_left(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let many = numbers(5000);
    let script = format!("{many}; {many}; insert into conf_script values (1); {many}");
    let mut results = cx.conn.query_script(&script, ())?;
    same!(matches!(results.next().await?, Some(ScriptResult::Rows(_))), true);
    if let Some(ScriptResult::Rows(mut rows)) = results.next().await? {
        rows.advance().await?;
        same!(rows.row().get::<i64>(0)?, 1);
    }
    same!(matches!(results.next().await?, Some(ScriptResult::Count(1))), true);
    results.next().await?;
    drop(results);
    same!(cx.count("conf_script").await?, 1);
    Ok(())
}

async fn results_dropped(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let insert = "insert into conf_script values (1)";
    let mut results = cx.conn.query_script(&format!("{insert}; {insert}; {insert}"), ())?;
    results.next().await?;
    results.next().await?;
    drop(results);
    same!(cx.count("conf_script").await?, 2);
    Ok(())
}

async fn results_quoting(cx: &mut Context) -> Check {
    cx.table("conf_script", "\"a;b\" {text}").await?;
    let script =
        "insert into conf_script values ('x;y'); -- and; so on\n/* ; */ update conf_script set \"a;b\" = 'it''s; ?';
        select 7 from conf_script where \"a;b\" = 'it''s; ?' -- the end; or not";
    let told = told(cx.conn.query_script(script, ())?).await?;
    same!(told, ["count 1", "count 1", "rows 7"]);
    Ok(())
}

async fn results_nothing(cx: &mut Context) -> Check {
    for script in ["", "  \n ", ";;", "-- only; a comment", " ; /* ; */ ; "] {
        same!(cx.conn.query_script(script, ())?.next().await?.is_none(), true);
    }
    Ok(())
}

async fn results_depend(cx: &mut Context) -> Check {
    let script = "drop table if exists conf_made; create table conf_made (n bigint); insert into conf_made values (5);
        select n from conf_made; drop table conf_made";
    let told = told(cx.conn.query_script(script, ())?).await?;
    same!(told, ["count 0", "count 0", "count 1", "rows 5", "count 0"]);
    Ok(())
}

async fn results_parameters(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}, t {text}").await?;
    let script = "insert into conf_script values (?, ?); select n from conf_script where t = ? and '?' <> ?;
        update conf_script set n = ?";
    let told = told(cx.conn.query_script(script, (1, "a", "a", "b", 9))?).await?;
    same!(told, ["count 1", "rows 1", "count 1"]);
    same!(cx.conn.query_one("select n from conf_script", ()).await?.get::<i64>(0)?, 9);
    Ok(())
}

async fn results_wrong_count(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let script = "select ?; insert into conf_script values (?); insert into conf_script values (?)";
    for missing in [false, true] {
        cx.conn.execute("delete from conf_script", ()).await?;
        let params: Vec<Value> = (0..if missing { 2 } else { 4 }).map(Value::Int).collect();
        let error = match cx.conn.query_script(script, &params[..]) {
            Ok(results) => fails!(told(results).await, "07001"),
            Err(error) => error,
        };
        same!((error.sql_state().code(), error.sql()), ("07001", Some(script)));
        same!(cx.count("conf_script").await?, i64::from(cx.dialect.counts_placeholders));
    }
    let error = match cx.conn.query_script("select 1", (1,)) {
        Ok(mut results) => fails!(results.next().await, "07001"),
        Err(error) => error,
    };
    same!(error.sql_state().code(), "07001");
    match cx.conn.query_script(" -- nothing", (1,)) {
        Ok(mut results) => fails!(results.next().await, "07001"),
        Err(error) => error,
    };
    Ok(())
}

async fn results_own_placeholders(cx: &mut Context) -> Check {
    if !cx.dialect.counts_placeholders {
        // Its own placeholders belong to a single statement.
        fails!(cx.conn.query_script("select $1; select $1", (1, 2)), "07001");
        return Ok(());
    }
    cx.table("conf_script", "n {big}, [a?b] {text}").await?;
    let script = "insert into conf_script values (?1, ?2 || ?1); select [a?b] = 'x7' and ?1 = ?1 from conf_script;
        select :a + :b * :a; select ?2 + ?; select n from conf_script where `a?b` = ? and \"a?b\" <> '?'";
    let told = told(cx.conn.query_script(script, (7, "x", 0, 2, 3, 1, 10, 5, "x7"))?).await?;
    same!(told, ["count 1", "rows 1", "rows 8", "rows 15", "rows 7"]);
    Ok(())
}

async fn results_error(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big} unique").await?;
    let insert = "insert into conf_script values";
    let script = format!("{insert} (1);\n{insert} (2);\n  {insert} (1);\n{insert} (4)");
    let mut results = cx.conn.query_script(&script, ())?;
    results.next().await?;
    results.next().await?;
    let error = fails!(results.next().await, "23505");
    same!((error.statement_index(), error.sql()), (Some(2), Some(&*script)));
    same!(error.position(), script.find(&format!("{insert} (1);\n{insert} (4)")));
    same!(results.next().await?.is_none(), true);
    same!(cx.count("conf_script").await?, 2);
    let script = "select 1;\nselect nme from conf_script";
    let mut results = cx.conn.query_script(script, ())?;
    results.next().await?;
    let error = fails!(results.next().await, "42703");
    same!((error.statement_index(), error.position()), (Some(1), script.find("nme")));
    Ok(())
}

async fn results_error_in_rows(cx: &mut Context) -> Check {
    let failing = cx.dialect.failing_row.replace("{numbers}", &numbers(100));
    let script = format!("select 1; {failing}; select 2");
    let mut results = cx.conn.query_script(&script, ())?;
    results.next().await?;
    let error = match results.next().await {
        Ok(Some(ScriptResult::Rows(rows))) => rows.collect().await.err(),
        Ok(_) => None,
        Err(error) => Some(error),
    };
    same!(error.as_ref().and_then(SqlError::statement_index), Some(1));
    same!(error.as_ref().and_then(SqlError::sql), Some(&*script));
    Ok(())
}

async fn results_returning(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let script = "insert into conf_script values (1), (2) returning n; update conf_script set n = 0 returning n + 5";
    let told = told(cx.conn.query_script(script, ())?).await?;
    same!(told, ["rows 1 2", "rows 5 5"]);
    Ok(())
}

async fn results_in_transaction(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let mut transaction = cx.conn.transaction().await?;
    let script = "insert into conf_script values (1); select n from conf_script";
    same!(told(transaction.query_script(script, ())?).await?, ["count 1", "rows 1"]);
    transaction.rollback().await?;
    same!(cx.count("conf_script").await?, 0);
    Ok(())
}

async fn results_transaction_text(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let insert = "insert into conf_script values (1)";
    let script = format!("begin; {insert}; commit; begin; {insert}; rollback; select count(*) from conf_script");
    let told = told(cx.conn.query_script(&script, ())?).await?;
    same!(told, ["count 0", "count 1", "count 0", "count 0", "count 1", "count 0", "rows 1"]);
    Ok(())
}

async fn results_limits(cx: &mut Context) -> Check {
    let script = format!("{many}; {many}", many = numbers(5000));
    let told = told(cx.conn.query_script_with(&script, (), &CallOptions::new().max_rows(2))?).await?;
    same!(told, ["rows 1 2", "rows 1 2"]);
    let script = format!("select 1; {}", cx.dialect.slow_query);
    for millis in LONGER {
        let options = CallOptions::new().timeout(Duration::from_millis(millis));
        let error = match cx.conn.query_script_with(&script, (), &options) {
            Ok(mut results) => end_of(&mut results).await?,
            Err(error) => error,
        };
        same!(error.sql_state().code(), "57014");
        same!(cx.conn.query_one("select 1", ()).await?.get::<i64>(0)?, 1);
        if error.statement_index() == Some(1) {
            return Ok(());
        }
    }
    Err(Problem::new("the first statement did not end before the deadline"))
}

/// Reads all results, of which the last must be an error.
async fn end_of(results: &mut ScriptResults<'_>) -> Result<SqlError, Problem> {
    loop {
        match results.next().await {
            Ok(Some(ScriptResult::Rows(rows))) => match rows.collect().await {
                Ok(_) => {}
                Err(error) => return Ok(error),
            },
            Ok(_) => return Err(Problem::new("the deadline did not hold")),
            Err(error) => return Ok(error),
        }
    }
}

async fn results_routine(cx: &mut Context) -> Check {
    cx.table("conf_script", "n {big}").await?;
    let script = format!("{}; insert into conf_script values (1); select n from conf_script", cx.dialect.routine);
    let told = told(cx.conn.query_script(&script, ())?).await?;
    same!(told, ["count 0", "count 1", "rows 1"]);
    Ok(())
}
