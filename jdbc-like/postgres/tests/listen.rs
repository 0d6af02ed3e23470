//! Notices, and notifications over connections that are lost.
#![allow(clippy::disallowed_methods)] // a test is its own host and keeps its own time

use std::sync::mpsc;
use std::time::Duration;

use batis_dbc::blocking::Connection;
use batis_dbc::{DriverManager, ErrorKind};
use batis_postgres::{Environment, ListenerEvent, PgListener, PostgresConnection, PostgresDriver, blocking};
use batis_testkit::{Cluster, Setup};
use futures_util::{FutureExt as _, StreamExt as _};

fn driver() -> PostgresDriver {
    PostgresDriver::with_environment(Environment::empty())
}

fn connect(cluster: &Cluster) -> Connection {
    DriverManager::new().with(driver()).connect_blocking(&cluster.socket_url("postgres")).unwrap()
}

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(30);

fn payload(event: ListenerEvent) -> String {
    match event {
        ListenerEvent::Notification(sent) => format!("{}:{}", sent.channel, sent.payload),
        other => format!("{other:?}"),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn kill_listeners(cluster: &Cluster, name: &str) {
    let sql =
        format!("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '{name}'");
    assert_eq!(cluster.psql("postgres", &sql).unwrap(), "1");
}

#[test]
fn a_thread_listens() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let url = cluster.socket_url("postgres") + "&application_name=thread_listener";
    let mut listener = blocking::PgListener::connect(&driver(), &url).unwrap();
    listener.listen("Quo\"ted").unwrap();
    listener.listen("other").unwrap();
    assert_eq!(listener.recv_timeout(Duration::from_millis(1)).unwrap(), None);
    let mut sender = connect(cluster);
    sender.execute("select pg_notify('Quo\"ted', ?), pg_notify('other', '')", ("one",)).unwrap();
    let mut next = || payload(listener.recv_timeout(PATIENCE).unwrap().unwrap());
    assert_eq!(next(), "Quo\"ted:one");
    assert_eq!(next(), "other:");
    // Sent by another thread while this one waits.
    let (begun, begins) = mpsc::channel::<()>();
    let sending = std::thread::spawn(move || {
        begins.recv().unwrap();
        sender.execute("select pg_notify('other', 'late')", ()).unwrap();
        sender
    });
    begun.send(()).unwrap();
    assert_eq!(next(), "other:late");
    let mut sender = sending.join().unwrap();
    kill_listeners(cluster, "thread_listener");
    assert_eq!(next(), "Gap");
    listener.unlisten("other").unwrap();
    sender.execute("select pg_notify('other', 'unheard'), pg_notify('Quo\"ted', 'again')", ()).unwrap();
    assert_eq!(payload(listener.recv_timeout(PATIENCE).unwrap().unwrap()), "Quo\"ted:again");
    let error = listener.listen(&"x".repeat(64)).unwrap_err();
    assert_eq!(error.sql_state().code(), "42622");
    listener.close();
}

#[test]
fn a_task_listens() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let url = cluster.socket_url("postgres") + "&application_name=task_listener";
    runtime().block_on(async {
        let mut listener = PgListener::connect(&driver(), &url).await.unwrap();
        listener.listen("tasks").await.unwrap();
        let mut sender = connect(cluster);
        let mut send = |text: &str| sender.execute("select pg_notify('tasks', ?)", (text,)).unwrap();
        // A future that is dropped takes nothing with it.
        assert!(listener.recv().now_or_never().is_none());
        send("one");
        assert_eq!(payload(listener.recv().await.unwrap()), "tasks:one");
        kill_listeners(cluster, "task_listener");
        assert_eq!(payload(listener.recv().await.unwrap()), "Gap");
        send("two");
        send("three");
        {
            let mut events = std::pin::pin!(listener.events());
            assert_eq!(payload(events.next().await.unwrap().unwrap()), "tasks:two");
            assert_eq!(payload(events.next().await.unwrap().unwrap()), "tasks:three");
        }
        listener.close().await;
    });
}

