//! The blocking faces: the same names, waiting.

use std::time::Duration;

use batis_dbc::blocking::{Connection, ScriptResult, ScriptResults};
use batis_dbc::{CallOptions, SqlError, SqlState};

use super::limits::LONGER;
use super::results::numbers;
use crate::case::{Check, Problem, fails, same};
use crate::dialect::Dialect;

pub(crate) type Face = fn(&mut Connection, &Dialect) -> Check;

pub(crate) const CASES: &[(&str, Face)] = &[
    ("blocking/queries", queries),
    ("blocking/results", results),
    ("blocking/transactions", transactions),
    ("blocking/closures", closures),
    ("blocking/deadline", deadline),
    ("blocking/others", others),
];

fn table(conn: &mut Connection) -> Check {
    conn.execute("drop table if exists conf_face", ())?;
    conn.execute("create table conf_face (n bigint primary key)", ())?;
    Ok(())
}

fn count(conn: &mut Connection) -> Result<i64, SqlError> {
    conn.query_one("select count(*) from conf_face", ())?.get(0)
}

const INSERT: &str = "insert into conf_face values (?)";

fn queries(conn: &mut Connection, dialect: &Dialect) -> Check {
    table(conn)?;
    let insert = conn.prepare(INSERT)?;
    same!(conn.execute(&insert, (1,))?, 1);
    same!(conn.query_opt("select n from conf_face where n = ?", (2,))?.is_none(), true);
    same!(conn.query_opt_with("select n from conf_face", (), |row| row.get::<i64>(0))?, Some(1));
    same!(conn.describe("select n from conf_face where n = ?")?.parameters.len(), 1);
    fails!(conn.query_one("select n from conf_face where n = ?", (2,)), "02000");
    conn.execute_script("insert into conf_face values (2); insert into conf_face values (3)")?;
    same!(count(conn)?, 3);
    let mut results = conn.query_script("delete from conf_face where n > ?; select n from conf_face", (9,))?;
    same!(matches!(results.next()?, Some(ScriptResult::Count(0))), true);
    let Some(ScriptResult::Rows(rows)) = results.next()? else { return Err(Problem::new("there are no rows")) };
    same!(rows.collect()?.len(), 3);
    same!(results.next()?.is_none(), true);
    let keys = conn.execute_returning("insert into conf_face values (?), (?)", (4, 5), &["n"])?;
    same!((keys.len(), keys[1].get::<i64>("n")?), (2, 5));
    same!(conn.last_insert_id(), dialect.tells_last_insert_id.then_some(5));
    let mut transaction = conn.transaction()?;
    same!(transaction.execute_returning("delete from conf_face", (), &["n"])?.len(), 5);
    transaction.rollback()?;
    same!(count(conn)?, 5);
    if dialect.routines.is_empty() {
        fails!(conn.call("{call conf_twice(?)}", (1,)), "0A000");
    } else {
        conn.execute(
            "create or replace function conf_twice(v bigint) returns bigint language sql as 'select v * 2'",
            (),
        )?;
        same!(conn.call("{? = call conf_twice(?)}", (4,))?.get::<i64>(0)?, 8);
        same!(conn.transaction()?.call("{call conf_twice(?)}", (5,))?.get::<i64>(0)?, 10);
    }
    Ok(())
}

fn results(conn: &mut Connection, _: &Dialect) -> Check {
    let mut rows = conn.query(&numbers(3), ())?;
    let mut sum = 0;
    while let Some(row) = rows.next()? {
        sum += row.get::<i64>(0)?;
    }
    same!(sum, 6);
    same!(conn.query(&numbers(3), ())?.collect()?.len(), 3);
    same!(conn.query(&numbers(3), ())?.map(|row| row.get::<i64>(0))?, [1, 2, 3]);
    same!(conn.query(&numbers(3), ())?.finish()?, 0);
    let mut rows = conn.query(&numbers(5000), ())?;
    same!(rows.advance()?, true);
    same!(rows.shape().len(), 1);
    same!(rows.row().get::<i64>(0)?, 1);
    rows.close()?;
    conn.query(&numbers(5000), ())?.advance()?;
    conn.ping()?;
    Ok(())
}

fn transactions(conn: &mut Connection, _: &Dialect) -> Check {
    table(conn)?;
    let mut transaction = conn.transaction()?;
    transaction.execute(INSERT, (1,))?;
    let mut savepoint = transaction.savepoint()?;
    savepoint.execute(INSERT, (2,))?;
    drop(savepoint);
    same!(transaction.query_one("select count(*) from conf_face", ())?.get::<i64>(0)?, 1);
    transaction.query(&numbers(10), ())?.advance()?;
    transaction.commit()?;
    let mut transaction = conn.transaction()?;
    transaction.execute(INSERT, (3,))?;
    drop(transaction);
    let mut transaction = conn.transaction()?;
    transaction.execute(INSERT, (4,))?;
    transaction.rollback()?;
    same!(count(conn)?, 1);
    Ok(())
}

fn closures(conn: &mut Connection, _: &Dialect) -> Check {
    table(conn)?;
    let done: Result<u64, SqlError> = conn.tx(|t| t.execute(INSERT, (1,)));
    same!(done?, 1);
    let refused: Result<(), SqlError> = conn.tx(|t| {
        t.execute(INSERT, (2,))?;
        Err(SqlError::new(SqlState::GENERAL, "no"))
    });
    fails!(refused, "HY000");
    same!(count(conn)?, 1);
    Ok(())
}

fn deadline(conn: &mut Connection, dialect: &Dialect) -> Check {
    let options = CallOptions::new().timeout(Duration::from_millis(50));
    fails!(conn.execute_with(dialect.slow_query, (), &options), "57014");
    let script = format!("select 1; {}", dialect.slow_query);
    for millis in LONGER {
        let options = CallOptions::new().timeout(Duration::from_millis(millis));
        let error = match conn.query_script_with(&script, (), &options) {
            Ok(mut results) => end_of(&mut results)?,
            Err(error) => error,
        };
        same!(error.sql_state().code(), "57014");
        same!(conn.query_one("select 1", ())?.get::<i64>(0)?, 1);
        if error.statement_index() == Some(1) {
            return Ok(());
        }
    }
    Err(Problem::new("the first statement did not end before the deadline"))
}

/// Reads two results, of which the one or the other must be an error.
fn end_of(results: &mut ScriptResults<'_>) -> Result<SqlError, Problem> {
    for _ in 0..2 {
        match results.next() {
            Ok(Some(ScriptResult::Rows(mut rows))) => match rows.advance() {
                Ok(_) => {}
                Err(error) => return Ok(error),
            },
            Ok(_) => return Err(Problem::new("the deadline did not hold")),
            Err(error) => return Ok(error),
        }
    }
    Err(Problem::new("the deadline did not hold"))
}

fn others(conn: &mut Connection, dialect: &Dialect) -> Check {
    conn.ping()?;
    same!(conn.info().product, dialect.product);
    same!(conn.is_broken(), false);
    same!(format!("{conn:?}").is_empty(), false);
    Ok(())
}
