//! What transactions see of one another, and what comes to light at COMMIT only.

use batis_dbc::{CallOptions, IsolationLevel, SqlError, Transaction, TransactionOptions};

use crate::case::{Check, Context, fails, list, same};

list! {
    "isolation/own_writes", "a transaction sees what it wrote, also in a savepoint and after it", own_writes;
    "isolation/snapshot", "repeatable reads are repeated, whatever others commit meanwhile", snapshot;
    "isolation/deferred_key", "a deferred foreign key fails at COMMIT with 23503, and nothing stays", deferred_key;
    "isolation/deferred_key_repaired", "what is right in the end may be wrong on the way", deferred_key_repaired;
    "isolation/deferred_key_of_begin", "the same without a guard: the transaction has ended", deferred_key_of_begin;
    "isolation/deferred_key_of_closure", "the same in a closure: its error is that of COMMIT", deferred_key_of_closure;
    "isolation/deferred_key_in_savepoint", "a savepoint may be released with a deferred key still wrong", deferred_key_in_savepoint;
    "isolation/lock_and_deadline", "who waits for another's lock is told at the deadline, and both go on", lock_and_deadline;
    "isolation/typed_savepoint", "savepoints typed inside of a guard work", typed_savepoint;
    "isolation/typed_commit_inside", "a COMMIT typed inside of a guard is noticed: what follows commits by itself", typed_commit_inside;
    "isolation/typed_rollback_inside", "so is a ROLLBACK", typed_rollback_inside;
    "isolation/read_only_savepoint", "a savepoint of a read-only transaction cannot write either", read_only_savepoint;
    "isolation/twenty_deep", "twenty savepoints nest, and each can be undone", twenty_deep;
    "isolation/savepoints_in_a_row", "savepoints one after the other need not be counted", savepoints_in_a_row;
    "isolation/table_and_rows", "a table and its rows appear together for others", table_and_rows;
    "isolation/large_rollback", "thousands of rows are rolled back", large_rollback;
    "isolation/read_only_begin", "a read-only transaction without a guard refuses to write, the next one does not", read_only_begin;
    "isolation/level_of_one", "the level of one transaction is not that of the next", level_of_one;
}

const INSERT: &str = "insert into conf_iso values (?)";
const COUNT: &str = "select count(*) from conf_iso";

async fn table(cx: &mut Context) -> Check {
    Ok(cx.table("conf_iso", "n {big} primary key").await?)
}

async fn seen(transaction: &mut Transaction<'_>) -> Result<i64, SqlError> {
    transaction.query_one(COUNT, ()).await?.get(0)
}

async fn seen_elsewhere(cx: &Context) -> Result<i64, SqlError> {
    cx.other().await?.run(async |c| c.query_one(COUNT, ()).await?.get(0)).await
}

async fn own_writes(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut outer = cx.conn.transaction().await?;
    outer.execute(INSERT, (1,)).await?;
    same!(seen(&mut outer).await?, 1);
    let mut inner = outer.savepoint().await?;
    inner.execute(INSERT, (2,)).await?;
    same!(seen(&mut inner).await?, 2);
    inner.commit().await?;
    same!(seen(&mut outer).await?, 2);
    outer.rollback().await?;
    same!(cx.count("conf_iso").await?, 0);
    Ok(())
}

async fn snapshot(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut other = cx.other().await?;
    let options = TransactionOptions::new().isolation(IsolationLevel::RepeatableRead).read_only(true);
    let mut reader = cx.conn.transaction_with(&options).await?;
    same!(seen(&mut reader).await?, 0);
    other.run(async |c| c.execute(INSERT, (1,)).await).await?;
    same!(seen(&mut reader).await?, 0);
    reader.commit().await?;
    same!(cx.count("conf_iso").await?, 1);
    Ok(())
}

/// Children that refer to parents, checked at COMMIT.
async fn family(cx: &mut Context) -> Check {
    cx.conn.execute("drop table if exists conf_late", ()).await?;
    table(cx).await?;
    cx.table("conf_late", "p {big} references conf_iso (n) deferrable initially deferred").await?;
    Ok(())
}

