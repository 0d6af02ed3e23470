//! TLS: each `sslmode`, trusted and other certificates, client certificates, channel binding, and cancelling over it.
#![cfg(feature = "tls")]

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use batis_dbc::blocking::Connection;
use batis_dbc::{CallOptions, DriverManager, SqlError};
use batis_postgres::{Environment, PostgresDriver};
use batis_testkit::{Cluster, Setup};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tempfile::TempDir;

/// An authority, a server with a certificate of it, and a client with another.
struct World {
    cluster: Cluster,
    folder: TempDir,
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key, as PEM.
fn signed(by: &Authority, common_name: &str, hosts: &[&str], purpose: ExtendedKeyUsagePurpose) -> (String, String) {
    let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.extended_key_usages.push(purpose);
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, by).unwrap().pem(), key.serialize_pem())
}

fn world() -> Option<&'static World> {
    static WORLD: OnceLock<World> = OnceLock::new();
    // Says so, or fails, where there is no PostgreSQL.
    batis_testkit::postgres()?;
    Some(WORLD.get_or_init(|| {
        let (ours, other) = (authority("our authority"), authority("another authority"));
        let (certificate, key) = signed(&ours, "server", &["localhost"], ExtendedKeyUsagePurpose::ServerAuth);
        let setup = Setup::new()
            .setting("ssl = on")
            .setting("ssl_ca_file = 'ca.crt'")
            .file("server.crt", certificate)
            .file("server.key", key)
            .file("ca.crt", ours.pem())
            .access("hostssl all known 127.0.0.1/32 cert")
            .access("host all known 127.0.0.1/32 reject")
            .access("hostssl all bound 127.0.0.1/32 scram-sha-256")
            .access("hostssl all secret_only 127.0.0.1/32 trust")
            .access("hostnossl all secret_only 127.0.0.1/32 reject")
            .access("hostssl all open_only 127.0.0.1/32 reject");
        let cluster = Cluster::start_with(&setup).unwrap();
        let roles = "create role known login; create role secret_only login; create role open_only login;
             create role bound login password 'secret'";
        cluster.psql("postgres", roles).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        };
        let (certificate, key) = signed(&ours, "known", &[], ExtendedKeyUsagePurpose::ClientAuth);
        write("ours.crt", &ours.pem());
        write("other.crt", &other.pem());
        write("client.crt", &certificate);
        write("client.key", &key);
        World { cluster, folder }
    }))
}

impl World {
    fn url(&self, user: &str, host: &str, options: &str) -> String {
        format!("postgres://{user}@{host}:{}/postgres?{options}", self.cluster.port().unwrap())
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

fn manager() -> DriverManager {
    DriverManager::new().with(PostgresDriver::with_environment(Environment::empty()))
}

const STATE: &str = "select coalesce(version, 'plain') from pg_stat_ssl where pid = pg_backend_pid()";

/// The TLS version of a connection, without a runtime and in one; the errors as text.
fn both(url: &str) -> [String; 2] {
    let told = |error: SqlError| error.to_string();
    let blocking = || -> Result<String, SqlError> { manager().connect_blocking(url)?.query_one(STATE, ())?.get(0) };
    let in_tasks = async || -> Result<String, SqlError> {
        let mut conn = manager().connect(url).await?;
        let version = conn.query_one(STATE, ()).await?.get(0)?;
        conn.close().await;
        Ok(version)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    [blocking().unwrap_or_else(told), runtime.block_on(in_tasks()).unwrap_or_else(told)]
}

/// What both say, which is the same.
fn same(url: &str) -> String {
    let [blocking, in_tasks] = both(url);
    assert_eq!(blocking, in_tasks);
    blocking
}

#[test]
fn each_mode_has_the_tls_that_it_asks_for() {
    let Some(world) = world() else { return };
    let with = |options: &str| same(&world.url("batis", "127.0.0.1", options));
    assert_eq!(with("sslmode=disable"), "plain");
    assert_eq!(with("sslmode=allow"), "plain");
    assert_eq!(with("sslmode=prefer"), "TLSv1.3");
    assert_eq!(with(""), "TLSv1.3");
    assert_eq!(with("sslmode=require"), "TLSv1.3");
    let user = |user: &str, options: &str| same(&world.url(user, "127.0.0.1", options));
    assert_eq!(user("secret_only", "sslmode=allow"), "TLSv1.3", "the server refuses it without");
    assert_eq!(user("open_only", "sslmode=prefer"), "plain", "the server refuses it with TLS");
    assert!(user("open_only", "sslmode=require").contains("[28000]"));
    let socket = world.cluster.socket_url("postgres");
    assert_eq!(same(&format!("{socket}&sslmode=verify-full")), "plain", "unix sockets have no TLS");
}

/// How a server's TLS is broken.
#[derive(Clone, Copy, Debug)]
enum Bad {
    /// It says yes, and then something that is no TLS.
    Garbage,
    /// It says yes and hangs up.
    Closes,
    /// It hangs up when it is asked for TLS.
    ClosesAtOnce,
}

/// A port before the server whose TLS is broken; without TLS everything goes through.
fn broken_tls(server: u16, bad: Bad) -> u16 {
    const REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move |mut client: TcpStream| -> io::Result<()> {
        let mut first = [0; 8];
        client.read_exact(&mut first)?;
        if first == REQUEST {
            return match bad {
                Bad::Garbage => client.write_all(b"SHTTP/1.1 400 Bad Request\r\n\r\n"),
                Bad::Closes => client.write_all(b"S"),
                Bad::ClosesAtOnce => Ok(()),
            };
        }
        let mut server = TcpStream::connect(("127.0.0.1", server))?;
        server.write_all(&first)?;
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || io::copy(&mut from, &mut to).and_then(|_| to.shutdown(Shutdown::Both)));
        io::copy(&mut server, &mut client).map(drop)
    };
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || serve(client));
        }
    });
    port
}

