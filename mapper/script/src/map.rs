//! The map that carries named parameters.

use std::collections::HashMap;
use std::sync::Arc;

use crate::value::Value;

/// What a [`Map`] stands for, which decides what a missing key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MapKind {
    /// An ordinary map: a missing key reads as null.
    #[default]
    Plain,
    /// The arguments of a mapper method: a missing key is an error that lists the names there are.
    #[doc(alias = "ParamMap")]
    Strict,
    /// An object with fixed properties (a struct): a missing property is an error that names it.
    Object,
    /// One entry of a map, with `key` and `value`, as `entrySet()` gives them: `<foreach>` takes the key for the index.
    Entry,
}

/// A map in insertion order. Keys are mostly text; other keys (numbers) are kept as they are for `foreach`.
///
/// A look-up by name takes the exact name first, then the one that is equal once camelCase and snake_case
/// are the same, so `#{userName}` finds `user_name`.
#[derive(Debug, Clone, Default)]
pub struct Map {
    kind: MapKind,
    entries: Vec<(Value, Value)>,
    /// Positions by name, kept from [`INDEXED_FROM`] entries on.
    index: Option<HashMap<Arc<str>, usize>>,
}

/// Below this many entries a scan is faster than a hash.
const INDEXED_FROM: usize = 24;

impl Map {
    /// An empty map whose missing keys read as null.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for this many entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), ..Self::default() }
    }

    /// An empty map whose missing keys are errors: what MyBatis builds from the arguments of a mapper method.
    #[must_use]
    #[doc(alias = "ParamMap")]
    pub fn strict() -> Self {
        Self { kind: MapKind::Strict, ..Self::default() }
    }

    /// An empty map that stands for an object: properties that are not there are errors.
    #[must_use]
    pub fn object() -> Self {
        Self { kind: MapKind::Object, ..Self::default() }
    }

    /// What it stands for.
    #[must_use]
    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// The same entries, standing for something else.
    #[must_use]
    pub fn with_kind(mut self, kind: MapKind) -> Self {
        self.kind = kind;
        self
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Sets an entry; an entry of the same key keeps its place and is given the new value.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        let found = match &key {
            Value::Text(name) => self.position(name),
            other => self.entries.iter().position(|(known, _)| known.java_equals(other)),
        };
        match found {
            Some(at) => self.entries[at].1 = value,
            None => self.push(key, value),
        }
    }

    /// The map with one entry more; for building in one expression.
    #[must_use]
    pub fn with(mut self, key: impl Into<Value>, value: impl Into<Value>) -> Self {
        self.insert(key, value);
        self
    }

    fn push(&mut self, key: Value, value: Value) {
        let at = self.entries.len();
        if let (Some(index), Value::Text(name)) = (&mut self.index, &key) {
            index.insert(name.clone(), at);
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() >= INDEXED_FROM {
            self.index = Some(self.entries.iter().enumerate().filter_map(named).collect());
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        if let Some(index) = &self.index {
            return index.get(name).copied();
        }
        // Most names differ in length or in their last letter, which costs no call.
        let last = name.as_bytes().last();
        let same = |text: &str| text.len() == name.len() && text.as_bytes().last() == last && text == name;
        self.entries.iter().position(|(key, _)| matches!(key, Value::Text(text) if same(text)))
    }

    /// The value of exactly this name.
    #[must_use]
    pub fn get_exact(&self, name: &str) -> Option<&Value> {
        self.position(name).map(|at| &self.entries[at].1)
    }

    /// The value of this name: the exact name first, then the one equal in camelCase and snake_case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.get_exact(name).or_else(|| self.get_folded(name))
    }

    /// A name without capitals and underscores has no other spelling, so most misses end at once.
    fn get_folded(&self, name: &str) -> Option<&Value> {
        if !name.bytes().any(|byte| byte == b'_' || byte.is_ascii_uppercase()) {
            return None;
        }
        // Both spellings begin with the same letter: `A` is no other way to write `a`.
        let first = name.as_bytes()[0];
        let same = |key: &Value| matches!(key, Value::Text(text) if text.as_bytes().first() == Some(&first) && same_name(text, name));
        self.entries.iter().find(|(key, _)| same(key)).map(|(_, value)| value)
    }

    /// The value of a key of any type, compared as Java's `equals` does; text finds other spellings too.
    #[must_use]
    pub fn get_key(&self, key: &Value) -> Option<&Value> {
        if let Value::Text(name) = key {
            return self.get(name);
        }
        self.entries.iter().find(|(known, _)| known.java_equals(key)).map(|(_, value)| value)
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The text keys in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|(key, _)| match key {
            Value::Text(name) => Some(&**name),
            _ => None,
        })
    }
}

fn named((at, (key, _)): (usize, &(Value, Value))) -> Option<(Arc<str>, usize)> {
    match key {
        Value::Text(name) => Some((name.clone(), at)),
        _ => None,
    }
}

/// Whether one name is written in camelCase and the other is the same in snake_case.
fn same_name(a: &str, b: &str) -> bool {
    a.len() != b.len() && a.len().abs_diff(b.len()) <= a.len().min(b.len()) && folded(a).eq(folded(b))
}

/// The letters in snake_case: `userName`, `user_name` and `userNAME` give the same.
fn folded(name: &str) -> impl Iterator<Item = char> + '_ {
    let mut before: Option<char> = None;
    name.chars().flat_map(move |letter| {
        let starts_word = letter.is_uppercase() && before.is_some_and(|last| !last.is_uppercase() && last != '_');
        before = Some(letter);
        starts_word.then_some('_').into_iter().chain(letter.to_lowercase())
    })
}

impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.entries.iter().all(|(key, value)| {
                let found = other.entries.iter().find(|(other, _)| other == key);
                found.is_some_and(|(_, other)| other == value)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_exact_names_before_other_spellings() {
        let map = Map::new().with("user_name", 1).with("userName", 2).with("first_name", 3);
        assert_eq!(map.get("userName"), Some(&Value::Int(2)));
        assert_eq!(map.get("user_name"), Some(&Value::Int(1)));
        assert_eq!(map.get("firstName"), Some(&Value::Int(3)));
        assert_eq!(map.get("first"), None);
        assert!(same_name("userID", "user_id"));
        assert!(!same_name("userid", "user_id"));
        assert!(!same_name("userID", "userId"), "two names of one program");
    }

    #[test]
    fn stays_right_when_it_grows_an_index() {
        let map: Map = (0..100).map(|n| (format!("key_{n}"), n)).collect();
        assert_eq!(map.get("key_77"), Some(&Value::Int(77)));
        assert_eq!(map.get("key_100"), None);
        assert_eq!(map.len(), 100);
    }
}
