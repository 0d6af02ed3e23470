//! Making connections: URLs, sockets, logins, and what is said when it fails.

use batis_dbc::blocking::Connection;
use batis_dbc::{DriverManager, ErrorKind, SqlError};
use batis_postgres::{Environment, PostgresDriver};
use batis_testkit::Cluster;

fn manager() -> DriverManager {
    DriverManager::new().with(PostgresDriver::with_environment(Environment::empty()))
}

fn connect(url: &str) -> Result<Connection, SqlError> {
    manager().connect_blocking(url)
}

fn text(conn: &mut Connection, sql: &str) -> String {
    conn.query_one(sql, ()).unwrap().get(0).unwrap()
}

/// The same URL without a runtime and in one.
fn both(url: &str) -> [Result<(), SqlError>; 2] {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    [connect(url).map(drop), runtime.block_on(manager().connect(url)).map(drop)]
}

fn with(url: &str, option: &str) -> String {
    format!("{url}{}{option}", if url.contains('?') { '&' } else { '?' })
}

fn cluster() -> Option<&'static Cluster> {
    batis_testkit::postgres()
}

#[test]
fn every_form_of_a_url_connects() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.create_database().unwrap();
    let (socket, tcp) = (database.url(), database.tcp_url());
    for url in [&socket, &tcp, &tcp.replace("postgres://", "postgresql://"), &format!("jdbc:{tcp}")] {
        let mut conn = connect(url).unwrap();
        assert_eq!(text(&mut conn, "select current_database()::text"), database.name());
    }
    assert_eq!(text(&mut connect(&socket).unwrap(), "select coalesce(host(inet_client_addr()), 'none')"), "none");
    let name = with(&socket, "application_name=who%20asks");
    assert_eq!(text(&mut connect(&name).unwrap(), "show application_name"), "who asks");
    let settings =
        with(&tcp, "options=-c%20statement_timeout%3D1234&keepalives_idle=60&keepalives_interval=5&keepalives_count=3");
    assert_eq!(text(&mut connect(&settings).unwrap(), "show statement_timeout"), "1234ms");
}

#[test]
fn a_percent_encoded_host_is_the_folder_of_a_socket() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.socket_url("postgres");
    let option = |name: &str| url.split(&format!("{name}=")).nth(1).unwrap().split('&').next().unwrap().to_owned();
    let encoded = option("host").replace('/', "%2F");
    let encoded = format!("postgres://batis@{encoded}:{}/postgres", option("port"));
    assert_eq!(text(&mut connect(&encoded).unwrap(), "select 'here'"), "here");
}

#[test]
fn the_first_host_that_answers_is_taken() {
    let Some(cluster) = cluster() else { return };
    let tcp = cluster.tcp_url("postgres");
    let url = tcp.replace("@127.0.0.1", "@127.0.0.1:1,127.0.0.1");
    for connected in both(&url) {
        connected.unwrap();
    }
    for connected in both("postgres://batis@127.0.0.1:1,127.0.0.1:2/x") {
        let error = connected.unwrap_err();
        assert_eq!(error.sql_state().code(), "08001");
        assert!(error.message().contains("127.0.0.1:1") && error.message().contains("127.0.0.1:2"), "{error}");
    }
}

#[test]
fn a_refused_connection_says_what_was_tried() {
    for connected in both("postgres://me:hush@127.0.0.1:1/db") {
        let error = connected.unwrap_err();
        assert_eq!((error.sql_state().code(), error.kind()), ("08001", ErrorKind::Connection));
        assert_eq!(error.hint_text(), Some("is the server running, and does it listen there?"));
        assert!(error.message().starts_with("cannot connect to 127.0.0.1:1: "), "{error}");
        assert!(!format!("{error:?}").contains("hush"));
    }
    for connected in both("postgres:///db?host=/no/such/folder") {
        let error = connected.unwrap_err();
        assert!(error.message().starts_with("cannot connect to /no/such/folder/.s.PGSQL.5432: "), "{error}");
    }
}

#[test]
fn a_login_that_is_refused_says_why_without_the_password() {
    let Some(cluster) = cluster() else { return };
    let Some(right) = cluster.password_url("secret", "postgres") else { return };
    cluster.psql("postgres", "do $$ begin create role batis_password login password 'secret'; exception when duplicate_object then null; end $$").unwrap();
    for connected in both(&right) {
        connected.unwrap();
    }
    for connected in both(&cluster.password_url("battery", "postgres").unwrap()) {
        let error = connected.unwrap_err();
        assert_eq!((error.sql_state().code(), error.kind()), ("28P01", ErrorKind::Auth));
        assert!(error.to_string().contains("batis_password") && error.to_string().contains("127.0.0.1"), "{error}");
        assert!(!format!("{error:?}").contains("battery"));
    }
    for connected in both(&right.replace(":secret", "")) {
        let error = connected.unwrap_err();
        assert_eq!(error.sql_state().code(), "28P01");
        assert!(error.message().ends_with("asks for a password, and there is none for it"), "{error}");
    }
    for connected in both(&cluster.tcp_url("no_such_database")) {
        assert_eq!(connected.unwrap_err().sql_state().code(), "3D000");
    }
}

