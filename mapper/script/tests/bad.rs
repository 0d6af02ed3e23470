//! Broken mapper files and what is said about them: `tests/bad/<case>.xml`, or a folder of files that are loaded together, with the findings in
//! `<case>.txt`. `BATIS_BLESS=1 cargo test -p batis-script --test bad` writes them; read the difference.
//!
//! `tests/bad/mybatis.txt` says which of the files MyBatis 3.5.19 refuses to load.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use batis_script::{Diagnostics, MapperSet};
use support::shown;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

/// The files of each case.
fn cases() -> BTreeMap<String, Vec<PathBuf>> {
    let mut cases = BTreeMap::new();
    for entry in fs::read_dir(folder()).expect("the folder is there") {
        let path = entry.expect("readable").path();
        let name = path.file_stem().expect("a name").to_str().expect("text").to_owned();
        if path.is_dir() {
            let mut files: Vec<PathBuf> =
                fs::read_dir(&path).expect("readable").map(|entry| entry.expect("readable").path()).collect();
            files.sort();
            cases.insert(name, files);
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            cases.insert(name, vec![path]);
        }
    }
    cases
}

fn findings(files: &[PathBuf]) -> Diagnostics {
    let mut builder = MapperSet::builder();
    for file in files {
        let name = file.file_name().expect("a name").to_str().expect("text");
        builder = builder.file(name, fs::read(file).expect("readable"));
    }
    match builder.link() {
        Ok(set) => set.warnings().clone(),
        Err(diagnostics) => diagnostics,
    }
}

#[test]
fn mistakes_are_told_as_written_down() {
    let bless = std::env::var_os("BATIS_BLESS").is_some();
    let cases = cases();
    assert!(cases.len() >= 80, "only {} cases", cases.len());
    let mut wrong = String::new();
    for (name, files) in cases {
        let diagnostics = findings(&files);
        assert!(!diagnostics.is_empty(), "{name}: nothing is wrong with it");
        let actual = shown(&diagnostics);
        let file = folder().join(format!("{name}.txt"));
        if bless {
            fs::write(&file, actual).expect("it can be written");
        } else if fs::read_to_string(&file).unwrap_or_default() != actual {
            let _ = writeln!(wrong, "== {name}\n{actual}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}BATIS_BLESS=1 takes over what is said");
}

/// What MyBatis answers for each case: `case<TAB>refused` or `case<TAB>loads`.
fn answers_of_mybatis() -> BTreeMap<String, bool> {
    let text = fs::read_to_string(folder().join("mybatis.txt")).expect("the answers are there");
    let answer = |line: &str| line.split_once('\t').map(|(name, answer)| (name.to_owned(), answer == "refused"));
    text.lines().filter_map(answer).collect()
}

#[test]
fn what_mybatis_refuses_is_refused() {
    // Broken expressions fail in MyBatis when they are reached first; elements may nest without end there; entities in text are never looked at.
    let own = ["E002", "E007", "E008", "E021", "E030"];
    let answers = answers_of_mybatis();
    for (name, files) in cases() {
        let diagnostics = findings(&files);
        match answers.get(&name) {
            Some(true) => assert!(diagnostics.keep_from_loading(), "{name}: MyBatis refuses it"),
            Some(false) => {
                let mut errors =
                    diagnostics.items().iter().filter(|item| item.severity == batis_script::Severity::Error);
                assert!(errors.all(|item| own.contains(&item.code)), "{name}: MyBatis loads it");
            }
            None => panic!("{name}: MyBatis was not asked"),
        }
    }
}

#[test]
fn what_mybatis_loads_is_loaded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/accepted");
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        let found = findings(std::slice::from_ref(&path));
        assert!(!found.has_errors(), "{found}");
    }
}
