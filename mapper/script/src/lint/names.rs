//! W207: names of loops and binds that hide others.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::node::{ForEach, SqlNode};
use crate::span::Span;
use crate::statement::{SqlSource, Statement};

pub(super) fn check(statement: &Statement, found: &mut Vec<Diagnostic>) {
    if let SqlSource::Dynamic { root } = &statement.source {
        visit(root, &mut Vec::new(), found);
    }
}

/// `names`: those in force here, and what gave them.
fn visit(nodes: &[SqlNode], names: &mut Vec<(Arc<str>, &'static str)>, found: &mut Vec<Diagnostic>) {
    for node in nodes {
        match node {
            SqlNode::If { body, .. } => visit(body, names, found),
            SqlNode::Choose { whens, otherwise } => {
                whens.iter().for_each(|(_, body)| visit(body, names, found));
                otherwise.iter().for_each(|body| visit(body, names, found));
            }
            SqlNode::Trim(trim) => visit(trim.body(), names, found),
            SqlNode::ForEach(each) => {
                let outer = names.len();
                enter(each, names, found);
                visit(each.body(), names, found);
                names.truncate(outer);
            }
            SqlNode::Bind { name, value } => {
                // A value bound again in another branch hides nothing.
                if let Some((_, what)) = names.iter().find(|(known, what)| known == name && *what != "a <bind>") {
                    found.push(hides(name, what, value.span()));
                } else {
                    names.push((Arc::clone(name), "a <bind>"));
                }
            }
            SqlNode::Text(_) => {}
        }
    }
}

fn enter(each: &ForEach, names: &mut Vec<(Arc<str>, &'static str)>, found: &mut Vec<Diagnostic>) {
    let span = each.collection().span();
    let own = each.names();
    if own.item.is_some() && own.item == own.index {
        let message =
            format!("`{}` is both item and index of the loop: it is the item", own.item.as_deref().unwrap_or_default());
        found.push(Diagnostic::warning("W207", span, message).help("give them different names"));
    }
    for name in [&own.item, &own.index].into_iter().flatten() {
        if let Some((_, what)) = names.iter().rev().find(|(known, _)| known == name) {
            found.push(hides(name, what, span));
        }
        names.push((Arc::clone(name), "a loop around"));
    }
    if let Some(item) = &own.item
        && each.collection().names().first() == Some(&&**item)
        && each.collection().text().trim() == &**item
    {
        let message = format!("the item `{item}` has the name of its collection: it is gone behind the loop");
        found.push(Diagnostic::warning("W207", span, message).help("give the item another name"));
    }
}

fn hides(name: &str, what: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}` hides the name that {what} gives");
    Diagnostic::warning("W207", span, message).help("give it another name")
}
