//! `<setting>`: the known names and what they may be.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::parameter::JDBC_TYPES;
use crate::span::Span;
use crate::text::SpannedText;

/// A setting of MyBatis.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// MyBatis' name.
    pub name: &'static str,
    /// Its value.
    pub value: SettingValue,
    /// Where it is written.
    pub span: Span,
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingValue {
    /// `true` or `false`.
    Bool(bool),
    /// Seconds or rows.
    Number(u32),
    /// One of the words it may be.
    Word(&'static str),
    /// A name or prefix, as written.
    Text(Arc<str>),
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Bool,
    Number,
    Words(&'static [&'static str]),
    Text,
}

/// What batis makes of a setting.
#[derive(Debug, Clone, Copy)]
enum Effect {
    /// It is honoured.
    Honoured,
    /// batis always does what these values say, and why: another value is told.
    Always(&'static [&'static str], &'static str),
    /// It has no meaning here, and why.
    Dropped(&'static str),
}

use Effect::{Always, Dropped, Honoured};
use Kind::{Bool, Number, Text, Words};

const NO_LAZINESS: &str = "nothing is loaded lazily: there are no proxies in Rust";
const NO_ROW_BOUNDS: &str = "rows are limited in the SQL, not afterwards";
const JAVA: &str = "it is about Java's classes";
const EXECUTORS: &[&str] = &["SIMPLE", "REUSE", "BATCH"];
const RESULT_SETS: &[&str] = &["DEFAULT", "FORWARD_ONLY", "SCROLL_INSENSITIVE", "SCROLL_SENSITIVE"];

/// Every setting of MyBatis, sorted. `docs/mapper-files.md` has the same table.
const SETTINGS: &[(&str, Kind, Effect)] = &[
    ("aggressiveLazyLoading", Bool, Always(&["false"], NO_LAZINESS)),
    ("argNameBasedConstructorAutoMapping", Bool, Always(&["true"], "fields are found by name")),
    ("autoMappingBehavior", Words(&["NONE", "PARTIAL", "FULL"]), Honoured),
    (
        "autoMappingUnknownColumnBehavior",
        Words(&["NONE", "WARNING", "FAILING"]),
        Always(&["NONE"], "#[serde(deny_unknown_fields)] refuses columns that have no field"),
    ),
    ("cacheEnabled", Bool, Honoured),
    ("callSettersOnNulls", Bool, Always(&["true"], "a null is a value: `Option`, or an entry of a map")),
    ("configurationFactory", Text, Dropped(JAVA)),
    ("defaultEnumTypeHandler", Text, Dropped("enums are read by name: name a handler at the column")),
    (
        "defaultExecutorType",
        Words(EXECUTORS),
        Always(&["SIMPLE", "REUSE"], "statements are always reused; a batch is a call of `execute_batch`"),
    ),
    ("defaultFetchSize", Number, Honoured),
    ("defaultResultSetType", Words(RESULT_SETS), Always(&["DEFAULT", "FORWARD_ONLY"], "rows are read forward")),
    (
        "defaultScriptingLanguage",
        Text,
        Always(&["XML", "org.apache.ibatis.scripting.xmltags.XMLLanguageDriver"], "say lang at the statement"),
    ),
    ("defaultSqlProviderType", Text, Dropped(JAVA)),
    ("defaultStatementTimeout", Number, Honoured),
    ("jdbcTypeForNull", Words(&JDBC_TYPES), Dropped("a null is sent without a type: the database knows the column's")),
    ("lazyLoadTriggerMethods", Text, Dropped(NO_LAZINESS)),
    ("lazyLoadingEnabled", Bool, Always(&["false"], NO_LAZINESS)),
    ("localCacheScope", Words(&["SESSION", "STATEMENT"]), Honoured),
    ("logImpl", Text, Dropped("logs are events of `tracing`")),
    ("logPrefix", Text, Dropped("logs are events of `tracing`")),
    ("mapUnderscoreToCamelCase", Bool, Always(&["true"], "`user_name` and `userName` are one name")),
    ("multipleResultSetsEnabled", Bool, Dropped("MyBatis ignores it too")),
    ("nullableOnForEach", Bool, Honoured),
    ("proxyFactory", Text, Dropped(NO_LAZINESS)),
    ("returnInstanceForEmptyRow", Bool, Honoured),
    ("safeResultHandlerEnabled", Bool, Dropped(NO_ROW_BOUNDS)),
    ("safeRowBoundsEnabled", Bool, Dropped(NO_ROW_BOUNDS)),
    ("shrinkWhitespacesInSql", Bool, Honoured),
    ("useActualParamName", Bool, Always(&["true"], "arguments have their names")),
    ("useColumnLabel", Bool, Always(&["true"], "columns are known by their labels")),
    ("useGeneratedKeys", Bool, Honoured),
    ("vfsImpl", Text, Dropped(JAVA)),
];

/// The setting as data, honoured or not.
pub(super) fn setting(name: &SpannedText, value: &SpannedText, found: &mut Vec<Diagnostic>) -> Option<Setting> {
    let (written, text) = (name.as_str(), value.as_str());
    let Some((known, kind, effect)) = SETTINGS.iter().find(|(known, ..)| *known == written) else {
        let help = did_you_mean(written, SETTINGS.iter().map(|(known, ..)| *known));
        let message = format!("there is no setting `{written}`");
        found.push(Diagnostic::error("E060", name.span(), message).help_opt(help));
        return None;
    };
    let mut wrong = |message: String, help: Option<String>| {
        found.push(Diagnostic::error("E060", value.span(), message).help_opt(help));
        None
    };
    let value_of = match kind {
        Kind::Bool => {
            if !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") {
                let message = format!("`{text}` counts as false: `{known}` is true or false");
                found.push(Diagnostic::warning("W014", value.span(), message));
            }
            SettingValue::Bool(text.eq_ignore_ascii_case("true"))
        }
        Kind::Number => match text.parse() {
            Ok(number) => SettingValue::Number(number),
            Err(_) => return wrong(format!("`{known}` is a whole number, not `{text}`"), None),
        },
        Kind::Words(words) => match words.iter().find(|word| **word == text) {
            Some(word) => SettingValue::Word(word),
            None => {
                let near = did_you_mean(text, words.iter().copied());
                let all = (words.len() < 8).then(|| format!("values are {}", words.join(", ")));
                return wrong(format!("`{text}` is no value of `{known}`"), near.or(all));
            }
        },
        Kind::Text => SettingValue::Text(text.into()),
    };
    let told = match effect {
        Honoured => None,
        Always(as_if, why) => {
            let same = as_if.iter().any(|word| word.eq_ignore_ascii_case(text));
            (!same).then(|| (format!("the setting `{known}` is always {}", as_if[0]), why))
        }
        Dropped(why) => Some((format!("the setting `{known}` has no effect"), why)),
    };
    if let Some((what, why)) = told {
        found.push(Diagnostic::warning("W060", name.span(), format!("{what} in batis")).help(*why));
    }
    Some(Setting { name: known, value: value_of, span: name.span().to(value.span()) })
}

#[cfg(test)]
#[path = "../../../../jdbc-like/testkit/shared/doc_table.rs"]
mod doc_table;

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn table() -> String {
        let mut out = String::from("\n| setting | in batis |\n|---|---|\n");
        for (name, _, effect) in SETTINGS {
            let said = match effect {
                Honoured => "honoured".to_owned(),
                Always(values, why) => format!("always {}: {why}", values[0]),
                Dropped(why) => format!("no effect: {why}"),
            };
            let _ = writeln!(out, "| `{name}` | {said} |");
        }
        out.push('\n');
        out
    }

    /// `BATIS_BLESS=1 cargo test -p batis-script --lib setting` writes it.
    #[test]
    fn the_table_of_settings_is_that_of_the_code() {
        doc_table::check("docs/mapper-files.md", "settings", &table());
        assert!(SETTINGS.is_sorted_by_key(|(name, ..)| *name));
    }
}
