//! Making a connection to one server: socket, TLS, login.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use batis_dbc::driver::ConnectionInfo;
use batis_dbc::{Result, SqlError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio_postgres::{Client, Connection, Error, SimpleQueryMessage};

use crate::async_host::{self, AsyncHost};
use crate::blocking_host::{self, BlockingHost};
use crate::connection::{Login, PostgresConnection};
use crate::error::{self, Fate, not_connected, not_logged_in};
use crate::host::{Host, Io};
use crate::messages::Inbox;
use crate::options::{Address, Options, Target, no_password};
use crate::secure::{AsItIs, Channel, Refusal, Security, Tls};
use crate::socket::{Peer, Socket, tune};
use crate::target::Role;
use crate::watch::{Watch, Watched};

/// A connection, and what its session is like if that was asked for.
pub(crate) type Opened = (PostgresConnection, Option<Role>);

/// Why there is no connection.
struct Failure {
    error: SqlError,
    /// With or without TLS, as it was not tried yet, it may go.
    other_way: bool,
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        Self { error, other_way: false }
    }
}

/// Connects to a server for plain threads.
pub(crate) fn open_blocking(
    target: &Target,
    options: &Options,
    asks_role: bool,
    until: Option<Instant>,
) -> Result<Opened> {
    let mut ways = target.security.iter().peekable();
    loop {
        let way = ways.next().unwrap_or(&Security::Plain);
        match begin_blocking(target, options, way, asks_role, until) {
            Ok(opened) => return Ok(opened),
            Err(failure) if failure.other_way && ways.peek().is_some() => {}
            Err(failure) => return Err(failure.error),
        }
    }
}

/// Connects to a server for tasks.
pub(crate) async fn open_async(
    target: &Target,
    options: &Options,
    asks_role: bool,
    until: Option<Instant>,
) -> Result<Opened> {
    // Before any timer, which needs one.
    let runtime = async_host::runtime()?;
    let whole = async {
        let mut ways = target.security.iter().peekable();
        loop {
            let way = ways.next().unwrap_or(&Security::Plain);
            match begin_async(&runtime, target, options, way, asks_role).await {
                Ok(opened) => return Ok(opened),
                Err(failure) if failure.other_way && ways.peek().is_some() => {}
                Err(failure) => return Err(failure.error),
            }
        }
    };
    async_host::until(until, whole).await.map_err(|io| not_connected(&target.address, &io))?
}

fn begin_blocking(
    target: &Target,
    options: &Options,
    way: &Security,
    asks_role: bool,
    until: Option<Instant>,
) -> Result<Opened, Failure> {
    let broken = |io: io::Error| not_connected(&target.address, &io);
    let (socket, place) = Socket::dial(&target.address, until).map_err(broken)?;
    if let Address::Tcp(..) = target.address {
        tune(&socket, options.keepalives.as_ref()).map_err(broken)?;
    }
    let (link, socket) = blocking_host::link(socket).map_err(broken)?;
    let (login, io, tls) = blocking_host::run_alone(&link, log_in(socket, target, way), until)
        .map_err(|_| broken(io::ErrorKind::TimedOut.into()))??;
    let host = Host::for_threads(BlockingHost::new(link, io), Peer { place, tls });
    let role = login.role;
    let connection = PostgresConnection::new(login, host, options);
    if role.is_some() || !asks_role {
        return Ok((connection, role));
    }
    let runner = connection.host.runner();
    let role = batis_dbc::block(Some(&*runner), until, ask_role(&connection.client))?;
    Ok((connection, Some(role)))
}

async fn begin_async(
    runtime: &Handle,
    target: &Target,
    options: &Options,
    way: &Security,
    asks_role: bool,
) -> Result<Opened, Failure> {
    let broken = |io: io::Error| not_connected(&target.address, &io);
    let (socket, place) = async_host::dial(&target.address).await.map_err(broken)?;
    if let Address::Tcp(..) = target.address {
        tune(&socket, options.keepalives.as_ref()).map_err(broken)?;
    }
    let (login, io, tls) = log_in(socket, target, way).await?;
    let host = Host::for_tasks(AsyncHost::new(runtime.clone(), io), Peer { place, tls });
    let role = login.role;
    let connection = PostgresConnection::new(login, host, options);
    if role.is_some() || !asks_role {
        return Ok((connection, role));
    }
    let role = ask_role(&connection.client).await?;
    Ok((connection, Some(role)))
}

/// Logs in over a connected socket. The second is the connection's own future.
async fn log_in<S>(socket: S, target: &Target, way: &Security) -> Result<(Login, Io, Option<Tls>), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (channel, tls) = Channel::open(socket, way).await.map_err(|refusal| refused(target, refusal))?;
    let watch = Watch::new();
    let watched = Watched::new(channel, Arc::clone(&watch));
    let begun = target.config.connect_raw(watched, AsItIs).await;
    let (client, connection) = begun.map_err(|error| rejected(target, &error))?;
    let version = connection.parameter("server_version").unwrap_or_default();
    let (server, port) = target.address.server();
    // `15.8 (Debian 15.8-1)`: only the number.
    let info = ConnectionInfo::new("PostgreSQL", version.split_whitespace().next().unwrap_or_default())
        .on(server, port)
        .of_database(target.config.get_dbname().or_else(|| target.config.get_user()));
    let role = told_role(&connection);
    let (fate, inbox) = (Arc::new(Fate::default()), Arc::new(Inbox::default()));
    let io = Box::pin(serve(connection, Arc::clone(&fate), Arc::clone(&inbox)));
    Ok((Login { client, watch, fate, inbox, info, role }, io, tls))
}

#[cold]
fn refused(target: &Target, refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Broken(io) => not_connected(&target.address, &io).into(),
        Refusal::Tls(text) => Failure { error: error::no_tls(&target.address, &text), other_way: true },
    }
}

#[cold]
fn rejected(target: &Target, error: &Error) -> Failure {
    if error::lacks_password(error) {
        return no_password(target).into();
    }
    let error = not_logged_in(&target.address, error);
    // "No entry in pg_hba.conf for this host, with this encryption."
    let other_way = error.sql_state().code() == "28000";
    Failure { error, other_way }
}

/// What the server said of the session when it began; servers before version 14 say less.
fn told_role<S, T>(connection: &Connection<S, T>) -> Option<Role>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let is_on = |name: &str| connection.parameter(name).map(|value| value == "on");
    Some(Role { standby: is_on("in_hot_standby")?, read_only: is_on("default_transaction_read_only")? })
}

async fn ask_role(client: &Client) -> Result<Role> {
    const ROLE: &str =
        "select pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('default_transaction_read_only')";
    let answer = client.simple_query(ROLE).await.map_err(|error| error::convert(&error))?;
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let is = |column: usize, yes: &str| row.is_some_and(|row| row.try_get(column).is_ok_and(|v| v == Some(yes)));
    Ok(Role { standby: is(0, "t"), read_only: is(1, "on") })
}

/// Serves the connection to its end, and says why it ended before those who wait for answers see it.
async fn serve<S, T>(connection: Connection<S, T>, fate: Arc<Fate>, inbox: Arc<Inbox>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    // Also if this future is dropped, as an aborted task's is.
    let _ends = Ends(Arc::clone(&inbox));
    let mut connection = pin!(connection);
    loop {
        match poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(message)) => inbox.put(message),
            Some(Err(error)) => return fate.set(error),
            None => return,
        }
    }
}

struct Ends(Arc<Inbox>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.end();
    }
}
