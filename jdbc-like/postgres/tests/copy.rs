//! COPY: bytes and rows, in and out; what fails or is left early stores nothing and leaves the connection in step.
#![allow(clippy::disallowed_methods)] // a test is its own host and keeps its own time

mod common;

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use batis_dbc::{
    Batch, BatchOptions, BatchStrategy, CallOptions, Connection, HandBack, Interval, Params, Value, params,
};
use batis_testkit::TestDatabase;
use common::{code, database, manager, threads};
use futures_util::{FutureExt as _, StreamExt as _, stream};

/// A database with a table `t (id, name)`, and what a task does with it.
fn with_table(f: impl AsyncFnOnce(&TestDatabase, &mut Connection)) {
    let Some(database) = database() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut conn = manager().connect(&database.url()).await.unwrap();
        conn.execute_script("create table t (id int primary key, name text)").await.unwrap();
        f(&database, &mut conn).await;
    });
}

async fn count(conn: &mut Connection) -> i64 {
    conn.query_one("select count(*) from t", ()).await.unwrap().get(0).unwrap()
}

/// The connection answers each question with its own answer.
async fn in_step(conn: &mut Connection) {
    for n in 0..5 {
        assert_eq!(conn.query_one("select ?::int", (n,)).await.unwrap().get::<i32>(0).unwrap(), n);
    }
}

#[test]
fn bytes_go_in_and_out_in_the_statements_format() {
    with_table(async |_, conn| {
        let mut copy = conn.copy_in("COPY t FROM STDIN (FORMAT csv, HEADER)").await.unwrap();
        for piece in ["id,na", "me\n1,\"A,\"\"nn\"\n", "", "2,B\u{e4}", "\n3,"] {
            copy.send(piece.as_bytes()).await.unwrap();
        }
        assert_eq!(copy.finish().await.unwrap(), 3);

        let mut copy = conn.copy_in("copy t from stdin").await.unwrap();
        let lines = (4..20_000).map(|id| Ok::<_, std::io::Error>(format!("{id}\t{}\n", "x".repeat(20))));
        copy.send_all(stream::iter(lines)).await.unwrap();
        assert_eq!(copy.finish().await.unwrap(), 19_996);

        let mut copy = conn.copy_out("copy (select * from t where id < 4 order by id) to stdout").await.unwrap();
        let mut all = Vec::new();
        while let Some(portion) = copy.next().await.unwrap() {
            all.push(String::from_utf8(portion.to_vec()).unwrap());
        }
        assert_eq!(all, ["1\tA,\"nn\n", "2\tB\u{e4}\n", "3\t\\N\n"]);
        let portions = conn.copy_out("copy t to stdout").await.unwrap().into_stream();
        let bytes = portions.fold(0, async |sum, portion| sum + portion.unwrap().len()).await;
        assert!(bytes > 19_996 * 23);
        in_step(conn).await;
    });
}

#[test]
fn threads_copy_as_files_are_copied() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    conn.execute_script("create table t (id int primary key, name text)").unwrap();
    let data: String = (0..50_000).map(|id| format!("{id},name {id}\n")).collect();
    let mut copy = conn.copy_in("copy t from stdin csv").unwrap();
    std::io::copy(&mut data.as_bytes(), &mut copy).unwrap();
    copy.flush().unwrap();
    assert_eq!(copy.finish().unwrap(), 50_000);
    let mut out = String::new();
    conn.copy_out("copy (select * from t order by id) to stdout csv").unwrap().read_to_string(&mut out).unwrap();
    assert!(out == data);
    let mut copy = conn.copy_out("copy t to stdout").unwrap();
    assert!(copy.next().unwrap().is_some_and(|portion| portion.ends_with(b"\n")));

    conn.execute("truncate t", ()).unwrap();
    let mut copy = conn.copy_in_rows("t (name, id)").unwrap();
    copy.send_all((0..100_000).map(|id| (format!("name {id}"), id))).unwrap();
    assert_eq!(copy.finish().unwrap(), 100_000);
    let rows = conn.copy_out_rows("(select id, name from t order by id)").unwrap();
    let rows = rows.map(|row| Ok((row.get::<i32>(0)?, row.get::<&str>("name")?.len()))).unwrap();
    assert_eq!((rows.len(), rows[99_999]), (100_000, (99_999, 10)));
    let mut transaction = conn.transaction().unwrap();
    let mut copy = transaction.copy_in_rows("t").unwrap();
    copy.send((-1, "x")).unwrap();
    assert_eq!(copy.finish().unwrap(), 1);
    assert_eq!(transaction.copy_out_rows("t").unwrap().collect().unwrap().len(), 100_001);
    transaction.rollback().unwrap();
    assert_eq!(conn.query_one("select count(*) from t", ()).unwrap().get::<i64>(0).unwrap(), 100_000);
}

