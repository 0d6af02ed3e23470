//! `batis run --config` on PostgreSQL, whose URL and vendor come from the environment of the configuration file.

use std::fs;
use std::process::Command;

const CASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/databases");

/// What it prints, or its error.
fn batis(folder: &std::path::Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_batis"));
    let output =
        command.args(arguments).env_remove("BATIS_DATABASE_URL").current_dir(folder).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

#[test]
fn the_environment_says_the_database_and_its_vendor() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let url = cluster.tcp_url("postgres");
    let (login, place) = url.split_once("://").and_then(|(_, rest)| rest.split_once('@')).expect("user and place");
    let user = login.split(':').next().expect("a user");
    let data_source = format!(
        "<property name=\"url\" value=\"jdbc:postgresql://{place}\"/><property name=\"username\" value=\"{user}\"/>"
    );
    let config = fs::read_to_string(format!("{CASE}/mybatis-config.xml")).expect("the case is there");
    let config = config.replace("<property name=\"url\" value=\"jdbc:oracle:thin:@db:1521:shop\"/>", &data_source);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("mybatis-config.xml"), config).expect("it can be written");
    fs::copy(format!("{CASE}/clock.xml"), folder.path().join("clock.xml")).expect("it can be copied");

    let run = ["run", "--config", "mybatis-config.xml", "clock.name", "--params", "7", "--output", "json"];
    let live = batis(folder.path(), &[&run[..], &["--environment", "live"]].concat());
    assert_eq!(live.expect("it runs"), "[\n{\"name\":\"PostgreSQL\",\"given\":7}\n]\n");
    let other = batis(folder.path(), &run);
    assert_eq!(other.expect("it runs"), "[\n{\"name\":\"SQLite\",\"given\":7}\n]\n");
}
