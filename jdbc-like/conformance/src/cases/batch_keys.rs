//! What batches say of the rows that their items wrote: generated keys.

use batis_dbc::{Batch, BatchOptions, BatchRows, BatchStrategy, Row, SqlError, TransactionOptions};

use crate::case::{Check, Context, Problem, fails, list, same};

list! {
    "batch_keys/order", "the keys of 2,500 inserts come in the order of the items, by their column's name", order;
    "batch_keys/few", "so do those of batches of any small size", few;
    "batch_keys/strategies", "every strategy that can return rows gives each item its own", strategies;
    "batch_keys/all_columns", "without names all columns are returned", all_columns;
    "batch_keys/own_returning", "a statement with a RETURNING of its own keeps it", own_returning;
    "batch_keys/expressions", "placeholders inside of expressions are filled", expressions;
    "batch_keys/skipped_items", "items that ON CONFLICT skips have no row, the others their own", skipped_items;
    "batch_keys/skipped_by_strategy", "so it is by every strategy, and with small chunks", skipped_by_strategy;
    "batch_keys/upserts", "items that change a row that was there have it, also the same row again", upserts;
    "batch_keys/updates", "each update has the rows that it changed, or none", updates;
    "batch_keys/failing_item", "the item that fails is named, and nothing stays", failing_item;
    "batch_keys/failing_item_by_strategy", "each strategy names the same failing item", failing_by_strategy;
    "batch_keys/stop_at_first", "without atomic, what is before the failing item stays", stop_at_first;
    "batch_keys/inside_a_transaction", "the keys are those of the transaction, and gone after its rollback", inside_a_transaction;
    "batch_keys/reads", "a statement that writes nothing is refused with 42601", reads;
    "batch_keys/unknown_column", "an unknown column is 42703, and nothing is inserted", unknown_column;
    "batch_keys/empty", "a batch without items returns nothing", empty;
    "batch_keys/again", "a batch can be run again for other keys", again;
}

async fn table(cx: &mut Context) -> Result<(), SqlError> {
    cx.table("conf_batch_key", "id {key}, name {text} not null unique, kind {text} default 'plain'").await
}

const INSERT: &str = "insert into conf_batch_key (name) values (?)";

fn name(item: usize) -> String {
    // Not in the order of the alphabet.
    format!("{} {item}", item * 7919 % 10_007)
}

fn named(sql: &str, items: std::ops::Range<usize>) -> Result<Batch, SqlError> {
    let mut batch = Batch::new(sql);
    for item in items {
        batch.add((name(item),))?;
    }
    Ok(batch)
}

/// Looks whether each of these items has one row: that with its name and the key under which this is stored.
async fn check(cx: &mut Context, returned: &BatchRows, items: std::ops::Range<usize>) -> Check {
    same!((returned.len(), returned.rows().len()), (items.len(), items.len()));
    let stored = cx.conn.query("select id, name from conf_batch_key", ()).await?;
    let stored: std::collections::HashMap<String, i64> =
        stored.map(|row| Ok((row.get("name")?, row.get("id")?))).await?.into_iter().collect();
    for (rows, item) in returned.iter().zip(items) {
        same!((item, rows.len()), (item, 1));
        same!(rows[0].get::<String>("name")?, name(item));
        same!(Some(&rows[0].get::<i64>("id")?), stored.get(&name(item)));
    }
    Ok(())
}

