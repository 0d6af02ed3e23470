//! What a check of mapper files gives.

use crate::diagnostic::Diagnostics;
use crate::mapper_set::MapperSet;

/// The findings of [`MapperSetBuilder::check`](crate::MapperSetBuilder::check).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Checked {
    /// Mistakes, warnings and what the lint rules say.
    pub diagnostics: Diagnostics,
    /// The set, when there are no mistakes.
    pub set: Option<MapperSet>,
}
