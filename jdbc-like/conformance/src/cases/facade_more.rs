//! The blocking faces of what is not asked every day.

use std::time::Duration;

use batis_dbc::blocking::{Connection, Transaction};
use batis_dbc::{
    Batch, BatchOptions, BatchStrategy, CallOptions, IsolationLevel, Retry, SqlError, SqlState, TransactionOptions,
};

use super::facade::Face;
use super::results::numbers;
use crate::case::{Check, Problem, fails, same};
use crate::dialect::Dialect;

pub(crate) const CASES: &[(&str, Face)] = &[
    ("blocking/begin_and_commit", begin_and_commit),
    ("blocking/nested", nested),
    ("blocking/transaction_queries", transaction_queries),
    ("blocking/transaction_options", transaction_options),
    ("blocking/retry", retry),
    ("blocking/retry_gives_up", retry_gives_up),
    ("blocking/batches", batches),
    ("blocking/metadata", metadata),
    ("blocking/limits", limits),
    ("blocking/cancelled_from_elsewhere", cancelled_from_elsewhere),
    ("blocking/network_timeout", network_timeout),
    ("blocking/warnings", warnings),
    ("blocking/wait_for", wait_for),
    ("blocking/errors", errors),
    ("blocking/panicking_closure", panicking_closure),
    ("blocking/other_thread", other_thread),
    ("blocking/closed", closed),
];

const INSERT: &str = "insert into conf_more values (?)";

fn table(conn: &mut Connection) -> Check {
    conn.execute("drop table if exists conf_more", ())?;
    conn.execute("create table conf_more (n bigint primary key)", ())?;
    Ok(())
}

fn count(conn: &mut Connection) -> Result<i64, SqlError> {
    conn.query_one("select count(*) from conf_more", ())?.get(0)
}

fn begin_and_commit(conn: &mut Connection, _: &Dialect) -> Check {
    table(conn)?;
    conn.begin(&TransactionOptions::new())?;
    conn.execute(INSERT, (1,))?;
    conn.begin(&TransactionOptions::new())?;
    conn.execute(INSERT, (2,))?;
    same!(conn.transaction_depth(), 2);
    conn.rollback()?;
    conn.commit()?;
    same!((conn.transaction_depth(), count(conn)?), (0, 1));
    fails!(conn.commit(), "25000");
    Ok(())
}

fn nested(conn: &mut Connection, _: &Dialect) -> Check {
    table(conn)?;
    let mut one = conn.transaction()?;
    one.execute(INSERT, (1,))?;
    let mut two = one.savepoint()?;
    two.execute(INSERT, (2,))?;
    let mut three = two.savepoint()?;
    three.execute(INSERT, (3,))?;
    three.rollback()?;
    two.commit()?;
    one.commit()?;
    same!(conn.query("select n from conf_more order by n", ())?.map(|row| row.get::<i64>(0))?, [1, 2]);
    Ok(())
}

fn transaction_queries(conn: &mut Connection, dialect: &Dialect) -> Check {
    table(conn)?;
    let short = CallOptions::new().timeout(Duration::from_millis(50));
    fails!(conn.transaction()?.execute_with(dialect.slow_query, (), &short), "57014");
    let mut transaction = conn.transaction()?;
    same!(transaction.query_opt("select n from conf_more", ())?.is_none(), true);
    fails!(transaction.query_one("select n from conf_more", ()), "02000");
    transaction.execute(INSERT, (5,))?;
    same!(transaction.query_one("select n from conf_more", ())?.get::<i64>(0)?, 5);
    let few = CallOptions::new().max_rows(2);
    same!(transaction.query_with(&numbers(9), (), &few)?.collect()?.len(), 2);
    transaction.execute_script("insert into conf_more values (6); insert into conf_more values (7)")?;
    same!(transaction.last_insert_id().is_some(), dialect.tells_last_insert_id);
    transaction.commit()?;
    same!(count(conn)?, 3);
    Ok(())
}

