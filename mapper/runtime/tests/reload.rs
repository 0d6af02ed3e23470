//! Mapper files that change while the program runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use batis_mapper::{Configuration, Interceptor, ParamValue, ReloadableConfiguration};

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("batis-reload-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("it can be made");
        Self(path)
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.join(file), text).expect("it can be written");
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Two statements of one version.
fn mapper(version: u32) -> String {
    format!(
        "<mapper namespace=\"m\"><select id=\"a\">select {version}</select><select id=\"b\">select {version}</select></mapper>"
    )
}

fn sql(configuration: &Configuration, id: &str) -> String {
    let statement = configuration.statement(id).expect("it is there");
    statement.bound_sql(&ParamValue::Null).expect("it renders").sql.to_string()
}

fn live(folder: &Folder) -> ReloadableConfiguration {
    Configuration::builder().mapper_dir(folder.path()).reloadable().expect("the files are right")
}

#[test]
fn what_changes_is_loaded_and_what_does_not_is_not() {
    let folder = Folder::new("changes");
    folder.write("m.xml", &mapper(1));
    let live = live(&folder);
    let old = live.current();
    assert!(!live.reload_if_changed().expect("nothing is wrong"));
    folder.write("m.xml", &mapper(1));
    assert!(!live.reload_if_changed().expect("nothing is wrong"), "a touched file is not a changed one");

    folder.write("m.xml", &mapper(2));
    assert!(live.reload_if_changed().expect("nothing is wrong"));
    assert_eq!((sql(&old, "m.a"), sql(&live.current(), "m.a")), ("select 1".to_owned(), "select 2".to_owned()));

    folder.write("more.xml", "<mapper namespace=\"more\"><select id=\"c\">select 3</select></mapper>");
    assert!(live.reload_if_changed().expect("nothing is wrong"), "a new file");
    assert_eq!(sql(&live.current(), "more.c"), "select 3");
    fs::remove_file(folder.path().join("more.xml")).expect("it can be removed");
    assert!(live.reload_if_changed().expect("nothing is wrong"), "a file less");
    assert!(live.current().statement("more.c").is_err());
}

#[test]
fn mistakes_leave_the_old_in_place_and_are_told_once() {
    let folder = Folder::new("mistakes");
    folder.write("m.xml", &mapper(1));
    let live = live(&folder);
    folder.write("m.xml", "<mapper namespace=\"m\"><select id=\"a\">select #{</select><select></mapper>");
    let error = live.reload_if_changed().expect_err("it is broken");
    let diagnostics = error.diagnostics().expect("all mistakes");
    assert!(diagnostics.to_string().contains("m.xml:1:"), "{diagnostics}");
    assert_eq!(sql(&live.current(), "m.a"), "select 1");
    assert!(!live.reload_if_changed().expect("told already"));
    assert!(live.reload().is_err(), "asked for, it is told again");

    folder.write("m.xml", &mapper(2));
    assert!(live.reload_if_changed().expect("mended"));
    assert_eq!(sql(&live.current(), "m.b"), "select 2");
}

#[test]
fn a_configuration_file_and_what_it_names_are_watched_too() {
    let folder = Folder::new("config");
    let config = |on: &str| {
        format!(
            "<configuration><properties resource=\"p.properties\"/><settings><setting name=\"shrinkWhitespacesInSql\" value=\"{on}\"/></settings><mappers><mapper resource=\"m.xml\"/></mappers></configuration>"
        )
    };
    folder.write("m.xml", "<mapper namespace=\"m\"><select id=\"a\">select  ${table}</select></mapper>");
    folder.write("p.properties", "table=t1");
    folder.write("c.xml", &config("false"));
    let live = Configuration::builder().config_file(folder.path().join("c.xml")).reloadable().expect("right");
    assert_eq!(sql(&live.current(), "m.a"), "select  t1");
    folder.write("p.properties", "table=t2");
    assert!(live.reload_if_changed().expect("right"));
    assert_eq!(sql(&live.current(), "m.a"), "select  t2");
    folder.write("c.xml", &config("true"));
    assert!(live.reload_if_changed().expect("right"));
    assert_eq!(sql(&live.current(), "m.a"), "select t2");
}

/// Whoever reads sees one version, whole.
#[test]
fn readers_never_see_two_versions_at_once() {
    let folder = Folder::new("threads");
    folder.write("m.xml", &mapper(0));
    let live = live(&folder);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut seen = String::new();
                while !done.load(Ordering::Acquire) {
                    let configuration = live.current();
                    seen = sql(&configuration, "m.a");
                    assert_eq!(seen, sql(&configuration, "m.b"));
                }
                seen
            });
        }
        for version in 1..=50 {
            folder.write("m.xml", &mapper(version));
            live.reload().expect("right");
        }
        done.store(true, Ordering::Release);
    });
    assert_eq!(sql(&live.current(), "m.a"), "select 50");
}

/// Settings of the runtime and plugins are no part of what the mapper language means, but of the file.
#[test]
fn whatever_a_configuration_file_says_counts_as_a_change() {
    let folder = Folder::new("whole-config");
    let config = |setting: &str| {
        format!(
            "<configuration><settings><setting {setting}/></settings><mappers><mapper resource=\"m.xml\"/></mappers></configuration>"
        )
    };
    folder.write("m.xml", &mapper(1));
    folder.write("c.xml", &config(r#"name="cacheEnabled" value="true""#));
    let live = Configuration::builder().config_file(folder.path().join("c.xml")).reloadable().expect("right");
    for setting in [r#"name="cacheEnabled" value="false""#, r#"name="defaultStatementTimeout" value="3""#] {
        folder.write("c.xml", &config(setting));
        assert!(live.reload_if_changed().expect("right"), "{setting}");
        assert!(!live.reload_if_changed().expect("right"), "{setting}");
    }
}

/// Asking whether something changed makes nothing.
#[test]
fn plugins_are_made_when_something_is_loaded_only() {
    struct Nothing;
    impl Interceptor for Nothing {}

    let folder = Folder::new("plugins");
    folder.write("m.xml", &mapper(1));
    folder.write(
        "c.xml",
        "<configuration><plugins><plugin interceptor=\"Nothing\"/></plugins><mappers><mapper resource=\"m.xml\"/></mappers></configuration>",
    );
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let builder = Configuration::builder().config_file(folder.path().join("c.xml")).plugin("Nothing", move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(Nothing)
    });
    let live = builder.reloadable().expect("right");
    assert!(!live.reload_if_changed().expect("right"));
    assert_eq!(made.load(Ordering::SeqCst), 1);
    folder.write("m.xml", &mapper(2));
    assert!(live.reload_if_changed().expect("right"));
    assert_eq!(made.load(Ordering::SeqCst), 2);
}
