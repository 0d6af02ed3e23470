//! The mapper DTD: which elements and attributes there are.

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::parameter::{JDBC_TYPES, jdbc_type};
use crate::text::SpannedText;
use crate::xml::{Child, Element};

/// An element of the DTD.
struct Rule {
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
}

const DYNAMIC: &[&str] = &["include", "trim", "where", "set", "foreach", "choose", "if", "bind"];
const WITH_KEY: &[&str] = &["selectKey", "include", "trim", "where", "set", "foreach", "choose", "if", "bind"];
const MAPPINGS: &[&str] = &["constructor", "id", "result", "association", "collection", "discriminator"];
const WRITE: &[&str] = &[
    "parameterMap",
    "parameterType",
    "timeout",
    "flushCache",
    "statementType",
    "keyProperty",
    "useGeneratedKeys",
    "keyColumn",
    "databaseId",
    "lang",
];
const ARGUMENT: &[&str] =
    &["javaType", "column", "jdbcType", "typeHandler", "select", "resultMap", "name", "columnPrefix"];
const COLUMN: &[&str] = &["property", "javaType", "column", "jdbcType", "typeHandler"];
const NESTED: &[&str] = &[
    "column",
    "javaType",
    "jdbcType",
    "select",
    "resultMap",
    "typeHandler",
    "notNullColumn",
    "columnPrefix",
    "resultSet",
    "foreignColumn",
    "autoMapping",
    "fetchType",
    "ofType",
];

const fn rule(
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
) -> Rule {
    Rule { name, required, optional, children }
}

#[rustfmt::skip]
static RULES: &[Rule] = &[
    rule("mapper", &[], &["namespace"], &["cache-ref", "cache", "resultMap", "parameterMap", "sql", "insert", "update", "delete", "select"]),
    rule("cache-ref", &["namespace"], &[], &[]),
    rule("cache", &[], &["type", "eviction", "flushInterval", "size", "readOnly", "blocking"], &["property"]),
    rule("property", &["name", "value"], &[], &[]),
    rule("parameterMap", &["id", "type"], &[], &["parameter"]),
    rule("parameter", &["property"], &["javaType", "jdbcType", "mode", "resultMap", "scale", "typeHandler"], &[]),
    rule("resultMap", &["id", "type"], &["extends", "autoMapping"], MAPPINGS),
    rule("constructor", &[], &[], &["idArg", "arg"]),
    rule("idArg", &[], ARGUMENT, &[]),
    rule("arg", &[], ARGUMENT, &[]),
    rule("id", &[], COLUMN, &[]),
    rule("result", &[], COLUMN, &[]),
    rule("association", &["property"], NESTED, MAPPINGS),
    rule("collection", &["property"], NESTED, MAPPINGS),
    rule("discriminator", &["javaType"], &["column", "jdbcType", "typeHandler"], &["case"]),
    rule("case", &["value"], &["resultMap", "resultType"], MAPPINGS),
    rule("sql", &["id"], &["lang", "databaseId"], DYNAMIC),
    rule("select", &["id"], &["parameterMap", "parameterType", "resultMap", "resultType", "resultSetType", "statementType",
        "fetchSize", "timeout", "flushCache", "useCache", "databaseId", "lang", "resultOrdered", "resultSets", "affectData"], DYNAMIC),
    rule("insert", &["id"], WRITE, WITH_KEY),
    rule("update", &["id"], WRITE, WITH_KEY),
    rule("delete", &["id"], &["parameterMap", "parameterType", "timeout", "flushCache", "statementType", "databaseId", "lang"], DYNAMIC),
    rule("selectKey", &[], &["resultType", "statementType", "keyProperty", "keyColumn", "order", "databaseId"], DYNAMIC),
    rule("include", &["refid"], &[], &["property"]),
    rule("if", &["test"], &[], DYNAMIC),
    rule("when", &["test"], &[], DYNAMIC),
    rule("otherwise", &[], &[], DYNAMIC),
    rule("choose", &[], &[], &["when", "otherwise"]),
    rule("trim", &[], &["prefix", "prefixOverrides", "suffix", "suffixOverrides"], DYNAMIC),
    rule("where", &[], &[], DYNAMIC),
    rule("set", &[], &[], DYNAMIC),
    rule("foreach", &["collection"], &["nullable", "item", "index", "open", "close", "separator"], DYNAMIC),
    rule("bind", &["name", "value"], &[], &[]),
];

