//! Transactions and savepoints.

use batis_dbc::{IsolationLevel, LockMode, SqlError, SqlState, TransactionOptions};

use crate::case::{Check, Context, fails, list, same};

list! {
    "transactions/commit", "what was committed is seen by others, and not before", commit;
    "transactions/rollback", "what was rolled back is gone", rollback;
    "transactions/drop", "a guard that is dropped rolls back", dropped;
    "transactions/autocommit", "without a transaction each statement commits by itself", autocommit;
    "transactions/one_after_another", "transactions follow one another on a connection", one_after_another;
    "transactions/savepoint_commit", "a released savepoint belongs to the transaction", savepoint_commit;
    "transactions/savepoint_rollback", "a savepoint that is rolled back leaves what was before", savepoint_rollback;
    "transactions/savepoint_drop", "a savepoint that is dropped is rolled back", savepoint_drop;
    "transactions/three_deep", "savepoints nest", three_deep;
    "transactions/outer_rollback", "rolling back takes released savepoints with it", outer_rollback;
    "transactions/error_in_savepoint", "an error inside a savepoint leaves the transaction usable once it is dropped", error_in_savepoint;
    "transactions/after_an_error", "after an error the transaction goes on, or fails with 25P02, as the dialect says", after_an_error;
    "transactions/commit_after_an_error", "a transaction that failed cannot be committed silently", commit_after_an_error;
    "transactions/closure_ok", "a closure that returns Ok commits", closure_ok;
    "transactions/closure_err", "a closure that returns Err rolls back, with an error type of its own", closure_err;
    "transactions/closure_database_error", "a database error inside a closure rolls back and is the one told", closure_database_error;
    "transactions/begin_commit", "begin and commit work without a guard", begin_commit;
    "transactions/begin_rollback", "begin and rollback work without a guard", begin_rollback;
    "transactions/begin_twice", "a second begin is a savepoint", begin_twice;
    "transactions/guard_inside_begin", "a guard inside begin is a savepoint", guard_inside_begin;
    "transactions/nothing_begun", "commit and rollback without begin are 25000", nothing_begun;
    "transactions/read_only", "a read-only transaction refuses to write with 25006", read_only;
    "transactions/read_only_ends", "after a read-only transaction writing works again", read_only_ends;
    "transactions/options", "each isolation level and lock mode can be asked for", options;
    "transactions/schema_changes", "creating a table is rolled back too", schema_changes;
    "transactions/typed", "BEGIN and COMMIT typed in a script work", typed;
    "transactions/typed_rollback", "what is between a typed BEGIN and ROLLBACK is gone", typed_rollback;
    "transactions/typed_and_begun", "begin inside of a typed transaction is refused, and leaves it as it is", typed_and_begun;
    "transactions/thousand_inserts", "a transaction of a thousand statements commits as one", thousand_inserts;
}

const INSERT: &str = "insert into conf_tx values (?)";

async fn table(cx: &mut Context) -> Check {
    Ok(cx.table("conf_tx", "n {big} primary key").await?)
}

async fn count_elsewhere(cx: &Context) -> Result<i64, SqlError> {
    let mut other = cx.other().await?;
    other.run(async |c| c.query_one("select count(*) from conf_tx", ()).await?.get(0)).await
}

async fn commit(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut other = cx.other().await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    let count = "select count(*) from conf_tx";
    same!(other.run(async |c| c.query_one(count, ()).await?.get::<i64>(0)).await?, 0);
    transaction.commit().await?;
    same!(other.run(async |c| c.query_one(count, ()).await?.get::<i64>(0)).await?, 1);
    Ok(())
}

async fn rollback(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    transaction.rollback().await?;
    same!(cx.count("conf_tx").await?, 0);
    Ok(())
}

async fn dropped(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    drop(transaction);
    same!(cx.count("conf_tx").await?, 0);
    same!(cx.conn.execute(INSERT, (1,)).await?, 1);
    Ok(())
}

async fn autocommit(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute(INSERT, (1,)).await?;
    same!(count_elsewhere(cx).await?, 1);
    Ok(())
}

async fn one_after_another(cx: &mut Context) -> Check {
    table(cx).await?;
    for n in 0..6_i64 {
        let mut transaction = cx.conn.transaction().await?;
        transaction.execute(INSERT, (n,)).await?;
        match n % 3 {
            0 => transaction.commit().await?,
            1 => transaction.rollback().await?,
            _ => drop(transaction),
        }
    }
    same!(cx.count("conf_tx").await?, 2);
    Ok(())
}

async fn savepoint_commit(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    let mut savepoint = transaction.savepoint().await?;
    savepoint.execute(INSERT, (1,)).await?;
    savepoint.commit().await?;
    transaction.execute(INSERT, (2,)).await?;
    transaction.commit().await?;
    same!(cx.count("conf_tx").await?, 2);
    Ok(())
}

async fn savepoint_rollback(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    let mut savepoint = transaction.savepoint().await?;
    savepoint.execute(INSERT, (2,)).await?;
    savepoint.rollback().await?;
    transaction.commit().await?;
    same!(cx.conn.query_one("select n from conf_tx", ()).await?.get::<i64>(0)?, 1);
    Ok(())
}

