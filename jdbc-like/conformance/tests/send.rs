//! All futures of the driver layer can be handed to `spawn`.

use std::future::{Future, poll_fn};
use std::pin::Pin;

use batis_conformance::{Answer, FakeDriver};
use batis_dbc::{
    Batch, CallOptions, DataSource as _, DriverManager, Result, ScriptResult, TransactionOptions, Value, block,
};
use futures_core::Stream as _;

/// What `spawn` of a runtime asks for. The future's value is made by functions that return one, never by a macro that panics: all after that would be
/// unreachable, and any future would pass.
fn spawn(future: impl Future<Output = Result<()>> + Send + 'static) {
    let thread = std::thread::spawn(move || block(None, None, future));
    thread.join().unwrap().unwrap();
}

fn manager() -> DriverManager {
    let fake = FakeDriver::new();
    fake.on("rows", Answer::rows(&["a"], [vec![Value::Int(1)], vec![Value::Int(2)]]).pending(1).pending_rows(1));
    fake.on("row", Answer::rows(&["a"], [vec![Value::Text("x".into())]]).pending(1));
    fake.on("change", Answer::count(3).pending(2));
    fake.control_pending(1).connect_pending(1);
    DriverManager::new().with(fake)
}

#[test]
fn of_connections() {
    spawn(async {
        let mut conn = manager().connect("fake:x").await?;
        let statement = conn.prepare("change").await?;
        let text = String::from("change");
        conn.describe("rows").await?;
        assert_eq!(conn.execute(&statement, ()).await?, 3);
        assert_eq!(conn.execute_with(&text, (), &CallOptions::new()).await?, 3);
        conn.query_one("row", ()).await?;
        conn.query_opt("row", ()).await?;
        conn.query_opt_with("row", (), |row| Ok(row.get::<&str>(0)?.len())).await?;
        // The fake database cannot do these; their futures are Send all the same.
        assert!(conn.call("{call p(?)}", (batis_dbc::Out,)).await.is_err());
        assert!(conn.execute_returning("insert", (1,), &["a"]).await.is_err());
        let mut batch = Batch::new("change");
        batch.add(())?;
        conn.execute_batch(&batch).await?;
        assert!(conn.execute_batch_returning(&batch, &["a"]).await.is_err());
        conn.execute_script("a; b").await?;
        let mut results = conn.query_script("change; rows", ())?;
        while let Some(result) = results.next().await? {
            if let ScriptResult::Rows(rows) = result {
                rows.collect().await?;
            }
        }
        conn.ping().await?;
        conn.begin(&TransactionOptions::new()).await?;
        conn.commit().await?;
        conn.begin(&TransactionOptions::new()).await?;
        conn.rollback().await?;
        conn.settle().await?;
        conn.close().await;
        Ok(())
    });
}

#[test]
fn of_results_also_with_a_row_across_an_await() {
    spawn(async {
        let mut conn = manager().connect("fake:x").await?;
        let mut rows = conn.query("rows", ()).await?;
        while let Some(row) = rows.next().await? {
            std::future::ready(()).await;
            let _: i64 = row.get(0)?;
        }
        let mut stream = conn.query("rows", ()).await?.into_stream(|row| row.get::<i64>(0));
        while let Some(item) = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
            item?;
        }
        conn.query("rows", ()).await?.collect().await?;
        conn.query("rows", ()).await?.map(|row| row.get::<i64>(0)).await?;
        conn.query("rows", ()).await?.finish().await?;
        conn.query("rows", ()).await?.close().await
    });
}

#[test]
fn of_transactions_also_with_borrowing_closures() {
    spawn(async {
        let mut conn = manager().connect("fake:x").await?;
        let mut transaction = conn.transaction().await?;
        transaction.execute("change", ()).await?;
        let mut savepoint = transaction.savepoint().await?;
        savepoint.query("rows", ()).await?.advance().await?;
        savepoint.commit().await?;
        transaction.rollback().await?;
        let (names, mut count) = (vec!["a".to_owned(), "b".to_owned()], 0);
        conn.tx(async |t| {
            for name in &names {
                count += t.execute("change", (name,)).await?;
            }
            Ok::<_, batis_dbc::SqlError>(())
        })
        .await?;
        assert_eq!(count, 6);
        Ok(())
    });
}

#[test]
fn of_data_sources() {
    spawn(async {
        let source = manager().data_source("fake:x")?;
        let mut lease = source.connection().await?;
        lease.ping().await
    });
}
