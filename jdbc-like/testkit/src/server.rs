//! One running server: its folder, its process, and the watchdog that ends both.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::account::{Account, own_uid};
use crate::binaries::Binaries;
use crate::setup::Setup;

/// The superuser of the private server.
pub(crate) const USER: &str = "batis";
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const SETTINGS: &str = "
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 100
max_prepared_transactions = 20
unix_socket_permissions = 0777
log_min_messages = warning
";

pub(crate) const ACCESS: &str = "
local all all trust
host all batis_password 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
";

/// When its input ends, because we are gone or say so, it stops the server whose number is in the second file, by the third signal, and
/// removes the folder.
const WATCHDOG: &str = r#"
read -r _
pid=$(head -n 1 "$2" 2>/dev/null)
if [ -n "$pid" ]; then
    kill "$3" "$pid" 2>/dev/null
    i=0
    while kill -0 "$pid" 2>/dev/null && [ $i -lt 50 ]; do sleep 0.1; i=$((i + 1)); done
    kill -KILL "$pid" 2>/dev/null
fi
rm -rf "$1"
"#;

#[derive(Debug)]
pub(crate) struct Server {
    binaries: Binaries,
    account: Option<Account>,
    folder: PathBuf,
    port: u16,
    process: Child,
    watchdog: Child,
}

impl Server {
    pub(crate) fn start(setup: &Setup) -> io::Result<Self> {
        let binaries = Binaries::find()?;
        let account = Account::to_change_to()?;
        let folder = folder(account)?;
        make_data(&binaries, account, &folder)?;
        setup.apply(account, &folder.join("data"))?;
        let watchdog = watch(&folder, &folder.join("data/postmaster.pid"), "-INT")?;
        let (process, port) = launch(&binaries, account, &folder, None)?;
        let server = Self { binaries, account, folder, port, process, watchdog };
        if !setup.is_standby() {
            server.psql("postgres", "begin read write; create role batis_password login password 'secret'; commit")?;
        }
        Ok(server)
    }

    /// The folder of the unix socket.
    pub(crate) fn socket_folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Runs SQL through `psql` and gives what it prints: rows as lines, columns divided by `|`.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> io::Result<String> {
        let mut command = self.binaries.command("psql", None);
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", USER, "-d", database, "-c", sql]);
        command.arg("-h").arg(&self.folder).arg("-p").arg(self.port.to_string());
        output(command)
    }