fn rule_of(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// Whether the DTD has an element of this name.
pub(crate) fn is_element(name: &str) -> bool {
    rule_of(name).is_some()
}

/// Reports everything in an element that the DTD does not know, from there down.
pub(crate) fn check(element: &Element, diagnostics: &mut Vec<Diagnostic>) {
    let Some(rule) = rule_of(&element.name) else { return };
    attributes(element, rule, diagnostics);
    for child in &element.children {
        match child {
            Child::Element(child) if !rule.children.contains(&child.name.as_str()) => {
                diagnostics.push(misplaced(child, rule));
            }
            Child::Element(child) => check(child, diagnostics),
            Child::Text(text) if !text.is_blank() && !takes_text(rule.name) => {
                let message = format!("text has no meaning in <{}>", rule.name);
                diagnostics.push(Diagnostic::error("E012", text.span(), message));
            }
            Child::Text(_) => {}
        }
    }
}

/// `choose` is reported on by the compiler, which only warns.
fn takes_text(name: &str) -> bool {
    matches!(
        name,
        "sql"
            | "select"
            | "insert"
            | "update"
            | "delete"
            | "selectKey"
            | "if"
            | "when"
            | "otherwise"
            | "trim"
            | "where"
            | "set"
            | "foreach"
            | "choose"
    )
}

fn misplaced(child: &Element, rule: &Rule) -> Diagnostic {
    let message = if rule_of(&child.name).is_some() {
        format!("<{}> must not stand in <{}>", child.name, rule.name)
    } else {
        format!("<{}> is no element of a mapper file", child.name)
    };
    Diagnostic::error("E010", child.name_span, message)
        .help_opt(did_you_mean(&child.name, rule.children.iter().copied()))
}

fn attributes(element: &Element, rule: &Rule, diagnostics: &mut Vec<Diagnostic>) {
    let known = || rule.required.iter().chain(rule.optional).copied();
    for attribute in &element.attributes {
        if attribute.name.starts_with("xml") || known().any(|name| name == attribute.name) {
            continue;
        }
        let message = format!("<{}> has no attribute `{}`", rule.name, attribute.name);
        let help = did_you_mean(&attribute.name, known());
        diagnostics.push(Diagnostic::error("E011", attribute.name_span, message).help_opt(help));
    }
    for name in rule.required {
        if element.attribute(name).is_none() {
            let message = format!("<{}> needs the attribute `{name}`", rule.name);
            let close = element
                .attributes
                .iter()
                .map(|attribute| attribute.name.as_str())
                .find(|given| !known().any(|name| name == *given));
            let help = close.map(|given| format!("`{given}` is written instead"));
            diagnostics.push(Diagnostic::error("E013", element.name_span, message).help_opt(help));
        }
    }
    for attribute in &element.attributes {
        value(rule.name, &attribute.name, &attribute.value, diagnostics);
    }
}

/// The words an attribute may have, where they are fixed.
fn words(element: &str, attribute: &str) -> Option<&'static [&'static str]> {
    Some(match attribute {
        "autoMapping" | "flushCache" | "useCache" | "resultOrdered" | "affectData" | "useGeneratedKeys"
        | "nullable" | "readOnly" | "blocking" => &["true", "false"],
        "statementType" => &["PREPARED", "STATEMENT", "CALLABLE"],
        "resultSetType" => &["DEFAULT", "FORWARD_ONLY", "SCROLL_INSENSITIVE", "SCROLL_SENSITIVE"],
        "fetchType" => &["lazy", "eager"],
        "order" if element == "selectKey" => &["BEFORE", "AFTER"],
        "mode" if element == "parameter" => &["IN", "OUT", "INOUT"],
        _ => return None,
    })
}

/// A value with `${` may still be completed from properties: it is looked at where it is used.
fn value(element: &str, attribute: &str, value: &SpannedText, diagnostics: &mut Vec<Diagnostic>) {
    let text = value.as_str();
    if text.contains("${") {
        return;
    }
    if let Some(words) = words(element, attribute)
        && !words.contains(&text)
    {
        let message = format!("`{text}` is no value of `{attribute}`");
        let help =
            did_you_mean(text, words.iter().copied()).unwrap_or_else(|| format!("values are {}", words.join(", ")));
        diagnostics.push(Diagnostic::error("E014", value.span(), message).help(help));
    }
    if attribute == "jdbcType"
        && let Err((message, _)) = jdbc_type(text)
    {
        diagnostics.push(Diagnostic::error("E014", value.span(), message).help_opt(did_you_mean(text, JDBC_TYPES)));
    }
    if matches!(attribute, "timeout" | "fetchSize" | "size" | "flushInterval") && text.parse::<i64>().is_err() {
        let message = format!("`{attribute}` is a whole number, not `{text}`");
        diagnostics.push(Diagnostic::error("E014", value.span(), message));
    }
}
