//! [`PgListener`]: notifications of `NOTIFY`, over connections that come again.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use batis_dbc::{Connection, Result, SqlError, SqlState, Url};
use futures_core::Stream;
use futures_util::stream::unfold;

use crate::async_host;
use crate::connection::PostgresConnection;
use crate::driver::PostgresDriver;
use crate::messages::{Found, Inbox, Notification};

/// The pause after the first failed try to connect again; each further one is twice as long, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(10);

/// What a listener learns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenerEvent {
    /// A notification.
    Notification(Notification),
    /// Notifications may have been missed: the connection was lost and made again, or more than 16,384 of them waited. All channels are
    /// listened to again; look now at what the notifications are about.
    Gap,
}

/// Listens to channels of `NOTIFY` over a connection of its own. A connection that is lost is made again, and its channels listened to
/// again, inside of [`recv`](Self::recv); the first event after that is a [`Gap`](ListenerEvent::Gap).
///
/// ```no_run
/// use batis_postgres::{ListenerEvent, PgListener, PostgresDriver};
/// # async fn f() -> batis_dbc::Result<()> {
/// let mut listener = PgListener::connect(&PostgresDriver::new(), "postgres://app@db.example.org/shop").await?;
/// listener.listen("orders").await?;
/// loop {
///     match listener.recv().await? {
///         ListenerEvent::Notification(told) => println!("order {}", told.payload),
///         ListenerEvent::Gap => println!("look at all orders"),
///         _ => {}
///     }
/// }
/// # }
/// ```
///
/// For threads there is [`blocking::PgListener`](crate::blocking::PgListener). Not for PgBouncer in transaction mode, where no session lasts.
///
/// Unless the URL says otherwise, idle TCP connections are probed after 30 seconds, then 3 times every 10, so that a network that is gone is
/// noticed within a minute.
///
/// Source: `PGConnection.getNotifications` of pgjdbc, which has no reconnecting.
#[derive(Debug)]
#[doc(alias = "getNotifications")]
pub struct PgListener(Listening);

impl PgListener {
    /// Connects. The URL may have any form that [`PostgresDriver::parse_url`] knows.
    ///
    /// # Errors
    /// As connecting by a `DriverManager`.
    pub async fn connect(driver: &PostgresDriver, url: &str) -> Result<Self> {
        let mut listening = Listening::new(driver, url)?;
        listening.connect_async().await?;
        Ok(Self(listening))
    }

    /// Listens to a channel: from now on, and after each loss of the connection again. Capitals count: `NOTIFY Orders` without quotes sends
    /// to `orders`.
    ///
    /// # Errors
    /// 42622 if the name has more than 63 bytes; what the server says. If the connection is lost, none: the channel is listened to as soon
    /// as there is another one.
    pub async fn listen(&mut self, channel: &str) -> Result<()> {
        check_name(channel)?;
        self.0.channels.insert(channel.to_owned());
        self.0.tell(&format!("LISTEN {}", quoted(channel))).await
    }

    /// Listens to a channel no more. What was sent before may still come.
    ///
    /// # Errors
    /// What the server says.
    pub async fn unlisten(&mut self, channel: &str) -> Result<()> {
        self.0.channels.remove(channel);
        self.0.tell(&format!("UNLISTEN {}", quoted(channel))).await
    }

    /// The next event. It waits as long as it takes, also for a server that is down. If the future is dropped no event is lost.
    ///
    /// # Errors
    /// If connecting again fails in a way that waiting does not heal, as a wrong password; the next call tries again.
    pub async fn recv(&mut self) -> Result<ListenerEvent> {
        loop {
            match self.0.next().await {
                Some(event) => return Ok(event),
                None => self.reconnect().await?,
            }
        }
    }

    async fn reconnect(&mut self) -> Result<()> {
        while let Err(error) = self.0.connect_async().await {
            let pause = self.0.pause_after(error)?;
            async_host::pause(pause).await;
        }
        Ok(())
    }

    /// The events as a stream that never ends. The listener goes on when the stream is dropped.
    pub fn events(&mut self) -> impl Stream<Item = Result<ListenerEvent>> + Send + '_ {
        unfold(self, async |listener| Some((listener.recv().await, listener)))
    }

    /// Says goodbye to the server. Dropping the listener closes it too.
    pub async fn close(mut self) {
        if let Some((connection, _)) = self.0.connection.take() {
            connection.close().await;
        }
    }
}

