//! What a URL says: where the servers are, who logs in, and how the driver works.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use batis_dbc::{PropertyInfo, Result, SqlError, Url};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

/// The options that URLs know.
pub(crate) const PROPERTIES: &[PropertyInfo] = &[
    property(
        "host",
        "localhost",
        "A host, or the folder of a unix socket (`/run/postgresql`); the URL's own hosts go first.",
    ),
    property("port", "5432", "The port, for hosts that have none in the URL."),
    property("user", "", "The user; default: the user of the operating system. The URL's own user goes first."),
    property("password", "", "The password. The URL's own password goes first."),
    property("dbname", "", "The database; default: the user's name. The URL's path goes first."),
    property("application_name", "", "The name that `pg_stat_activity` shows."),
    property("options", "", "Settings of the session in the server's command line form: `-c statement_timeout=5s`."),
    property("connect_timeout", "10", "Seconds for connecting to one host, login included; 0: no limit."),
    property(
        "prepare_threshold",
        "5",
        "From which use on a statement is prepared by name on its connection; before, each use is one unnamed round trip. \
         0: never (PgBouncer in transaction mode), -1: always.",
    ),
    property(
        "statement_cache",
        "256",
        "How many statements a connection remembers; the least recently used one leaves. At least 1.",
    ),
    property(
        "statement_cache_bytes",
        "5242880",
        "How many bytes the texts of these statements may have together; the least recently used ones leave. \
         0: no limit.",
    ),
    property(
        "socket_timeout",
        "0",
        "Seconds that an answer of the server may be waited for before the connection counts as lost; 0: for ever.",
    ),
    property("keepalives", "true", "Whether TCP sends probes on idle connections: true or false."),
    property("keepalives_idle", "7200", "Seconds without traffic before the first TCP probe."),
    property("keepalives_interval", "", "Seconds between TCP probes; default: the system's."),
    property(
        "keepalives_count",
        "",
        "Unanswered TCP probes after which the connection is lost; default: the system's.",
    ),
    property(
        "sslmode",
        "prefer",
        "disable, or prefer (plain, as long as TLS is not built in); anything stricter is refused.",
    ),
];

const fn property(name: &'static str, default: &'static str, doc: &'static str) -> PropertyInfo {
    PropertyInfo { name, default, doc }
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Probes of idle TCP connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keepalives {
    pub(crate) idle: Duration,
    pub(crate) interval: Option<Duration>,
    pub(crate) count: Option<u32>,
}

/// What a URL says.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) addresses: Vec<Address>,
    /// Login and session settings.
    pub(crate) config: Config,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) keepalives: Option<Keepalives>,
    pub(crate) prepare_threshold: i32,
    pub(crate) statement_cache: usize,
    /// 0: no limit.
    pub(crate) statement_cache_bytes: usize,
    pub(crate) socket_timeout: Option<Duration>,
}

impl Options {
    pub(crate) fn of(url: &Url) -> Result<Self> {
        url.check_options(PROPERTIES)?;
        check_ssl(url)?;
        let keepalives = match number::<bool>(url, "keepalives", "true or false")?.unwrap_or(true) {
            true => Some(Keepalives {
                idle: seconds(url, "keepalives_idle")?.unwrap_or(Duration::from_secs(7200)),
                interval: seconds(url, "keepalives_interval")?,
                count: number(url, "keepalives_count", "a whole number")?,
            }),
            false => None,
        };
        let threshold = number(url, "prepare_threshold", "a whole number from -1")?.unwrap_or(5);
        let cache: usize = number(url, "statement_cache", "a whole number from 1")?.unwrap_or(256);
        if threshold < -1 || cache == 0 {
            let (name, wanted) =
                if cache == 0 { ("statement_cache", "from 1") } else { ("prepare_threshold", "from -1") };
            return Err(wrong(name, url, &format!("a whole number {wanted}")));
        }
        Ok(Self {
            addresses: addresses(url)?,
            config: config(url)?,
            connect_timeout: Some(seconds(url, "connect_timeout")?.unwrap_or(Duration::from_secs(10)))
                .filter(|t| !t.is_zero()),
            keepalives,
            prepare_threshold: threshold,
            statement_cache: cache,
            statement_cache_bytes: number(url, "statement_cache_bytes", "a whole number")?.unwrap_or(5 << 20),
            socket_timeout: seconds(url, "socket_timeout")?.filter(|t| !t.is_zero()),
        })
    }
}

