//! W210: keys that are generated but go nowhere.

use crate::diagnostic::Diagnostic;
use crate::statement::{Keys, Statement, StatementKind};

pub(super) fn check(statement: &Statement, found: &mut Vec<Diagnostic>) {
    let (nowhere, what) = match &statement.keys {
        Keys::Select(key) => (key.properties.is_empty(), "<selectKey>"),
        // By the setting every insert has it.
        Keys::Generated { properties, .. } => {
            (properties.is_empty() && !statement.environment.settings.use_generated_keys, "useGeneratedKeys")
        }
        Keys::None => return,
    };
    if nowhere && statement.kind != StatementKind::Select {
        let message = format!("{what} names no keyProperty: the key is read and dropped");
        found.push(Diagnostic::warning("W210", statement.name_span, message).help("write keyProperty=\"..\""));
    }
}