const TYPES: &str = "b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, s text, by bytea, u uuid, d date, tm time, \
    ts timestamp, tz timestamptz, iv interval, j json, jb jsonb, e mood, dm small";

fn rows_of_all_types() -> Vec<Vec<Value>> {
    let interval = Interval { months: -1, days: 2, micros: 3 };
    let full = vec![
        Value::Bool(true),
        Value::Int(-2),
        Value::Int(1 << 20),
        Value::Int(i64::MIN),
        Value::Float(0.1),
        Value::Float(-1e300),
        Value::Numeric("-12345678901234567890.000100".into()),
        Value::Text("tab\t line\n back\\slash \\N \u{e4}".into()),
        Value::Bytes([0, 255, b'\\'].into()),
        Value::Uuid([7; 16]),
        Value::Date(-1),
        Value::Time(1_000_001),
        Value::Timestamp(-1),
        Value::TimestampTz(i64::MAX),
        Value::Interval(interval),
        Value::Json("{\"a\" : 1}".into()),
        Value::Json("{\"a\":\"\\n\"}".into()),
        Value::Text("ok".into()),
        Value::Int(5),
    ];
    let nulls = vec![Value::Null; full.len()];
    let other = vec![
        Value::Int(0),
        Value::Text(" 7 ".into()),
        Value::Float(3.0),
        Value::Numeric("9".into()),
        Value::Int(1),
        Value::Text("-inf".into()),
        Value::Int(12),
        Value::Int(34),
        Value::Null,
        Value::Text("{A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11}".into()),
        Value::Date(i32::MIN),
        Value::Null,
        Value::Timestamp(i64::MIN),
        Value::TimestampTz(0),
        Value::Null,
        Value::Text("[]".into()),
        Value::Text("null".into()),
        Value::Text("sad".into()),
        Value::Text("1".into()),
    ];
    vec![full, nulls, other]
}

/// What one by one gives, copying gives: in binary form, and as literals (forced by a column that has no binary form).
#[test]
fn all_types_arrive_as_by_insert() {
    let Some(database) = database() else { return };
    let mut conn = threads(&database);
    conn.execute_script("create type mood as enum ('ok', 'sad'); create domain small as int check (value < 10)")
        .unwrap();
    let rows = rows_of_all_types();
    for (more, literal) in [("", false), (", r int4range, a text[], ip inet", true)] {
        conn.execute_script(&format!("drop table if exists x, y, z; create table x ({TYPES}{more})")).unwrap();
        conn.execute_script("create table y (like x); create table z (like x)").unwrap();
        let mut batches = Vec::new();
        let marks = vec!["?"; rows[0].len() + if literal { 3 } else { 0 }].join(", ");
        for table in ["x", "y"] {
            batches.push(Batch::new(format!("insert into {table} values ({marks})")));
        }
        let mut copy = conn.copy_in_rows("z").unwrap();
        for row in &rows {
            let mut row = row.clone();
            if literal {
                let array = [Value::Text("a,\"b\\".into()), Value::Null, Value::Text("\t".into())];
                row.extend([Value::Text("[1,5)".into()), Value::Array(array.into()), Value::Text("::1".into())]);
            }
            for batch in &mut batches {
                batch.add(&row).unwrap();
            }
            copy.send(&row).unwrap();
        }
        assert_eq!(copy.finish().unwrap(), 3);
        for (batch, strategy) in batches.iter().zip([BatchStrategy::OneByOne, BatchStrategy::Copy]) {
            let outcome = conn.execute_batch_with(batch, &BatchOptions::new().strategy(strategy)).unwrap();
            assert_eq!((outcome.total(), outcome.strategy), (3, strategy));
        }
        let mut all = |sql: &str| conn.query(sql, ()).unwrap().collect().unwrap();
        let inserted = all("select * from x");
        assert_eq!(inserted, all("select * from y"), "{more}");
        assert_eq!(inserted, all("select * from z"), "{more}");
        let copied = conn.copy_out_rows("z").unwrap().collect().unwrap();
        let values = |rows: &[batis_dbc::Row]| rows.iter().map(|row| row.values().to_vec()).collect::<Vec<_>>();
        assert_eq!(values(&copied), values(&inserted), "{more}");
    }
}

