//! Batches: every strategy does the same, and the failing item is named.

use batis_dbc::{Batch, BatchOptions, BatchStrategy, SqlError};

use crate::case::{Check, Context, Problem, fails, list, same};

list! {
    "batch/inserts", "a batch of 2,500 inserts inserts 2,500 rows", inserts;
    "batch/strategies", "every strategy that the database has inserts the same rows", strategies;
    "batch/updates", "a batch of updates counts the rows of each item", updates;
    "batch/deletes", "a batch of deletes counts the rows of each item", deletes;
    "batch/failing_item", "the item that fails is named, and nothing stays", failing_item;
    "batch/failing_item_by_strategy", "each strategy names the same failing item", failing_by_strategy;
    "batch/stop_at_first", "without atomic, what is before the failing item stays", stop_at_first;
    "batch/stop_at_first_by_strategy", "without atomic, each strategy keeps the same items", stop_by_strategy;
    "batch/inside_a_transaction", "a batch that fails leaves the transaction around it usable", inside_a_transaction;
    "batch/guards", "a batch runs inside of transaction and savepoint guards, and is undone with them, not they with it", guards;
    "batch/rolled_back", "a batch is rolled back with the transaction around it", rolled_back;
    "batch/on_conflict", "an insert with ON CONFLICT counts what was inserted", on_conflict;
    "batch/same_row_again", "an insert with ON CONFLICT DO UPDATE may reach a row by several items: the last one stays", same_row_again;
    "batch/same_row_again_failing", "of such a batch too the failing item is named", same_row_again_failing;
    "batch/expressions", "placeholders inside of expressions are filled", expressions;
    "batch/nulls_and_types", "nulls, text, bytes, floats and booleans arrive", nulls_and_types;
    "batch/empty", "a batch without items does nothing", empty;
    "batch/one_item", "a batch of one item works", one_item;
    "batch/wrong_count", "items of a wrong number of parameters are refused with 07001, and the first of them is named", wrong_count;
    "batch/uneven", "an item of another number of parameters than those before is refused with 07001 and named", uneven;
    "batch/own_placeholders", "a batch takes the placeholders that the database itself has", own_placeholders;
    "batch/wrong_sql", "a wrong statement is told with the database's own code", wrong_sql;
    "batch/again", "a batch can be run again, and cleared", again;
    "batch/small_chunks", "chunks of any size insert the same rows", small_chunks;
    "batch/no_parameters", "a statement without placeholders runs once for each item", no_parameters;
}

const INSERT: &str = "insert into conf_batch (id, name) values (?, ?)";

async fn table(cx: &mut Context) -> Result<(), SqlError> {
    cx.table("conf_batch", "id {int} primary key, name {text}").await
}

fn numbered(items: std::ops::Range<i32>) -> Result<Batch, SqlError> {
    let mut batch = Batch::new(INSERT);
    for id in items {
        batch.add((id, format!("name {id}")))?;
    }
    Ok(batch)
}

/// The strategies that this database has, for plain inserts.
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
        match cx.conn.execute_batch_with(&numbered(0..9)?, &BatchOptions::new().strategy(strategy)).await {
            Ok(_) => available.push(strategy),
            Err(error) if error.sql_state().code() == "0A000" => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(available)
}

async fn inserts(cx: &mut Context) -> Check {
    table(cx).await?;
    let outcome = cx.conn.execute_batch(&numbered(0..2_500)?).await?;
    same!(outcome.total(), 2_500);
    same!(outcome.counts.len(), 2_500);
    same!(outcome.counts.iter().all(|count| *count == Some(1)), true);
    same!(cx.count("conf_batch").await?, 2_500);
    let name: String = cx.conn.query_one("select name from conf_batch where id = ?", (2_499,)).await?.get(0)?;
    same!(name, "name 2499");
    Ok(())
}

async fn strategies(cx: &mut Context) -> Check {
    let available = available(cx).await?;
    same!(available.contains(&BatchStrategy::OneByOne) && available.contains(&BatchStrategy::MultiValues), true);
    for strategy in available {
        table(cx).await?;
        let options = BatchOptions::new().strategy(strategy).chunk(100);
        let outcome = cx.conn.execute_batch_with(&numbered(0..333)?, &options).await?;
        same!((strategy, outcome.total()), (strategy, 333));
        let sum: i64 = cx.conn.query_one("select sum(id) from conf_batch", ()).await?.get(0)?;
        same!((strategy, sum), (strategy, 332 * 333 / 2));
    }
    Ok(())
}

