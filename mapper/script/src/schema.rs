//! What the DTDs say, checked: which elements and attributes there are, and in which order.

mod rules;

use crate::diagnostic::{Diagnostic, did_you_mean, nearest};
use crate::parameter::{JDBC_TYPES, jdbc_type};
use crate::text::SpannedText;
use crate::xml::{Child, Element};

use rules::{CONFIG, Content, MAPPER, Rule};

/// One of the two kinds of files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    rules: &'static [Rule],
    what: &'static str,
}

/// Mapper files.
const MAPPERS: Schema = Schema { rules: MAPPER, what: "a mapper file" };

/// `mybatis-config.xml`.
pub(crate) const CONFIGURATION: Schema = Schema { rules: CONFIG, what: "a configuration file" };

/// Whether mapper files have an element of this name.
pub(crate) fn is_element(name: &str) -> bool {
    MAPPERS.rule(name).is_some()
}

/// Whether a configuration file has an element of this name.
pub(crate) fn is_config_element(name: &str) -> bool {
    CONFIGURATION.rule(name).is_some()
}

/// Reports everything in an element of a mapper file that the DTD does not know, from there down.
pub(crate) fn check(element: &Element, diagnostics: &mut Vec<Diagnostic>) {
    MAPPERS.check(element, diagnostics);
}

/// Reports the values that are wrong once the properties are in place.
pub(crate) fn check_values(element: &Element, diagnostics: &mut Vec<Diagnostic>) {
    for attribute in &element.attributes {
        value(&attribute.name, &attribute.value, diagnostics);
    }
    element.elements().for_each(|child| check_values(child, diagnostics));
}

impl Schema {
    fn rule(self, name: &str) -> Option<&'static Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    pub(crate) fn check(self, element: &Element, diagnostics: &mut Vec<Diagnostic>) {
        let Some(rule) = self.rule(&element.name) else { return };
        attributes(element, rule, diagnostics);
        let mut orphaned = false;
        for child in &element.children {
            let misplaced = match child {
                Child::Element(child) if !rule.children.contains(&child.name.as_str()) => {
                    Some(self.misplaced(child, rule))
                }
                Child::Element(child) => {
                    let before = diagnostics.len();
                    self.check(child, diagnostics);
                    if rule.name == "mapper" {
                        only_the_first(element, child, before, diagnostics);
                    }
                    orphaned = false;
                    None
                }
                Child::Text(text) => misplaced_text(text, rule),
            };
            // The content of a statement whose start tag is missing is one mistake.
            let told = orphaned && rule.name == "mapper" && is_content(child);
            orphaned |= misplaced.is_some() && is_content(child);
            diagnostics.extend(misplaced.filter(|_| !told));
        }
        if let Content::Ordered(once) = rule.content {
            ordered(element, rule, once, diagnostics);
        }
        for name in rule.at_least {
            if !element.elements().any(|child| child.name == *name) {
                let message = format!("<{}> needs a <{name}>", rule.name);
                diagnostics.push(Diagnostic::error("E016", element.name_span, message));
            }
        }
    }

    fn misplaced(self, child: &Element, rule: &Rule) -> Diagnostic {
        let nearest = || did_you_mean(&child.name, rule.children.iter().copied());
        if self.rule(&child.name).is_none() {
            let message = format!("<{}> is no element of {}", child.name, self.what);
            return Diagnostic::error("E010", child.name_span, message).help_opt(nearest());
        }
        let message = format!("<{}> must not stand in <{}>", child.name, rule.name);
        let help = match &*child.name {
            "when" | "otherwise" => Some("put it inside <choose>".to_owned()),
            "selectKey" => Some("only <insert> and <update> have one".to_owned()),
            _ if rule.name == "choose" => Some("put it inside <when> or <otherwise>".to_owned()),
            _ => nearest(),
        };
        Diagnostic::error("E010", child.name_span, message).help_opt(help)
    }
}

