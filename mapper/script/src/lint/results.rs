//! W206, W208: what becomes of rows.

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;
use crate::document::Document;
use crate::statement::{Statement, StatementKind};
use crate::xml::Element;

/// Properties that two mappings of one map want to set.
pub(super) fn check(documents: &[Document], found: &mut Vec<Diagnostic>) {
    for document in documents {
        document.elements(&["resultMap"]).for_each(|map| visit(map, found));
    }
}

fn visit(map: &Element, found: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, &Element> = HashMap::new();
    for child in map.elements() {
        match &*child.name {
            "id" | "result" | "association" | "collection" => {
                let Some(property) = child.attribute("property") else { continue };
                match seen.get(property.as_str()) {
                    Some(first) => {
                        let message = format!("`{}` is mapped twice: the later one wins", property.as_str());
                        let twice = Diagnostic::warning("W206", property.span(), message);
                        found.push(twice.related(first.name_span, "the first one"));
                    }
                    None => _ = seen.insert(property.as_str(), child),
                }
                visit(child, found);
            }
            "discriminator" => child.elements().for_each(|case| visit(case, found)),
            _ => {}
        }
    }
}

/// MyBatis needs to be told what a row becomes; batis takes the type of the call.
pub(super) fn untyped(statement: &Statement, found: &mut Vec<Diagnostic>) {
    let typed = statement.result_type.is_some() || !statement.result_maps.is_empty();
    if statement.kind == StatementKind::Select && !typed {
        let message = format!("`{}` has neither resultType nor resultMap: MyBatis cannot run it", statement.name());
        found.push(Diagnostic::warning("W208", statement.name_span, message));
    }
}