async fn updates(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute_batch(&numbered(0..10)?).await?;
    let mut batch = Batch::new("update conf_batch set name = ? where id < ?");
    for (name, below) in [("a", 3), ("b", 0), ("c", 10)] {
        batch.add((name, below))?;
    }
    let outcome = cx.conn.execute_batch(&batch).await?;
    same!(outcome.counts, [Some(3), Some(0), Some(10)]);
    same!(outcome.total(), 13);
    Ok(())
}

async fn deletes(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute_batch(&numbered(0..10)?).await?;
    let mut batch = Batch::new("delete from conf_batch where id = ?");
    for id in [1, 99, 2] {
        batch.add((id,))?;
    }
    same!(cx.conn.execute_batch(&batch).await?.counts, [Some(1), Some(0), Some(1)]);
    same!(cx.count("conf_batch").await?, 8);
    Ok(())
}

/// Item 150 has the key of item 7.
fn with_a_twin() -> Result<Batch, SqlError> {
    let mut batch = numbered(0..150)?;
    batch.add((7, "twin"))?;
    for id in 151..300 {
        batch.add((id, "later"))?;
    }
    Ok(batch)
}

async fn failing_item(cx: &mut Context) -> Check {
    table(cx).await?;
    let error = fails!(cx.conn.execute_batch(&with_a_twin()?).await, "23505");
    same!(error.batch_index(), Some(150));
    same!(cx.count("conf_batch").await?, 0);
    Ok(())
}

async fn failing_by_strategy(cx: &mut Context) -> Check {
    for strategy in available(cx).await? {
        table(cx).await?;
        let options = BatchOptions::new().strategy(strategy).chunk(64);
        let error = fails!(cx.conn.execute_batch_with(&with_a_twin()?, &options).await, "23505");
        same!((strategy, error.batch_index()), (strategy, Some(150)));
        same!((strategy, cx.count("conf_batch").await?), (strategy, 0));
    }
    Ok(())
}

async fn stop_at_first(cx: &mut Context) -> Check {
    table(cx).await?;
    let error = fails!(cx.conn.execute_batch_with(&with_a_twin()?, &BatchOptions::new().atomic(false)).await, "23505");
    same!(error.batch_index(), Some(150));
    same!(cx.count("conf_batch").await?, 150);
    Ok(())
}

async fn stop_by_strategy(cx: &mut Context) -> Check {
    for strategy in available(cx).await? {
        table(cx).await?;
        let options = BatchOptions::new().strategy(strategy).chunk(64).atomic(false);
        let error = fails!(cx.conn.execute_batch_with(&with_a_twin()?, &options).await, "23505");
        same!((strategy, error.batch_index()), (strategy, Some(150)));
        same!((strategy, cx.count("conf_batch").await?), (strategy, 150));
    }
    Ok(())
}

async fn inside_a_transaction(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.begin(&batis_dbc::TransactionOptions::new()).await?;
    cx.conn.execute(INSERT, (1_000, "before")).await?;
    fails!(cx.conn.execute_batch(&with_a_twin()?).await, "23505");
    cx.conn.execute(INSERT, (1_001, "after")).await?;
    cx.conn.commit().await?;
    same!(cx.count("conf_batch").await?, 2);
    Ok(())
}

async fn guards(cx: &mut Context) -> Check {
    for atomic in [true, false] {
        table(cx).await?;
        let mut transaction = cx.conn.transaction().await?;
        transaction.execute(INSERT, (1_000, "before")).await?;
        same!(transaction.execute_batch(&numbered(0..20)?).await?.total(), 20);
        let mut savepoint = transaction.savepoint().await?;
        let keys = savepoint.execute_batch_returning(&numbered(20..30)?, &["id"]).await?;
        same!(keys.item(9)[0].get::<i64>("id")?, 29);
        savepoint.rollback().await?;
        let options = BatchOptions::new().atomic(atomic);
        let error = fails!(transaction.execute_batch_with(&numbered(15..40)?, &options).await, "23505");
        same!(error.batch_index(), Some(0));
        let failed = transaction.execute_batch_returning_with(&numbered(-5..40)?, &["id"], &options).await;
        same!(fails!(failed, "23505").batch_index(), Some(5));
        let twenty_and_one = transaction.query_one("select count(*) from conf_batch", ()).await?.get::<i64>(0)?;
        same!((atomic, twenty_and_one), (atomic, if atomic { 21 } else { 26 }));
        transaction.commit().await?;
        same!(cx.count("conf_batch").await?, twenty_and_one);
    }
    Ok(())
}

async fn rolled_back(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.begin(&batis_dbc::TransactionOptions::new()).await?;
    cx.conn.execute_batch(&numbered(0..20)?).await?;
    cx.conn.rollback().await?;
    same!(cx.count("conf_batch").await?, 0);
    Ok(())
}

