//! [`Setup`]: what is special about a private server.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::account::Account;
use crate::server::ACCESS;

/// What is special about a private server: settings, who may log in how, files in its data folder.
///
/// ```no_run
/// use batis_testkit::{Cluster, Setup};
/// # let (certificate, key) = ("", "");
/// let setup = Setup::new().setting("ssl = on").file("server.crt", certificate).file("server.key", key);
/// let cluster = Cluster::start_with(&setup.access("hostssl all all 127.0.0.1/32 trust")).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Setup {
    settings: String,
    access: String,
    files: Vec<(String, String)>,
    standby: bool,
}

impl Setup {
    /// As the process' own server is.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a line of `postgresql.conf`.
    #[must_use]
    pub fn setting(mut self, line: &str) -> Self {
        self.settings = self.settings + line + "\n";
        self
    }

    /// With a line of `pg_hba.conf`, which is looked at before the usual ones.
    #[must_use]
    pub fn access(mut self, line: &str) -> Self {
        self.access = self.access + line + "\n";
        self
    }

    /// With a file in the data folder that only the server can read.
    #[must_use]
    pub fn file(mut self, name: &str, content: impl Into<String>) -> Self {
        self.files.push((name.to_owned(), content.into()));
        self
    }

    /// As a standby that waits for a primary that never comes: it is read-only, and says that it recovers.
    #[must_use]
    pub fn standby(mut self) -> Self {
        self.standby = true;
        self
    }

    pub(crate) fn is_standby(&self) -> bool {
        self.standby
    }

    /// Changes a data folder that is as usual.
    pub(crate) fn apply(&self, account: Option<Account>, data: &Path) -> io::Result<()> {
        OpenOptions::new().append(true).open(data.join("postgresql.conf"))?.write_all(self.settings.as_bytes())?;
        fs::write(data.join("pg_hba.conf"), format!("{}{ACCESS}", self.access))?;
        let signal = self.standby.then(|| ("standby.signal".to_owned(), String::new()));
        for (name, content) in self.files.iter().chain(&signal) {
            let path = data.join(name);
            fs::write(&path, content)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            if let Some(account) = account {
                account.own(&path)?;
            }
        }
        Ok(())
    }
}
