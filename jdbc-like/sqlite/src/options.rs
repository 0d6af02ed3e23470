//! The options of a SQLite URL.

use std::time::Duration;

use batis_dbc::{LockMode, PropertyInfo, Result, SqlError, Url, nearest};

/// The options, their defaults and what they do.
pub(crate) const PROPERTIES: &[PropertyInfo] = &[
    PropertyInfo {
        name: "mode",
        default: "rwc",
        doc: "how the database is opened: ro (read only), rw (must exist), rwc (created if missing), memory",
    },
    PropertyInfo {
        name: "cache",
        default: "private",
        doc: "private, or shared: connections of this process to the same name share one database in memory",
    },
    PropertyInfo {
        name: "busy_timeout",
        default: "5000",
        doc: "milliseconds to wait for another connection's lock before 55P03; 0: not at all",
    },
    PropertyInfo { name: "foreign_keys", default: "true", doc: "whether foreign keys are enforced" },
    PropertyInfo {
        name: "journal_mode",
        default: "wal",
        doc: "delete, truncate, persist, memory, wal or off; the default is set for files opened for writing only",
    },
    PropertyInfo { name: "synchronous", default: "normal", doc: "off, normal, full or extra" },
    PropertyInfo {
        name: "transaction_lock",
        default: "immediate",
        doc: "when a transaction that may write takes its lock: deferred, immediate or exclusive",
    },
    PropertyInfo {
        name: "threading",
        default: "caller",
        doc: "caller: statements run on the thread of the caller; worker: on a thread of the connection's own",
    },
    PropertyInfo {
        name: "statement_cache",
        default: "256",
        doc: "how many prepared statements a connection keeps (1 to 100000)",
    },
];

/// How the database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenMode {
    ReadOnly,
    ReadWrite,
    Create,
    Memory,
}

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) path: String,
    pub(crate) mode: OpenMode,
    pub(crate) shared: bool,
    pub(crate) busy_timeout: Duration,
    pub(crate) foreign_keys: bool,
    /// None: the driver's default.
    pub(crate) journal_mode: Option<&'static str>,
    pub(crate) synchronous: &'static str,
    pub(crate) lock: LockMode,
    pub(crate) statement_cache: usize,
    /// Statements run on a thread of the connection's own.
    pub(crate) worker: bool,
}

const MODES: &[(&str, OpenMode)] =
    &[("ro", OpenMode::ReadOnly), ("rw", OpenMode::ReadWrite), ("rwc", OpenMode::Create), ("memory", OpenMode::Memory)];
const CACHES: &[(&str, bool)] = &[("private", false), ("shared", true)];
const SWITCH: &[(&str, bool)] =
    &[("true", true), ("false", false), ("on", true), ("off", false), ("1", true), ("0", false)];
const JOURNAL_MODES: &[(&str, &str)] = &[
    ("delete", "delete"),
    ("truncate", "truncate"),
    ("persist", "persist"),
    ("memory", "memory"),
    ("wal", "wal"),
    ("off", "off"),
];
const SYNCHRONOUS: &[(&str, &str)] = &[("off", "off"), ("normal", "normal"), ("full", "full"), ("extra", "extra")];
const THREADING: &[(&str, bool)] = &[("caller", false), ("worker", true)];
const LOCKS: &[(&str, LockMode)] =
    &[("deferred", LockMode::Deferred), ("immediate", LockMode::Immediate), ("exclusive", LockMode::Exclusive)];

/// The longest wait that SQLite can be told, in milliseconds.
const LONGEST_WAIT: u64 = i32::MAX as u64;

impl Options {
    /// Reads a URL.
    pub(crate) fn from_url(url: &Url) -> Result<Self> {
        Ok(Self {
            path: path(url)?,
            mode: word(url, "mode", MODES)?.unwrap_or(OpenMode::Create),
            shared: word(url, "cache", CACHES)?.unwrap_or(false),
            busy_timeout: Duration::from_millis(number(url, "busy_timeout", 0, LONGEST_WAIT)?.unwrap_or(5000)),
            foreign_keys: word(url, "foreign_keys", SWITCH)?.unwrap_or(true),
            journal_mode: word(url, "journal_mode", JOURNAL_MODES)?,
            synchronous: word(url, "synchronous", SYNCHRONOUS)?.unwrap_or("normal"),
            lock: word(url, "transaction_lock", LOCKS)?.unwrap_or(LockMode::Immediate),
            statement_cache: usize::try_from(number(url, "statement_cache", 1, 100_000)?.unwrap_or(256)).unwrap_or(256),
            worker: word(url, "threading", THREADING)?.unwrap_or(false),
        })
    }

