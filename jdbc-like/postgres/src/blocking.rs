//! For plain threads: what is async elsewhere in this crate, with the same names and without a runtime.

use std::time::{Duration, Instant};

use batis_dbc::{Result, SqlState};

use crate::driver::PostgresDriver;
use crate::listener::{ListenerEvent, Listening, check_name, quoted};

/// Listens to channels of `NOTIFY` on a plain thread. See [`PgListener`](crate::PgListener), of which this is the twin.
///
/// ```no_run
/// use std::time::Duration;
/// use batis_postgres::PostgresDriver;
/// use batis_postgres::blocking::PgListener;
/// # fn f() -> batis_dbc::Result<()> {
/// let mut listener = PgListener::connect(&PostgresDriver::new(), "postgres://app@db.example.org/shop")?;
/// listener.listen("orders")?;
/// while let Some(event) = listener.recv_timeout(Duration::from_secs(60))? {
///     println!("{event:?}");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[doc(alias = "getNotifications")]
pub struct PgListener(Listening);

impl PgListener {
    /// See [`connect`](crate::PgListener::connect).
    ///
    /// # Errors
    /// As there.
    pub fn connect(driver: &PostgresDriver, url: &str) -> Result<Self> {
        let mut listening = Listening::new(driver, url)?;
        listening.connect_blocking(None)?;
        Ok(Self(listening))
    }

    /// See [`listen`](crate::PgListener::listen).
    ///
    /// # Errors
    /// As there.
    pub fn listen(&mut self, channel: &str) -> Result<()> {
        check_name(channel)?;
        self.0.channels.insert(channel.to_owned());
        self.tell(&format!("LISTEN {}", quoted(channel)))
    }

    /// See [`unlisten`](crate::PgListener::unlisten).
    ///
    /// # Errors
    /// As there.
    pub fn unlisten(&mut self, channel: &str) -> Result<()> {
        self.0.channels.remove(channel);
        self.tell(&format!("UNLISTEN {}", quoted(channel)))
    }

    fn tell(&mut self, sql: &str) -> Result<()> {
        let runner = self.0.connection.as_mut().and_then(|(connection, _)| connection.runner());
        batis_dbc::block(runner.as_deref(), None, self.0.tell(sql))
    }

    /// The next event. It waits as long as it takes, also for a server that is down.
    ///
    /// # Errors
    /// As [`recv`](crate::PgListener::recv) there.
    pub fn recv(&mut self) -> Result<ListenerEvent> {
        loop {
            if let Some(event) = self.recv_until(None)? {
                return Ok(event);
            }
        }
    }

    /// The next event; none if there is none in this time. With zero only what has come already is looked at.
    ///
    /// # Errors
    /// As [`recv`](crate::PgListener::recv) there.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<ListenerEvent>> {
        // A time that no clock can say is one without end.
        self.recv_until(Instant::now().checked_add(timeout))
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<ListenerEvent>> {
        loop {
            let runner = self.0.connection.as_mut().and_then(|(connection, _)| connection.runner());
            match batis_dbc::block(runner.as_deref(), deadline, async { Ok(self.0.next().await) }) {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => {}
                Err(error) if error.sql_state() == SqlState::QUERY_CANCELED => return Ok(None),
                Err(error) => return Err(error),
            }
            if !self.reconnect(deadline)? {
                return Ok(None);
            }
        }
    }

    /// Connects again; `false`: the time is over.
    fn reconnect(&mut self, deadline: Option<Instant>) -> Result<bool> {
        let is_over = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
        while !is_over() {
            match self.0.connect_blocking(deadline) {
                Ok(()) => return Ok(true),
                // Not the server's fault.
                Err(_) if is_over() => return Ok(false),
                Err(error) => {
                    let pause = self.0.pause_after(error)?;
                    let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
                    std::thread::sleep(left.map_or(pause, |left| left.min(pause)));
                }
            }
        }
        Ok(false)
    }

    /// Says goodbye to the server. Dropping the listener does the same.
    pub fn close(self) {
        drop(self);
    }
}
