//! [`PostgresDriver`]: makes connections.

use std::sync::Arc;
use std::time::Instant;

use batis_dbc::driver::{ConnectOptions, Driver, Mode, RawConnection};
use batis_dbc::{Op, PropertyInfo, Result, Url};

use crate::connection::PostgresConnection;
use crate::environment::Environment;
use crate::login::{open_async, open_blocking};
use crate::options::Options;
use crate::properties::PROPERTIES;
use crate::settings::Settings;
use crate::target::{Search, Statuses};

/// The driver for `postgres:` and `postgresql:` URLs.
///
/// | option | default | variable | meaning |
/// |---|---|---|---|
/// | `host` | `localhost` | `PGHOST` | hosts divided by commas; one that begins with `/` is the folder of a unix socket |
/// | `hostaddr` | | `PGHOSTADDR` | addresses to connect to, in place of looking up the hosts' names |
/// | `port` | 5432 | `PGPORT` | one port, or one for each host |
/// | `user` | the system's user | `PGUSER` | who logs in |
/// | `password` | that of the password file | `PGPASSWORD` | |
/// | `dbname` | the user's name | `PGDATABASE` | the database |
/// | `passfile` | `~/.pgpass` | `PGPASSFILE` | lines `host:port:database:user:password`; not used if others can read it |
/// | `service`, `servicefile` | , `~/.pg_service.conf` | `PGSERVICE`, `PGSERVICEFILE` | an entry of a file with further options |
/// | `application_name` | | `PGAPPNAME` | the name that `pg_stat_activity` shows |
/// | `options` | | `PGOPTIONS` | settings of the session: `-c search_path=app -c statement_timeout=5s` |
/// | `connect_timeout` | 10 | `PGCONNECT_TIMEOUT` | seconds for connecting to one host, login included; 0: no limit |
/// | `target_session_attrs` | `any` | `PGTARGETSESSIONATTRS` | which of the hosts: `any`, `read-write`, `read-only`, `primary`, `standby`, `prefer-standby` |
/// | `load_balance_hosts` | `disable` | `PGLOADBALANCEHOSTS` | `disable`: hosts are tried in their order; `random` |
/// | `prepare_threshold` | 5 | | from which use on a statement is prepared by name; 0: never (PgBouncer), -1: always |
/// | `statement_cache`, `statement_cache_bytes` | 256, 5 MiB | | statements that a connection remembers, and bytes that they may have together |
/// | `socket_timeout` | 0 | | seconds that an answer may be waited for before the connection counts as lost; 0: for ever |
/// | `keepalives`, `keepalives_idle`, `keepalives_interval`, `keepalives_count` | `true`, 7200 | | probes of idle TCP connections (seconds) |
/// | `sslmode` | `prefer` | `PGSSLMODE` | see below |
/// | `sslrootcert` | `~/.postgresql/root.crt` | `PGSSLROOTCERT` | PEM file of trusted authorities, or `system`; if neither is there: the system's |
/// | `sslcert`, `sslkey` | `~/.postgresql/postgresql.{crt,key}` | `PGSSLCERT`, `PGSSLKEY` | PEM files of the client's own certificate and key |
/// | `channel_binding` | `prefer` | `PGCHANNELBINDING` | whether a login by password is bound to the TLS channel: `disable`, `prefer`, `require` |
///
/// What the URL says goes before what its service's entry says, and that before the environment. The environment is read when the driver is
/// made. Over unix sockets TLS is never used.
///
/// | `sslmode` | TLS | the server's certificate |
/// |---|---|---|
/// | `disable` | never | |
/// | `allow` | if the server refuses the login without it | any |
/// | `prefer` | if the server has it and the handshake succeeds | any |
/// | `require` | always | any; with `sslrootcert`, or where `~/.postgresql/root.crt` is: as `verify-ca` |
/// | `verify-ca` | always | signed by a trusted authority |
/// | `verify-full` | always | that, and for the host that was asked for |
///
/// Without the feature `tls` `allow` and `prefer` mean `disable`, and what is stricter is an error.
///
/// With several hosts, what was learned of each (that it is down, a standby, read-only) is remembered by the driver for 10 seconds, so that
/// the next connections begin with hosts that fit.
///
/// Source: libpq, whose names the options have; `prepareThreshold`, `preparedStatementCacheQueries`, `targetServerType`,
/// `loadBalanceHosts` and `hostRecheckSeconds` of pgjdbc.
#[derive(Clone, Debug)]
#[doc(alias = "org.postgresql.Driver")]
pub struct PostgresDriver {
    environment: Arc<Environment>,
    statuses: Arc<Statuses>,
}

