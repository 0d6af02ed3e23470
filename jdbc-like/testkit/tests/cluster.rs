//! The private server comes, answers, restarts and goes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use batis_testkit::{Cluster, postgres};

#[test]
fn a_database_of_its_own_is_made_and_dropped() {
    let Some(cluster) = postgres() else { return };
    let database = cluster.create_database().unwrap();
    database.psql("create table t (id int); insert into t values (7)").unwrap();
    assert_eq!(database.psql("select id from t").unwrap(), "7");
    let name = database.name().to_owned();
    drop(database);
    let left = cluster.psql("postgres", &format!("select count(*) from pg_database where datname = '{name}'")).unwrap();
    assert_eq!(left, "0");
}

#[test]
fn wrong_sql_is_an_error_with_the_servers_words() {
    let Some(cluster) = postgres() else { return };
    let error = cluster.psql("postgres", "select nothing").unwrap_err().to_string();
    assert!(error.contains("column \"nothing\" does not exist"), "{error}");
}

#[test]
fn a_server_of_ones_own_restarts_and_leaves_nothing_behind() {
    if postgres().is_none() {
        return;
    }
    let cluster = Cluster::start().unwrap();
    let url = cluster.socket_url("postgres");
    cluster.restart().unwrap();
    assert_eq!(cluster.socket_url("postgres"), url, "the place stays the same");
    assert_eq!(cluster.psql("postgres", "select 1").unwrap(), "1");
    let folder = folder_of(&url).to_owned();
    assert!(Path::new(&folder).exists());
    drop(cluster);
    assert!(!Path::new(&folder).exists());
}

fn folder_of(url: &str) -> &str {
    url.split("host=").nth(1).and_then(|rest| rest.split('&').next()).unwrap()
}

/// Not a test by itself: the process that the next test kills. It prints its socket's folder and waits.
#[test]
fn victim() {
    if std::env::var("BATIS_TESTKIT_VICTIM").is_err() {
        return;
    }
    let cluster = Cluster::start().unwrap();
    std::fs::write(std::env::var("BATIS_TESTKIT_VICTIM").unwrap(), folder_of(&cluster.socket_url("x"))).unwrap();
    sleep(Duration::from_secs(60));
}

#[test]
fn a_killed_process_leaves_no_server_behind() {
    if postgres().is_none() {
        return;
    }
    let told = tempfile::NamedTempFile::new().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim"])
        .env("BATIS_TESTKIT_VICTIM", told.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let folder = eventually(|| Some(std::fs::read_to_string(told.path()).unwrap()).filter(|f| !f.is_empty()));
    child.kill().unwrap();
    child.wait().unwrap();
    eventually(|| (!Path::new(&folder).exists()).then_some(()));
}

fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < give_up, "it did not happen within a minute");
        sleep(Duration::from_millis(50));
    }
}
