//! libpq's forms and files, and the choice among several servers.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use batis_dbc::driver::{ConnectOptions, Driver as _, Mode};
use batis_dbc::{Connection, DriverManager, Result, SqlError, Url, block};
use batis_postgres::{Environment, PostgresDriver};
use batis_testkit::{Cluster, Setup};

fn bare() -> PostgresDriver {
    PostgresDriver::with_environment(Environment::empty())
}

/// Connects without a runtime and in one, and asks both connections.
fn both(driver: &PostgresDriver, url: &str, sql: &str) -> [Result<String, SqlError>; 2] {
    let manager = DriverManager::new().with(driver.clone());
    let blocking = || -> Result<String> { manager.connect_blocking(url)?.query_one(sql, ())?.get(0) };
    let in_tasks = async || -> Result<String> { manager.connect(url).await?.query_one(sql, ()).await?.get(0) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    [blocking(), runtime.block_on(in_tasks())]
}

fn same(driver: &PostgresDriver, url: &str, sql: &str) -> String {
    let [blocking, in_tasks] = both(driver, url, sql).map(|told| told.unwrap_or_else(|error| error.to_string()));
    assert_eq!(blocking, in_tasks);
    blocking
}

/// The folder and port of the shared server's socket.
fn socket(cluster: &Cluster) -> Option<(String, String)> {
    let url = cluster.socket_url("postgres");
    let option = |name: &str| Some(url.split(&format!("{name}=")).nth(1)?.split('&').next()?.to_owned());
    Some((option("host")?, option("port")?))
}

#[test]
fn a_connection_string_connects() {
    let Some((folder, port)) = batis_testkit::postgres().and_then(socket) else { return };
    let words = format!("host={folder} port={port} user=batis dbname=postgres application_name='two words'");
    assert_eq!(same(&bare(), &format!("postgres:{words}"), "show application_name"), "two words");
    for text in [words.clone(), format!("application_name=x {words}"), format!("postgresql:{words}")] {
        let url = PostgresDriver::parse_url(&text).unwrap();
        let raw = block(None, None, bare().connect(&url, &ConnectOptions::new(Mode::Blocking))).unwrap();
        assert_eq!(Connection::new(raw).info().product, "PostgreSQL");
    }
    assert_eq!(PostgresDriver::parse_url("postgres://h/db").unwrap(), Url::parse("postgres://h/db").unwrap());
    assert!(PostgresDriver::parse_url("hots=h").is_err());
}

#[test]
fn the_environment_and_the_service_file_say_what_the_url_does_not() {
    let Some((folder, port)) = batis_testkit::postgres().and_then(socket) else { return };
    let home = tempfile::tempdir().unwrap();
    let service =
        format!("[shop]\nhost={folder}\nuser=batis\napplication_name=from service\noptions=-c search_path=app\n");
    fs::write(home.path().join(".pg_service.conf"), service).unwrap();
    let environment = Environment::empty().with("PGPORT", &port).with("PGDATABASE", "postgres").with_home(home.path());
    let told =
        environment.clone().with("PGHOST", &folder).with("PGUSER", "batis").with("PGAPPNAME", "from environment");
    let by = |environment: &Environment, url: &str, sql: &str| {
        same(&PostgresDriver::with_environment(environment.clone()), url, sql)
    };
    assert_eq!(by(&told, "postgres:", "show application_name"), "from environment");
    assert_eq!(by(&told, "postgres:///?service=shop", "show application_name"), "from service");
    assert_eq!(by(&told, "postgres:///?service=shop&application_name=url", "show application_name"), "url");
    assert_eq!(by(&told, "postgres:service=shop", "show search_path"), "app");
    assert_eq!(by(&environment.with("PGSERVICE", "shop"), "postgres:", "show application_name"), "from service");
}

#[test]
fn the_password_file_has_the_password() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let Some(url) = cluster.password_url("", "postgres") else { return };
    let url = url.replace(":@", "@");
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".pgpass");
    fs::write(&file, "# passwords\n*:1:*:*:wrong\n127.0.0.1:*:*:batis_password:secret\n").unwrap();
    let driver = PostgresDriver::with_environment(Environment::empty().with_home(home.path()));
    let user = "select current_user::text";
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(same(&driver, &url, user), "batis_password");
    let named = format!("{url}?passfile={}", file.display());
    assert_eq!(same(&bare(), &named, user), "batis_password");
    let variable = Environment::empty().with("PGPASSWORD", "secret");
    assert_eq!(same(&PostgresDriver::with_environment(variable), &url, user), "batis_password");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let error = same(&driver, &url, user);
    assert!(error.contains("[28P01]") && error.contains("others can read it"), "{error}");
    // Where no password is asked for, the file is of no interest.
    assert_eq!(same(&driver, &cluster.tcp_url("postgres"), user), "batis");
}