async fn on_conflict(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute_batch(&numbered(0..5)?).await?;
    let mut batch = Batch::new(format!("{INSERT} on conflict (id) do nothing"));
    for id in 0..20 {
        batch.add((id, "again"))?;
    }
    let outcome = cx.conn.execute_batch(&batch).await?;
    same!(outcome.total(), 15);
    same!(outcome.counts.len(), 20);
    same!(cx.count("conf_batch").await?, 20);
    Ok(())
}

const UPSERT: &str =
    "insert into conf_upsert (id, name) values (?, ?) on conflict (id) do update set name = excluded.name";

/// Seven rows, each reached by several of the items; an item may be without a name, which is refused.
async fn upserts(cx: &mut Context, nameless: Option<i32>) -> Result<Batch, SqlError> {
    cx.table("conf_upsert", "id {int} primary key, name {text} not null").await?;
    let mut batch = Batch::new(UPSERT);
    for item in 0..30 {
        batch.add((item % 7, (Some(item) != nameless).then(|| format!("name {item}"))))?;
    }
    Ok(batch)
}

async fn same_row_again(cx: &mut Context) -> Check {
    for strategy in available(cx).await? {
        for atomic in [true, false] {
            let options = BatchOptions::new().strategy(strategy).atomic(atomic).chunk(11);
            let batch = upserts(cx, None).await?;
            let outcome = match cx.conn.execute_batch_with(&batch, &options).await {
                Err(error) if error.sql_state().code() == "0A000" => continue,
                outcome => outcome?,
            };
            same!((strategy, outcome.total()), (strategy, 30));
            same!((strategy, outcome.counts), (strategy, vec![Some(1); 30]));
            let last = cx.conn.query_one("select min(name), max(name), count(*) from conf_upsert", ()).await?;
            same!((last.get::<String>(0)?, last.get::<String>(1)?), ("name 23".to_owned(), "name 29".to_owned()));
            same!((strategy, last.get::<i64>(2)?), (strategy, 7));
        }
    }
    Ok(())
}

async fn same_row_again_failing(cx: &mut Context) -> Check {
    for strategy in available(cx).await? {
        for atomic in [true, false] {
            let options = BatchOptions::new().strategy(strategy).atomic(atomic).chunk(11);
            let batch = upserts(cx, Some(20)).await?;
            let error = match cx.conn.execute_batch_with(&batch, &options).await {
                Err(error) if error.sql_state().code() == "0A000" => continue,
                outcome => fails!(outcome, "23502"),
            };
            same!((strategy, error.batch_index()), (strategy, Some(20)));
            let stayed = cx.conn.query_opt("select name from conf_upsert where id = 19 % 7", ()).await?;
            let name = stayed.map(|row| row.get::<String>(0)).transpose()?;
            same!((strategy, name.as_deref()), (strategy, (!atomic).then_some("name 19")));
        }
    }
    Ok(())
}

async fn expressions(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut batch = Batch::new("insert into conf_batch (id, name) values (? + 100, upper(?))");
    for id in 0..10 {
        batch.add((id, "x?"))?;
    }
    cx.conn.execute_batch(&batch).await?;
    let name: String = cx.conn.query_one("select name from conf_batch where id = 109", ()).await?.get(0)?;
    same!(name, "X?");
    Ok(())
}

async fn nulls_and_types(cx: &mut Context) -> Check {
    cx.table("conf_batch_types", "id {int}, name {text}, data {bytes}, score {double}, big {big}").await?;
    let mut batch = Batch::new("insert into conf_batch_types values (?, ?, ?, ?, ?)");
    for id in 0..8_i32 {
        let name = (id % 2 == 0).then(|| format!("it's \"{id}\", {{}} \\ ü"));
        let data = (id % 3 == 0).then_some(&[0_u8, 255, 39][..]);
        batch.add((id, name, data, f64::from(id) / 4.0, i64::MAX - i64::from(id)))?;
    }
    cx.conn.execute_batch(&batch).await?;
    let row = cx.conn.query_one("select name, data, score, big from conf_batch_types where id = 6", ()).await?;
    same!(row.get::<String>(0)?, "it's \"6\", {} \\ ü");
    same!(row.get::<Vec<u8>>(1)?, [0, 255, 39]);
    same!(row.get::<f64>(2)?, 1.5);
    same!(row.get::<i64>(3)?, i64::MAX - 6);
    let row = cx.conn.query_one("select name, data from conf_batch_types where id = 5", ()).await?;
    same!((row.get::<Option<String>>(0)?, row.get::<Option<Vec<u8>>>(1)?), (None, None));
    Ok(())
}

