//! [`CacheKey`]: what a result is the answer to.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use batis_dbc::ValueRef;
use batis_script::{SqlSource, Statement};

use crate::result::encode;

/// A statement, its SQL, and the values that were bound, in their order: `1`, `1.0` and `'1'` are different values, and a null is one too.
/// Cheap to clone.
///
/// Source: `CacheKey` of MyBatis.
#[derive(Clone)]
pub struct CacheKey(Arc<Parts>);

struct Parts {
    statement: Arc<Statement>,
    /// Of a statement whose text is not always the same.
    sql: Option<Box<str>>,
    /// Each with a tag of its type, so that equal bytes are equal values.
    values: Box<[u8]>,
}

impl CacheKey {
    pub(crate) fn new<'v>(
        statement: &Arc<Statement>,
        sql: Option<&str>,
        values: impl Iterator<Item = ValueRef<'v>>,
    ) -> Self {
        let mut bytes = Vec::with_capacity(16);
        values.for_each(|value| encode(value, &mut bytes));
        let parts = Parts { statement: Arc::clone(statement), sql: sql.map(Into::into), values: bytes.into() };
        Self(Arc::new(parts))
    }

    /// The statement's full id.
    #[must_use]
    pub fn statement(&self) -> &str {
        &self.0.statement.id
    }

    /// The SQL.
    #[must_use]
    pub fn sql(&self) -> &str {
        match (&self.0.sql, &self.0.statement.source) {
            (Some(sql), _) => sql,
            (None, SqlSource::Static { sql, .. }) => sql,
            (None, SqlSource::Dynamic { .. }) => "",
        }
    }

    /// The bound values, as bytes that are equal for equal values only. They mean the same in all programs with the same version of batis.
    #[must_use]
    pub fn values(&self) -> &[u8] {
        &self.0.values
    }
}

impl PartialEq for CacheKey {
    fn eq(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        let (a, b) = (&*self.0, &*other.0);
        let same_sql = || match (&a.sql, &b.sql) {
            (None, None) if Arc::ptr_eq(&a.statement, &b.statement) => true,
            _ => self.sql() == other.sql(),
        };
        a.values == b.values && a.statement.id == b.statement.id && same_sql()
    }
}

impl Eq for CacheKey {}

impl Hash for CacheKey {
    /// Without the SQL, which is mostly the same for a statement.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.statement.id.hash(state);
        self.0.values.hash(state);
    }
}

/// Without the values, which are nobody's business in a log.
impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheKey").field("statement", &self.statement()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use batis_dbc::Value;
    use batis_script::MapperSet;

    fn statement(id: &str) -> Arc<Statement> {
        let xml = r#"<mapper namespace="t"><select id="a">select 1</select><select id="b">select 1</select></mapper>"#;
        let set = MapperSet::builder().file("t.xml", xml).link().unwrap();
        Arc::clone(set.statement(id).unwrap())
    }

    fn hash(key: &CacheKey) -> u64 {
        let mut hasher = std::collections::hash_map::DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    }

    /// `CacheKeyTest` of MyBatis: order, nulls, dates and the contents of arrays count; nothing equals nothing.
    #[test]
    fn values_of_other_types_places_or_numbers_are_other_keys() {
        use ValueRef as V;
        let (inner, other) = ([Value::Int(1), Value::Null], [Value::Null, Value::Int(1)]);
        let lists = [
            vec![],
            vec![V::Null],
            vec![V::Null, V::Null],
            vec![V::Int(1)],
            vec![V::Float(1.0)],
            vec![V::Text("1")],
            vec![V::Numeric("1")],
            vec![V::Bool(true)],
            vec![V::Date(1)],
            vec![V::Int(1), V::Null],
            vec![V::Null, V::Int(1)],
            vec![V::Array(&inner)],
            vec![V::Array(&other)],
            vec![V::Text("1"), V::Text("2")],
            vec![V::Text("12"), V::Text("")],
        ];
        let statement = statement("t.a");
        let key = |values: &[ValueRef<'_>]| CacheKey::new(&statement, None, values.iter().copied());
        for (i, a) in lists.iter().enumerate() {
            for (j, b) in lists.iter().enumerate() {
                assert_eq!(key(a) == key(b), i == j, "{a:?} and {b:?}");
                assert!(i != j || hash(&key(a)) == hash(&key(b)));
            }
        }
    }

    #[test]
    fn statements_and_texts_count() {
        let (a, b) = (statement("t.a"), statement("t.b"));
        let key = |statement: &Arc<Statement>, sql| CacheKey::new(statement, sql, std::iter::empty());
        assert_ne!(key(&a, None), key(&b, None));
        assert_ne!(key(&a, None), key(&a, Some("select 2")));
        assert_eq!(key(&a, Some("select 1")), key(&statement("t.a"), None), "the same text of another load");
        assert_eq!(key(&a, None).sql(), "select 1");
        assert_eq!(format!("{:?}", key(&a, None)), "CacheKey { statement: \"t.a\", .. }");
    }
}