#[test]
fn the_server_is_chosen_by_what_it_is() {
    if batis_testkit::postgres().is_none() {
        return;
    }
    let start = |setup: Setup| Cluster::start_with(&setup).unwrap();
    let primary = start(Setup::new().setting("cluster_name = primary"));
    let frozen = start(Setup::new().setting("cluster_name = frozen").setting("default_transaction_read_only = on"));
    let standby = start(Setup::new().setting("cluster_name = standby").standby());
    let [p, f, s] = [&primary, &frozen, &standby].map(|c| format!("127.0.0.1:{}", c.port().unwrap()));
    let ask = |driver: &PostgresDriver, hosts: &[&str], wish: &str| {
        let url = format!("postgres://batis@{}/postgres?target_session_attrs={wish}", hosts.join(","));
        same(driver, &url, "show cluster_name")
    };
    let first = |hosts: &[&str], wish: &str| ask(&bare(), hosts, wish);
    assert_eq!(first(&[&s, &p], "any"), "standby");
    assert_eq!(first(&[&s, &f, &p], "read-write"), "primary");
    assert_eq!(first(&[&p, &f, &s], "read-only"), "frozen");
    assert_eq!(first(&[&s, &p], "primary"), "primary");
    assert_eq!(first(&[&p, &s], "standby"), "standby");
    assert_eq!(first(&[&p, &s], "prefer-standby"), "standby");
    assert_eq!(first(&[&p, &f], "prefer-standby"), "primary");
    let error = first(&[&p, &f], "standby");
    assert!(
        error.contains("none of the hosts could be used") && error.contains(&format!("{f} is not standby")),
        "{error}"
    );
    // One driver keeps what it learned, and a primary that went down is noticed at once.
    let driver = bare();
    assert_eq!(ask(&driver, &[&p, &f], "primary"), "primary");
    primary.stop().unwrap();
    assert_eq!(ask(&driver, &[&p, &f], "primary"), "frozen");
}

/// A server that says of itself only what it is told to, and counts its connections.
fn fake(parameters: &'static [(&'static str, &'static str)], in_recovery: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            // That the client goes away early is its business.
            std::thread::spawn(move || serve(&mut stream, parameters, in_recovery).unwrap_or_default());
        }
    });
    (port, count)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &u32::try_from(body.len() + 4).unwrap().to_be_bytes(), body].concat()
}

fn serve(stream: &mut std::net::TcpStream, parameters: &[(&str, &str)], in_recovery: &str) -> std::io::Result<()> {
    let mut length = [0; 4];
    loop {
        stream.read_exact(&mut length)?;
        let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
        stream.read_exact(&mut body)?;
        // The request for TLS is refused; then comes the start.
        if body.len() > 4 {
            break;
        }
        stream.write_all(b"N")?;
    }
    let ready = message(b'Z', b"I");
    let told = parameters.iter().map(|(name, value)| message(b'S', format!("{name}\0{value}\0").as_bytes()));
    let hello = [message(b'R', &[0; 4])].into_iter().chain(told).chain([message(b'K', &[0; 8]), ready.clone()]);
    stream.write_all(&hello.collect::<Vec<_>>().concat())?;
    let mut kind = [0; 1];
    loop {
        stream.read_exact(&mut kind)?;
        stream.read_exact(&mut length)?;
        let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
        stream.read_exact(&mut body)?;
        let column =
            |name: &str| [name.as_bytes(), &[0; 7], &[0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]].concat();
        let cell = |text: &str| [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
        let rows = [&[0, 2][..], &column("a"), &column("b")].concat();
        let row = [&[0, 2][..], &cell(in_recovery), &cell("off")].concat();
        let answer = [message(b'T', &rows), message(b'D', &row), message(b'C', b"SELECT 1\0"), ready.clone()];
        stream.write_all(&answer.concat())?;
    }
}

#[test]
fn an_old_server_is_asked_and_what_it_says_is_remembered() {
    // Servers before version 14 do not say by themselves what they are.
    let (standby, standby_count) = fake(&[], "t");
    let (primary, primary_count) = fake(&[], "f");
    let driver = bare();
    let url = format!("postgres://me@127.0.0.1:{standby},127.0.0.1:{primary}/db?target_session_attrs=primary");
    let connect = |mode: Mode| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = Url::parse(&url).unwrap();
        runtime.block_on(async { driver.connect(&url, &ConnectOptions::new(mode)).await.map(drop) }).unwrap();
    };
    connect(Mode::Blocking);
    connect(Mode::Async);
    connect(Mode::Async);
    let counts = (standby_count.load(Ordering::SeqCst), primary_count.load(Ordering::SeqCst));
    assert_eq!(counts, (1, 3), "after the first connection the standby is not tried again");
}