fn transaction_options(conn: &mut Connection, _: &Dialect) -> Check {
    table(conn)?;
    let options = TransactionOptions::new().isolation(IsolationLevel::Serializable).read_only(true);
    let refused: Result<u64, SqlError> = conn.tx_with(&options, |t| t.execute(INSERT, (1,)));
    fails!(refused, "25006");
    conn.transaction_with(&TransactionOptions::new().read_only(false))?.commit()?;
    same!(conn.execute(INSERT, (1,))?, 1);
    Ok(())
}

fn conflict() -> SqlError {
    SqlError::new(SqlState::SERIALIZATION_FAILURE, "made up")
}

fn quick() -> Retry {
    Retry::new().attempts(3).delays(Duration::from_millis(1), Duration::from_millis(2))
}

fn retry(conn: &mut Connection, _: &Dialect) -> Check {
    table(conn)?;
    let mut tries = 0;
    let mut once = |t: &mut Transaction<'_>| {
        tries += 1;
        t.execute(INSERT, (i64::from(tries),))
    };
    let done: Result<u64, SqlError> = conn.tx_retry(&quick(), &mut once);
    same!((done?, tries, count(conn)?), (1, 1, 1));
    Ok(())
}

fn retry_gives_up(conn: &mut Connection, _: &Dialect) -> Check {
    table(conn)?;
    let mut tries = 0;
    // Only what the database itself says counts as a conflict.
    let failed: Result<(), SqlError> = conn.tx_retry(&quick(), |t| {
        tries += 1;
        t.execute(INSERT, (1,))?;
        Err(conflict())
    });
    fails!(failed, "40001");
    same!((tries, count(conn)?), (1, 0));
    Ok(())
}

fn batches(conn: &mut Connection, _: &Dialect) -> Check {
    table(conn)?;
    let mut batch = Batch::new(INSERT);
    for n in 0..50_i64 {
        batch.add((n,))?;
    }
    same!(conn.execute_batch(&batch)?.total(), 50);
    let options = BatchOptions::new().strategy(BatchStrategy::OneByOne);
    let error = fails!(conn.execute_batch_with(&batch, &options), "23505");
    same!((error.batch_index(), count(conn)?), (Some(0), 50));
    let mut batch = Batch::new("update conf_more set n = n + 100 where n >= ?");
    for from in [48, 1000, 49] {
        batch.add((from,))?;
    }
    let returned = conn.execute_batch_returning(&batch, &["n"])?;
    same!(returned.iter().map(<[_]>::len).collect::<Vec<_>>(), [2, 0, 2]);
    let one_by_one = BatchOptions::new().strategy(BatchStrategy::OneByOne);
    same!(conn.execute_batch_returning_with(&batch, &["n"], &one_by_one)?.strategy(), BatchStrategy::OneByOne);
    let mut transaction = conn.transaction()?;
    same!(transaction.execute_batch(&batch)?.counts.len(), 3);
    same!(transaction.execute_batch_returning(&batch, &["n"])?.len(), 3);
    let biggest = transaction.query_one("select max(n) from conf_more", ())?.get::<i64>(0)?;
    transaction.rollback()?;
    same!(conn.query_one("select max(n) from conf_more", ())?.get::<i64>(0)? < biggest, true);
    Ok(())
}

fn metadata(conn: &mut Connection, dialect: &Dialect) -> Check {
    table(conn)?;
    let tables = conn.metadata().tables(Some(dialect.schema))?;
    same!(tables.iter().any(|t| t.name == "conf_more"), true);
    same!(conn.metadata().columns(None, "conf_more")?.len(), 1);
    let key = conn.metadata().primary_key(None, "conf_more")?;
    same!(key.map(|k| k.columns), Some(vec!["n".to_owned()]));
    Ok(())
}

fn limits(conn: &mut Connection, _: &Dialect) -> Check {
    let rows = conn.query_with(&numbers(100), (), &CallOptions::new().max_rows(7))?;
    same!(rows.collect()?.len(), 7);
    let rows = conn.query_with(&numbers(100), (), &CallOptions::new().timeout(Duration::from_secs(600)))?;
    same!(rows.collect()?.len(), 100);
    let rows = conn.query_with(&numbers(100), (), &CallOptions::new().fetch_size(9))?;
    same!(rows.collect()?.len(), 100);
    Ok(())
}