#[test]
fn a_listener_outlives_a_restart_of_its_server() {
    if batis_testkit::postgres().is_none() {
        return;
    }
    let cluster = Cluster::start_with(&Setup::new()).unwrap();
    let url = cluster.socket_url("postgres");
    let mut thread = blocking::PgListener::connect(&driver(), &url).unwrap();
    thread.listen("c").unwrap();
    runtime().block_on(async {
        let mut task = PgListener::connect(&driver(), &url).await.unwrap();
        task.listen("c").await.unwrap();
        cluster.stop().unwrap();
        assert_eq!(thread.recv_timeout(Duration::from_millis(150)).unwrap(), None, "there is no server");
        assert!(task.recv().now_or_never().is_none());
        // While there is none, a channel can be added.
        thread.listen("d").unwrap();
        task.listen("d").await.unwrap();
        cluster.restart_stopped().unwrap();
        assert_eq!(payload(thread.recv_timeout(PATIENCE).unwrap().unwrap()), "Gap");
        assert_eq!(payload(task.recv().await.unwrap()), "Gap");
        connect(&cluster).execute("select pg_notify('c', '1'), pg_notify('d', '2')", ()).unwrap();
        for expected in ["c:1", "d:2"] {
            assert_eq!(payload(thread.recv_timeout(PATIENCE).unwrap().unwrap()), expected);
            assert_eq!(payload(task.recv().await.unwrap()), expected);
        }
    });
}

#[test]
fn a_listener_does_not_wait_for_what_waiting_does_not_heal() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let error = blocking::PgListener::connect(&driver(), &cluster.socket_url("no_such_database")).unwrap_err();
    assert_eq!(error.sql_state().code(), "3D000");
    assert_eq!(blocking::PgListener::connect(&driver(), "postgres://h?x=1").unwrap_err().kind(), ErrorKind::Url);
}

#[test]
fn notices_are_kept_until_they_are_asked_for() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let mut conn = connect(cluster);
    assert!(conn.warnings().is_empty());
    conn.execute_script("do $$ begin raise warning 'careful' using detail = 'hot', hint = 'wait'; end $$").unwrap();
    conn.execute("drop table if exists not_there", ()).unwrap();
    let told = conn.warnings();
    let shown: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        ["careful [01000]; detail: hot; hint: wait", "table \"not_there\" does not exist, skipping [00000]"]
    );
    assert!(conn.warnings().is_empty(), "they were taken");
    conn.execute_script("do $$ begin for n in 1..100 loop raise notice '%', n; end loop; end $$").unwrap();
    let mut conn = conn.into_inner();
    let kept = conn.raw::<PostgresConnection>().unwrap().take_notices();
    assert_eq!((kept.len(), &*kept[0].severity, &*kept[0].message, &*kept[63].message), (64, "NOTICE", "37", "100"));
}

#[test]
fn a_connection_that_is_lost_while_idle_says_why() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let kill = |pid: i64| {
        let sql = format!("select pg_terminate_backend({pid}, 5000)");
        assert_eq!(cluster.psql("postgres", &sql).unwrap(), "t");
    };
    let mut conn = connect(cluster);
    kill(conn.query_one("select pg_backend_pid()", ()).unwrap().get(0).unwrap());
    assert_eq!(conn.execute("select 1", ()).unwrap_err().sql_state().code(), "57P01");
    runtime().block_on(async {
        let manager = DriverManager::new().with(driver());
        let mut conn = manager.connect(&cluster.socket_url("postgres")).await.unwrap();
        kill(conn.query_one("select pg_backend_pid()", ()).await.unwrap().get(0).unwrap());
        // The connection's own task sees the end.
        while !conn.is_broken() {
            tokio::task::yield_now().await;
        }
        assert_eq!(conn.execute("select 1", ()).await.unwrap_err().sql_state().code(), "57P01");
        let error = conn.execute("select 1", ()).await.unwrap_err();
        assert_eq!(error.sql_state().code(), "08003");
        assert!(error.detail_text().unwrap().ends_with("due to administrator command [57P01]"), "{error}");
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("57P01"));
    });
}