    /// Whether the database is a file that outlives the connection.
    pub(crate) fn is_file(&self) -> bool {
        self.mode != OpenMode::Memory && !self.path.is_empty() && self.path != ":memory:"
    }

    /// Whether nobody else can ever see the database.
    pub(crate) fn is_private(&self) -> bool {
        !self.is_file() && (!self.shared || self.path.is_empty())
    }
}

fn path(url: &Url) -> Result<String> {
    if let Some(host) = url.hosts().first() {
        return Err(SqlError::url(format!("a SQLite URL has no host, but `{}` stands where one would be", host.name))
            .hint(format!(
                "write `sqlite:{}{}` for a relative path, `sqlite:///..` for an absolute one",
                host.name,
                url.path()
            )));
    }
    if url.user().is_some() || url.password().is_some() {
        return Err(SqlError::url("a SQLite URL has no user and password"));
    }
    if url.path().contains('\0') {
        return Err(SqlError::url("the path has a zero byte"));
    }
    Ok(url.path().to_owned())
}

/// The value of an option out of a list of words, in any case.
fn word<T: Copy>(url: &Url, name: &str, words: &[(&'static str, T)]) -> Result<Option<T>> {
    let Some(given) = url.option(name) else { return Ok(None) };
    if let Some((_, value)) = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(given)) {
        return Ok(Some(*value));
    }
    let error = SqlError::url(format!("`{given}` is no value of the option `{name}`"));
    let names = words.iter().map(|(word, _)| *word);
    Err(match nearest(given, names.clone()) {
        Some(best) => error.hint(format!("did you mean `{best}`?")),
        None => error.hint(format!("it takes one of: {}", names.collect::<Vec<_>>().join(", "))),
    })
}

fn number(url: &Url, name: &str, least: u64, most: u64) -> Result<Option<u64>> {
    let Some(given) = url.option(name) else { return Ok(None) };
    match given.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ => Err(SqlError::url(format!("`{given}` is no value of the option `{name}`: it takes {least} to {most}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> Result<Options> {
        Options::from_url(&Url::parse(url).unwrap())
    }

    #[test]
    fn the_forms_of_the_path() {
        assert_eq!(options("sqlite:///tmp/a%20b.db").unwrap().path, "/tmp/a b.db");
        assert_eq!(options("sqlite:a.db?mode=ro").unwrap().mode, OpenMode::ReadOnly);
        assert_eq!(
            options("sqlite://a.db").unwrap_err().to_string(),
            "a SQLite URL has no host, but `a.db` stands where one would be [08001]; hint: write `sqlite:a.db` for a relative path, \
             `sqlite:///..` for an absolute one"
        );
    }

    #[test]
    fn which_databases_are_private() {
        let private = |url: &str| options(url).unwrap().is_private();
        assert!(private("sqlite::memory:"));
        assert!(private("sqlite:"));
        assert!(private("sqlite:x?mode=memory"));
        assert!(!private("sqlite:x?mode=memory&cache=shared"));
        assert!(!private("sqlite:x"));
    }

    #[test]
    fn wrong_values_are_named() {
        let text = |url: &str| options(url).unwrap_err().to_string();
        assert_eq!(
            text("sqlite:a?synchronous=nromal"),
            "`nromal` is no value of the option `synchronous` [08001]; hint: did you mean `normal`?"
        );
        assert_eq!(
            text("sqlite:a?mode=xyz"),
            "`xyz` is no value of the option `mode` [08001]; hint: it takes one of: ro, rw, rwc, memory"
        );
        assert_eq!(
            text("sqlite:a?busy_timeout=-1"),
            "`-1` is no value of the option `busy_timeout`: it takes 0 to 2147483647 [08001]"
        );
    }
}
