//! What the settings of a connection come to: where the servers are, who logs in, and how the driver works.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use batis_dbc::{Result, SqlError};
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode, SslNegotiation};

use crate::passfile::{self, Found, Wanted};
use crate::secure::Security;
use crate::security;
use crate::settings::Settings;
use crate::target::SessionAttrs;

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Address {
    Tcp(String, u16),
    /// The socket itself, not its folder.
    Unix(PathBuf),
}

impl Address {
    fn new(host: &str, port: u16) -> Self {
        match host.starts_with('/') {
            true => Self::Unix(PathBuf::from(host).join(format!(".s.PGSQL.{port}"))),
            false => Self::Tcp(host.to_owned(), port),
        }
    }

    /// The server's name and port, or the path of its socket.
    pub(crate) fn server(&self) -> (String, Option<u16>) {
        match self {
            Self::Tcp(host, port) => (host.clone(), Some(*port)),
            Self::Unix(path) => (path.display().to_string(), None),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// A server to try, and how to log in there.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: Address,
    /// Login and session settings.
    pub(crate) config: Config,
    /// How the connection is begun, and how else if that fails.
    pub(crate) security: Vec<Security>,
    /// Why the password file was not used.
    pub(crate) password_note: Option<String>,
}

/// Probes of idle TCP connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keepalives {
    pub(crate) idle: Duration,
    pub(crate) interval: Option<Duration>,
    pub(crate) count: Option<u32>,
}

/// What the settings say.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) targets: Vec<Target>,
    pub(crate) session_attrs: SessionAttrs,
    /// Hosts are tried in a random order.
    pub(crate) shuffle: bool,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) keepalives: Option<Keepalives>,
    pub(crate) prepare_threshold: i32,
    pub(crate) statement_cache: usize,
    /// 0: no limit.
    pub(crate) statement_cache_bytes: usize,
    pub(crate) socket_timeout: Option<Duration>,
}

impl Options {
    pub(crate) fn of(settings: &Settings<'_>) -> Result<Self> {
        let threshold = settings.parsed("prepare_threshold", "a whole number from -1")?.unwrap_or(5);
        let cache: usize = settings.parsed("statement_cache", "a whole number from 1")?.unwrap_or(256);
        if threshold < -1 {
            return Err(settings.wrong("prepare_threshold", "a whole number from -1"));
        }
        if cache == 0 {
            return Err(settings.wrong("statement_cache", "a whole number from 1"));
        }
        Ok(Self {
            targets: targets(settings)?,
            session_attrs: SessionAttrs::of(settings)?,
            shuffle: match settings.get("load_balance_hosts") {
                None | Some("disable") => false,
                Some("random") => true,
                Some(_) => return Err(settings.wrong("load_balance_hosts", "disable or random")),
            },
            connect_timeout: Some(seconds(settings, "connect_timeout")?.unwrap_or(Duration::from_secs(10)))
                .filter(|t| !t.is_zero()),
            keepalives: keepalives(settings)?,
            prepare_threshold: threshold,
            statement_cache: cache,
            statement_cache_bytes: settings.parsed("statement_cache_bytes", "a whole number")?.unwrap_or(5 << 20),
            socket_timeout: seconds(settings, "socket_timeout")?.filter(|t| !t.is_zero()),
        })
    }
}

fn keepalives(settings: &Settings<'_>) -> Result<Option<Keepalives>> {
    match settings.get("keepalives") {
        Some("false" | "0") => return Ok(None),
        None | Some("true" | "1") => {}
        Some(_) => return Err(settings.wrong("keepalives", "true or false")),
    }
    Ok(Some(Keepalives {
        idle: seconds(settings, "keepalives_idle")?.unwrap_or(Duration::from_secs(7200)),
        interval: seconds(settings, "keepalives_interval")?,
        count: settings.parsed("keepalives_count", "a whole number")?,
    }))
}

fn targets(settings: &Settings<'_>) -> Result<Vec<Target>> {
    let list = |name: &str| settings.get(name).filter(|text| !text.is_empty()).map(|text| text.split(',').collect());
    let (hosts, addresses): (Option<Vec<&str>>, Option<Vec<&str>>) = (list("host"), list("hostaddr"));
    let names = hosts.clone().or_else(|| addresses.clone()).unwrap_or_else(|| vec!["localhost"]);
    if addresses.as_ref().is_some_and(|addresses| addresses.len() != names.len()) {
        return Err(settings.wrong("hostaddr", &format!("one address for each of the {} hosts", names.len())));
    }
    let ports = ports(settings, names.len())?;
    let config = config(settings)?;
    names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let name = if name.is_empty() { "localhost" } else { name };
            let dialed = addresses.as_ref().map_or(name, |all| all[at]);
            let address = Address::new(if dialed.is_empty() { name } else { dialed }, ports[at]);
            target(settings, &config, name, ports[at], address)
        })
        .collect()
}

fn ports(settings: &Settings<'_>, hosts: usize) -> Result<Vec<u16>> {
    let wanted = "a port (1 to 65535)";
    let text = settings.get("port").unwrap_or_default();
    let read = |port: &str| match port.trim() {
        "" => Ok(5432),
        port => port.parse().ok().filter(|port| *port > 0).ok_or_else(|| settings.wrong("port", wanted)),
    };
    let ports = text.split(',').map(read).collect::<Result<Vec<u16>>>()?;
    match ports.len() {
        1 => Ok(vec![ports[0]; hosts]),
        count if count == hosts => Ok(ports),
        _ => Err(settings.wrong("port", &format!("one port, or one for each of the {hosts} hosts"))),
    }
}