fn cancelled_from_elsewhere(conn: &mut Connection, dialect: &Dialect) -> Check {
    let handle = conn.cancel_handle().ok_or_else(|| Problem::new("there is no cancel handle"))?;
    let stop = std::sync::atomic::AtomicBool::new(false);
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Again and again, since the first may come before the statement runs.
            while !stop.load(std::sync::atomic::Ordering::Acquire) {
                let _ = handle.cancel_blocking();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let outcome = conn.execute(dialect.slow_query, ());
        stop.store(true, std::sync::atomic::Ordering::Release);
        outcome
    });
    fails!(outcome, "57014");
    same!(conn.query_one("select 1", ())?.get::<i64>(0)?, 1);
    Ok(())
}

fn network_timeout(conn: &mut Connection, _: &Dialect) -> Check {
    conn.set_network_timeout(Some(Duration::from_secs(60)));
    same!(conn.network_timeout(), Some(Duration::from_secs(60)));
    conn.ping()?;
    conn.set_network_timeout(None);
    same!(conn.network_timeout(), None);
    Ok(())
}

fn warnings(conn: &mut Connection, dialect: &Dialect) -> Check {
    drop(conn.warnings());
    conn.ping()?;
    same!(conn.warnings().len(), 0);
    if let Some(sql) = dialect.warning {
        conn.execute(sql, ())?;
        same!(conn.warnings().len(), 1);
    }
    Ok(())
}

fn wait_for(conn: &mut Connection, _: &Dialect) -> Check {
    let sum = conn.wait_for(async |c| {
        let mut sum = 0_i64;
        for n in 1..=3_i64 {
            sum += c.query_one("select cast(? as bigint)", (n,)).await?.get::<i64>(0)?;
        }
        Ok(sum)
    });
    same!(sum?, 6);
    Ok(())
}

fn errors(conn: &mut Connection, _: &Dialect) -> Check {
    let sql = "select nme from conf_none where n = ?";
    let error = fails!(conn.query(sql, (1,)).map(drop), "42P01");
    same!(error.sql(), Some(sql));
    fails!(conn.prepare("selct 1"), "42601");
    fails!(conn.describe("select conf_none"), "42703");
    fails!(conn.execute("select cast(? as bigint)", (1, 2)), "07001");
    fails!(conn.execute_script("select 1; selct 2"), "42601");
    fails!(conn.query_one(&numbers(2), ()), "21000");
    conn.ping()?;
    Ok(())
}

fn panicking_closure(conn: &mut Connection, _: &Dialect) -> Check {
    table(conn)?;
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        conn.tx(|t| {
            t.execute(INSERT, (1,))?;
            std::panic::resume_unwind(Box::new("on purpose"));
            #[allow(unreachable_code)]
            Ok::<(), SqlError>(())
        })
    }));
    same!(caught.is_err(), true);
    same!((conn.transaction_depth(), count(conn)?), (0, 0));
    same!(conn.execute(INSERT, (1,))?, 1);
    Ok(())
}

fn other_thread(conn: &mut Connection, _: &Dialect) -> Check {
    table(conn)?;
    let statement = conn.prepare(INSERT)?;
    for n in 0..3_i64 {
        let done = std::thread::scope(|scope| scope.spawn(|| conn.execute(&statement, (n,))).join());
        same!(done.map_err(|_| Problem::new("the thread panicked"))??, 1);
    }
    same!(count(conn)?, 3);
    Ok(())
}

fn closed(conn: &mut Connection, _: &Dialect) -> Check {
    let handle = conn.cancel_handle().ok_or_else(|| Problem::new("there is no cancel handle"))?;
    handle.abort();
    same!(conn.is_broken(), true);
    let error = conn.ping().err().ok_or_else(|| Problem::new("an aborted connection answers"))?;
    same!(error.sql_state().class(), "08");
    Ok(())
}
