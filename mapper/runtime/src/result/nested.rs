//! [`Nested`]: what a result map nests, and what that means for its rows.

use std::sync::Arc;

use batis_script::{NestedMapping, ResultMap, ResultMapping};

use super::java_types;
use super::result_maps::ResultMaps;

/// Whether a row alone does not say all of its object, or not which one it is.
pub(super) fn needs_tree(map: &ResultMap) -> bool {
    map.discriminator.is_some() || nested(map).any(|nested| nested.is_joined() || nested.select.is_some())
}

/// Whether several rows may be one object: the map, or a case of its discriminator, has a map inside.
///
/// Source: `hasNestedResultMaps` of MyBatis.
pub(super) fn is_grouped<'m>(map: &'m ResultMap, maps: &'m ResultMaps, past: &mut Vec<&'m str>) -> bool {
    if past.contains(&&*map.id) {
        return false;
    }
    past.push(&map.id);
    let cases = map.discriminator.iter().flat_map(|choice| &choice.cases).filter_map(|(_, id)| maps.get(id));
    nested(map).any(|nested| nested.is_joined()) || cases.into_iter().any(|case| is_grouped(case, maps, past))
}

/// An association, a collection, or an argument of the constructor that is one of them.
#[derive(Clone, Copy)]
pub(super) struct Nested<'m> {
    pub(super) property: Option<&'m str>,
    pub(super) many: bool,
    pub(super) select: Option<&'m str>,
    pub(super) result_map: Option<&'m str>,
    /// What it needs that the mapper cannot do.
    pub(super) unsupported: Option<&'static str>,
    pub(super) prefix: Option<&'m str>,
    pub(super) not_null: &'m [Arc<str>],
    pub(super) column: Option<&'m str>,
    pub(super) columns: &'m [(Arc<str>, Arc<str>)],
}

impl Nested<'_> {
    /// It is in the same row.
    fn is_joined(&self) -> bool {
        self.result_map.is_some() && self.unsupported.is_none()
    }
}

/// All of a map, in the order in which they are filled.
pub(super) fn nested(map: &ResultMap) -> impl Iterator<Item = Nested<'_>> {
    let arguments = map.constructor.iter().filter(|argument| !is_simple(argument)).map(argument_of);
    let associations = map.associations.iter().map(|association| nested_of(association, false));
    let collections = map.collections.iter().map(|collection| nested_of(collection, true));
    arguments.chain(associations).chain(collections)
}

fn nested_of(nested: &NestedMapping, many: bool) -> Nested<'_> {
    Nested {
        property: Some(&nested.property),
        many: many || nested.java_type.as_deref().is_some_and(java_types::is_list),
        select: nested.select.as_deref(),
        result_map: nested.result_map.as_deref(),
        unsupported: match nested.jdbc_type {
            _ if nested.result_set.is_some() => Some("`resultSet`, which takes a property from another result set,"),
            Some("CURSOR") => Some("a cursor inside of a row"),
            _ => None,
        },
        prefix: nested.column_prefix.as_deref(),
        not_null: &nested.not_null_columns,
        column: nested.column.as_deref(),
        columns: &nested.columns,
    }
}

fn argument_of(argument: &ResultMapping) -> Nested<'_> {
    Nested {
        property: argument.property.as_deref(),
        many: argument.java_type.as_deref().is_some_and(java_types::is_list),
        select: argument.select.as_deref(),
        result_map: argument.result_map.as_deref(),
        unsupported: None,
        prefix: argument.column_prefix.as_deref(),
        not_null: &[],
        column: argument.column.as_deref(),
        columns: &argument.columns,
    }
}

/// The columns of a map, in the order in which they are filled.
pub(super) fn mappings(map: &ResultMap) -> impl Iterator<Item = &ResultMapping> {
    map.constructor.iter().chain(&map.ids).chain(&map.results)
}

pub(super) fn is_simple(mapping: &ResultMapping) -> bool {
    mapping.select.is_none() && mapping.result_map.is_none()
}

/// Whether a map says nothing at all.
pub(super) fn is_empty(map: &ResultMap) -> bool {
    map.constructor.is_empty() && map.ids.is_empty() && map.results.is_empty() && nested(map).next().is_none()
}