#[test]
fn mistakes_in_a_url_are_named() {
    let error = |url: &str| connect(url).unwrap_err().to_string();
    assert_eq!(
        error("postgres://h/db?prepare_treshold=1"),
        "unknown option `prepare_treshold` in the postgres URL [08001]; hint: did you mean `prepare_threshold`?"
    );
    if cfg!(not(feature = "tls")) {
        assert_eq!(
            error("postgres://h/db?sslmode=require"),
            "`sslmode=require`: TLS is not built in [08001]; hint: build with the feature `tls`, or use `sslmode=disable` on networks that you trust"
        );
    }
    assert!(error("postgres://h/db?sslmode=always").contains("`sslmode` must be disable, allow, prefer, require"));
    assert_eq!(
        error("postgres://h/db?statement_cache=0"),
        "the option `statement_cache` must be a whole number from 1, not `0` [08001]"
    );
}

#[test]
fn a_server_that_says_nothing_is_given_up_in_time() {
    // It takes the connection into its queue, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://me@{}/db?connect_timeout=1", silent.local_addr().unwrap());
    for connected in both(&url) {
        let error = connected.unwrap_err();
        assert_eq!(error.sql_state().code(), "08001");
        assert_eq!(error.hint_text(), Some("the limit is the URL's option `connect_timeout` (seconds)"));
    }
}

#[test]
fn something_else_than_postgresql_is_an_error() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://me@{}/db", other.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = other.accept().unwrap();
            std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        }
    });
    for connected in both(&url) {
        assert_eq!(connected.unwrap_err().sql_state().code(), "08001");
    }
    answering.join().unwrap();
}

#[test]
fn an_async_connection_needs_a_runtime_and_says_so() {
    let connecting = manager();
    let connecting = connecting.connect("postgres://me@127.0.0.1:1/db");
    let error = batis_dbc::block(None, None, connecting).unwrap_err();
    assert_eq!(
        error.to_string(),
        "an async PostgreSQL connection needs a tokio runtime, and there is none here [08001]; hint: connect inside of a tokio task, \
         or use `connect_blocking`, which needs no runtime"
    );
}

#[test]
fn a_connection_outlives_its_runtime_only_as_an_error() {
    let Some(cluster) = cluster() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut conn = runtime.block_on(manager().connect(&cluster.socket_url("postgres"))).unwrap();
    drop(runtime);
    assert!(conn.is_broken());
    let error = batis_dbc::block(None, None, conn.execute("select 1", ())).unwrap_err();
    assert_eq!(error.sql_state().class(), "08");
}

#[test]
fn a_thread_can_wait_for_a_connection_of_a_runtime_but_not_on_its_only_worker() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.socket_url("postgres");
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut conn = Connection::new(many.block_on(manager().connect(&url)).unwrap());
    assert_eq!(text(&mut conn, "select 'waited'"), "waited");
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    one.block_on(async {
        let mut conn = Connection::new(manager().connect(&url).await.unwrap());
        let error = conn.execute("select 1", ()).unwrap_err();
        assert_eq!(error.message(), "the runtime that drives this connection is blocked");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("`connect_blocking`")), "{error}");
        let mut conn = conn.into_inner().detach();
        assert_eq!(conn.query_one("select 'awaited'", ()).await.unwrap().get::<String>(0).unwrap(), "awaited");
    });
}

/// A connection for threads needs no runtime, so it may stand inside of any: there it merely blocks.
#[test]
fn a_connection_for_threads_works_inside_of_tasks() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.socket_url("postgres");
    let ask = move || {
        let mut conn = manager().connect_blocking(&url).unwrap();
        let sum: Result<i64, SqlError> = conn.tx(|t| t.query_one("select 40 + ?::bigint", (2,))?.get(0));
        sum.unwrap()
    };
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for runtime in [&one, &many] {
        assert_eq!(runtime.block_on(async { ask() }), 42);
        assert_eq!(runtime.block_on(tokio::task::LocalSet::new().run_until(async { ask() })), 42);
        let ask = ask.clone();
        assert_eq!(runtime.block_on(async { tokio::task::spawn_blocking(ask).await.unwrap() }), 42);
    }
}
