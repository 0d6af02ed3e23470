//! The borders between the crates hold: which crate may depend on which, and where foreign types may be named.

use std::fs;
use std::path::{Path, PathBuf};

/// Crate, folder, and the workspace crates that it may name outside of its tests.
const MAY_USE: &[(&str, &str, &[&str])] = &[
    ("batis-dbc", "jdbc-like/core", &[]),
    ("batis-sqlite", "jdbc-like/sqlite", &["batis-dbc"]),
    ("batis-postgres", "jdbc-like/postgres", &["batis-dbc"]),
    ("batis-conformance", "jdbc-like/conformance", &["batis-dbc"]),
    ("batis-testkit", "jdbc-like/testkit", &[]),
    ("batis-pool", "pool", &["batis-dbc"]),
    ("batis-script", "mapper/script", &[]),
    ("batis-mapper", "mapper/runtime", &["batis-dbc", "batis-script", "batis-macros"]),
    // The code that the macros make names the umbrella; they do not depend on it.
    ("batis-macros", "mapper/macros", &["batis-script", "batis"]),
    ("batis-cli", "mapper/cli", &["batis", "batis-dbc", "batis-mapper", "batis-script"]),
    (
        "batis",
        ".",
        &["batis-dbc", "batis-sqlite", "batis-postgres", "batis-pool", "batis-script", "batis-mapper", "batis-macros"],
    ),
];

/// Foreign crates, and the only folders whose sources may name them.
const FOREIGN: &[(&str, &[&str])] = &[
    ("rusqlite", &["jdbc-like/sqlite"]),
    ("tokio_postgres", &["jdbc-like/postgres"]),
    ("encoding_rs", &["mapper/script"]),
    ("miette", &["mapper/script"]),
    ("serde", &["mapper/runtime", "mapper/cli"]),
    ("clap", &["mapper/cli"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names in the `[dependencies]` table (not the development ones) of a crate's manifest.
fn dependencies(folder: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("each crate has a manifest");
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if let Some(table) = line.strip_prefix('[') {
            inside =
                table.starts_with("dependencies]") || table.starts_with("target.") && table.ends_with(".dependencies]");
        } else if inside && line.contains('=') && !line.starts_with('#') {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            names.push(name.to_owned());
        }
    }
    names
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    rust_files(&root().join(folder).join("src"), &mut files);
    files.into_iter().map(|f| (f.clone(), fs::read_to_string(f).expect("sources are text"))).collect()
}

/// The code without comments, so that a crate may be named in documentation.
fn code(text: &str) -> String {
    text.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path)
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '"')))
}

#[test]
fn each_crate_depends_on_lower_layers_only() {
    for (name, folder, allowed) in MAY_USE {
        for dependency in dependencies(folder).iter().filter(|d| d.starts_with("batis")) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn each_crate_names_lower_layers_only() {
    for (name, folder, allowed) in MAY_USE {
        let forbidden = MAY_USE.iter().map(|(other, ..)| *other).filter(|o| o != name && !allowed.contains(o));
        let forbidden: Vec<String> = forbidden.map(|o| o.replace('-', "_")).collect();
        for (file, text) in sources(folder) {
            let crossed = forbidden.iter().find(|other| names_crate(&code(&text), other));
            assert_eq!(crossed, None, "{} names a crate across a border", file.display());
        }
    }
}

#[test]
fn foreign_types_stay_in_their_crate() {
    for (foreign, homes) in FOREIGN {
        for (name, folder, _) in MAY_USE.iter().filter(|(_, f, _)| !homes.contains(f)) {
            for (file, text) in sources(folder) {
                assert!(!names_crate(&code(&text), foreign), "{name}: {} names {foreign}", file.display());
            }
        }
    }
}

#[test]
fn unsafe_code_lives_in_three_places_only() {
    let allowed = ["pool/src/bag.rs", "pool/src/fork.rs", "jdbc-like/sqlite/src/statement.rs"];
    for (_, folder, _) in MAY_USE {
        for (file, text) in sources(folder) {
            let path = file.strip_prefix(root()).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            let found = code(&text).contains("unsafe {") || code(&text).contains("unsafe impl");
            assert!(!found || allowed.iter().any(|a| path.starts_with(a)), "{path} has unsafe code");
        }
    }
}

#[test]
fn a_border_crossing_would_be_seen() {
    assert!(names_crate("use rusqlite::ffi;", "rusqlite"));
    assert!(!names_crate("use batis_rusqlite::ffi;", "rusqlite"));
    assert!(!names_crate(&code("/// see `rusqlite::ffi`"), "rusqlite"));
}