const ORPHAN: &str = "insert into conf_late values (7)";

/// No orphan is there, and what is written now is committed by itself.
async fn goes_on(cx: &mut Context) -> Check {
    same!(cx.conn.transaction_depth(), 0);
    same!(cx.count("conf_late").await?, 0);
    same!(cx.conn.is_broken(), false);
    cx.conn.execute(INSERT, (1,)).await?;
    same!(seen_elsewhere(cx).await?, 1);
    cx.conn.execute("drop table conf_late", ()).await?;
    Ok(())
}

async fn deferred_key(cx: &mut Context) -> Check {
    family(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(ORPHAN, ()).await?;
    let error = fails!(transaction.commit().await, "23503");
    same!(error.is_integrity_violation(), true);
    goes_on(cx).await
}

async fn deferred_key_repaired(cx: &mut Context) -> Check {
    family(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(ORPHAN, ()).await?;
    transaction.execute(INSERT, (7,)).await?;
    transaction.commit().await?;
    same!(cx.count("conf_late").await?, 1);
    cx.conn.execute("drop table conf_late", ()).await?;
    Ok(())
}

async fn deferred_key_of_begin(cx: &mut Context) -> Check {
    family(cx).await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    cx.conn.execute(ORPHAN, ()).await?;
    fails!(cx.conn.commit().await, "23503");
    goes_on(cx).await
}

async fn deferred_key_of_closure(cx: &mut Context) -> Check {
    family(cx).await?;
    fails!(cx.conn.tx(async |t| t.execute(ORPHAN, ()).await).await, "23503");
    goes_on(cx).await
}

async fn deferred_key_in_savepoint(cx: &mut Context) -> Check {
    family(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    let mut savepoint = transaction.savepoint().await?;
    savepoint.execute(ORPHAN, ()).await?;
    savepoint.commit().await?;
    fails!(transaction.commit().await, "23503");
    goes_on(cx).await
}

async fn lock_and_deadline(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute(INSERT, (1,)).await?;
    let mut other = cx.other().await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute("update conf_iso set n = 2", ()).await?;
    let soon = CallOptions::new().timeout(std::time::Duration::from_millis(100));
    let refused = other.run(async |c| c.execute_with("update conf_iso set n = 3", (), &soon).await).await;
    let code = refused.err().map(|e| e.sql_state().code().to_owned());
    same!(matches!(code.as_deref(), Some("57014" | "55P03")), true);
    // What was given up is over for certain once the connection was used again.
    other.run(async |c| c.ping().await).await?;
    transaction.commit().await?;
    same!(other.run(async |c| c.execute("update conf_iso set n = n + 10", ()).await).await?, 1);
    same!(cx.conn.query_one("select n from conf_iso", ()).await?.get::<i64>(0)?, 12);
    Ok(())
}

async fn typed_savepoint(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    transaction.execute("savepoint mine", ()).await?;
    transaction.execute(INSERT, (2,)).await?;
    transaction.execute("rollback to savepoint mine", ()).await?;
    transaction.execute("release savepoint mine", ()).await?;
    let mut inner = transaction.savepoint().await?;
    inner.execute(INSERT, (3,)).await?;
    inner.commit().await?;
    transaction.commit().await?;
    let all = cx.conn.query("select n from conf_iso order by n", ()).await?.map(|row| row.get::<i64>(0)).await?;
    same!(all, [1, 3]);
    Ok(())
}

/// Ends the transaction of a guard by a text; then the guard has none to commit, and must not say that it did.
async fn ended_inside(cx: &mut Context, text: &str) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    transaction.execute(text, ()).await?;
    fails!(transaction.commit().await, "25P01");
    same!((cx.conn.transaction_depth(), cx.conn.is_broken()), (0, false));
    cx.conn.execute(INSERT, (2,)).await?;
    Ok(())
}

async fn typed_commit_inside(cx: &mut Context) -> Check {
    ended_inside(cx, "commit").await?;
    same!(seen_elsewhere(cx).await?, 2);
    Ok(())
}

async fn typed_rollback_inside(cx: &mut Context) -> Check {
    ended_inside(cx, "rollback").await?;
    same!(seen_elsewhere(cx).await?, 1);
    Ok(())
}

async fn read_only_savepoint(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction_with(&TransactionOptions::new().read_only(true)).await?;
    let mut savepoint = transaction.savepoint().await?;
    fails!(savepoint.execute(INSERT, (1,)).await, "25006");
    savepoint.rollback().await?;
    same!(seen(&mut transaction).await?, 0);
    transaction.commit().await?;
    Ok(())
}

async fn twenty_deep(cx: &mut Context) -> Check {
    table(cx).await?;
    let options = TransactionOptions::new();
    for n in 0..20_i64 {
        cx.conn.begin(&options).await?;
        cx.conn.execute(INSERT, (n,)).await?;
    }
    same!(cx.conn.transaction_depth(), 20);
    for n in 0..20 {
        if n % 2 == 0 { cx.conn.rollback().await } else { cx.conn.commit().await }?;
    }
    same!(cx.conn.transaction_depth(), 0);
    // Each rollback took its own row alone: a released savepoint is undone with the next one around it.
    same!(cx.count("conf_iso").await?, 1);
    Ok(())
}

async fn savepoints_in_a_row(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    for n in 0..200_i64 {
        let mut savepoint = transaction.savepoint().await?;
        savepoint.execute(INSERT, (n,)).await?;
        match n % 3 {
            0 => savepoint.commit().await?,
            1 => savepoint.rollback().await?,
            _ => drop(savepoint),
        }
    }
    transaction.commit().await?;
    same!(cx.count("conf_iso").await?, 67);
    Ok(())
}

async fn table_and_rows(cx: &mut Context) -> Check {
    cx.conn.execute("drop table if exists conf_iso", ()).await?;
    let mut other = cx.other().await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute("create table conf_iso (n bigint)", ()).await?;
    transaction.execute(INSERT, (1,)).await?;
    fails!(other.run(async |c| c.query_one(COUNT, ()).await?.get::<i64>(0)).await, "42P01");
    transaction.commit().await?;
    same!(other.run(async |c| c.query_one(COUNT, ()).await?.get::<i64>(0)).await?, 1);
    Ok(())
}

async fn large_rollback(cx: &mut Context) -> Check {
    table(cx).await?;
    let many = format!("insert into conf_iso {}", super::numbers(5000));
    let mut transaction = cx.conn.transaction().await?;
    same!(transaction.execute(&many, ()).await?, 5000);
    drop(transaction);
    same!(cx.count("conf_iso").await?, 0);
    same!(cx.conn.execute(&many, ()).await?, 5000);
    Ok(())
}

async fn read_only_begin(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.begin(&TransactionOptions::new().read_only(true)).await?;
    fails!(cx.conn.execute(INSERT, (1,)).await, "25006");
    cx.conn.rollback().await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    cx.conn.execute(INSERT, (1,)).await?;
    cx.conn.commit().await?;
    same!(seen_elsewhere(cx).await?, 1);
    Ok(())
}

async fn level_of_one(cx: &mut Context) -> Check {
    table(cx).await?;
    let serializable = TransactionOptions::new().isolation(IsolationLevel::Serializable).read_only(true);
    cx.conn.transaction_with(&serializable).await?.commit().await?;
    // In a plain transaction another's commit before its first statement is seen.
    let mut other = cx.other().await?;
    let mut plain = cx.conn.transaction_with(&TransactionOptions::new().read_only(true)).await?;
    other.run(async |c| c.execute(INSERT, (1,)).await).await?;
    same!(seen(&mut plain).await?, 1);
    plain.rollback().await?;
    Ok(())
}