async fn empty(cx: &mut Context) -> Check {
    table(cx).await?;
    let outcome = cx.conn.execute_batch(&Batch::new(INSERT)).await?;
    same!((outcome.total(), outcome.counts.len()), (0, 0));
    Ok(())
}

async fn one_item(cx: &mut Context) -> Check {
    table(cx).await?;
    same!(cx.conn.execute_batch(&numbered(3..4)?).await?.counts, [Some(1)]);
    Ok(())
}

async fn wrong_count(cx: &mut Context) -> Check {
    for strategy in available(cx).await? {
        table(cx).await?;
        let options = BatchOptions::new().strategy(strategy);
        let (mut short, mut long) = (Batch::new(INSERT), Batch::new(INSERT));
        for id in 0..10 {
            short.add((id,))?;
            long.add((id, "a", 2))?;
        }
        for batch in [short, long] {
            let error = fails!(cx.conn.execute_batch_with(&batch, &options).await, "07001");
            same!((strategy, error.batch_index(), error.sql()), (strategy, Some(0), Some(INSERT)));
        }
        same!(cx.count("conf_batch").await?, 0);
    }
    let mut none = Batch::new("insert into conf_batch (id) values (1)");
    none.add((1,))?;
    same!(fails!(cx.conn.execute_batch(&none).await, "07001").batch_index(), Some(0));
    Ok(())
}

async fn uneven(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut batch = numbered(0..3)?;
    same!(fails!(batch.add((3,)), "07001").batch_index(), Some(3));
    same!(fails!(batch.add((3, "a", 2)), "07001").sql(), Some(INSERT));
    batch.add((3, "a"))?;
    same!(cx.conn.execute_batch(&batch).await?.total(), 4);
    batch.clear();
    batch.add((4,))?;
    same!(batch.len(), 1);
    Ok(())
}

async fn own_placeholders(cx: &mut Context) -> Check {
    cx.table("conf_batch_own", "a {int}, b {int}").await?;
    let one = cx.dialect.first_parameter;
    let mut batch = Batch::new(format!("insert into conf_batch_own (a, b) values ({one}, {one})"));
    for n in 0..20 {
        batch.add((n,))?;
    }
    same!(cx.conn.execute_batch(&batch).await?.total(), 20);
    let row = cx.conn.query_one("select sum(a), count(*) from conf_batch_own where a = b", ()).await?;
    same!((row.get::<i64>(0)?, row.get::<i64>(1)?), (190, 20));
    let rewritten = BatchOptions::new().strategy(BatchStrategy::MultiValues);
    fails!(cx.conn.execute_batch_with(&batch, &rewritten).await, "0A000");
    batch.clear();
    batch.add((1, 2))?;
    same!(fails!(cx.conn.execute_batch(&batch).await, "07001").batch_index(), Some(0));
    Ok(())
}

async fn wrong_sql(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut batch = Batch::new("insert into conf_batch (id, nme) values (?, ?)");
    for id in 0..10 {
        batch.add((id, "a"))?;
    }
    fails!(cx.conn.execute_batch(&batch).await, "42703");
    same!(cx.conn.execute(INSERT, (1, "still usable")).await?, 1);
    Ok(())
}

async fn again(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut batch = numbered(0..20)?;
    cx.conn.execute_batch(&batch).await?;
    cx.conn.execute("delete from conf_batch", ()).await?;
    same!(cx.conn.execute_batch(&batch).await?.total(), 20);
    batch.clear();
    same!(batch.is_empty(), true);
    batch.add((77, "new"))?;
    same!(cx.conn.execute_batch(&batch).await?.total(), 1);
    Ok(())
}

async fn small_chunks(cx: &mut Context) -> Check {
    for chunk in [0, 1, 2, 7, 50, 51] {
        table(cx).await?;
        let options = BatchOptions::new().chunk(chunk);
        same!((chunk, cx.conn.execute_batch_with(&numbered(0..50)?, &options).await?.total()), (chunk, 50));
        same!((chunk, cx.count("conf_batch").await?), (chunk, 50));
    }
    Ok(())
}

async fn no_parameters(cx: &mut Context) -> Check {
    cx.table("conf_batch_n", "n {int}").await?;
    let mut batch = Batch::new("insert into conf_batch_n values (1)");
    for _ in 0..6 {
        batch.add(())?;
    }
    same!(cx.conn.execute_batch(&batch).await?.total(), 6);
    same!(cx.count("conf_batch_n").await?, 6);
    Ok(())
}
