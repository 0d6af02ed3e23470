//! `<include>`: fragments put in place of their references.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::properties::Properties;
use crate::schema;
use crate::span::Span;
use crate::xml::{Child, Element};

/// A `<sql>` element.
#[derive(Debug)]
pub(crate) struct Fragment<'f> {
    pub(crate) element: &'f Element,
}

/// All fragments in force, by full id, and those that exist for other databases only.
#[derive(Debug, Default)]
pub(crate) struct Fragments<'f> {
    pub(crate) by_id: HashMap<String, Fragment<'f>>,
    pub(crate) foreign: HashMap<String, Vec<String>>,
}

/// More nodes than this in one statement come from fragments that multiply each other.
const MOST_NODES: usize = 100_000;

/// Puts fragments in place of includes in one statement.
#[derive(Debug)]
pub(crate) struct Expander<'e, 'f> {
    pub(crate) fragments: &'e Fragments<'f>,
    pub(crate) namespace: &'e str,
    pub(crate) diagnostics: &'e mut Vec<Diagnostic>,
    /// The fragments being expanded, outermost first.
    pub(crate) path: Vec<String>,
    pub(crate) nodes: usize,
}

/// A reference with a dot is a full id, any other one is of this namespace.
pub(crate) fn full_id(namespace: &str, id: &str) -> String {
    if id.contains('.') { id.to_owned() } else { format!("{namespace}.{id}") }
}

impl Expander<'_, '_> {
    /// A statement with fragments put in, then properties: the order in which MyBatis does it.
    pub(crate) fn filled(&mut self, element: &Element, properties: &Properties) -> Element {
        let mut filled = shallow(element);
        filled.children = self.expand(&element.children, properties, false);
        fill(&mut filled, properties);
        schema::check_values(&filled, self.diagnostics);
        filled
    }

    /// The children with all includes replaced. Inside a fragment (`included`) properties are filled in.
    fn expand(&mut self, children: &[Child], properties: &Properties, included: bool) -> Vec<Child> {
        let mut out = Vec::with_capacity(children.len());
        for child in children {
            self.nodes += 1;
            if self.nodes > MOST_NODES {
                break;
            }
            match child {
                Child::Text(text) if included && !properties.is_empty() => {
                    out.push(Child::Text(properties.replace(text)));
                }
                Child::Text(text) => out.push(Child::Text(text.clone())),
                Child::Element(element) if element.name == "include" => self.include(element, properties, &mut out),
                Child::Element(element) => {
                    let mut copy = if included { attributes_replaced(element, properties) } else { shallow(element) };
                    copy.children = self.expand(&element.children, properties, included);
                    out.push(Child::Element(copy));
                }
            }
        }
        out
    }

    fn include(&mut self, element: &Element, properties: &Properties, out: &mut Vec<Child>) {
        let Some(refid) = element.attribute("refid") else { return };
        let refid = properties.replace(refid);
        let id = full_id(self.namespace, refid.as_str());
        let Some(fragment) = self.fragments.by_id.get(&id) else {
            self.diagnostics.push(self.unknown(&id, refid.as_str(), refid.span()));
            return;
        };
        if self.path.contains(&id) {
            let mut circle: Vec<String> =
                self.path.iter().skip_while(|on| **on != id).map(|on| format!("`{on}`")).collect();
            circle.push(format!("`{id}`"));
            let message = format!("fragments include each other in a circle: {}", circle.join(" -> "));
            self.diagnostics.push(Diagnostic::error("E043", refid.span(), message));
            return;
        }
        if self.path.len() > 50 {
            let message = "fragments include each other more than 50 levels deep";
            self.diagnostics.push(Diagnostic::error("E043", refid.span(), message));
            return;
        }
        let given = self.given(element, properties);
        let scope = if given.is_empty() { properties.clone() } else { properties.extended(given) };
        self.path.push(id);
        let children = self.expand(&fragment.element.children, &scope, true);
        self.path.pop();
        out.extend(children);
        if self.nodes > MOST_NODES && self.path.is_empty() {
            let message = format!("the fragments make more than {MOST_NODES} nodes");
            self.diagnostics.push(Diagnostic::error("E043", refid.span(), message));
        }
    }

    /// The properties an include gives, evaluated where it stands.
    fn given(&mut self, element: &Element, properties: &Properties) -> Vec<(String, String)> {
        let mut given: Vec<(String, String)> = Vec::new();
        for property in element.elements() {
            let (Some(name), Some(value)) = (property.attribute("name"), property.attribute("value")) else { continue };
            let name = name.as_str().to_owned();
            if given.iter().any(|(known, _)| *known == name) {
                let message = format!("the property `{name}` is given twice in one include");
                self.diagnostics.push(Diagnostic::error("E044", property.span, message));
            }
            given.push((name, properties.replace(value).as_str().to_owned()));
        }
        given
    }

    fn unknown(&self, id: &str, written: &str, span: Span) -> Diagnostic {
        if let Some(databases) = self.fragments.foreign.get(id) {
            let message = format!("the fragment `{id}` exists only for databaseId {}", databases.join(", "));
            return Diagnostic::error("E041", span, message);
        }
        let ids = || self.fragments.by_id.keys().map(String::as_str);
        let short = ids().filter_map(|id| id.strip_prefix(self.namespace).and_then(|rest| rest.strip_prefix('.')));
        let elsewhere = ids().find(|known| known.rsplit_once('.').is_some_and(|(_, name)| name == written));
        let help = match elsewhere {
            Some(full) => Some(format!("write `{full}`, it is of another namespace")),
            None => did_you_mean(written, short).or_else(|| did_you_mean(id, ids())),
        };
        Diagnostic::error("E041", span, format!("there is no fragment `{id}`")).help_opt(help).missing(id)
    }
}

fn shallow(element: &Element) -> Element {
    Element {
        name: element.name.clone(),
        attributes: element.attributes.clone(),
        children: Vec::new(),
        span: element.span,
        name_span: element.name_span,
    }
}

fn attributes_replaced(element: &Element, properties: &Properties) -> Element {
    let mut copy = shallow(element);
    fill_attributes(&mut copy, properties);
    copy
}

/// The element and all below with properties filled in.
pub(crate) fn replaced(element: &Element, properties: &Properties) -> Element {
    let mut copy = element.clone();
    fill(&mut copy, properties);
    copy
}

/// The same of an element of a mapper file, which is judged then: before, a value may be a property.
pub(crate) fn checked(element: &Element, properties: &Properties, diagnostics: &mut Vec<Diagnostic>) -> Element {
    let copy = replaced(element, properties);
    schema::check_values(&copy, diagnostics);
    copy
}

fn fill_attributes(element: &mut Element, properties: &Properties) {
    element.attributes.iter_mut().for_each(|attribute| properties.fill(&mut attribute.value));
}

/// Fills properties into the element and all below.
fn fill(element: &mut Element, properties: &Properties) {
    fill_attributes(element, properties);
    for child in &mut element.children {
        match child {
            Child::Text(text) => properties.fill(text),
            Child::Element(element) => fill(element, properties),
        }
    }
}
