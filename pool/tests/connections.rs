//! A pool of database connections: what is set up, cleaned and closed. Over the fake driver, and over SQLite.
#![cfg(not(any(loom, shuttle)))]

mod common;

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use batis_conformance::{Answer, FakeDriver};
use batis_dbc::driver::{Driver, Mode};
use batis_dbc::{Connection, DataSource, IsolationLevel, Lease, SqlState, TransactionOptions, Url, block as drive};
use batis_pool::{ConnectionManager, Credentials, Pool, PoolError, Verdict};
use batis_sqlite::SqliteDriver;
use common::{block, until};

type ConnectionPool = Pool<ConnectionManager>;

fn manager(fake: &FakeDriver) -> ConnectionManager {
    ConnectionManager::new(Arc::new(fake.clone()), Url::parse("fake:any").unwrap(), Mode::Blocking).unwrap()
}

fn pool(manager: ConnectionManager) -> ConnectionPool {
    Pool::builder(manager).max_size(1).without_spawner().build().unwrap()
}

fn lease(pool: &ConnectionPool) -> Lease {
    pool.connection_blocking(None).unwrap()
}

fn run(connection: &mut Connection, sql: &str) -> batis_dbc::Result<u64> {
    drive(None, None, connection.execute(sql, ()))
}

#[test]
fn a_transaction_left_open_is_rolled_back_on_return() {
    let fake = FakeDriver::new();
    let pool = pool(manager(&fake));
    let mut held = lease(&pool);
    drive(None, None, held.begin(&TransactionOptions::new())).unwrap();
    run(&mut held, "insert").unwrap();
    drop(held);
    let counters = fake.counters();
    assert_eq!((counters.begins, counters.rollbacks, counters.commits), (1, 1, 0));
    assert_eq!((pool.stats().idle, counters.closes), (1, 0), "and the connection is kept");
    assert_eq!(lease(&pool).transaction_depth(), 0);
}

