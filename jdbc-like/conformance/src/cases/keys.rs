//! What a statement says of the rows that it wrote: generated keys.

use batis_dbc::{PreparedStatement, SqlError};

use crate::case::{Check, Context, fails, list, same};

list! {
    "keys/by_name", "the keys of new rows are returned by their columns' names", by_name;
    "keys/several_columns", "several columns come in the order in which they were asked for, defaults among them", several_columns;
    "keys/several_rows", "each new row of one insert has its key", several_rows;
    "keys/all_columns", "without names all columns are returned", all_columns;
    "keys/own_returning", "a statement with a RETURNING of its own keeps it", own_returning;
    "keys/updates", "updates and deletes return the rows that they changed", updates;
    "keys/no_row", "a statement that changes no row returns none", no_row;
    "keys/unknown_column", "an unknown column is 42703 with its name, and nothing is inserted", unknown_column;
    "keys/quoted_names", "a column whose name needs quotes is returned", quoted_names;
    "keys/hostile_name", "a name is never more than a name", hostile_name;
    "keys/semicolon_and_comment", "a semicolon or comment at the end of the text is no hindrance", semicolon_and_comment;
    "keys/from_select", "an insert from a query, and one with WITH, return their rows", from_select;
    "keys/reads", "a statement that writes nothing is refused with 42601", reads;
    "keys/handle", "a prepared statement returns its keys, again and again", handle;
    "keys/violation", "a violated constraint is told, and the next insert returns its key", violation;
    "keys/in_transaction", "keys are returned inside of a transaction, and gone after its rollback", in_transaction;
    "keys/last_insert_id", "the key of the last row is told where the database counts rows", last_insert_id;
}

async fn table(cx: &mut Context) -> Result<(), SqlError> {
    cx.table(
        "conf_key",
        "id {key}, name {text} not null unique, kind {text} default 'plain', \"Odd Name\" {big} default 7",
    )
    .await
}

const INSERT: &str = "insert into conf_key (name) values (?)";

async fn by_name(cx: &mut Context) -> Check {
    table(cx).await?;
    let first = cx.conn.execute_returning(INSERT, ("a",), &["id"]).await?;
    let second = cx.conn.execute_returning(INSERT, ("b",), &["id"]).await?;
    same!((first.len(), second.len(), first[0].shape().len()), (1, 1, 1));
    let id: i64 = second[0].get("id")?;
    same!(id > first[0].get::<i64>("id")?, true);
    let name: String = cx.conn.query_one("select name from conf_key where id = ?", (id,)).await?.get(0)?;
    same!(name, "b");
    Ok(())
}

async fn several_columns(cx: &mut Context) -> Check {
    table(cx).await?;
    let rows = cx.conn.execute_returning(INSERT, ("a",), &["kind", "name", "id"]).await?;
    let labels: Vec<&str> = rows[0].shape().columns().iter().map(|c| &*c.name).collect();
    same!(labels, ["kind", "name", "id"]);
    same!((rows[0].get::<&str>(0)?, rows[0].get::<&str>(1)?), ("plain", "a"));
    Ok(())
}

async fn several_rows(cx: &mut Context) -> Check {
    table(cx).await?;
    let sql = "insert into conf_key (name) values (?), (?), (?)";
    let rows = cx.conn.execute_returning(sql, ("a", "b", "c"), &["id", "name"]).await?;
    same!(rows.len(), 3);
    for row in rows {
        let (id, name): (i64, String) = (row.get(0)?, row.get(1)?);
        let stored: String = cx.conn.query_one("select name from conf_key where id = ?", (id,)).await?.get(0)?;
        same!(stored, name);
    }
    Ok(())
}

async fn all_columns(cx: &mut Context) -> Check {
    table(cx).await?;
    let rows = cx.conn.execute_returning(INSERT, ("a",), &[]).await?;
    same!((rows[0].shape().len(), rows[0].get::<i64>("Odd Name")?), (4, 7));
    Ok(())
}

async fn own_returning(cx: &mut Context) -> Check {
    table(cx).await?;
    let sql = "insert into conf_key (name) values (?) Returning upper(name) as loud";
    let rows = cx.conn.execute_returning(sql, ("a",), &["id"]).await?;
    same!((rows[0].shape().len(), rows[0].get::<&str>("loud")?), (1, "A"));
    Ok(())
}

async fn updates(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute("insert into conf_key (name) values ('a'), ('b'), ('c')", ()).await?;
    let update = "update conf_key set kind = ? where name <> 'a'";
    let mut kinds = Vec::new();
    for row in cx.conn.execute_returning(update, ("new",), &["name", "kind"]).await? {
        kinds.push(format!("{} {}", row.get::<&str>(0)?, row.get::<&str>(1)?));
    }
    kinds.sort();
    same!(kinds, ["b new", "c new"]);
    let gone = cx.conn.execute_returning("delete from conf_key where name = ?", ("b",), &["kind"]).await?;
    same!((gone.len(), gone[0].get::<&str>(0)?), (1, "new"));
    same!(cx.count("conf_key").await?, 2);
    Ok(())
}

