//! What a statement can look like: its SQL for the combinations of its tests.

mod combine;
mod resolve;

use std::sync::Arc;

use crate::statement::{SqlSource, Statement};
use crate::value::Value;

/// One text that a statement can become.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variant {
    /// The SQL with `?`; a `${x}` stays as it is, a loop over elements runs twice.
    pub sql: String,
    /// The properties of the `?`, in order.
    pub parameters: Vec<Arc<str>>,
    /// The tests that decided, in order: their text and whether they were true. A loop says `x is not empty`.
    pub tests: Vec<(Arc<str>, bool)>,
}

/// The different texts of a statement.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Variants {
    /// Each text once, under the first combination that gives it.
    pub distinct: Vec<Variant>,
    /// The combinations that were tried.
    pub tried: usize,
    /// Whether these are all there are; otherwise each pair of tests was tried in all four ways.
    pub complete: bool,
}

impl Statement {
    /// The different texts for all combinations of the tests, or for pairs of them when there are more combinations than `limit`.
    ///
    /// Tests of the same text are true together, and `x == null` is the opposite of `x != null`; otherwise tests count as independent.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let xml = r#"<mapper namespace="users"><select id="find">select * from users
    ///   <where><if test="name != null">name = #{name}</if></where></select></mapper>"#;
    /// let set = batis_script::MapperSet::builder().file("users.xml", xml).link()?;
    /// let variants = set.statement("users.find")?.variants(64);
    /// assert_eq!(variants.distinct.len(), 2);
    /// assert_eq!(variants.distinct[1].tests, [("name != null".into(), true)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn variants(&self, limit: usize) -> Variants {
        let SqlSource::Dynamic { root } = &self.source else {
            return Variants { distinct: self.variant(Vec::new()).into_iter().collect(), tried: 1, complete: true };
        };
        let questions = resolve::questions(root);
        let combinations = combine::combinations(questions.len(), limit.max(1));
        let mut distinct: Vec<Variant> = Vec::new();
        for combination in &combinations.rows {
            let (nodes, tests) = resolve::resolve(root, &questions, combination);
            let fixed = Self { source: SqlSource::Dynamic { root: nodes.into() }, ..self.clone() };
            let Some(variant) = fixed.variant(tests) else { continue };
            if !distinct.iter().any(|known| known.sql == variant.sql && known.parameters == variant.parameters) {
                distinct.push(variant);
            }
        }
        Variants { distinct, tried: combinations.rows.len(), complete: combinations.complete }
    }

    /// The statement as it stands; the values do not matter, since nothing is left to be decided by them.
    fn variant(&self, tests: Vec<(Arc<str>, bool)>) -> Option<Variant> {
        let (sql, parameters) = match &self.source {
            SqlSource::Static { sql, mappings } => {
                (sql.to_string(), mappings.iter().map(|mapping| Arc::clone(&mapping.property)).collect())
            }
            SqlSource::Dynamic { .. } => {
                let parameter = Value::Null;
                let bound = self.bind(&parameter).ok()?;
                (bound.sql.to_string(), bound.binds.iter().map(|bind| Arc::clone(&bind.mapping.property)).collect())
            }
        };
        Some(Variant { sql, parameters, tests })
    }
}
