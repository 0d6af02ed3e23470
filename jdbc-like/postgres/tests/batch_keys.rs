//! Generated keys of batches, where PostgreSQL has more to say than other databases.

mod common;

use batis_dbc::{Batch, BatchOptions, BatchStrategy, Row};
use common::{database, threads, threads_with};

fn batch(sql: &str, items: i64) -> Batch {
    let mut batch = Batch::new(sql);
    for item in 0..items {
        batch.add((item,)).unwrap();
    }
    batch
}

const TABLE: &str = "create table t (id bigint generated always as identity, n bigint)";

#[test]
fn a_plain_batch_is_one_insert_and_one_with_on_conflict_is_none() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    conn.execute_script(TABLE).unwrap();
    let strategy = |sql: &str, conn: &mut batis_dbc::blocking::Connection| {
        conn.execute_batch_returning(&batch(sql, 20), &["id"]).unwrap().strategy()
    };
    assert_eq!(strategy("insert into t (n) values (?)", &mut conn), BatchStrategy::MultiValues);
    let sql = "insert into t (n) values (?) /* x */ on conflict do nothing";
    assert_eq!(strategy(sql, &mut conn), BatchStrategy::Pipelined);
    assert_eq!(strategy("update t set n = 0 where n = ?", &mut conn), BatchStrategy::Pipelined);
}

#[test]
fn items_that_a_trigger_skips_have_no_row_and_the_others_their_own() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    let trigger = "create function odd() returns trigger language plpgsql as \
                   $$ begin if new.n % 3 = 0 then return null; end if; new.n := new.n * 10; return new; end $$;
                   create trigger odd before insert on t for each row execute function odd()";
    conn.execute_script(&format!("{TABLE}; {trigger}")).unwrap();
    let batch = batch("insert into t (n) values (?)", 100);
    for strategy in [BatchStrategy::Auto, BatchStrategy::MultiValues, BatchStrategy::Unnest, BatchStrategy::Pipelined] {
        for atomic in [true, false] {
            conn.execute("truncate t", ()).unwrap();
            let options = BatchOptions::new().strategy(strategy).atomic(atomic).chunk(16);
            let returned = conn.execute_batch_returning_with(&batch, &["n"], &options).unwrap();
            assert_eq!(returned.len(), 100);
            for (item, rows) in (0..).zip(returned.iter()) {
                let found: Vec<i64> = rows.iter().map(|row| row.get("n").unwrap()).collect();
                assert_eq!(found, if item % 3 == 0 { vec![] } else { vec![item * 10] }, "{strategy} {atomic}");
            }
            let count: i64 = conn.query_one("select count(*) from t", ()).unwrap().get(0).unwrap();
            assert_eq!(count, 66, "{strategy} {atomic}: what was undone is not there twice");
        }
    }
}

/// What a type of the database's own, an array and a numeric are read as.
fn told(row: &Row) -> (String, Vec<i64>, String) {
    (row.get("mood").unwrap(), row.get("counts").unwrap(), row.get("price").unwrap())
}

#[test]
fn values_of_all_types_are_read_by_each_strategy_at_first_use() {
    let Some(database) = database() else { return };
    database
        .psql(
            "create type mood as enum ('sad', 'happy');
             create table t (n bigint, mood mood default 'happy', counts int[] default '{1,2}', price numeric(6,2) default 1.5)",
        )
        .unwrap();
    for options in ["", "&prepare_threshold=0", "&prepare_threshold=-1"] {
        for strategy in [BatchStrategy::OneByOne, BatchStrategy::Pipelined, BatchStrategy::MultiValues] {
            let mut conn = threads_with(&database, options);
            let batch = batch("insert into t (n) values (?)", 10);
            let how = BatchOptions::new().strategy(strategy);
            let columns = ["n", "mood", "counts", "price"];
            let returned = conn.execute_batch_returning_with(&batch, &columns, &how).unwrap();
            for (item, row) in (0_i64..).zip(returned.rows()) {
                assert_eq!(row.get::<i64>("n").unwrap(), item, "{options} {strategy}");
                assert_eq!(told(row), ("happy".into(), vec![1, 2], "1.50".into()), "{options} {strategy}");
            }
            assert_eq!(returned.rows().len(), 10);
        }
    }
}

#[tokio::test]
async fn a_batch_whose_deadline_passes_returns_nothing_and_keeps_nothing() {
    let Some(database) = database() else { return };
    let mut conn = common::manager().connect(&database.url()).await.unwrap();
    conn.execute_script(TABLE).await.unwrap();
    let sql = "insert into t (n) select ?::bigint from pg_sleep(0.2)";
    for strategy in [BatchStrategy::Pipelined, BatchStrategy::OneByOne] {
        let soon = std::time::Instant::now() + std::time::Duration::from_millis(300);
        let options = BatchOptions::new().strategy(strategy).deadline(soon);
        let failed = conn.execute_batch_returning_with(&batch(sql, 200), &["id"], &options).await;
        assert_eq!(common::code(&failed.unwrap_err()), "57014");
        assert_eq!(conn.query_one("select count(*) from t", ()).await.unwrap().get::<i64>(0).unwrap(), 0);
    }
}