impl PostgresDriver {
    /// The driver, with the environment of the process as it is now.
    #[must_use]
    pub fn new() -> Self {
        Self::with_environment(Environment::of_process())
    }

    /// The driver with another environment than the process has.
    #[must_use]
    pub fn with_environment(environment: Environment) -> Self {
        Self { environment: Arc::new(environment), statuses: Arc::default() }
    }

    /// A URL of any form that libpq knows: besides `postgres://..` also the string `host=db.example.org dbname=shop` without a scheme.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse_url(text: &str) -> Result<Url> {
        let text = text.trim();
        let word = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        let is_option = PROPERTIES.iter().any(|property| property.name == word);
        match is_option && text[word.len()..].trim_start().starts_with('=') {
            true => Url::from_keywords("postgres", text),
            false => Url::parse(text),
        }
    }

    fn options(&self, url: &Url) -> Result<Options> {
        Options::of(&Settings::of(url, &self.environment)?)
    }
}

impl Default for PostgresDriver {
    fn default() -> Self {
        Self::new()
    }
}

impl Driver for PostgresDriver {
    fn schemes(&self) -> &[&'static str] {
        &["postgres", "postgresql"]
    }

    fn product(&self) -> &'static str {
        "PostgreSQL"
    }

    fn properties(&self) -> &[PropertyInfo] {
        PROPERTIES
    }

    fn connect<'a>(&'a self, url: &'a Url, options: &'a ConnectOptions) -> Op<'a, Result<Box<dyn RawConnection>>> {
        match options.mode {
            Mode::Blocking => Op::ready(self.connect_blocking(url, options.deadline).map(boxed)),
            Mode::Async => Op::boxed(async { self.connect_async(url, options.deadline).await.map(boxed) }),
        }
    }
}

fn boxed(connection: PostgresConnection) -> Box<dyn RawConnection> {
    Box::new(connection)
}

impl PostgresDriver {
    pub(crate) fn connect_blocking(&self, url: &Url, deadline: Option<Instant>) -> Result<PostgresConnection> {
        let options = self.options(url)?;
        let mut search = Search::new(&options, &self.statuses);
        while let Some(target) = search.next() {
            match open_blocking(target, &options, search.asks_role(), limit(&options, deadline)) {
                Ok((connection, role)) if search.accepts(target, role) => return Ok(connection),
                Ok(_) => {}
                Err(error) => search.failed(target, error)?,
            }
        }
        Err(search.into_error())
    }

    pub(crate) async fn connect_async(&self, url: &Url, deadline: Option<Instant>) -> Result<PostgresConnection> {
        let options = self.options(url)?;
        let mut search = Search::new(&options, &self.statuses);
        while let Some(target) = search.next() {
            match open_async(target, &options, search.asks_role(), limit(&options, deadline)).await {
                Ok((connection, role)) if search.accepts(target, role) => return Ok(connection),
                Ok(_) => {}
                Err(error) => search.failed(target, error)?,
            }
        }
        Err(search.into_error())
    }
}

/// Until when one host may take.
fn limit(options: &Options, deadline: Option<Instant>) -> Option<Instant> {
    let own = options.connect_timeout.and_then(|t| Instant::now().checked_add(t));
    match (own, deadline) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