#[test]
fn the_bad_row_is_named_and_nothing_is_stored() {
    with_table(async |_, conn| {
        // Found here, before it is sent.
        let mut copy = conn.copy_in_rows("t").await.unwrap();
        copy.send((1, "a")).await.unwrap();
        let error = copy.send(("x", "a")).await.unwrap_err();
        assert_eq!((code(&error).as_str(), error.batch_index(), error.column()), ("22000", Some(1), Some("id")));
        assert_eq!(
            error.to_string(),
            "item 1 of the batch: column `id` is int4, to which this text has no binary form [22000]; hint: give a value of the \
             column's type; a `Batch` with `BatchStrategy::Copy` sends literals instead"
        );
        assert_eq!(code(&copy.send((2, "a")).await.unwrap_err()), "HY010");
        assert_eq!(code(&copy.finish().await.unwrap_err()), "HY010");
        in_step(conn).await;
        let mut copy = conn.copy_in_rows("t (id)").await.unwrap();
        assert_eq!(code(&copy.send((1, "a")).await.unwrap_err()), "07001");
        drop(copy);

        // Found by the server: after the last row, and long before.
        let mut copy = conn.copy_in_rows("t").await.unwrap();
        copy.send_all([(7, "a"), (8, "b"), (7, "c"), (9, "d")]).await.unwrap();
        let error = copy.finish().await.unwrap_err();
        assert_eq!(
            (code(&error).as_str(), error.batch_index(), error.constraint()),
            ("23505", Some(2), Some("t_pkey"))
        );
        let mut copy = conn.copy_in_rows("t").await.unwrap();
        let error = copy.send_all(std::iter::repeat((7, "x".repeat(1000)))).await.unwrap_err();
        assert_eq!(
            (code(&error).as_str(), error.batch_index()),
            ("23505", Some(1)),
            "the rest of an endless copy is not sent"
        );
        drop(copy);
        in_step(conn).await;

        // In bytes it has the place, and not the data.
        let mut copy = conn.copy_in("copy t from stdin").await.unwrap();
        copy.send(b"1\ta\nsecret\tb\n").await.unwrap();
        let error = copy.finish().await.unwrap_err();
        assert_eq!((code(&error).as_str(), error.detail_text()), ("22P02", Some("COPY t, line 2, column id")));
        let portions = [Ok("1\ta\n"), Err(std::io::Error::other("gone"))];
        let error =
            conn.copy_in("copy t from stdin").await.unwrap().send_all(stream::iter(portions)).await.unwrap_err();
        assert_eq!(
            (code(&error).as_str(), error.message()),
            ("58030", "what was to be copied could not be read: gone")
        );
        assert_eq!(count(conn).await, 0);
        assert!(!conn.is_broken());
    });
}

#[test]
fn a_batch_by_copy_names_the_bad_item() {
    with_table(async |_, conn| {
        conn.execute("insert into t values (500, 'there')", ()).await.unwrap();
        let mut batch = Batch::new("insert into t (id, name) values (?, ?)");
        (0..3000).for_each(|id| batch.add((id, "x")).unwrap());
        let options = BatchOptions::new().strategy(BatchStrategy::Copy);
        let error = conn.execute_batch_with(&batch, &options).await.unwrap_err();
        assert_eq!((code(&error).as_str(), error.batch_index()), ("23505", Some(500)));
        assert_eq!(count(conn).await, 1);
        let error = conn.execute_batch_with(&batch, &options.clone().atomic(false)).await.unwrap_err();
        assert_eq!((error.batch_index(), count(conn).await), (Some(500), 501));
        for sql in ["update t set name = ? where id = ?", "insert into t values (?, ?) on conflict do nothing"] {
            let mut batch = Batch::new(sql);
            batch.add(("a", 1)).unwrap();
            assert_eq!(code(&conn.execute_batch_with(&batch, &options).await.unwrap_err()), "0A000", "{sql}");
        }
    });
}

