//! The documentation of the diagnostics against the code.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use batis_script::CODES;

fn manifest(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn table() -> String {
    let mut out = String::from("\n| code | says | told |\n|---|---|---|\n");
    for code in CODES {
        let told = if code.on { "always" } else { "on request" };
        let title = code.title.replace('<', "&lt;").replace('>', "&gt;");
        let _ = writeln!(out, "| {} | {title} | {told} |", code.code);
    }
    out.push('\n');
    out
}

/// `BATIS_BLESS=1 cargo test -p batis-script --test docs` writes the table.
#[test]
fn the_table_of_codes_is_that_of_the_code() {
    let file = manifest("../../docs/diagnostics.md");
    let text = fs::read_to_string(&file).expect("the page is there");
    let (before, rest) = text.split_once("<!-- codes -->\n").expect("the table's begin");
    let (written, after) = rest.split_once("<!-- end of codes -->").expect("the table's end");
    if std::env::var_os("BATIS_BLESS").is_some() {
        let made = format!("{before}<!-- codes -->\n{}<!-- end of codes -->{after}", table());
        fs::write(&file, made).expect("it can be written");
    } else {
        assert_eq!(written, table(), "BATIS_BLESS=1 writes it");
    }
}

fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.file_name().is_some_and(|name| name != "codes.rs") {
            into.push_str(&fs::read_to_string(&path).expect("text"));
        }
    }
}

/// Quoted codes in a text.
fn codes_in(text: &str) -> BTreeSet<String> {
    let is_code = |word: &&str| {
        word.len() == 4 && word.starts_with(['E', 'W']) && word[1..].bytes().all(|byte| byte.is_ascii_digit())
    };
    text.split('"').filter(is_code).map(str::to_owned).collect()
}

#[test]
fn every_code_is_listed_and_every_listed_code_is_used() {
    let mut text = String::new();
    sources(&manifest("src"), &mut text);
    sources(&manifest("../runtime/src/configuration"), &mut text);
    let listed: BTreeSet<String> = CODES.iter().map(|code| code.code.to_owned()).collect();
    assert_eq!(codes_in(&text), listed);
    assert!(CODES.is_sorted_by(|a, b| a.code < b.code));
}