#[test]
fn a_statement_left_in_flight_is_settled_before_the_connection_is_lent_again() {
    let fake = FakeDriver::new();
    fake.on("slow", Answer::never());
    let pool = pool(manager(&fake));
    block(async {
        let mut held = pool.connection().await.unwrap();
        let mut statement = pin!(held.execute("slow", ()));
        assert!(statement.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        // Dropped here, as a cancelled future is.
    });
    assert_eq!(fake.counters().settles, 1);
    run(&mut lease(&pool), "fine").unwrap();
    assert_eq!(fake.counters().connects, 1);
}

#[test]
fn an_error_that_breaks_the_connection_evicts_it() {
    let fake = FakeDriver::new();
    for code in ["08006", "57P01", "57P02", "57P03", "01002"] {
        fake.on(code, Answer::error(SqlState::from_code(code).unwrap(), "gone"));
    }
    // Not these: a wrong statement, and PostgreSQL's "cached plan must not change result type".
    for code in ["42601", "0A000", "57014"] {
        fake.on(code, Answer::error(SqlState::from_code(code).unwrap(), "wrong"));
    }
    let pool = pool(manager(&fake));
    for (code, evicted) in
        [("42601", 0), ("08006", 1), ("0A000", 1), ("57P01", 2), ("57014", 2), ("57P02", 3), ("57P03", 4), ("01002", 5)]
    {
        assert!(run(&mut lease(&pool), code).is_err());
        assert_eq!(pool.stats().closed, evicted, "after {code}");
    }
}

#[test]
fn the_override_is_honoured() {
    let fake = FakeDriver::new();
    fake.on("keep", Answer::error(SqlState::from_code("57P03").unwrap(), "starting up"));
    fake.on("evict", Answer::error(SqlState::from_code("25006").unwrap(), "read only now: a failover"));
    fake.on("usual", Answer::error(SqlState::from_code("57P01").unwrap(), "gone"));
    let judged = manager(&fake).exception_override(|error| match error.sql_state().code() {
        "57P03" => Verdict::Keep,
        "25006" => Verdict::Evict,
        _ => Verdict::AsUsual,
    });
    let pool = pool(judged);
    for (sql, closed) in [("keep", 0), ("evict", 1), ("usual", 2)] {
        assert!(run(&mut lease(&pool), sql).is_err());
        assert_eq!(pool.stats().closed, closed, "after {sql}");
    }
}

#[test]
fn init_sql_runs_once_for_each_connection_and_if_it_fails_so_does_the_connect() {
    let fake = FakeDriver::new();
    let set_up = pool(manager(&fake).init_sql("set x"));
    drop(lease(&set_up));
    drop(lease(&set_up));
    assert_eq!(fake.log().iter().filter(|line| line.contains("set x")).count(), 1);
    let sqlite = |sql| {
        let url = Url::parse("sqlite::memory:").unwrap();
        pool(ConnectionManager::new(Arc::new(SqliteDriver), url, Mode::Blocking).unwrap().init_sql(sql))
    };
    let error = sqlite("not sql").connection_blocking(None).unwrap_err();
    assert_eq!(error.sql_state(), SqlState::SYNTAX_ERROR);
    run(&mut lease(&sqlite("create table t (id)")), "insert into t values (1)").unwrap();
}

#[test]
fn the_test_query_is_asked_instead_of_the_drivers_check() {
    let fake = FakeDriver::new();
    let clock = batis_pool::Clock::manual();
    let builder = Pool::builder(manager(&fake).test_query("select 1")).max_size(1).clock(clock.clone());
    let pool = builder.without_spawner().build().unwrap();
    drop(lease(&pool));
    clock.advance(Duration::from_secs(1));
    drop(lease(&pool));
    assert_eq!((fake.counters().scripts, fake.counters().pings), (1, 0));
}

#[test]
fn a_connection_that_fails_its_check_is_replaced() {
    let fake = FakeDriver::new();
    let clock = batis_pool::Clock::manual();
    let builder = Pool::builder(manager(&fake)).max_size(1).clock(clock.clone());
    let pool = builder.without_spawner().build().unwrap();
    drop(lease(&pool));
    fake.break_connections();
    clock.advance(Duration::from_secs(1));
    run(&mut lease(&pool), "fine").unwrap();
    assert_eq!((fake.counters().connects, pool.stats().closed), (2, 1));
}

fn sqlite_file(folder: &tempfile::TempDir) -> Url {
    Url::parse(&format!("sqlite:{}", folder.path().join("pool.db").display())).unwrap()
}

fn sqlite(url: &Url) -> ConnectionManager {
    ConnectionManager::new(Arc::new(SqliteDriver), url.clone(), Mode::Blocking).unwrap()
}

fn setting(connection: &mut Connection, name: &str) -> i64 {
    let row = drive(None, None, connection.query_one(format!("pragma {name}").as_str(), ())).unwrap();
    row.get(0).unwrap()
}

#[test]
fn each_setting_changed_by_sql_text_is_reset_on_return() {
    let folder = tempfile::tempdir().unwrap();
    let reset =
        "pragma query_only = 0; pragma read_uncommitted = 0; pragma busy_timeout = 5000; pragma foreign_keys = 1";
    let pool = pool(sqlite(&sqlite_file(&folder)).reset_sql(reset).init_sql("pragma cache_size = 111"));
    for (name, own, changed) in [
        ("query_only", 0, 1),
        ("read_uncommitted", 0, 1),
        ("busy_timeout", 5000, 7),
        ("foreign_keys", 1, 0),
        ("cache_size", 111, 222),
    ] {
        let mut held = lease(&pool);
        assert_eq!(setting(&mut held, name), own);
        drive(None, None, held.execute_script(&format!("pragma {name} = {changed}"))).unwrap();
        assert_eq!(setting(&mut held, name), changed);
        drop(held);
        assert_eq!(setting(&mut lease(&pool), name), own, "{name} after the return");
    }
    assert_eq!(pool.stats().created, 1, "on one connection all the while");
}

#[test]
fn a_reset_that_fails_closes_the_connection() {
    let fake = FakeDriver::new();
    let driver: Arc<dyn Driver> = Arc::new(SqliteDriver);
    let folder = tempfile::tempdir().unwrap();
    let manager = ConnectionManager::new(driver, sqlite_file(&folder), Mode::Blocking).unwrap();
    let pool = pool(manager.reset_sql("nonsense"));
    drop(lease(&pool));
    assert_eq!((pool.stats().total, pool.stats().closed), (0, 1));
    drop(fake);
}

#[test]
fn a_read_only_pool_refuses_writes_and_the_rest_is_refused_where_it_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite_file(&folder);
    run(&mut lease(&pool(sqlite(&url))), "create table t (id)").unwrap();
    let readers = pool(sqlite(&url).read_only(true).isolation(IsolationLevel::Serializable));
    let error = run(&mut lease(&readers), "insert into t values (1)").unwrap_err();
    assert_eq!(error.sql_state(), SqlState::READ_ONLY);
    let schema = pool(sqlite(&url).schema("other")).connection_blocking(None).unwrap_err();
    assert_eq!(schema.sql_state(), SqlState::FEATURE_NOT_SUPPORTED);
}

