//! W202: an UPDATE or DELETE that can lose its WHERE.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::statement::{Statement, StatementKind};
use crate::variants::Variant;

use super::literal::without_literals;
/// Combinations that are tried for each statement.
const LIMIT: usize = 256;

pub(super) fn check(statement: &Statement, found: &mut Vec<Diagnostic>) {
    if !matches!(statement.kind, StatementKind::Update | StatementKind::Delete) {
        return;
    }
    let variants = statement.variants(LIMIT).distinct;
    let naked: Vec<(&Variant, &'static str)> =
        variants.iter().filter_map(|variant| Some((variant, verb_without_where(&variant.sql)?))).collect();
    let Some((shortest, verb)) =
        naked.iter().min_by_key(|(variant, _)| variant.tests.iter().filter(|test| test.1).count())
    else {
        return;
    };
    let message = if naked.len() == variants.len() {
        format!("{verb} has no WHERE: it changes every row")
    } else {
        format!("{verb} has no WHERE when {}", conditions(shortest, &naked))
    };
    let help = "guard it, or say that it is meant: <!-- batis: allow(W202) reason -->";
    found.push(Diagnostic::warning("W202", statement.name_span, message).help(help));
}

/// The tests that matter: not those that may be true or false alike.
fn conditions(shortest: &Variant, naked: &[(&Variant, &str)]) -> String {
    let matters = |(text, value): &&(Arc<str>, bool)| {
        naked.iter().all(|(other, _)| other.tests.iter().all(|(known, was)| known != text || was == value))
    };
    let (truthy, falsy): (Vec<_>, Vec<_>) = shortest.tests.iter().filter(matters).partition(|test| test.1);
    let all = |tests: Vec<&(Arc<str>, bool)>, value: &str| {
        let texts: Vec<String> = tests.iter().map(|test| format!("`{}`", test.0)).collect();
        match texts.as_slice() {
            [] => None,
            [only] => Some(format!("{only} is {value}")),
            [some @ .., last] if texts.len() <= 5 => Some(format!("{} and {last} are {value}", some.join(", "))),
            [first, ..] => Some(format!("{first} and {} other tests are {value}", texts.len() - 1)),
        }
    };
    let told: Vec<String> = [all(falsy, "false"), all(truthy, "true")].into_iter().flatten().collect();
    if told.is_empty() { "its tests are false".to_owned() } else { told.join(" and ") }
}

/// The verb of the first of the statements in a text that changes rows without a WHERE.
fn verb_without_where(sql: &str) -> Option<&'static str> {
    let plain = without_literals(sql).to_uppercase();
    plain.split(';').find_map(|one| {
        // What stands in `${}` may be the WHERE.
        if one.contains("${") && !one.contains(" SET ") {
            return None;
        }
        let words: Vec<&str> =
            one.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).filter(|w| !w.is_empty()).collect();
        let verb = match words.first() {
            Some(&"UPDATE") => "UPDATE",
            Some(&"DELETE") => "DELETE",
            _ => return None,
        };
        (!words.contains(&"WHERE")).then_some(verb)
    })
}
