//! [`PostgresDriver`]: makes connections.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use batis_dbc::driver::{ConnectOptions, ConnectionInfo, Driver, Mode, RawConnection};
use batis_dbc::{Op, PropertyInfo, Result, SqlError, SqlState, Url};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Connection, Error, NoTls};

use crate::async_host::{self, AsyncHost, AsyncSocket};
use crate::blocking_host::{self, BlockingHost};
use crate::connection::{Login, PostgresConnection};
use crate::error::{Fate, not_connected, not_logged_in};
use crate::host::{Host, Io};
use crate::options::{Address, Options, PROPERTIES};
use crate::socket::{Socket, tune};
use crate::watch::{Watch, Watched};

/// The driver for `postgres:` and `postgresql:` URLs.
///
/// | option | default | meaning |
/// |---|---|---|
/// | `host`, `port`, `user`, `password`, `dbname` | | for what the URL itself does not say; a host that begins with `/` is the folder of a unix socket |
/// | `application_name` | | the name that `pg_stat_activity` shows |
/// | `options` | | settings of the session: `-c statement_timeout=5s` |
/// | `connect_timeout` | 10 | seconds for connecting to one host, login included; 0: no limit |
/// | `prepare_threshold` | 5 | from which use on a statement is prepared by name; 0: never (PgBouncer), -1: always |
/// | `statement_cache`, `statement_cache_bytes` | 256, 5 MiB | statements that a connection remembers, and bytes that they may have together |
/// | `socket_timeout` | 0 | seconds that an answer may be waited for before the connection counts as lost; 0: for ever |
/// | `keepalives`, `keepalives_idle`, `keepalives_interval`, `keepalives_count` | `true`, 7200 | probes of idle TCP connections (seconds) |
/// | `sslmode` | `prefer` | `disable` or `prefer`; TLS is not built in |
///
/// Source: pgjdbc and libpq, whose names the options have.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "org.postgresql.Driver")]
pub struct PostgresDriver;

impl PostgresDriver {
    /// The driver. It has no state.
    #[must_use]
    pub fn new() -> Self {
        Self
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
            Mode::Blocking => Op::ready(connect_blocking(url, options.deadline)),
            Mode::Async => Op::boxed(connect_async(url, options.deadline)),
        }
    }
}

fn connect_blocking(url: &Url, deadline: Option<Instant>) -> Result<Box<dyn RawConnection>> {
    let options = Options::of(url)?;
    let mut tried = Tried::default();
    for address in &options.addresses {
        match open_blocking(address, &options, limit(&options, deadline)) {
            Ok(connection) => return Ok(Box::new(connection)),
            Err(error) => tried.add(error)?,
        }
    }
    Err(tried.into_error())
}

async fn connect_async(url: &Url, deadline: Option<Instant>) -> Result<Box<dyn RawConnection>> {
    let options = Options::of(url)?;
    let mut tried = Tried::default();
    for address in &options.addresses {
        match open_async(address, &options, limit(&options, deadline)).await {
            Ok(connection) => return Ok(Box::new(connection)),
            Err(error) => tried.add(error)?,
        }
    }
    Err(tried.into_error())
}

/// Until when one host may take.
fn limit(options: &Options, deadline: Option<Instant>) -> Option<Instant> {
    let own = options.connect_timeout.and_then(|t| Instant::now().checked_add(t));
    match (own, deadline) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The errors of the hosts that were tried.
#[derive(Default)]
struct Tried(Vec<SqlError>);

impl Tried {
    /// Remembers an error; one that the next host will not heal ends the search.
    fn add(&mut self, error: SqlError) -> Result<()> {
        let next = matches!(error.sql_state().class(), "08" | "57") || error.sql_state().code() == "53300";
        if !next {
            return Err(error);
        }
        self.0.push(error);
        Ok(())
    }

    fn into_error(mut self) -> SqlError {
        if self.0.len() == 1 {
            self.0.remove(0)
        } else {
            let all: Vec<&str> = self.0.iter().map(SqlError::message).collect();
            SqlError::new(SqlState::CONNECT_FAILED, format!("none of the hosts could be used: {}", all.join("; ")))
        }
    }
}

fn open_blocking(address: &Address, options: &Options, until: Option<Instant>) -> Result<PostgresConnection> {
    let broken = |io: io::Error| not_connected(address, &io);
    let (socket, peer) = Socket::dial(address, until).map_err(broken)?;
    if let Address::Tcp(..) = address {
        tune(&socket, options.keepalives.as_ref()).map_err(broken)?;
    }
    let (link, socket) = blocking_host::link(socket).map_err(broken)?;
    let login = blocking_host::run_alone(&link, log_in(socket, options), until)
        .map_err(|_| broken(io::ErrorKind::TimedOut.into()))?;
    let (login, io) = login.map_err(|e| not_logged_in(address, &e))?;
    let host = Host::for_threads(BlockingHost::new(link, io), peer);
    Ok(PostgresConnection::new(login, host, options))
}

async fn open_async(address: &Address, options: &Options, until: Option<Instant>) -> Result<PostgresConnection> {
    let runtime = async_host::runtime()?;
    let broken = |io: io::Error| not_connected(address, &io);
    let whole = async {
        let (socket, peer) = async_host::dial(address).await.map_err(broken)?;
        if let AsyncSocket::Tcp(stream) = &socket {
            tune(stream, options.keepalives.as_ref()).map_err(broken)?;
        }
        let login = log_in(socket, options).await.map_err(|e| not_logged_in(address, &e))?;
        Ok((login, peer))
    };
    let ((login, io), peer) = async_host::until(until, whole).await.map_err(broken)??;
    let host = Host::for_tasks(AsyncHost::new(runtime, io), peer);
    Ok(PostgresConnection::new(login, host, options))
}

/// Logs in over a connected socket. The second is the connection's own future.
async fn log_in<S>(socket: S, options: &Options) -> Result<(Login, Io), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let watch = Watch::new();
    let watched = Watched::new(socket, Arc::clone(&watch));
    let (client, connection) = options.config.connect_raw(watched, NoTls).await?;
    let version = connection.parameter("server_version").unwrap_or_default();
    // `15.8 (Debian 15.8-1)`: only the number.
    let info = ConnectionInfo::new("PostgreSQL", version.split_whitespace().next().unwrap_or_default());
    let fate = Arc::new(Fate::default());
    let io = Box::pin(serve(connection, Arc::clone(&fate)));
    Ok((Login { client, watch, fate, info }, io))
}

/// Serves the connection to its end, and says why it ended before those who wait for answers see it.
async fn serve<S>(connection: Connection<S, NoTlsStream>, fate: Arc<Fate>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = pin!(connection);
    if let Err(error) = connection.as_mut().await {
        fate.set(error);
    }
}