/// The strategies that can return rows here.
async fn available(cx: &mut Context) -> Result<Vec<BatchStrategy>, Problem> {
    let all = [
        BatchStrategy::Auto,
        BatchStrategy::OneByOne,
        BatchStrategy::Pipelined,
        BatchStrategy::MultiValues,
        BatchStrategy::Unnest,
        BatchStrategy::Copy,
    ];
    let mut available = Vec::new();
    for strategy in all {
        table(cx).await?;
        let options = BatchOptions::new().strategy(strategy);
        match cx.conn.execute_batch_returning_with(&named(INSERT, 0..9)?, &["id"], &options).await {
            Ok(_) => available.push(strategy),
            Err(error) if error.sql_state().code() == "0A000" => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(available)
}

async fn order(cx: &mut Context) -> Check {
    table(cx).await?;
    let returned = cx.conn.execute_batch_returning(&named(INSERT, 0..2_500)?, &["name", "id"]).await?;
    check(cx, &returned, 0..2_500).await
}

async fn few(cx: &mut Context) -> Check {
    for items in 1..8 {
        table(cx).await?;
        let returned = cx.conn.execute_batch_returning(&named(INSERT, 0..items)?, &["id", "name"]).await?;
        check(cx, &returned, 0..items).await?;
    }
    Ok(())
}

async fn strategies(cx: &mut Context) -> Check {
    let available = available(cx).await?;
    same!(available.contains(&BatchStrategy::OneByOne) && available.contains(&BatchStrategy::MultiValues), true);
    same!(available.contains(&BatchStrategy::Copy), false);
    for strategy in available {
        table(cx).await?;
        let options = BatchOptions::new().strategy(strategy).chunk(100);
        let batch = named(INSERT, 0..333)?;
        let returned = cx.conn.execute_batch_returning_with(&batch, &["id", "name"], &options).await?;
        same!(returned.strategy() == strategy || strategy == BatchStrategy::Auto, true);
        check(cx, &returned, 0..333).await?;
    }
    Ok(())
}

async fn all_columns(cx: &mut Context) -> Check {
    table(cx).await?;
    let returned = cx.conn.execute_batch_returning(&named(INSERT, 0..5)?, &[]).await?;
    same!((returned.item(4)[0].shape().len(), returned.item(4)[0].get::<&str>("kind")?), (3, "plain"));
    check(cx, &returned, 0..5).await
}

async fn own_returning(cx: &mut Context) -> Check {
    table(cx).await?;
    let batch = named(&format!("{INSERT} returning upper(name) as loud, id"), 0..20)?;
    let returned = cx.conn.execute_batch_returning(&batch, &["kind"]).await?;
    same!(returned.item(19)[0].get::<String>("loud")?, name(19));
    same!((returned.rows().len(), returned.item(0)[0].shape().len()), (20, 2));
    Ok(())
}

async fn expressions(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut batch = Batch::new("insert into conf_batch_key (name, kind) values (lower(?), 'x' || ?);");
    for item in 0..6 {
        batch.add((format!("N{item}"), format!("{item}")))?;
    }
    let returned = cx.conn.execute_batch_returning(&batch, &["kind", "name"]).await?;
    same!((returned.item(5)[0].get::<&str>("kind")?, returned.item(5)[0].get::<&str>("name")?), ("x5", "n5"));
    Ok(())
}

/// How many rows each item has.
fn lengths(returned: &BatchRows) -> Vec<usize> {
    returned.iter().map(<[Row]>::len).collect()
}

async fn skipped_items(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute_batch(&named(INSERT, 3..6)?).await?;
    let batch = named(&format!("{INSERT} on conflict (name) do nothing"), 0..9)?;
    let returned = cx.conn.execute_batch_returning(&batch, &["id", "name"]).await?;
    same!(lengths(&returned), [1, 1, 1, 0, 0, 0, 1, 1, 1]);
    same!((returned.item(8)[0].get::<String>("name")?, returned.item(99).len()), (name(8), 0));
    same!(cx.count("conf_batch_key").await?, 9);
    Ok(())
}

async fn skipped_by_strategy(cx: &mut Context) -> Check {
    for strategy in available(cx).await? {
        for atomic in [true, false] {
            table(cx).await?;
            cx.conn.execute_batch(&named(INSERT, 3..6)?).await?;
            let batch = named(&format!("{INSERT} on conflict (name) do nothing"), 0..20)?;
            let options = BatchOptions::new().strategy(strategy).chunk(4).atomic(atomic);
            let returned = cx.conn.execute_batch_returning_with(&batch, &["id", "name"], &options).await?;
            same!((strategy, lengths(&returned)[..9].to_vec()), (strategy, vec![1, 1, 1, 0, 0, 0, 1, 1, 1]));
            same!((strategy, returned.item(19)[0].get::<String>("name")?), (strategy, name(19)));
            same!((strategy, cx.count("conf_batch_key").await?), (strategy, 20));
        }
    }
    Ok(())
}

async fn upserts(cx: &mut Context) -> Check {
    table(cx).await?;
    let sql = format!("{INSERT} on conflict (name) do update set kind = 'again'");
    let mut batch = named(&sql, 0..5)?;
    batch.add((name(2),))?;
    let returned = cx.conn.execute_batch_returning(&batch, &["id", "kind"]).await?;
    same!(lengths(&returned), [1; 6]);
    same!(returned.item(5)[0].get::<i64>("id")?, returned.item(2)[0].get::<i64>("id")?);
    same!((returned.item(2)[0].get::<&str>("kind")?, returned.item(5)[0].get::<&str>("kind")?), ("plain", "again"));
    Ok(())
}

async fn updates(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute("insert into conf_batch_key (name, kind) values ('a', 'x'), ('b', 'x'), ('c', 'y')", ()).await?;
    let mut batch = Batch::new("update conf_batch_key set kind = kind || '!' where kind = ?");
    for kind in ["x", "none", "y"] {
        batch.add((kind,))?;
    }
    let returned = cx.conn.execute_batch_returning(&batch, &["name"]).await?;
    same!(lengths(&returned), [2, 0, 1]);
    same!(returned.item(2)[0].get::<&str>("name")?, "c");
    same!((returned.rows().len(), returned.into_rows().len()), (3, 3));
    Ok(())
}

/// Item 150 has the name of item 7.
fn with_a_twin() -> Result<Batch, SqlError> {
    let mut batch = named(INSERT, 0..150)?;
    batch.add((name(7),))?;
    for item in 151..300 {
        batch.add((name(item),))?;
    }
    Ok(batch)
}

async fn failing_item(cx: &mut Context) -> Check {
    table(cx).await?;
    let error = fails!(cx.conn.execute_batch_returning(&with_a_twin()?, &["id"]).await, "23505");
    same!(error.batch_index(), Some(150));
    same!(cx.count("conf_batch_key").await?, 0);
    let returned = cx.conn.execute_batch_returning(&named(INSERT, 0..10)?, &["id", "name"]).await?;
    check(cx, &returned, 0..10).await
}

async fn failing_by_strategy(cx: &mut Context) -> Check {
    for strategy in available(cx).await? {
        table(cx).await?;
        let options = BatchOptions::new().strategy(strategy).chunk(64);
        let failed = cx.conn.execute_batch_returning_with(&with_a_twin()?, &["id"], &options).await;
        same!((strategy, fails!(failed, "23505").batch_index()), (strategy, Some(150)));
        same!((strategy, cx.count("conf_batch_key").await?), (strategy, 0));
    }
    Ok(())
}

async fn stop_at_first(cx: &mut Context) -> Check {
    for strategy in available(cx).await? {
        table(cx).await?;
        let options = BatchOptions::new().strategy(strategy).chunk(64).atomic(false);
        let failed = cx.conn.execute_batch_returning_with(&with_a_twin()?, &["id"], &options).await;
        same!((strategy, fails!(failed, "23505").batch_index()), (strategy, Some(150)));
        same!((strategy, cx.count("conf_batch_key").await?), (strategy, 150));
    }
    Ok(())
}

async fn inside_a_transaction(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    let returned = cx.conn.execute_batch_returning(&named(INSERT, 0..30)?, &["id", "name"]).await?;
    check(cx, &returned, 0..30).await?;
    fails!(cx.conn.execute_batch_returning(&named(INSERT, 25..40)?, &["id"]).await, "23505");
    same!(cx.count("conf_batch_key").await?, 30);
    cx.conn.rollback().await?;
    same!(cx.count("conf_batch_key").await?, 0);
    Ok(())
}

async fn reads(cx: &mut Context) -> Check {
    let mut batch = Batch::new("select ?");
    batch.add((1,))?;
    fails!(cx.conn.execute_batch_returning(&batch, &["id"]).await, "42601");
    Ok(())
}

async fn unknown_column(cx: &mut Context) -> Check {
    table(cx).await?;
    let error = fails!(cx.conn.execute_batch_returning(&named(INSERT, 0..9)?, &["nmae"]).await, "42703");
    same!(error.message().contains("nmae"), true);
    same!(cx.count("conf_batch_key").await?, 0);
    Ok(())
}

async fn empty(cx: &mut Context) -> Check {
    table(cx).await?;
    let returned = cx.conn.execute_batch_returning(&Batch::new(INSERT), &["id"]).await?;
    same!((returned.len(), returned.is_empty(), returned.rows().len()), (0, true, 0));
    Ok(())
}

async fn again(cx: &mut Context) -> Check {
    table(cx).await?;
    let batch = named(INSERT, 0..12)?;
    let first = cx.conn.execute_batch_returning(&batch, &["id", "name"]).await?;
    check(cx, &first, 0..12).await?;
    cx.conn.execute("update conf_batch_key set name = 'old ' || name", ()).await?;
    let second = cx.conn.execute_batch_returning(&batch, &["id", "name"]).await?;
    check(cx, &second, 0..12).await?;
    same!(second.item(0)[0].get::<i64>("id")? > first.item(11)[0].get::<i64>("id")?, true);
    Ok(())
}
