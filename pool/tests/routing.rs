//! Several pools behind one data source.
#![cfg(not(any(loom, shuttle)))]

use std::sync::Arc;
use std::time::Duration;

use batis_conformance::FakeDriver;
use batis_dbc::driver::Mode;
use batis_dbc::{DataSource, SqlState, Url, block as drive};
use batis_pool::{Clock, ConnectionManager, Pool, RoutingDataSource};
use batis_sqlite::SqliteDriver;
type ConnectionPool = Pool<ConnectionManager>;

fn member(fake: &FakeDriver, name: &str) -> ConnectionPool {
    let url = Url::parse("fake:any").unwrap();
    let manager = ConnectionManager::new(Arc::new(fake.clone()), url, Mode::Blocking).unwrap();
    Pool::builder(manager).name(name).max_size(1).without_spawner().build().unwrap()
}

const NOW_AND_FOR_LONG: u64 = u64::MAX;

fn down(fake: &FakeDriver, is_down: bool) {
    let times = if is_down { NOW_AND_FOR_LONG } else { 0 };
    fake.refuse_connections(times, SqlState::CONNECT_FAILED, "refused");
}

fn statements(fake: &FakeDriver) -> u64 {
    fake.counters().statements
}

fn use_one(source: &dyn DataSource) -> batis_dbc::Result<()> {
    let mut lease = source.connection_blocking(None)?;
    drive(None, None, lease.execute("work", ())).map(drop)
}

#[test]
fn writes_go_to_the_primary_and_reads_to_the_replicas_in_turn() {
    let (primary, one, two) = (FakeDriver::new(), FakeDriver::new(), FakeDriver::new());
    let routing = RoutingDataSource::builder(member(&primary, "primary"))
        .replica(member(&one, "one"))
        .replica(member(&two, "two"))
        .build();
    for _ in 0..4 {
        use_one(&routing).unwrap();
        use_one(&routing.reads()).unwrap();
    }
    assert_eq!([&primary, &one, &two].map(statements), [4, 2, 2]);
    assert_eq!(routing.info().name, "primary");
}

#[test]
fn who_has_written_reads_from_the_primary_for_a_while() {
    let (primary, replica) = (FakeDriver::new(), FakeDriver::new());
    let clock = Clock::manual();
    let builder = RoutingDataSource::builder(member(&primary, "primary")).replica(member(&replica, "replica"));
    let routing = builder.clock(clock.clone()).build();
    let (ann, bob) = (routing.sticky(Duration::from_secs(2)), routing.sticky(Duration::from_secs(2)));
    let now = || [&primary, &replica].map(statements);
    use_one(&ann.reads()).unwrap();
    assert_eq!(now(), [0, 1], "nothing was written yet");
    let held = ann.connection_blocking(None).unwrap();
    clock.advance(Duration::from_secs(60));
    use_one(&bob.reads()).unwrap();
    assert_eq!(now(), [0, 2], "another one's writes do not count");
    drop(held);
    use_one(&ann.reads()).unwrap();
    clock.advance(Duration::from_millis(1_999));
    use_one(&ann.clone().reads()).unwrap();
    assert_eq!(now(), [2, 2], "the time begins when the connection comes back");
    clock.advance(Duration::from_millis(1));
    use_one(&ann.reads()).unwrap();
    assert_eq!(now(), [2, 3]);
    drive(None, None, async { ann.connection().await?.execute("work", ()).await }).unwrap();
    use_one(&ann.reads()).unwrap();
    drop(ann.connection_blocking(None).unwrap().detach());
    use_one(&routing.reads()).unwrap();
    assert_eq!(now(), [4, 4], "and where nobody asked for it reads go to the replicas");
}

#[test]
fn reads_fail_over_to_the_other_replica_and_then_to_the_primary_and_back() {
    let (primary, one, two) = (FakeDriver::new(), FakeDriver::new(), FakeDriver::new());
    let clock = Clock::manual();
    let routing = RoutingDataSource::builder(member(&primary, "primary"))
        .replica(member(&one, "one"))
        .replica(member(&two, "two"))
        .clock(clock.clone())
        .build();
    down(&one, true);
    for _ in 0..4 {
        use_one(&routing.reads()).unwrap();
    }
    assert_eq!([&primary, &one, &two].map(statements), [0, 0, 4]);
    assert_eq!(one.counters().refused, 1, "it is left out after the first failure");
    down(&two, true);
    routing.members().for_each(|(pool, _)| pool.soft_evict());
    use_one(&routing.reads()).unwrap();
    assert_eq!(statements(&primary), 1);
    down(&one, false);
    down(&two, false);
    clock.advance(Duration::from_secs(2));
    for _ in 0..4 {
        use_one(&routing.reads()).unwrap();
    }
    assert_eq!([&primary, &one, &two].map(statements), [1, 2, 6]);
    assert!(routing.members().all(|(_, up)| up));
}