async fn savepoint_drop(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    let mut savepoint = transaction.savepoint().await?;
    savepoint.execute(INSERT, (2,)).await?;
    drop(savepoint);
    same!(transaction.query_one("select count(*) from conf_tx", ()).await?.get::<i64>(0)?, 1);
    transaction.commit().await?;
    same!(cx.count("conf_tx").await?, 1);
    Ok(())
}

async fn three_deep(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut one = cx.conn.transaction().await?;
    one.execute(INSERT, (1,)).await?;
    let mut two = one.savepoint().await?;
    two.execute(INSERT, (2,)).await?;
    let mut three = two.savepoint().await?;
    three.execute(INSERT, (3,)).await?;
    three.rollback().await?;
    let mut again = two.savepoint().await?;
    again.execute(INSERT, (4,)).await?;
    again.commit().await?;
    two.commit().await?;
    one.commit().await?;
    let all = cx.conn.query("select n from conf_tx order by n", ()).await?.map(|row| row.get::<i64>(0)).await?;
    same!(all, [1, 2, 4]);
    Ok(())
}

async fn outer_rollback(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    let mut savepoint = transaction.savepoint().await?;
    savepoint.execute(INSERT, (1,)).await?;
    savepoint.commit().await?;
    transaction.rollback().await?;
    same!(cx.count("conf_tx").await?, 0);
    Ok(())
}

async fn error_in_savepoint(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    let mut savepoint = transaction.savepoint().await?;
    fails!(savepoint.execute(INSERT, (1,)).await, "23505");
    drop(savepoint);
    transaction.execute(INSERT, (2,)).await?;
    transaction.commit().await?;
    same!(cx.count("conf_tx").await?, 2);
    Ok(())
}

async fn after_an_error(cx: &mut Context) -> Check {
    table(cx).await?;
    let fatal = cx.dialect.error_fails_transaction;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    fails!(transaction.execute(INSERT, (1,)).await, "23505");
    if fatal {
        fails!(transaction.execute(INSERT, (2,)).await, "25P02");
        transaction.rollback().await?;
        same!(cx.count("conf_tx").await?, 0);
    } else {
        transaction.execute(INSERT, (2,)).await?;
        transaction.commit().await?;
        same!(cx.count("conf_tx").await?, 2);
    }
    Ok(())
}

async fn commit_after_an_error(cx: &mut Context) -> Check {
    table(cx).await?;
    let fatal = cx.dialect.error_fails_transaction;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (1,)).await?;
    fails!(transaction.execute(INSERT, (1,)).await, "23505");
    let committed = transaction.commit().await;
    same!(committed.is_err(), fatal);
    same!(cx.count("conf_tx").await?, if fatal { 0 } else { 1 });
    Ok(())
}

async fn closure_ok(cx: &mut Context) -> Check {
    table(cx).await?;
    let numbers = [1_i64, 2];
    let changed = cx.conn.tx(async |t| {
        let mut changed = 0;
        for n in &numbers {
            changed += t.execute(INSERT, (n,)).await?;
        }
        Ok::<_, SqlError>(changed)
    });
    same!(changed.await?, 2);
    same!(count_elsewhere(cx).await?, 2);
    Ok(())
}

/// An error type of an application.
#[derive(Debug, PartialEq)]
enum Own {
    Refused,
    Database(SqlState),
}

impl From<SqlError> for Own {
    fn from(error: SqlError) -> Self {
        Self::Database(error.sql_state())
    }
}

async fn closure_err(cx: &mut Context) -> Check {
    table(cx).await?;
    let refused = cx.conn.tx(async |t| {
        t.execute(INSERT, (1,)).await?;
        Err::<(), Own>(Own::Refused)
    });
    same!(refused.await, Err(Own::Refused));
    same!(cx.count("conf_tx").await?, 0);
    Ok(())
}

async fn closure_database_error(cx: &mut Context) -> Check {
    table(cx).await?;
    let failed = cx.conn.tx(async |t| {
        t.execute(INSERT, (1,)).await?;
        t.execute(INSERT, (1,)).await?;
        Ok::<(), Own>(())
    });
    same!(failed.await, Err(Own::Database(SqlState::UNIQUE_VIOLATION)));
    same!(cx.count("conf_tx").await?, 0);
    Ok(())
}

async fn begin_commit(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    same!(cx.conn.transaction_depth(), 1);
    cx.conn.execute(INSERT, (1,)).await?;
    cx.conn.commit().await?;
    same!(cx.conn.transaction_depth(), 0);
    same!(count_elsewhere(cx).await?, 1);
    Ok(())
}

async fn begin_rollback(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    cx.conn.execute(INSERT, (1,)).await?;
    cx.conn.rollback().await?;
    same!(cx.count("conf_tx").await?, 0);
    Ok(())
}

