//! Where PostgreSQL's programs are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::account::Account;

/// The folder of `initdb`, `postgres` and `psql`.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// `$PG_BIN`, what `pg_config` says, the newest of Debian's, Homebrew's and Postgres.app's folders, `PATH`.
    pub(crate) fn find() -> io::Result<Self> {
        let mut folders: Vec<PathBuf> = std::env::var_os("PG_BIN").map(PathBuf::from).into_iter().collect();
        folders.extend(told_by_pg_config());
        for pattern in [
            "/usr/lib/postgresql",
            "/opt/homebrew/opt",
            "/usr/local/opt",
            "/Applications/Postgres.app/Contents/Versions",
        ] {
            folders.extend(versions_in(Path::new(pattern)));
        }
        folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
        let complete = |f: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|p| f.join(p).is_file());
        let found = folders.into_iter().find(complete);
        found.map(|folder| Self { folder }).ok_or_else(|| io::Error::other("initdb, postgres and psql were not found"))
    }

    /// A command, under another account if there must be one.
    pub(crate) fn command(&self, program: &str, account: Option<Account>) -> Command {
        let mut command = Command::new(self.folder.join(program));
        if let Some(account) = account {
            account.run(&mut command);
        }
        // Our own surroundings must not lead it elsewhere, and it must not start in a folder that it may not read.
        for name in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGSERVICE", "PGDATA", "PGOPTIONS"] {
            command.env_remove(name);
        }
        command.current_dir("/");
        command
    }

    /// The version, as a word fit for a file name.
    pub(crate) fn version(&self) -> io::Result<String> {
        let said = Command::new(self.folder.join("postgres")).arg("--version").output()?;
        let text = String::from_utf8_lossy(&said.stdout);
        Ok(text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect())
    }
}

fn told_by_pg_config() -> Option<PathBuf> {
    let said = Command::new("pg_config").arg("--bindir").output().ok()?;
    said.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&said.stdout).trim()))
}

/// The `bin` folders below a folder of versions, newest first.
fn versions_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let digits: String = name.chars().filter(char::is_ascii_digit).take(2).collect();
            Some((digits.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}
