//! W204, W205, W211: what nothing uses.

use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::document::STATEMENTS;
use crate::include::full_id;
use crate::results;
use crate::span::Span;
use crate::xml::Element;

use super::Input;

pub(super) fn check(input: &Input<'_>, found: &mut Vec<Diagnostic>) {
    fragments(input, found);
    result_maps(input, found);
    if !input.database_known {
        absent(input, found);
    }
}

/// Fragments that no include names. An include whose name is made of properties may mean any.
fn fragments(input: &Input<'_>, found: &mut Vec<Diagnostic>) {
    let mut used = HashSet::new();
    for document in input.documents {
        if !includes(&document.root, &document.namespace, &mut used) {
            return;
        }
    }
    for (id, span) in &input.inner.fragments {
        // The name alone counts too: a fragment's own includes are resolved where it is included.
        let name = id.rsplit_once('.').map_or(&**id, |(_, name)| name);
        if !used.contains(&**id) && !used.contains(name) {
            let message = format!("nothing includes the fragment `{name}`");
            found.push(Diagnostic::warning("W204", *span, message));
        }
    }
}

fn includes(element: &Element, namespace: &str, used: &mut HashSet<String>) -> bool {
    if element.name == "include"
        && let Some(refid) = element.attribute("refid")
    {
        if refid.as_str().contains("${") {
            return false;
        }
        used.insert(full_id(namespace, refid.as_str()));
        used.insert(refid.as_str().to_owned());
    }
    element.elements().all(|child| includes(child, namespace, used))
}

fn result_maps(input: &Input<'_>, found: &mut Vec<Diagnostic>) {
    let inner = input.inner;
    let mut used: HashSet<&str> = HashSet::new();
    for statement in inner.statements.items() {
        used.extend(statement.result_maps.iter().map(|reference| &*reference.id));
    }
    for map in inner.result_maps.items() {
        used.extend(map.extends.as_deref());
        used.extend(results::references(map).map(|(id, _)| &**id));
    }
    for map in inner.result_maps.items().iter().filter(|map| !map.id.contains("mapper_resultMap[")) {
        let name = map.id.rsplit_once('.').map_or(&*map.id, |(_, name)| name);
        if !used.contains(&*map.id) && !used.contains(name) {
            let message = format!("nothing uses the result map `{name}`");
            let start = map.span.start + 1;
            let span = Span { end: start + 9, start, ..map.span };
            found.push(Diagnostic::warning("W205", span, message));
        }
    }
}

/// Statements that vanish as long as no database is chosen.
fn absent(input: &Input<'_>, found: &mut Vec<Diagnostic>) {
    for document in input.documents {
        for element in document.elements(&STATEMENTS) {
            let Some(id) = element.attribute("id") else { continue };
            let full = full_id(&document.namespace, id.as_str());
            if let Some(databases) = input.inner.foreign.get(&full) {
                let message = format!("`{}` exists only for databaseId {}", id.as_str(), databases.join(", "));
                let help = "check it with --database-id, or add one without databaseId";
                found.push(Diagnostic::warning("W211", id.span(), message).help(help));
            }
        }
    }
}
