//! [`Environment`]: what a process' surroundings say of servers and logins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The variables of libpq, and the option that each is the default of.
pub(crate) const VARIABLES: [(&str, &str); 20] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGDATABASE", "dbname"),
    ("PGPASSFILE", "passfile"),
    ("PGSERVICE", "service"),
    ("PGSERVICEFILE", "servicefile"),
    ("PGOPTIONS", "options"),
    ("PGAPPNAME", "application_name"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
    // libpq's folder of the system-wide service file; no option.
    ("PGSYSCONFDIR", ""),
];

/// What a process' surroundings say of servers and logins: libpq's `PG..` variables, the home folder (with `.pgpass`, `.pg_service.conf` and
/// `.postgresql/`), and the user's name. A driver made by [`PostgresDriver::new`](crate::PostgresDriver::new) has that of the process, taken
/// when the driver is made; tests and programs that want none of it give the driver
/// [another one](crate::PostgresDriver::with_environment).
///
/// ```
/// use batis_postgres::{Environment, PostgresDriver};
/// let driver = PostgresDriver::with_environment(Environment::empty().with("PGPORT", "5433"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    home: Option<PathBuf>,
    user: Option<String>,
}

impl Environment {
    /// Surroundings that say nothing: only URLs count, and the user's name is the operating system's.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Those of this process, as they are now.
    #[must_use]
    pub fn of_process() -> Self {
        let variables = VARIABLES.iter().filter_map(|(name, _)| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
            Some(((*name).to_owned(), value))
        });
        let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        Self { variables: variables.collect(), home, user: None }
    }

    /// With this variable: `PGHOST`, `PGPASSWORD` and the like. One that libpq does not have is never looked at.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// With this home folder.
    #[must_use]
    pub fn with_home(mut self, folder: impl Into<PathBuf>) -> Self {
        self.home = Some(folder.into());
        self
    }

    /// With this user of the operating system, who is the default of the database's user.
    #[must_use]
    pub fn with_user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// A file below the home folder.
    pub(crate) fn at_home(&self, file: &str) -> Option<PathBuf> {
        self.home.as_deref().map(|home: &Path| home.join(file))
    }

    /// The user's name.
    pub(crate) fn user(&self) -> Option<String> {
        self.user.clone().or_else(|| whoami::username().ok())
    }
}

/// Without values: one may be a password.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}
