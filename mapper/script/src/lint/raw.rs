//! W201: `${}` puts text of the caller into the SQL.

use crate::diagnostic::Diagnostic;
use crate::node::{SqlNode, TextPart, walk};
use crate::statement::{SqlSource, Statement};

pub(super) fn check(statement: &Statement, found: &mut Vec<Diagnostic>) {
    let SqlSource::Dynamic { root } = &statement.source else { return };
    walk(root, &mut |node| {
        let SqlNode::Text(text) = node else { return };
        for part in text.parts() {
            let TextPart::Raw(expression) = part else { continue };
            if expression.names().is_empty() {
                continue;
            }
            let message = format!(
                "`${{{}}}` goes into the SQL as it is: whoever chooses its value writes SQL",
                expression.text()
            );
            let help = "write #{..} for a value; for a name of a column choose among known ones with <choose>";
            found.push(Diagnostic::warning("W201", expression.span(), message).help(help));
        }
    });
}
