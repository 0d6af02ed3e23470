//! Rust's spelling of statement ids: what a file names `users.findByName` answers to `users.find_by_name` as well.

use std::collections::HashMap;
use std::sync::Arc;

use batis_script::snake_case;

use crate::mapped_statement::{MappedStatement, Statements};

/// Adds the other spelling of each id, so that a look-up stays a single one. Ids that stand in the files win, and ids that would be spelled
/// alike keep their own names only.
pub(super) fn add_spellings(statements: &mut Statements) {
    let mut added: HashMap<Arc<str>, Option<Arc<MappedStatement>>> = HashMap::new();
    for (id, statement) in statements.iter() {
        if let Some(snake) = snake_case(id).filter(|snake| !statements.contains_key(snake.as_str())) {
            added.entry(snake.into()).and_modify(|one| *one = None).or_insert_with(|| Some(Arc::clone(statement)));
        }
    }
    statements.extend(added.into_iter().filter_map(|(id, statement)| Some((id, statement?))));
}