#[test]
fn other_databases_get_the_standards_statements() {
    let fake = FakeDriver::new();
    let manager = manager(&fake).read_only(true).isolation(IsolationLevel::RepeatableRead).schema("sh\"op");
    drop(lease(&pool(manager)));
    let log = fake.log().join("\n");
    for sql in [
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET search_path TO \"sh\"\"op\"",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    ] {
        assert!(log.contains(sql), "{log}");
    }
}

#[test]
fn the_customizer_sees_each_new_connection() {
    let fake = FakeDriver::new();
    let seen = Arc::new(AtomicU32::new(0));
    let counts = Arc::clone(&seen);
    let manager = manager(&fake).customize(move |connection| {
        counts.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { connection.execute("customized", ()).await.map(drop) })
    });
    let pool = pool(manager);
    drop(lease(&pool));
    pool.soft_evict();
    drop(lease(&pool));
    assert_eq!((seen.load(Ordering::SeqCst), fake.counters().statements), (2, 2));
}

/// Notes the user and password of each connect.
struct Doorman(FakeDriver, std::sync::Mutex<Vec<String>>);

impl Driver for Doorman {
    fn schemes(&self) -> &[&'static str] {
        self.0.schemes()
    }
    fn product(&self) -> &'static str {
        self.0.product()
    }
    fn properties(&self) -> &[batis_dbc::PropertyInfo] {
        self.0.properties()
    }
    fn connect<'a>(
        &'a self,
        url: &'a Url,
        options: &'a batis_dbc::driver::ConnectOptions,
    ) -> batis_dbc::Op<'a, batis_dbc::Result<Box<dyn batis_dbc::driver::RawConnection>>> {
        let login = format!("{}:{}", url.user().unwrap_or("-"), url.password().unwrap_or("-"));
        self.1.lock().unwrap().push(login);
        self.0.connect(url, options)
    }
}

#[test]
fn the_credentials_provider_is_asked_at_each_connect() {
    let doorman = Arc::new(Doorman(FakeDriver::new(), Default::default()));
    let url = Url::parse("fake://me:old@host/any").unwrap();
    let turn = Arc::new(AtomicU32::new(0));
    let manager = ConnectionManager::new(doorman.clone(), url.clone(), Mode::Blocking).unwrap();
    let rotating = pool(manager.credentials(move || {
        let password = format!("p{}", turn.fetch_add(1, Ordering::SeqCst));
        async move { Ok(Credentials::new("app", password)) }
    }));
    drop(lease(&rotating));
    rotating.soft_evict();
    drop(lease(&rotating));
    let plain = pool(ConnectionManager::new(doorman.clone(), url, Mode::Blocking).unwrap());
    drop(lease(&plain));
    plain.manager().set_credentials(Credentials::new("me", "new"));
    plain.soft_evict();
    drop(lease(&plain));
    assert_eq!(*doorman.1.lock().unwrap(), ["app:p0", "app:p1", "me:old", "me:new"]);
}