#[test]
fn a_failed_handshake_goes_on_without_tls_where_the_mode_allows_it() {
    let Some(world) = world() else { return };
    for bad in [Bad::Garbage, Bad::Closes, Bad::ClosesAtOnce] {
        let port = broken_tls(world.cluster.port().unwrap(), bad);
        // Whether a socket that was closed ends or is reset is the system's affair.
        let text = |told: &str| told.replace("Connection reset by peer (os error 104)", "tls handshake eof");
        let with = |user: &str, mode: &str| {
            let [blocking, in_tasks] = both(&format!("postgres://{user}@127.0.0.1:{port}/postgres?sslmode={mode}"));
            assert_eq!(text(&blocking), text(&in_tasks), "{bad:?} {mode}");
            blocking
        };
        for mode in ["disable", "allow"] {
            assert_eq!(with("batis", mode), "plain", "{bad:?} {mode}");
        }
        // Who hangs up before an answer has said nothing about TLS: an error, as in libpq.
        let hung_up = matches!(bad, Bad::ClosesAtOnce);
        let preferred = with("batis", "prefer");
        assert_eq!((preferred == "plain", preferred.contains("[08001]")), (!hung_up, hung_up), "{bad:?}: {preferred}");
        for mode in ["require", "verify-full"] {
            let error = with("batis", mode);
            assert!(error.contains("[08001]"), "{bad:?} {mode}: {error}");
        }
        // The server wants TLS of this user, and has none that works.
        let error = with("secret_only", "allow");
        assert!(error.contains("[08001]"), "{bad:?}: {error}");
        let error = with("secret_only", "prefer");
        assert!(error.contains(if hung_up { "[08001]" } else { "[28000]" }), "{bad:?}: {error}");
    }
}

#[test]
fn certificates_are_verified_as_far_as_the_mode_says() {
    let Some(world) = world() else { return };
    let with = |host: &str, mode: &str, roots: &str| {
        let roots = if roots == "system" { roots.to_owned() } else { world.file(roots) };
        same(&world.url("batis", host, &format!("sslmode={mode}&sslrootcert={roots}")))
    };
    assert_eq!(with("localhost", "verify-full", "ours.crt"), "TLSv1.3");
    assert_eq!(with("127.0.0.1", "verify-ca", "ours.crt"), "TLSv1.3");
    assert_eq!(with("127.0.0.1", "prefer", "other.crt"), "TLSv1.3", "nothing is verified");
    let error = with("127.0.0.1", "verify-full", "ours.crt");
    assert!(error.contains("not valid for name") && error.contains("`sslmode=verify-ca`"), "{error}");
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = with("localhost", mode, "other.crt");
        assert!(error.contains("UnknownIssuer") && error.contains("by `sslrootcert`"), "{error}");
    }
    assert!(with("localhost", "verify-full", "client.key").contains("holds no certificate"));
    assert!(with("localhost", "verify-full", "none").contains("No such file"));
    assert!(with("localhost", "verify-ca", "system").contains("verify-full with `sslrootcert=system`"));
}