#[test]
fn writes_fail_over_to_the_standby_and_back() {
    let (primary, standby) = (FakeDriver::new(), FakeDriver::new());
    let clock = Clock::manual();
    let builder = RoutingDataSource::builder(member(&primary, "primary")).standby(member(&standby, "standby"));
    let routing = builder.clock(clock.clone()).build();
    down(&primary, true);
    use_one(&routing).unwrap();
    use_one(&routing).unwrap();
    assert_eq!((statements(&primary), statements(&standby)), (0, 2));
    down(&primary, false);
    use_one(&routing).unwrap();
    assert_eq!(statements(&standby), 3, "it is not probed before its pause is over");
    clock.advance(Duration::from_secs(1));
    use_one(&routing).unwrap();
    assert_eq!(statements(&primary), 1);
}

#[test]
fn the_pause_between_probes_doubles() {
    let (primary, standby) = (FakeDriver::new(), FakeDriver::new());
    let clock = Clock::manual();
    let builder = RoutingDataSource::builder(member(&primary, "primary")).standby(member(&standby, "standby"));
    let routing = builder.clock(clock.clone()).probe_pause(Duration::from_secs(1), Duration::from_secs(4)).build();
    down(&primary, true);
    let mut probes = Vec::new();
    for _ in 0..20 {
        use_one(&routing).unwrap();
        probes.push(primary.counters().refused);
        clock.advance(Duration::from_secs(1));
    }
    // At 0, then after 1, 2, 4, 4, .. seconds.
    assert_eq!(probes, [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7]);
}

#[test]
fn with_everybody_down_the_last_error_is_told() {
    let (primary, replica) = (FakeDriver::new(), FakeDriver::new());
    let builder = RoutingDataSource::builder(member(&primary, "primary")).replica(member(&replica, "replica"));
    let routing = builder.clock(Clock::manual()).build();
    down(&primary, true);
    down(&replica, true);
    for _ in 0..2 {
        assert_eq!(use_one(&routing.reads()).unwrap_err().sql_state(), SqlState::CONNECT_FAILED);
        assert_eq!(use_one(&routing).unwrap_err().sql_state(), SqlState::CONNECT_FAILED);
    }
}

#[test]
fn a_busy_replica_is_passed_over_but_not_left_out() {
    let (primary, replica) = (FakeDriver::new(), FakeDriver::new());
    let builder = RoutingDataSource::builder(member(&primary, "primary")).replica(member(&replica, "replica"));
    let routing = builder.attempt_timeout(Duration::from_millis(5)).build();
    let held = routing.reads().connection_blocking(None).unwrap();
    let other = routing.reads().connection_blocking(None).unwrap();
    assert_eq!((replica.counters().connects, primary.counters().connects), (1, 1));
    drop((held, other));
    assert!(routing.members().all(|(_, up)| up));
    use_one(&routing.reads()).unwrap();
    assert_eq!(statements(&replica), 1);
}

#[test]
fn sqlite_has_one_writer_and_readers_that_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let url = Url::parse(&format!("sqlite:{}", folder.path().join("app.db").display())).unwrap();
    let source = RoutingDataSource::single_writer(Arc::new(SqliteDriver), url, Mode::Blocking, 4).unwrap();
    let run = |source: &dyn DataSource, sql: &str| {
        let mut lease = source.connection_blocking(None)?;
        drive(None, None, lease.execute(sql, ()))
    };
    run(&source, "create table t (id integer primary key)").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    run(&source, "insert into t default values").unwrap();
                    run(&source.reads(), "select count(*) from t").unwrap();
                }
            });
        }
    });
    let mut lease = source.reads().connection_blocking(None).unwrap();
    let count: i64 = drive(None, None, lease.query_one("select count(*) from t", ())).unwrap().get(0).unwrap();
    assert_eq!(count, 400);
    drop(lease);
    let error = run(&source.reads(), "insert into t default values").unwrap_err();
    assert_eq!(error.sql_state(), SqlState::READ_ONLY);
    let sizes: Vec<u32> = source.members().map(|(pool, _)| pool.max_size()).collect();
    assert_eq!(sizes, [1, 4]);
    source.close();
    let private = Url::parse("sqlite::memory:").unwrap();
    assert!(RoutingDataSource::single_writer(Arc::new(SqliteDriver), private, Mode::Blocking, 4).is_err());
}