async fn no_row(cx: &mut Context) -> Check {
    table(cx).await?;
    let rows = cx.conn.execute_returning("update conf_key set kind = 'x' where id = ?", (99,), &["id"]).await?;
    same!(rows.len(), 0);
    Ok(())
}

async fn unknown_column(cx: &mut Context) -> Check {
    table(cx).await?;
    let error = fails!(cx.conn.execute_returning(INSERT, ("a",), &["id", "nmae"]).await, "42703");
    same!(error.message().contains("nmae"), true);
    same!(error.sql().is_some_and(|sql| sql.starts_with(INSERT)), true);
    same!(cx.count("conf_key").await?, 0);
    Ok(())
}

async fn quoted_names(cx: &mut Context) -> Check {
    table(cx).await?;
    let rows = cx.conn.execute_returning(INSERT, ("a",), &["Odd Name"]).await?;
    same!(rows[0].get::<i64>("Odd Name")?, 7);
    Ok(())
}

async fn hostile_name(cx: &mut Context) -> Check {
    table(cx).await?;
    for name in ["id, name", "id; drop table conf_key", "id\" --", "id` --", "*"] {
        fails!(cx.conn.execute_returning(INSERT, ("a",), &[name]).await, "42703");
    }
    // An empty name is a mistake of syntax for some databases.
    same!(cx.conn.execute_returning(INSERT, ("a",), &[""]).await.is_err(), true);
    same!(cx.count("conf_key").await?, 0);
    Ok(())
}

async fn semicolon_and_comment(cx: &mut Context) -> Check {
    table(cx).await?;
    let texts = [
        "insert into conf_key (name) values ('a');",
        "insert into conf_key (name) values ('b') -- returning nothing",
        "insert into conf_key (name) values ('c'); /* the end; really */ ; -- yes",
        "-- first\ninsert into conf_key (name) values ('returning; x') ",
    ];
    for sql in texts {
        same!(cx.conn.execute_returning(sql, (), &["id"]).await?.len(), 1);
    }
    same!(cx.count("conf_key").await?, 4);
    Ok(())
}

async fn from_select(cx: &mut Context) -> Check {
    table(cx).await?;
    let rows =
        cx.conn.execute_returning("insert into conf_key (name) select 'x' union all select ?", ("y",), &["name"]);
    same!(rows.await?.len(), 2);
    let with = "with n(v) as (select 'z') insert into conf_key (name) select v from n where v <> ?";
    let rows = cx.conn.execute_returning(with, ("q",), &["name"]).await?;
    same!(rows[0].get::<&str>(0)?, "z");
    Ok(())
}

async fn reads(cx: &mut Context) -> Check {
    let error = fails!(cx.conn.execute_returning("select 1", (), &["id"]).await, "42601");
    same!(error.hint_text(), Some("use `query` for statements that read"));
    Ok(())
}

async fn handle(cx: &mut Context) -> Check {
    table(cx).await?;
    let insert = PreparedStatement::new(INSERT);
    let mut last = i64::MIN;
    for n in 0..12 {
        let rows = cx.conn.execute_returning(&insert, (format!("n{n}"),), &["id"]).await?;
        let id: i64 = rows[0].get(0)?;
        same!(id > last, true);
        last = id;
    }
    same!(cx.conn.execute(&insert, ("alone",)).await?, 1);
    Ok(())
}

async fn violation(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute_returning(INSERT, ("a",), &["id"]).await?;
    fails!(cx.conn.execute_returning(INSERT, ("a",), &["id"]).await, "23505");
    same!(cx.conn.execute_returning(INSERT, ("b",), &["name"]).await?[0].get::<&str>(0)?, "b");
    same!(cx.count("conf_key").await?, 2);
    Ok(())
}

async fn in_transaction(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    let id: i64 = transaction.execute_returning(INSERT, ("a",), &["id"]).await?[0].get(0)?;
    let name: String = transaction.query_one("select name from conf_key where id = ?", (id,)).await?.get(0)?;
    same!(name, "a");
    transaction.rollback().await?;
    same!(cx.count("conf_key").await?, 0);
    Ok(())
}

async fn last_insert_id(cx: &mut Context) -> Check {
    table(cx).await?;
    let told = cx.dialect.tells_last_insert_id;
    same!(cx.conn.last_insert_id(), None);
    for name in ["a", "b"] {
        let id: i64 = cx.conn.execute_returning(INSERT, (name,), &["id"]).await?[0].get(0)?;
        same!(cx.conn.last_insert_id(), told.then_some(id));
        cx.conn.execute("update conf_key set kind = 'x'", ()).await?;
        same!(cx.conn.last_insert_id(), told.then_some(id));
    }
    let mut transaction = cx.conn.transaction().await?;
    let id: i64 = transaction.execute_returning(INSERT, ("c",), &["id"]).await?[0].get(0)?;
    same!(transaction.last_insert_id(), told.then_some(id));
    Ok(())
}