    /// Stops the server at once, cutting its connections, and starts it again at the same place.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.stop()?;
        self.start_again()
    }

    /// Starts a stopped server at the same place.
    pub(crate) fn start_again(&mut self) -> io::Result<()> {
        (self.process, self.port) = launch(&self.binaries, self.account, &self.folder, Some(self.port))?;
        Ok(())
    }

    /// Stops the server at once, cutting its connections. One that has ended already stays so.
    pub(crate) fn stop(&mut self) -> io::Result<()> {
        if self.process.try_wait()?.is_some() {
            return Ok(());
        }
        signal("-INT", self.process.id())?;
        self.process.wait().map(|_| ())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody could be told of a failure here; the watchdog tries again and removes the folder.
        let _ = self.stop();
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

/// A new folder with a short path, since a socket's path is limited to about 100 bytes.
pub(crate) fn folder(account: Option<Account>) -> io::Result<PathBuf> {
    let mut parent = std::env::temp_dir();
    if parent.as_os_str().len() > 40 {
        parent = PathBuf::from("/tmp");
    }
    let folder =
        tempfile::Builder::new().prefix("bpg").permissions(fs::Permissions::from_mode(0o755)).tempdir_in(parent)?;
    if let Some(account) = account {
        account.own(folder.path())?;
    }
    // From here on the watchdog removes it.
    Ok(TempDir::keep(folder))
}

/// Makes the data folder: a copy of one that `initdb` made earlier for the same version and account, if there is one.
fn make_data(binaries: &Binaries, account: Option<Account>, folder: &Path) -> io::Result<()> {
    let data = folder.join("data");
    let owner = account.map_or_else(own_uid, |a| Ok(a.uid()))?;
    let kept = std::env::temp_dir().join(format!("batis-initdb-{}-{owner}", binaries.version()?));
    let is_ours = kept.metadata().is_ok_and(|m| m.is_dir() && m.uid() == owner && m.mode() & 0o077 == 0);
    if is_ours {
        let mut copy = Command::new("cp");
        if let Some(account) = account {
            account.run(&mut copy);
        }
        output({
            copy.arg("-a").arg(&kept).arg(&data);
            copy
        })?;
    } else {
        initdb(binaries, account, &data)?;
        keep(account, &data, &kept);
    }
    OpenOptions::new().append(true).open(data.join("postgresql.conf"))?.write_all(SETTINGS.as_bytes())?;
    fs::write(data.join("pg_hba.conf"), ACCESS)
}

fn initdb(binaries: &Binaries, account: Option<Account>, data: &Path) -> io::Result<()> {
    let mut command = binaries.command("initdb", account);
    command.args(["-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-U", USER, "-D"]).arg(data);
    output(command).map(|_| ())
}

/// Keeps a copy for the next process. That it fails does no harm: the next one calls `initdb` again.
fn keep(account: Option<Account>, data: &Path, kept: &Path) {
    let part = kept.with_extension(format!("part{}", std::process::id()));
    let mut copy = Command::new("cp");
    if let Some(account) = account {
        account.run(&mut copy);
    }
    copy.arg("-a").arg(data).arg(&part);
    if output(copy).is_err() || fs::rename(&part, kept).is_err() {
        let _ = fs::remove_dir_all(&part);
    }
}

pub(crate) fn watch(folder: &Path, pid: &Path, signal: &str) -> io::Result<Child> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(WATCHDOG).arg("batis-watchdog").arg(folder).arg(pid).arg(signal).current_dir("/");
    // A group of its own, so that Ctrl-C does not end the watchdog first.
    command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Starts the server on a free loopback port, or on the given one, and waits until it answers.
fn launch(binaries: &Binaries, account: Option<Account>, folder: &Path, port: Option<u16>) -> io::Result<(Child, u16)> {
    let mut failed = io::Error::other("no free port");
    for _ in 0..5 {
        let port = port.map_or_else(free_port, Ok)?;
        let log = File::create(folder.join("log"))?;
        let mut command = binaries.command("postgres", account);
        command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).arg("-p").arg(port.to_string());
        command.args(["-c", "listen_addresses=127.0.0.1"]);
        let mut process = command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        match wait_until_ready(binaries, &mut process, folder, port) {
            Ok(()) => return Ok((process, port)),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_until_ready(binaries: &Binaries, process: &mut Child, folder: &Path, port: u16) -> io::Result<()> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = process.try_wait()? {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            return Err(io::Error::other(format!("PostgreSQL ended at once ({status}): {}", log.trim())));
        }
        let mut ask = binaries.command("psql", None);
        ask.args(["-X", "-q", "-U", USER, "-d", "postgres", "-c", ""])
            .arg("-h")
            .arg(folder)
            .arg("-p")
            .arg(port.to_string());
        let socket = folder.join(format!(".s.PGSQL.{port}"));
        if socket.exists() && output(ask).is_ok() {
            return Ok(());
        }
        if Instant::now() > give_up {
            let _ = process.kill();
            let _ = process.wait();
            return Err(io::Error::other("PostgreSQL did not answer within 30 s"));
        }
        sleep(Duration::from_millis(20));
    }
}

fn signal(name: &str, pid: u32) -> io::Result<()> {
    output({
        let mut command = Command::new("kill");
        command.arg(name).arg(pid.to_string());
        command
    })
    .map(|_| ())
}

/// Runs a command; what it says on its error output is the error.
fn output(mut command: Command) -> io::Result<String> {
    let done = command.stdin(Stdio::null()).output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned());
    }
    let program = command.get_program().to_string_lossy().into_owned();
    Err(io::Error::other(format!(
        "{program} failed ({}): {}",
        done.status,
        String::from_utf8_lossy(&done.stderr).trim()
    )))
}
