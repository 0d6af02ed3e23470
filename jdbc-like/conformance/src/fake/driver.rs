//! [`FakeDriver`].

use std::sync::Arc;

use batis_dbc::driver::{ConnectOptions, Driver, RawConnection};
use batis_dbc::{Op, PropertyInfo, Result, SqlError, SqlState, Url};

use super::answer::Answer;
use super::connection::FakeConnection;
use super::world::{Counters, World};

/// A driver for `fake:` URLs, without a database. Clones share their script, counters and log.
///
/// A statement that the script does not know changes no row. Everything is ready at once unless the script says otherwise, so it works in
/// both modes, without a runtime.
///
/// Source: the fake driver of Go's `database/sql`, the stub driver of HikariCP's tests.
#[derive(Clone, Debug, Default)]
pub struct FakeDriver {
    world: Arc<World>,
}

impl FakeDriver {
    /// A driver with an empty script.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on this text gets this answer, on all connections.
    pub fn on(&self, sql: &str, answer: Answer) -> &Self {
        self.world.script().answers.insert(sql.to_owned(), answer);
        self
    }

    /// The next `times` attempts to connect fail with this SQLSTATE.
    pub fn refuse_connections(&self, times: u64, state: SqlState, message: &str) -> &Self {
        self.world.script().refuse = Some((times, state, message.to_owned()));
        self
    }

    /// Connecting takes this many polls that are pending.
    pub fn connect_pending(&self, polls: u32) -> &Self {
        self.world.script().connect_pending = polls;
        self
    }

    /// Beginning, committing and rolling back take this many polls that are pending. Rollbacks cannot be started without waiting then.
    pub fn control_pending(&self, polls: u32) -> &Self {
        self.world.script().control_pending = polls;
        self
    }

    /// From now on pings fail with this SQLSTATE; `None`: they succeed.
    pub fn fail_pings(&self, error: Option<(SqlState, &str)>) -> &Self {
        self.world.script().ping_error = error.map(|(state, message)| (state, message.to_owned()));
        self
    }

    /// Breaks all connections made so far, as a server does that is killed. They notice at their next use.
    pub fn break_connections(&self) -> &Self {
        let mut script = self.world.script();
        script.broken_before = script.counters.connects;
        drop(script);
        self
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.world.script().counters
    }

    /// What reached the database so far, in order, as `connection: what`; connections count from 1.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.world.script().log.clone()
    }

    fn admit(&self) -> Result<FakeConnection> {
        let mut script = self.world.script();
        if let Some((times, state, message)) = script.refuse.as_mut().filter(|(times, ..)| *times > 0) {
            *times -= 1;
            let error = SqlError::new(*state, message.as_str());
            script.counters.refused += 1;
            return Err(error);
        }
        script.counters.connects += 1;
        let number = script.counters.connects;
        drop(script);
        Ok(FakeConnection::new(Arc::clone(&self.world), number))
    }
}

impl Driver for FakeDriver {
    fn schemes(&self) -> &[&'static str] {
        &["fake"]
    }

    fn product(&self) -> &'static str {
        "Fake"
    }

    fn properties(&self) -> &[PropertyInfo] {
        &[PropertyInfo { name: "limit", default: "", doc: "how many connections make sense; none: any number" }]
    }

    fn connection_limit(&self, url: &Url) -> Option<usize> {
        url.option("limit").and_then(|limit| limit.parse().ok())
    }

    fn connect<'a>(&'a self, _: &'a Url, _: &'a ConnectOptions) -> Op<'a, Result<Box<dyn RawConnection>>> {
        let admit = || self.admit().map(|c| Box::new(c) as Box<dyn RawConnection>);
        match self.world.script().connect_pending {
            0 => {}
            polls => {
                return Op::boxed(async move {
                    super::connection::wait(polls).await;
                    admit()
                });
            }
        }
        Op::ready(admit())
    }
}