fn addresses(url: &Url) -> Result<Vec<Address>> {
    let port = number(url, "port", "a port (1 to 65535)")?.unwrap_or(5432);
    let named = url.hosts().iter().map(|h| Address::new(&h.name, h.port.unwrap_or(port)));
    let named: Vec<Address> = named.collect();
    if !named.is_empty() {
        return Ok(named);
    }
    let hosts = url.option("host").unwrap_or("localhost").split(',').filter(|h| !h.is_empty());
    Ok(hosts.map(|host| Address::new(host, port)).collect())
}

fn config(url: &Url) -> Result<Config> {
    let mut config = Config::new();
    config.ssl_mode(SslMode::Disable);
    if let Some(user) = url.user().or_else(|| url.option("user")) {
        config.user(user);
    }
    if let Some(password) = url.password().or_else(|| url.option("password")) {
        config.password(password);
    }
    let database = Some(url.path().trim_start_matches('/')).filter(|p| !p.is_empty());
    if let Some(database) = database.or_else(|| url.option("dbname")) {
        config.dbname(database);
    }
    if let Some(name) = url.option("application_name") {
        config.application_name(name);
    }
    if let Some(settings) = url.option("options") {
        config.options(settings);
    }
    Ok(config)
}

fn check_ssl(url: &Url) -> Result<()> {
    match url.option("sslmode") {
        None | Some("disable" | "allow" | "prefer") => Ok(()),
        Some("require" | "verify-ca" | "verify-full") => {
            let asked = url.option("sslmode").unwrap_or_default();
            Err(SqlError::url(format!("`sslmode={asked}`: TLS is not built in"))
                .hint("use `sslmode=disable` on networks that you trust"))
        }
        Some(_) => Err(wrong("sslmode", url, "disable or prefer")),
    }
}

fn seconds(url: &Url, name: &str) -> Result<Option<Duration>> {
    Ok(number(url, name, "a whole number of seconds")?.map(Duration::from_secs))
}

fn number<T: FromStr>(url: &Url, name: &str, wanted: &str) -> Result<Option<T>> {
    url.option(name).map(|text| text.parse().map_err(|_| wrong(name, url, wanted))).transpose()
}

fn wrong(name: &str, url: &Url, wanted: &str) -> SqlError {
    let given = url.option(name).unwrap_or_default();
    SqlError::url(format!("the option `{name}` must be {wanted}, not `{given}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> Result<Options> {
        Options::of(&Url::parse(url)?)
    }

    #[test]
    fn hosts_sockets_and_defaults() {
        let shown = |url: &str| {
            let all = options(url).unwrap().addresses;
            all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown("postgres:///db"), "localhost:5432");
        assert_eq!(shown("postgres://a,b:1,[::1]:2/db?port=7"), "a:7 b:1 [::1]:2");
        assert_eq!(shown("postgres:///db?host=/run/pg&port=7"), "/run/pg/.s.PGSQL.7");
        assert_eq!(shown("postgres://%2Frun%2Fpg:8/db"), "/run/pg/.s.PGSQL.8");
        let set = options("postgresql://me:pw@h/db?connect_timeout=0&prepare_threshold=-1").unwrap();
        assert_eq!((set.connect_timeout, set.prepare_threshold, set.statement_cache), (None, -1, 256));
        assert_eq!((set.config.get_user(), set.config.get_dbname()), (Some("me"), Some("db")));
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
            text("postgres://h/db?sslmode=require"),
            "`sslmode=require`: TLS is not built in [08001]; hint: use `sslmode=disable` on networks that you trust"
        );
        assert_eq!(
            text("postgres://h/db?aplication_name=x"),
            "unknown option `aplication_name` in the postgres URL [08001]; hint: did you mean `application_name`?"
        );
    }
}