#[test]
fn what_is_left_early_stores_nothing() {
    with_table(async |database, conn| {
        for round in 0..20 {
            let mut copy = conn.copy_in("copy t from stdin").await.unwrap();
            if round % 2 == 0 {
                copy.send(b"1\ta\n").await.unwrap();
                copy.send(&vec![b'\n'; 100_000]).now_or_never();
            }
            drop(copy);
            match round % 3 {
                0 => assert_eq!(conn.hand_back(), HandBack::Ready),
                1 => in_step(conn).await,
                _ => assert_eq!(conn.execute("update t set id = 1", ()).await.unwrap(), 0),
            }
        }
        // Leaked: the next operation ends it.
        std::mem::forget(conn.copy_in_rows("t").await.unwrap());
        in_step(conn).await;
        // The start, a portion and the end are dropped after any number of polls.
        for polls in 0..12 {
            let mut start = Box::pin(conn.copy_in_rows("t"));
            for _ in 0..polls {
                if start.as_mut().now_or_never().is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_micros(300)).await;
            }
            drop(start);
            in_step(conn).await;
        }
        assert_eq!(count(conn).await, 0);
        // A result that is left early is cancelled or read over.
        conn.execute("insert into t select n, repeat('x', 100) from generate_series(1, 200000) n", ()).await.unwrap();
        let begin = Instant::now();
        for _ in 0..10 {
            assert!(conn.copy_out("copy t to stdout").await.unwrap().next().await.unwrap().is_some());
            assert!(conn.copy_out_rows("t").await.unwrap().next().await.unwrap().is_some());
            in_step(conn).await;
        }
        assert!(begin.elapsed() < Duration::from_secs(20));
        drop(conn.copy_in("copy t from stdin").await.unwrap());
        let mut other = manager().connect(&database.url()).await.unwrap();
        other.execute("truncate t", ()).await.unwrap();
    });
}

#[test]
fn a_portion_that_was_left_on_its_way_ends_the_copy() {
    with_table(async |database, conn| {
        // Somebody holds the table, so that the server takes no more data than fits on the way.
        conn.execute_script("create function wait() returns trigger language plpgsql as 'begin perform pg_sleep(0.2); return new; end'; \
            create trigger slow before insert on t for each row execute function wait()").await.unwrap();
        let mut copy = conn.copy_in_rows("t").await.unwrap();
        let long = "x".repeat(1_000_000);
        let mut id = 0;
        while copy.send((id, &long)).now_or_never().is_some_and(|sent| sent.is_ok()) {
            id += 1;
        }
        assert_eq!(code(&copy.send((id, &long)).await.unwrap_err()), "57014");
        assert_eq!(code(&copy.finish().await.unwrap_err()), "HY010");
        conn.ping().await.unwrap();
        let options = CallOptions::new().timeout(Duration::from_millis(300));
        let copied = async {
            let mut copy = conn.copy_in_rows_with("t", &options).await?;
            copy.send_all((0..).map(|id| (id, &long))).await
        };
        assert_eq!(code(&copied.await.unwrap_err()), "57014");
        conn.execute_script("drop trigger slow on t").await.unwrap();
        assert_eq!(count(conn).await, 0);
        assert!(manager().connect(&database.url()).await.is_ok());
    });
}