/// What both kinds of listeners are.
#[derive(Debug)]
pub(crate) struct Listening {
    driver: PostgresDriver,
    url: Url,
    pub(crate) channels: BTreeSet<String>,
    /// None while it is lost.
    pub(crate) connection: Option<(Connection, Arc<Inbox>)>,
    pause: Duration,
    was_connected: bool,
    gap: bool,
}

impl Listening {
    pub(crate) fn new(driver: &PostgresDriver, url: &str) -> Result<Self> {
        let mut url = PostgresDriver::parse_url(url)?;
        for (name, value) in [("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3")] {
            if url.option(name).is_none() {
                url = url.with_option(name, value);
            }
        }
        let (channels, connection) = (BTreeSet::new(), None);
        Ok(Self {
            driver: driver.clone(),
            url,
            channels,
            connection,
            pause: FIRST_PAUSE,
            was_connected: false,
            gap: false,
        })
    }

    async fn connect_async(&mut self) -> Result<()> {
        let connection = self.driver.connect_async(&self.url, None).await?;
        let (mut connection, inbox) = prepared(connection);
        if let Some(sql) = self.all_channels() {
            connection.execute_script(&sql).await?;
        }
        self.keep(connection, inbox);
        Ok(())
    }

    pub(crate) fn connect_blocking(&mut self, deadline: Option<Instant>) -> Result<()> {
        let connection = self.driver.connect_blocking(&self.url, deadline)?;
        let (mut connection, inbox) = prepared(connection);
        if let Some(sql) = self.all_channels() {
            let runner = connection.runner();
            batis_dbc::block(runner.as_deref(), deadline, connection.execute_script(&sql))?;
        }
        self.keep(connection, inbox);
        Ok(())
    }

    fn all_channels(&self) -> Option<String> {
        let each: Vec<String> = self.channels.iter().map(|channel| format!("LISTEN {}", quoted(channel))).collect();
        (!each.is_empty()).then(|| each.join("; "))
    }

    fn keep(&mut self, connection: Connection, inbox: Arc<Inbox>) {
        self.connection = Some((connection, inbox));
        self.pause = FIRST_PAUSE;
        self.gap |= self.was_connected;
        self.was_connected = true;
    }

    /// Runs a statement, if there is a connection: another one begins with all channels anyway.
    pub(crate) async fn tell(&mut self, sql: &str) -> Result<()> {
        let Some((connection, _)) = &mut self.connection else { return Ok(()) };
        match connection.execute_script(sql).await {
            // What came before the end is still to be received.
            Err(error) if error.breaks_connection() => Ok(()),
            done => done,
        }
    }

    /// The next event; none: the connection is lost.
    pub(crate) async fn next(&mut self) -> Option<ListenerEvent> {
        if std::mem::take(&mut self.gap) {
            return Some(ListenerEvent::Gap);
        }
        let (_, inbox) = self.connection.as_ref()?;
        match poll_fn(|cx| inbox.poll(cx)).await {
            Found::Notification(notification) => Some(ListenerEvent::Notification(notification)),
            Found::Overflow => Some(ListenerEvent::Gap),
            Found::End => {
                self.connection = None;
                None
            }
        }
    }

    /// How long to wait after a failed try to connect.
    ///
    /// # Errors
    /// The same, if waiting does not heal it.
    pub(crate) fn pause_after(&mut self, error: SqlError) -> Result<Duration> {
        let heals = matches!(error.sql_state().class(), "08" | "53" | "57") && !is_wrong_url(&error);
        if !heals {
            return Err(error);
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(LAST_PAUSE);
        Ok(pause)
    }
}

fn is_wrong_url(error: &SqlError) -> bool {
    error.kind() == batis_dbc::ErrorKind::Url
}

/// A connection that keeps its notifications.
fn prepared(connection: PostgresConnection) -> (Connection, Arc<Inbox>) {
    let inbox = Arc::clone(&connection.inbox);
    inbox.listen();
    (Connection::new(Box::new(connection)), inbox)
}

/// Refuses a name that the server would shorten.
pub(crate) fn check_name(channel: &str) -> Result<()> {
    match channel.len() {
        1..=63 if !channel.contains('\0') => Ok(()),
        _ => {
            let state = SqlState::from_code("42622").unwrap_or(SqlState::SYNTAX_ERROR);
            Err(SqlError::new(state, "the name of a channel has 1 to 63 bytes, and no zero byte"))
        }
    }
}

/// The name as SQL writes it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