#[test]
fn connections_swapped_between_leases_are_both_closed() {
    let fake = FakeDriver::new();
    let pool = Pool::builder(manager(&fake)).max_size(2).without_spawner().build().unwrap();
    let (mut a, mut b) = (lease(&pool), lease(&pool));
    std::mem::swap(&mut *a, &mut *b);
    drop(a);
    drop(b);
    assert_eq!((pool.stats().total, pool.stats().closed), (0, 2));
}

#[test]
fn a_detached_connection_lives_on_without_the_pool() {
    let fake = FakeDriver::new();
    let pool = pool(manager(&fake));
    let mut own = lease(&pool).detach();
    assert_eq!(pool.stats().total, 0);
    pool.close();
    run(&mut own, "fine").unwrap();
}

#[test]
fn a_lease_knows_where_it_was_asked_for() {
    let pool = pool(manager(&FakeDriver::new()));
    let held = pool.connection_blocking(None).unwrap();
    assert!(pool.holders()[0].place.unwrap().file().ends_with("connections.rs"));
    drop(held);
    let source: Arc<dyn DataSource> = Arc::new(pool.clone());
    let held = source.connection_blocking(None).unwrap();
    assert_eq!(pool.holders()[0].place, None, "nothing is better than a wrong place");
    drop(held);
}

#[test]
fn a_pool_that_lends_nothing_says_why_and_what_to_do() {
    let fake = FakeDriver::new();
    let pool = Pool::builder(manager(&fake)).name("main").max_size(1).without_spawner().build().unwrap();
    let error = || pool.connection_blocking(Some(Instant::now())).map(drop).unwrap_err();

    fake.refuse_connections(2, SqlState::CONNECT_FAILED, "refused");
    assert_eq!(
        error().to_string(),
        "pool `main` lends no connection [08001]; detail: pool `main` could not connect; hint: see the cause: refused [08001]"
    );
    assert!(error().source().is_some_and(|cause| cause.is::<PoolError>()), "for those who want its figures");

    let held = lease(&pool);
    let text = error().to_string();
    let (why, hint) = text.split_once("; hint: ").unwrap();
    assert!(
        why.starts_with("pool `main` lends no connection [HYT00]; detail: no connection became free within "),
        "{text}"
    );
    assert!(why.contains("(total=1, active=1, idle=0, waiting=1, max=1)") && why.contains("; held for "), "{text}");
    assert_eq!(
        hint,
        "all are in use: hold each for less time, return it before asking for a second, or raise max_size"
    );
    drop(held);

    pool.close();
    assert_eq!(
        error().to_string(),
        "pool `main` lends no connection [08003]; detail: pool `main` is closed; hint: `close` was called: call it when \
         nobody asks any more, or make another pool"
    );
}

#[test]
fn an_async_pool_fills_settles_and_closes_on_its_runtime() {
    let fake = FakeDriver::new();
    fake.connect_pending(3).control_pending(2);
    let url = Url::parse("fake:any").unwrap();
    let manager = ConnectionManager::new(Arc::new(fake.clone()), url, Mode::Async).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let pool = Pool::builder(manager).max_size(2).start().await.unwrap();
        let mut held = pool.connection().await.unwrap();
        held.begin(&TransactionOptions::new()).await.unwrap();
        // Cannot be rolled back in the destructor here: a task does it.
        drop(held);
        assert!(pool.closed(Duration::from_secs(60)).await);
    });
    until("all said goodbye", || {
        let counters = fake.counters();
        counters.rollbacks == 1 && counters.goodbyes == counters.connects
    });
}
