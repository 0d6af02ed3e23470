//! A driver of somebody else's: registered by its own scheme, without a change to batis, and proved by the conformance list.
//!
//! To be a whole driver in a page, it keeps its data with another one; `journal:app.db` is a SQLite database whose connections are counted.
#![cfg(feature = "sqlite")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use batis::dbc::driver::{ConnectOptions, Driver, RawConnection};
use batis::dbc::{DriverManager, Op, PropertyInfo, Result, Url, Value, block};
use batis_conformance::{Answer, Dialect, FakeDriver, run, run_blocking};
use batis_sqlite::SqliteDriver;

#[derive(Clone, Debug, Default)]
struct JournalDriver {
    connections: Arc<AtomicUsize>,
}

impl JournalDriver {
    async fn open(&self, url: &Url, options: &ConnectOptions) -> Result<Box<dyn RawConnection>> {
        let text = url.to_string();
        let below = Url::parse(&text.replacen("journal:", "sqlite:", 1))?;
        self.connections.fetch_add(1, Ordering::Relaxed);
        SqliteDriver.connect(&below, options).await
    }
}

impl Driver for JournalDriver {
    fn schemes(&self) -> &[&'static str] {
        &["journal"]
    }

    fn product(&self) -> &'static str {
        "SQLite"
    }

    fn properties(&self) -> &[PropertyInfo] {
        SqliteDriver.properties()
    }

    fn connect<'a>(&'a self, url: &'a Url, options: &'a ConnectOptions) -> Op<'a, Result<Box<dyn RawConnection>>> {
        Op::boxed(self.open(url, options))
    }
}

#[test]
fn a_third_partys_driver_passes_the_list() {
    let folder = std::env::temp_dir().join(format!("batis-own-driver-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let driver = JournalDriver::default();
    let manager = batis::drivers().with(driver.clone());
    let url = |name: &str| format!("journal:{}", folder.join(name).display());
    block(None, None, async { Ok(run(&manager, &url("tasks.db"), &Dialect::sqlite()).await) }).unwrap().assert_passed();
    run_blocking(&manager, &url("threads.db"), &Dialect::sqlite()).assert_passed();
    assert!(driver.connections.load(Ordering::Relaxed) > 600);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_scheme_finds_its_driver_and_no_other() {
    let fake = FakeDriver::new();
    fake.on("select answer", Answer::rows(&["n"], [vec![Value::Int(42)]]));
    let manager = batis::drivers().with(fake.clone()).with(JournalDriver::default());
    let mut conn = manager.connect_blocking("fake:x").unwrap();
    assert_eq!(conn.query_one("select answer", ()).unwrap().get::<i64>("n").unwrap(), 42);
    assert_eq!(fake.log(), ["1: select answer"]);
    assert!(manager.connect_blocking("journal::memory:").unwrap().query_one("select 1", ()).is_ok());
    let error = DriverManager::new().with(fake).connect_blocking("journal::memory:").unwrap_err();
    assert_eq!(error.to_string(), "no driver for the scheme `journal` [08001]; hint: known schemes: fake");
}