#[test]
fn the_authorities_of_the_home_folder_are_trusted() {
    let Some(world) = world() else { return };
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".postgresql")).unwrap();
    fs::copy(world.file("ours.crt"), home.path().join(".postgresql/root.crt")).unwrap();
    let environment = Environment::empty().with_home(home.path()).with("PGSSLMODE", "verify-full");
    let manager = DriverManager::new().with(PostgresDriver::with_environment(environment));
    let mut conn = manager.connect_blocking(&world.url("batis", "localhost", "")).unwrap();
    assert_eq!(conn.query_one(STATE, ()).unwrap().get::<String>(0).unwrap(), "TLSv1.3");
    assert!(manager.connect_blocking(&world.url("batis", "127.0.0.1", "")).is_err());
}

#[test]
fn a_client_shows_its_certificate() {
    let Some(world) = world() else { return };
    let with = |options: &str| same(&world.url("known", "localhost", &format!("sslmode=require{options}")));
    let (certificate, key) = (world.file("client.crt"), world.file("client.key"));
    assert_eq!(with(&format!("&sslcert={certificate}&sslkey={key}")), "TLSv1.3");
    assert!(with("").contains("[28000]"));
    let loose = PathBuf::from(world.file("loose.key"));
    fs::copy(&key, &loose).unwrap();
    fs::set_permissions(&loose, fs::Permissions::from_mode(0o644)).unwrap();
    let error = with(&format!("&sslcert={certificate}&sslkey={}", loose.display()));
    assert!(error.contains("can be read by others") && error.contains("chmod 600"), "{error}");
}

#[test]
fn a_login_by_password_is_bound_to_its_channel() {
    let Some(world) = world() else { return };
    let with = |options: &str| same(&world.url("bound:secret", "localhost", options));
    assert_eq!(with("sslmode=require&channel_binding=require"), "TLSv1.3");
    assert_eq!(with("sslmode=require&channel_binding=disable"), "TLSv1.3");
    assert!(same(&world.url("batis", "localhost", "channel_binding=require")).contains("did not use channel binding"));
}

#[test]
fn a_server_without_tls_is_told_from_one_with_it() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let Some(port) = cluster.port() else { return };
    let with = |mode: &str| same(&format!("postgres://batis@127.0.0.1:{port}/postgres?sslmode={mode}"));
    assert_eq!(with("prefer"), "plain");
    let error = with("require");
    assert!(error.contains("the server does not support TLS") && error.contains("[08001]"), "{error}");
}

#[test]
fn much_goes_both_ways() {
    let Some(world) = world() else { return };
    let mut conn = manager().connect_blocking(&world.url("batis", "localhost", "sslmode=require")).unwrap();
    let long = "x".repeat(3_000_000);
    assert_eq!(conn.query_one("select ?::text", (&long,)).unwrap().get::<&str>(0).unwrap(), long);
    let rows = conn.query("select n, repeat('y', 100) from generate_series(1, 50000) n", ()).unwrap();
    assert_eq!(rows.map(|row| row.get::<i64>(0)).unwrap().len(), 50_000);
}

const SLEEP: &str = "select pg_sleep(60)";

fn soon() -> CallOptions {
    CallOptions::new().deadline(Instant::now() + Duration::from_millis(100))
}

/// A cancelled statement does not run on: on the server that is seen by what sleeps there.
fn sleepers(world: &World, application: &str) -> String {
    let sql =
        format!("select count(*) from pg_stat_activity where application_name = '{application}' and state = 'active'");
    world.cluster.psql("postgres", &sql).unwrap()
}

#[test]
fn what_runs_is_cancelled_over_tls() {
    let Some(world) = world() else { return };
    let url = |name: &str| world.url("secret_only", "127.0.0.1", &format!("sslmode=require&application_name={name}"));
    let mut conn: Connection = manager().connect_blocking(&url("threads")).unwrap();
    assert_eq!(conn.execute_with(SLEEP, (), &soon()).unwrap_err().sql_state().code(), "57014");
    assert_eq!(conn.query_one("select 1", ()).unwrap().get::<i64>(0).unwrap(), 1);
    assert_eq!(sleepers(world, "threads"), "0");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut conn = manager().connect(&url("tasks")).await.unwrap();
        assert_eq!(conn.execute_with(SLEEP, (), &soon()).await.unwrap_err().sql_state().code(), "57014");
        assert_eq!(conn.query_one("select 1", ()).await.unwrap().get::<i64>(0).unwrap(), 1);
        assert_eq!(sleepers(world, "tasks"), "0");
    });
}