async fn begin_twice(cx: &mut Context) -> Check {
    table(cx).await?;
    let options = TransactionOptions::new();
    cx.conn.begin(&options).await?;
    cx.conn.execute(INSERT, (1,)).await?;
    cx.conn.begin(&options).await?;
    same!(cx.conn.transaction_depth(), 2);
    cx.conn.execute(INSERT, (2,)).await?;
    cx.conn.rollback().await?;
    cx.conn.commit().await?;
    same!(cx.count("conf_tx").await?, 1);
    Ok(())
}

async fn guard_inside_begin(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.begin(&TransactionOptions::new()).await?;
    let mut guard = cx.conn.transaction().await?;
    guard.execute(INSERT, (1,)).await?;
    drop(guard);
    cx.conn.execute(INSERT, (2,)).await?;
    cx.conn.commit().await?;
    same!(cx.conn.query_one("select n from conf_tx", ()).await?.get::<i64>(0)?, 2);
    Ok(())
}

async fn nothing_begun(cx: &mut Context) -> Check {
    fails!(cx.conn.commit().await, "25000");
    fails!(cx.conn.rollback().await, "25000");
    Ok(())
}

async fn read_only(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction_with(&TransactionOptions::new().read_only(true)).await?;
    same!(transaction.query_one("select count(*) from conf_tx", ()).await?.get::<i64>(0)?, 0);
    fails!(transaction.execute(INSERT, (1,)).await, "25006");
    transaction.rollback().await?;
    same!(cx.count("conf_tx").await?, 0);
    Ok(())
}

async fn read_only_ends(cx: &mut Context) -> Check {
    table(cx).await?;
    let options = TransactionOptions::new().read_only(true);
    cx.conn.transaction_with(&options).await?.commit().await?;
    cx.conn.execute(INSERT, (1,)).await?;
    drop(cx.conn.transaction_with(&options).await?);
    cx.conn.execute(INSERT, (2,)).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (3,)).await?;
    transaction.commit().await?;
    Ok(())
}

async fn options(cx: &mut Context) -> Check {
    table(cx).await?;
    let levels = [
        IsolationLevel::ReadUncommitted,
        IsolationLevel::ReadCommitted,
        IsolationLevel::RepeatableRead,
        IsolationLevel::Serializable,
    ];
    let mut n = 0_i64;
    for level in levels {
        for lock in [LockMode::Deferred, LockMode::Immediate, LockMode::Exclusive] {
            let options = TransactionOptions::new().isolation(level).lock(lock).read_only(false);
            let mut transaction = cx.conn.transaction_with(&options).await?;
            n += 1;
            transaction.execute(INSERT, (n,)).await?;
            transaction.commit().await?;
        }
    }
    same!(cx.count("conf_tx").await?, n);
    let snapshot = TransactionOptions::new().isolation(IsolationLevel::Serializable).read_only(true).deferrable(true);
    cx.conn.transaction_with(&snapshot).await?.commit().await?;
    Ok(())
}

async fn schema_changes(cx: &mut Context) -> Check {
    cx.conn.execute("drop table if exists conf_new", ()).await?;
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute("create table conf_new (n bigint)", ()).await?;
    transaction.execute("insert into conf_new values (1)", ()).await?;
    transaction.rollback().await?;
    fails!(cx.conn.query("select * from conf_new", ()).await, "42P01");
    Ok(())
}

async fn typed(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute_script("begin; insert into conf_tx values (1); insert into conf_tx values (2); commit").await?;
    same!(count_elsewhere(cx).await?, 2);
    cx.conn.execute_script("begin").await?;
    cx.conn.execute(INSERT, (3,)).await?;
    cx.conn.execute_script("commit").await?;
    same!(count_elsewhere(cx).await?, 3);
    Ok(())
}

async fn typed_rollback(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute_script("begin").await?;
    cx.conn.execute(INSERT, (1,)).await?;
    same!(cx.count("conf_tx").await?, 1);
    cx.conn.execute_script("rollback").await?;
    same!(cx.count("conf_tx").await?, 0);
    Ok(())
}

async fn typed_and_begun(cx: &mut Context) -> Check {
    table(cx).await?;
    cx.conn.execute_script("begin").await?;
    cx.conn.execute(INSERT, (1,)).await?;
    fails!(cx.conn.transaction().await, "25001");
    cx.conn.execute(INSERT, (2,)).await?;
    fails!(cx.conn.begin(&TransactionOptions::new()).await, "25001");
    cx.conn.execute_script("commit").await?;
    same!(count_elsewhere(cx).await?, 2);
    let mut transaction = cx.conn.transaction().await?;
    transaction.execute(INSERT, (3,)).await?;
    transaction.rollback().await?;
    same!(count_elsewhere(cx).await?, 2);
    Ok(())
}

async fn thousand_inserts(cx: &mut Context) -> Check {
    table(cx).await?;
    let mut transaction = cx.conn.transaction().await?;
    for n in 0..1000_i64 {
        transaction.execute(INSERT, (n,)).await?;
    }
    transaction.commit().await?;
    same!(count_elsewhere(cx).await?, 1000);
    Ok(())
}