/// A second `<cache>` or `<cache-ref>` is never looked at, so that its values do not matter.
fn only_the_first(mapper: &Element, child: &Element, before: usize, diagnostics: &mut Vec<Diagnostic>) {
    if !matches!(&*child.name, "cache" | "cache-ref") {
        return;
    }
    let first = mapper.elements().find(|other| other.name == child.name);
    let Some(first) = first.filter(|first| first.span != child.span) else { return };
    let mut nth = 0;
    diagnostics.retain(|diagnostic| {
        nth += 1;
        nth <= before || diagnostic.code != "E014"
    });
    let message = format!("only the first <{}> of a mapper counts", child.name);
    diagnostics.push(Diagnostic::warning("W015", child.name_span, message).related(first.name_span, "the first one"));
}

/// Whether it may be the content of a statement.
fn is_content(child: &Child) -> bool {
    match child {
        Child::Element(child) => {
            MAPPERS.rule(&child.name).is_some_and(|rule| rule.content == Content::Text || rule.name == "choose")
        }
        Child::Text(_) => true,
    }
}

fn misplaced_text(text: &SpannedText, rule: &Rule) -> Option<Diagnostic> {
    match rule.content {
        Content::Text => None,
        Content::Empty if rule.children.is_empty() => {
            let what = if text.is_blank() { "not even blanks may" } else { "nothing may" };
            let message = format!("{what} stand between <{0}> and </{0}>", rule.name);
            Some(Diagnostic::error("E012", text.span(), message).help(format!("write <{} .. />", rule.name)))
        }
        _ if text.is_blank() => None,
        _ => {
            let message = format!("text has no meaning in <{}>", rule.name);
            let help = (rule.name == "choose").then(|| "put it inside <when> or <otherwise>".to_owned());
            Some(Diagnostic::error("E012", text.trimmed_span(), message).help_opt(help))
        }
    }
}

/// Reports the first child that stands behind one it must precede, and those that may be there once only.
fn ordered(element: &Element, rule: &Rule, once: &[&str], diagnostics: &mut Vec<Diagnostic>) {
    let place = |child: &Element| rule.children.iter().position(|name| *name == child.name);
    let mut last: Option<(usize, &Element)> = None;
    let mut seen: Vec<&Element> = Vec::new();
    for child in element.elements() {
        let Some(at) = place(child) else { continue };
        if let Some(first) = seen.iter().find(|first| first.name == child.name && once.contains(&&*child.name)) {
            let code = if rule.name == "choose" { "E032" } else { "E015" };
            let message = format!("<{}> has more than one <{}>", rule.name, child.name);
            diagnostics
                .push(Diagnostic::error(code, child.name_span, message).related(first.name_span, "the first one"));
            continue;
        }
        seen.push(child);
        match last {
            Some((before, other)) if at < before => {
                let message = format!("<{}> must stand before <{}>", child.name, other.name);
                let order = rule.children.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(", ");
                let diagnostic = Diagnostic::error("E015", child.name_span, message);
                let diagnostic = diagnostic.related(other.name_span, "this one comes later");
                diagnostics.push(diagnostic.help(format!("the order is {order}")));
                return;
            }
            _ => last = Some((at, child)),
        }
    }
}

