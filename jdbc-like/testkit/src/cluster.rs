//! [`Cluster`]: a server to test against, private or given.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::database::TestDatabase;
use crate::server::{Server, USER};
use crate::setup::Setup;

/// A PostgreSQL server for tests.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Private(Mutex<Server>),
    /// `BATIS_TEST_PG_URL`, up to the database's name, and its options.
    Given {
        before: String,
        after: String,
    },
}

impl Cluster {
    /// The process' own server: started at the first call, stopped when the process ends, however it ends.
    ///
    /// # Errors
    /// Why there is none.
    pub fn shared() -> Result<&'static Self, &'static io::Error> {
        static SHARED: OnceLock<io::Result<Cluster>> = OnceLock::new();
        let start = || match std::env::var("BATIS_TEST_PG_URL") {
            Ok(url) => Self::given(&url),
            Err(_) => Self::start(),
        };
        SHARED.get_or_init(start).as_ref()
    }

    /// Another private server, stopped when it is dropped. For tests that restart or kill it.
    ///
    /// # Errors
    /// If PostgreSQL is not installed or does not start.
    pub fn start() -> io::Result<Self> {
        Self::start_with(&Setup::new())
    }

    /// Another private server that is set up like this.
    ///
    /// # Errors
    /// If PostgreSQL is not installed or does not start.
    pub fn start_with(setup: &Setup) -> io::Result<Self> {
        Ok(Self { place: Place::Private(Mutex::new(Server::start(setup)?)) })
    }

    fn given(url: &str) -> io::Result<Self> {
        let (place, options) = url.split_once('?').map_or((url, String::new()), |(p, o)| (p, format!("?{o}")));
        let no_database = || io::Error::other("BATIS_TEST_PG_URL must look like postgres://user@host/database");
        let (before, _) = place.rsplit_once('/').filter(|(b, _)| b.contains("//")).ok_or_else(no_database)?;
        Ok(Self { place: Place::Given { before: format!("{before}/"), after: options } })
    }

    fn server(&self) -> Option<MutexGuard<'_, Server>> {
        match &self.place {
            Place::Private(server) => Some(server.lock().unwrap_or_else(PoisonError::into_inner)),
            Place::Given { .. } => None,
        }
    }

    /// The URL of a database over the unix socket.
    #[must_use]
    pub fn socket_url(&self, database: &str) -> String {
        match (&self.place, self.server()) {
            (_, Some(server)) => {
                format!(
                    "postgres://{USER}@/{database}?host={}&port={}",
                    server.socket_folder().display(),
                    server.port()
                )
            }
            (Place::Given { before, after }, None) => format!("{before}{database}{after}"),
            (Place::Private(_), None) => String::new(),
        }
    }

    /// The URL of a database over TCP on the loopback address.
    #[must_use]
    pub fn tcp_url(&self, database: &str) -> String {
        match self.server() {
            Some(server) => format!("postgres://{USER}@127.0.0.1:{}/{database}", server.port()),
            None => self.socket_url(database),
        }
    }

    /// The URL of a database for the role that needs a password (its password is `secret`); none for a given server.
    #[must_use]
    pub fn password_url(&self, password: &str, database: &str) -> Option<String> {
        let server = self.server()?;
        Some(format!("postgres://batis_password:{password}@127.0.0.1:{}/{database}", server.port()))
    }

    /// The TCP port on the loopback address; none for a given server.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.server().map(|server| server.port())
    }

    /// The folder of the socket, and the port; none for a given server.
    pub(crate) fn private_place(&self) -> Option<(PathBuf, u16)> {
        self.server().map(|server| (server.socket_folder().to_owned(), server.port()))
    }

    /// Runs SQL through `psql`, outside of batis, and gives what it prints: rows as lines, columns divided by `|`.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn psql(&self, database: &str, sql: &str) -> io::Result<String> {
        match self.server() {
            Some(server) => server.psql(database, sql),
            None => given_psql(&self.socket_url(database), sql),
        }
    }

    /// A new empty database, dropped with the value.
    ///
    /// # Errors
    /// What the server says.
    pub fn create_database(&'static self) -> io::Result<TestDatabase> {
        TestDatabase::create(self)
    }

    /// Restarts the server, cutting all connections.
    ///
    /// # Errors
    /// If it does not start again, or is a given one.
    pub fn restart(&self) -> io::Result<()> {
        self.server().ok_or_else(not_ours)?.restart()
    }

    /// Starts a server that was stopped, at the same place.
    ///
    /// # Errors
    /// If it does not start, or is a given one.
    pub fn restart_stopped(&self) -> io::Result<()> {
        self.server().ok_or_else(not_ours)?.start_again()
    }

    /// Stops the server, cutting all connections.
    ///
    /// # Errors
    /// If it is a given one.
    pub fn stop(&self) -> io::Result<()> {
        self.server().ok_or_else(not_ours)?.stop()
    }
}

fn not_ours() -> io::Error {
    io::Error::other("the server of BATIS_TEST_PG_URL is not ours to stop")
}

fn given_psql(url: &str, sql: &str) -> io::Result<String> {
    let done = std::process::Command::new("psql").args(["-X", "-q", "-A", "-t", "-c", sql, url]).output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned());
    }
    Err(io::Error::other(String::from_utf8_lossy(&done.stderr).into_owned()))
}