#[test]
fn in_a_transaction_a_failed_copy_fails_it_and_a_savepoint_saves_it() {
    with_table(async |_, conn| {
        let mut transaction = conn.transaction().await.unwrap();
        transaction.execute("insert into t values (1, 'a')", ()).await.unwrap();
        drop(transaction.copy_in_rows("t").await.unwrap());
        assert_eq!(code(&transaction.execute("select 1", ()).await.unwrap_err()), "25P02");
        transaction.rollback().await.unwrap();

        let mut transaction = conn.transaction().await.unwrap();
        transaction.execute("insert into t values (1, 'a')", ()).await.unwrap();
        let mut savepoint = transaction.savepoint().await.unwrap();
        let mut copy = savepoint.copy_in("copy t from stdin").await.unwrap();
        copy.send(b"2\tb\n").await.unwrap();
        drop(copy);
        drop(savepoint);
        let mut copy = transaction.copy_in("copy t from stdin").await.unwrap();
        copy.send(b"3\tc\n").await.unwrap();
        assert_eq!(copy.finish().await.unwrap(), 1);
        assert!(transaction.copy_out("copy t to stdout").await.unwrap().next().await.unwrap().is_some());
        transaction.commit().await.unwrap();
        assert_eq!(count(conn).await, 2);
    });
}

/// tokio-postgres takes the answer to a copy that cannot begin for that to its next request.
#[test]
fn a_copy_that_cannot_begin_leaves_the_connection_in_step() {
    with_table(async |_, conn| {
        conn.execute_script("create view v as select 1 as a").await.unwrap();
        for _ in 0..30 {
            for (sql, state) in [
                ("copy nosuch from stdin", "42P01"),
                ("copy t (nosuch) from stdin", "42703"),
                ("copy t from stdin (format nosuch)", "22023"),
                ("copy t to stdin", "42601"),
                ("copy (select 1) to stdout", "42601"),
                ("insert into t values (1, 'stdin')", "42601"),
            ] {
                assert_eq!(code(&conn.copy_in(sql).await.unwrap_err()), state, "{sql}");
                in_step(conn).await;
            }
        }
        // This one is refused after it has begun.
        assert_eq!(code(&conn.copy_in("copy v from stdin").await.unwrap().finish().await.unwrap_err()), "42809");
        assert_eq!(code(&conn.copy_in_rows("nosuch").await.unwrap_err()), "42P01");
        assert_eq!(code(&conn.copy_in_rows("t (id, id)").await.unwrap_err()), "42701");
        assert_eq!(code(&conn.copy_out("copy nosuch to stdout").await.unwrap_err()), "42P01");
        assert_eq!(code(&conn.copy_out("copy t from stdin").await.unwrap_err()), "42601");
        assert_eq!(code(&conn.copy_out_rows("(select nosuch)").await.unwrap_err()), "42703");
        let mut copy = conn.copy_in_rows("t").await.unwrap();
        copy.send(params![1, None::<&str>]).await.unwrap();
        assert_eq!(copy.finish().await.unwrap(), 1);
        in_step(conn).await;
    });
}

#[test]
fn behind_a_proxy_a_copy_needs_a_transaction() {
    let Some(database) = database() else { return };
    let mut conn = manager().connect_blocking(&format!("{}&prepare_threshold=0", database.url())).unwrap();
    conn.execute_script("create table t (id int primary key, name text)").unwrap();
    assert_eq!(code(&conn.copy_in_rows("t").unwrap_err()), "25000");
    assert_eq!(code(&conn.copy_out("copy t to stdout").unwrap_err()), "25000");
    let mut transaction = conn.transaction().unwrap();
    let mut copy = transaction.copy_in_rows("t").unwrap();
    copy.send((1, "a")).unwrap();
    copy.finish().unwrap();
    assert_eq!(transaction.copy_out_rows("t").unwrap().collect().unwrap().len(), 1);
    transaction.commit().unwrap();
    assert_eq!(conn.query_one("select count(*) from pg_prepared_statements", ()).unwrap().get::<i64>(0).unwrap(), 0);
}

#[test]
fn any_parameters_are_a_row() {
    fn row(id: i32) -> impl Params {
        vec![Value::Int(id.into()), Value::Null]
    }
    with_table(async |_, conn| {
        let mut copy = conn.copy_in_rows("t").await.unwrap();
        copy.send_all((0..10).map(row)).await.unwrap();
        assert_eq!(copy.finish().await.unwrap(), 10);
    });
}