fn attributes(element: &Element, rule: &Rule, diagnostics: &mut Vec<Diagnostic>) {
    let known = || rule.required.iter().chain(rule.optional).copied();
    for attribute in element.attributes.iter().filter(|given| !known().any(|name| name == given.name)) {
        let message = format!("<{}> has no attribute `{}`", rule.name, attribute.name);
        let help = if attribute.name.starts_with("xml") {
            Some("leave it out: MyBatis' DTD has no namespaces".to_owned())
        } else {
            did_you_mean(&attribute.name, known())
        };
        diagnostics.push(Diagnostic::error("E011", attribute.name_span, message).help_opt(help));
    }
    for name in rule.required {
        let mistyped = |given: &str| !known().any(|name| name == given) && nearest(given, known()) == Some(*name);
        if element.attribute(name).is_none() && !element.attributes.iter().any(|given| mistyped(&given.name)) {
            let message = format!("<{}> needs the attribute `{name}`", rule.name);
            let mut others = element.attributes.iter().map(|attribute| attribute.name.as_str());
            let close = others.find(|given| !known().any(|name| name == *given));
            let help = close.map(|given| format!("`{given}` is written instead"));
            diagnostics.push(Diagnostic::error("E013", element.name_span, message).help_opt(help));
        }
    }
    for attribute in &element.attributes {
        word(rule.name, &attribute.name, &attribute.value, diagnostics);
        // A property may still complete it.
        if !attribute.value.as_str().contains("${") {
            value(&attribute.name, &attribute.value, diagnostics);
        }
    }
}

/// The words an attribute may have, where the DTD fixes them. (Those of `<cache>` are free text: what is not `true` is false.)
fn words(element: &str, attribute: &str) -> Option<&'static [&'static str]> {
    Some(match attribute {
        "autoMapping" | "flushCache" | "useCache" | "resultOrdered" | "affectData" | "useGeneratedKeys"
        | "nullable" => &["true", "false"],
        "statementType" => &["PREPARED", "STATEMENT", "CALLABLE"],
        "resultSetType" => &["DEFAULT", "FORWARD_ONLY", "SCROLL_INSENSITIVE", "SCROLL_SENSITIVE"],
        "fetchType" => &["lazy", "eager"],
        "order" if element == "selectKey" => &["BEFORE", "AFTER"],
        "mode" if element == "parameter" => &["IN", "OUT", "INOUT"],
        _ => return None,
    })
}

/// The DTD fixes the words as they are written: not even a property can stand for one.
fn word(element: &str, attribute: &str, value: &SpannedText, diagnostics: &mut Vec<Diagnostic>) {
    let text = value.as_str();
    let Some(words) = words(element, attribute).filter(|words| !words.contains(&text.trim_matches(' '))) else {
        return;
    };
    let near = did_you_mean(text, words.iter().copied());
    let help = near.unwrap_or_else(|| format!("values are {}", words.join(", ")));
    let message = format!("`{text}` is no value of `{attribute}`");
    diagnostics.push(Diagnostic::error("E014", value.span(), message).help(help));
}

fn value(attribute: &str, value: &SpannedText, diagnostics: &mut Vec<Diagnostic>) {
    let text = value.as_str();
    let mut wrong = |message: String, help: Option<String>| {
        diagnostics.push(Diagnostic::error("E014", value.span(), message).help_opt(help));
    };
    if matches!(attribute, "readOnly" | "blocking") && !matches!(text, "true" | "false") {
        let message = format!("`{text}` counts as false: `{attribute}` is true or false");
        diagnostics.push(Diagnostic::warning("W014", value.span(), message));
        return;
    }
    if attribute == "jdbcType"
        && let Err((message, _)) = jdbc_type(text)
    {
        wrong(message, did_you_mean(text, JDBC_TYPES));
    }
    if attribute == "lang" && text.is_empty() {
        wrong("`lang` names no language".to_owned(), Some("leave it out".to_owned()));
    }
    let number = match attribute {
        "timeout" | "fetchSize" | "size" => text.parse::<i32>().is_ok(),
        "flushInterval" => text.parse::<i64>().is_ok(),
        _ => true,
    };
    if !number {
        wrong(format!("`{attribute}` is a whole number, not `{text}`"), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of mapper files: `rules.rs`.
    #[test]
    fn the_page_names_every_part_of_a_configuration_file() {
        let page = include_str!("../../../docs/mapper-files.md");
        for rule in CONFIG.iter().take(1) {
            for part in rule.children.iter().filter(|part| !part.ends_with("Factory")) {
                assert!(page.contains(&format!("`{part}`")), "`{part}` is not explained");
            }
        }
    }
}