fn target(settings: &Settings<'_>, config: &Config, name: &str, port: u16, address: Address) -> Result<Target> {
    let mut config = config.clone();
    let mut password_note = None;
    if config.get_password().is_none() {
        match password(settings, &config, name, port) {
            Found::Password(password) => {
                config.password(password);
            }
            Found::Nothing => {}
            Found::Unusable(why) => password_note = Some(why),
        }
    }
    let security = match &address {
        // Whoever can listen there can do anything.
        Address::Unix(_) => vec![Security::Plain],
        Address::Tcp(..) => security::of(settings, name)?,
    };
    Ok(Target { address, config, security, password_note })
}

/// What the password file says of this host.
fn password(settings: &Settings<'_>, config: &Config, host: &str, port: u16) -> Found {
    let Some(file) = settings.file("passfile", ".pgpass") else { return Found::Nothing };
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    // As libpq: the folder of the unix socket where it looks by default counts as this host.
    let host = if matches!(host, "/tmp" | "/run/postgresql" | "/var/run/postgresql") { "localhost" } else { host };
    passfile::password(&file, Wanted { host, port, database, user })
}

fn config(settings: &Settings<'_>) -> Result<Config> {
    let mut config = Config::new();
    // TLS has begun when tokio-postgres sees the stream; see `secure`.
    config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
    config.channel_binding(match settings.get("channel_binding") {
        None | Some("prefer") => ChannelBinding::Prefer,
        Some("disable") => ChannelBinding::Disable,
        Some("require") => ChannelBinding::Require,
        Some(_) => return Err(settings.wrong("channel_binding", "disable, prefer or require")),
    });
    if let Some(user) = settings.get("user").map(str::to_owned).or_else(|| settings.environment.user()) {
        config.user(user);
    }
    if let Some(password) = settings.get("password") {
        config.password(password);
    }
    if let Some(database) = settings.get("dbname").filter(|name| !name.is_empty()) {
        config.dbname(database);
    }
    if let Some(name) = settings.get("application_name") {
        config.application_name(name);
    }
    if let Some(text) = settings.get("options") {
        config.options(text);
    }
    Ok(config)
}

fn seconds(settings: &Settings<'_>, name: &str) -> Result<Option<Duration>> {
    Ok(settings.parsed(name, "a whole number of seconds")?.map(Duration::from_secs))
}

/// The error for a login without a password where the server wants one.
pub(crate) fn no_password(target: &Target) -> SqlError {
    let place = &target.address;
    let error = SqlError::new(
        batis_dbc::SqlState::INVALID_PASSWORD,
        format!("{place} asks for a password, and there is none for it"),
    )
    .hint("write `postgres://user:password@host/db`, or a line into ~/.pgpass");
    match &target.password_note {
        Some(note) => error.detail(note.as_str()),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use batis_dbc::Url;

    fn options(url: &str) -> Result<Options> {
        let environment =
            Environment::empty().with_user("os").with("PGHOST", "envhost").with("PGCHANNELBINDING", "disable");
        Options::of(&Settings::of(&Url::parse(url)?, &environment)?)
    }

    #[test]
    fn hosts_sockets_and_defaults() {
        let shown = |url: &str| {
            let all = options(url).unwrap().targets;
            all.iter().map(|target| target.address.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown("postgres:///db"), "envhost:5432");
        assert_eq!(shown("postgres:///db?host="), "localhost:5432");
        assert_eq!(shown("postgres://a,b:1,[::1]:2/db?port=7"), "a:7 b:1 [::1]:2");
        assert_eq!(shown("postgres:host=a,b,c port=1,,3"), "a:1 b:5432 c:3");
        assert_eq!(shown("postgres:host=a,b port=7"), "a:7 b:7");
        assert_eq!(shown("postgres:host=a,b hostaddr=10.0.0.1,::1"), "10.0.0.1:5432 [::1]:5432");
        assert_eq!(shown("postgres:///db?host=/run/pg&port=7"), "/run/pg/.s.PGSQL.7");
        assert_eq!(shown("postgres://%2Frun%2Fpg:8/db"), "/run/pg/.s.PGSQL.8");
        let set = options("postgresql://me:pw@h/db?connect_timeout=0&prepare_threshold=-1").unwrap();
        assert_eq!((set.connect_timeout, set.prepare_threshold, set.statement_cache), (None, -1, 256));
        let config = &set.targets[0].config;
        assert_eq!((config.get_user(), config.get_dbname()), (Some("me"), Some("db")));
        assert_eq!(config.get_password(), Some(&b"pw"[..]));
        assert_eq!(options("postgres:///db").unwrap().targets[0].config.get_user(), Some("os"));
    }

    #[test]
    fn mistakes_are_named() {
        let text = |url: &str| options(url).err().unwrap().to_string();
        assert_eq!(
            text("postgres://h/db?connect_timeout=soon"),
            "the option `connect_timeout` must be a whole number of seconds, not `soon` [08001]"
        );
        assert_eq!(
            text("postgres://h/db?prepare_threshold=-2"),
            "the option `prepare_threshold` must be a whole number from -1, not `-2` [08001]"
        );
        assert_eq!(
            text("postgres://h/db?aplication_name=x"),
            "unknown option `aplication_name` in the postgres URL [08001]; hint: did you mean `application_name`?"
        );
        assert_eq!(
            text("postgres:host=a,b,c port=1,2"),
            "the option `port` must be one port, or one for each of the 3 hosts, not `1,2` [08001]"
        );
        assert!(text("postgres:host=a hostaddr=1,2").contains("one address for each of the 1 hosts"));
        assert!(text("postgres://h/db?load_balance_hosts=yes").contains("disable or random"));
        assert!(text("postgres://h/db?target_session_attrs=master").contains("prefer-standby"));
    }
}
