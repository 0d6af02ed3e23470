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
    /// Known, but without a meaning in batis.
    Dropped,
}

const SETTINGS: &[(&str, Kind)] = &[
    ("aggressiveLazyLoading", Kind::Bool),
    ("argNameBasedConstructorAutoMapping", Kind::Bool),
    ("autoMappingBehavior", Kind::Words(&["NONE", "PARTIAL", "FULL"])),
    ("autoMappingUnknownColumnBehavior", Kind::Words(&["NONE", "WARNING", "FAILING"])),
    ("cacheEnabled", Kind::Bool),
    ("callSettersOnNulls", Kind::Bool),
    ("configurationFactory", Kind::Dropped),
    ("defaultEnumTypeHandler", Kind::Text),
    ("defaultExecutorType", Kind::Words(&["SIMPLE", "REUSE", "BATCH"])),
    ("defaultFetchSize", Kind::Number),
    ("defaultResultSetType", Kind::Words(&["DEFAULT", "FORWARD_ONLY", "SCROLL_INSENSITIVE", "SCROLL_SENSITIVE"])),
    ("defaultScriptingLanguage", Kind::Text),
    ("defaultSqlProviderType", Kind::Dropped),
    ("defaultStatementTimeout", Kind::Number),
    ("jdbcTypeForNull", Kind::Words(&JDBC_TYPES)),
    ("lazyLoadTriggerMethods", Kind::Dropped),
    ("lazyLoadingEnabled", Kind::Bool),
    ("localCacheScope", Kind::Words(&["SESSION", "STATEMENT"])),
    ("logImpl", Kind::Dropped),
    ("logPrefix", Kind::Text),
    ("mapUnderscoreToCamelCase", Kind::Bool),
    ("multipleResultSetsEnabled", Kind::Dropped),
    ("nullableOnForEach", Kind::Bool),
    ("proxyFactory", Kind::Dropped),
    ("returnInstanceForEmptyRow", Kind::Bool),
    ("safeResultHandlerEnabled", Kind::Bool),
    ("safeRowBoundsEnabled", Kind::Bool),
    ("shrinkWhitespacesInSql", Kind::Bool),
    ("useActualParamName", Kind::Bool),
    ("useColumnLabel", Kind::Bool),
    ("useGeneratedKeys", Kind::Bool),
    ("vfsImpl", Kind::Dropped),
];

/// The setting, if it means something.
pub(super) fn setting(name: &SpannedText, value: &SpannedText, found: &mut Vec<Diagnostic>) -> Option<Setting> {
    let (written, text) = (name.as_str(), value.as_str());
    let Some((known, kind)) = SETTINGS.iter().find(|(known, _)| *known == written) else {
        let help = did_you_mean(written, SETTINGS.iter().map(|(known, _)| *known));
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
        Kind::Dropped => {
            let message = format!("the setting `{known}` has no effect in batis");
            found.push(Diagnostic::warning("W060", name.span(), message));
            return None;
        }
    };
    Some(Setting { name: known, value: value_of, span: name.span().to(value.span()) })
}
