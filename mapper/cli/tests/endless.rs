//! A result without an end: rows are written while they are read, and who has read enough ends the query.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

const ENDLESS: &str = r#"<mapper namespace="t"><select id="all">
    with recursive counted(n) as (select 1 union all select n + 1 from counted) select n from counted
</select></mapper>"#;

#[test]
fn a_closed_pipe_ends_the_query() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.xml");
    std::fs::write(&file, ENDLESS).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_batis"))
        .args(["run", "--db", "sqlite::memory:", "--output", "json", "t.all", "--mappers"])
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first: Vec<String> = lines.take(3).map(Result::unwrap).collect();
    assert_eq!(first, ["[", r#"{"n":1},"#, r#"{"n":2},"#]);
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}
