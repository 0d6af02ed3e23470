//! [`PgBouncer`]: a proxy that gives each transaction a session of a few.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::cluster::Cluster;
use crate::server::{PATIENCE, USER, folder, watch};

/// It listens on a unix socket in a folder of its own, which this only names.
const PORT: u16 = 6432;

/// Sessions that all clients of a database share.
const SESSIONS: u32 = 4;

/// A PgBouncer in transaction mode with four sessions for each database, in front of a server. Stopped when it is dropped, and when the
/// process ends, however it ends.
#[derive(Debug)]
pub struct PgBouncer {
    folder: PathBuf,
    process: Child,
    watchdog: Child,
}

impl PgBouncer {
    /// `$PGBOUNCER`, `PATH`, Debian's place.
    pub(crate) fn find() -> Option<PathBuf> {
        let named = std::env::var_os("PGBOUNCER").map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        named.into_iter().chain(folders.map(|folder| folder.join("pgbouncer"))).find(|program| program.is_file())
    }

    /// Tries to install it; whether that worked is seen by whether it is found.
    pub(crate) fn install() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/install-pgbouncer");
        if let Err(error) = Command::new(script).status() {
            #[allow(clippy::print_stderr)] // the reason of the failure that follows
            {
                eprintln!("scripts/install-pgbouncer does not run: {error}");
            }
        }
    }

    pub(crate) fn start(program: &Path, cluster: &Cluster) -> io::Result<Self> {
        let server = cluster.private_place().ok_or_else(|| io::Error::other("it needs a private server"))?;
        // As PostgreSQL it refuses root.
        let account = Account::to_change_to()?;
        let folder = folder(account)?;
        let pid = folder.join("pid");
        let watchdog = watch(&folder, &pid, "-TERM")?;
        fs::write(folder.join("users"), format!("\"{USER}\" \"\"\n"))?;
        fs::write(folder.join("ini"), settings(program, &folder, &server)?)?;
        let mut command = Command::new(program);
        if let Some(account) = account {
            account.run(&mut command);
        }
        let log = File::create(folder.join("log"))?;
        command.arg(folder.join("ini")).current_dir("/").process_group(0);
        let process = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut bouncer = Self { folder, process, watchdog };
        bouncer.wait_until_ready()?;
        Ok(bouncer)
    }

    fn wait_until_ready(&mut self) -> io::Result<()> {
        let give_up = Instant::now() + PATIENCE;
        let socket = self.folder.join(format!(".s.PGSQL.{PORT}"));
        while !socket.exists() {
            if let Some(status) = self.process.try_wait()? {
                return Err(self.failed(&format!("it ended at once ({status})")));
            }
            if Instant::now() > give_up {
                return Err(self.failed(&format!("it made no socket within {PATIENCE:?}")));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn failed(&self, what: &str) -> io::Error {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        io::Error::other(format!("{what}: {}", log.trim()))
    }

    /// The URL of a database of the server, through this proxy.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@/{database}?host={}&port={PORT}", self.folder.display())
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // Nobody could be told of a failure here.
        drop(self.watchdog.stdin.take());
        let _ = self.process.wait();
        let _ = self.watchdog.wait();
    }
}

fn settings(program: &Path, folder: &Path, (host, server_port): &(PathBuf, u16)) -> io::Result<String> {
    // From 1.21 on it can keep named statements for its clients, which is what the tests want to see without.
    let said = Command::new(program).arg("--version").output()?.stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let minor = said.split_whitespace().nth(1).and_then(|v| v.split('.').nth(1)?.parse::<u32>().ok()).unwrap_or(0);
    let no_named = if minor >= 21 { "max_prepared_statements = 0" } else { "" };
    let (host, folder) = (host.display(), folder.display());
    Ok(format!(
        "[databases]
* = host={host} port={server_port}
[pgbouncer]
listen_port = {PORT}
unix_socket_dir = {folder}
unix_socket_mode = 0777
auth_type = trust
auth_file = {folder}/users
pidfile = {folder}/pid
pool_mode = transaction
default_pool_size = {SESSIONS}
{no_named}
"
    ))
}
