//! [`Group`]: which columns belong to one object, and under which property names.

use std::fmt;
use std::sync::Arc;

use batis_dbc::Shape;
use batis_script::{NestedMapping, ResultMap, ResultMapping};

use super::error::Failure;
use super::once_list::{Kept, OnceList};
use super::result_maps::ResultMaps;
use crate::type_handler::{TypeHandler, TypeHandlers};

/// The columns of one object: of a row, or of an object inside of it.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) entries: Vec<Entry>,
    /// Its result map chooses another one by a column, which cannot be done yet.
    discriminated: bool,
    /// For each Rust type that was read: which entry fills which field.
    types: OnceList<TypePlan>,
}

/// A property and where its value comes from.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The property as a mapper file writes it, or the column's label.
    pub(crate) name: Box<str>,
    pub(crate) source: Source,
}

#[derive(Debug)]
pub(crate) enum Source {
    /// A column of the row.
    Column { index: usize, reader: Reader },
    /// An object made of several columns.
    Group(Group),
    /// What the mapper cannot do yet; an error only if a field asks for it.
    Unsupported(&'static str),
}

/// How a column is read.
#[derive(Clone)]
pub(crate) enum Reader {
    Plain,
    Handler(Arc<dyn TypeHandler>),
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Handler(_) => "Handler",
        })
    }
}

/// Which entry fills which field of a struct; fields without an entry are missing.
#[derive(Debug)]
pub(crate) struct TypePlan {
    fields: &'static [&'static str],
    pub(crate) slots: Vec<(&'static str, usize)>,
}

/// What the building of a group needs.
struct Builder<'a> {
    shape: &'a Shape,
    maps: &'a ResultMaps,
    handlers: &'a TypeHandlers,
    /// Columns that a mapping names: they are not mapped by their label as well.
    mapped: Vec<bool>,
}

impl Group {
    /// The plan for rows of this shape: the result map's mappings, then the other columns by their labels.
    ///
    /// Source: auto-mapping of MyBatis, `PARTIAL`: a map with nested maps is not auto-mapped unless it says so.
    pub(crate) fn of(shape: &Shape, result_map: Option<&str>, maps: &ResultMaps, handlers: &TypeHandlers) -> Self {
        let mut builder = Builder { shape, maps, handlers, mapped: vec![false; shape.len()] };
        let mut group = Self::default();
        let mut auto = true;
        if let Some(map) = result_map.and_then(|id| maps.get(id)) {
            builder.add_map(&mut group, map, "", 0);
            auto = map.auto_mapping.unwrap_or(map.associations.is_empty() && map.collections.is_empty());
        }
        if auto {
            builder.add_labels(&mut group, "", &builder.mapped.clone());
        }
        group
    }

    /// The slots of a struct with these fields; made once for each type.
    #[inline]
    pub(crate) fn slots(&self, fields: &'static [&'static str]) -> Kept<'_, TypePlan> {
        let same = |plan: &TypePlan| std::ptr::eq(plan.fields, fields);
        self.types.find(same, || TypePlan { fields, slots: self.match_fields(fields) })
    }

    fn match_fields(&self, fields: &'static [&'static str]) -> Vec<(&'static str, usize)> {
        let mut slots: Vec<(&'static str, usize)> = Vec::new();
        // All exact names first, so that `userName` never takes a field that another column names exactly.
        for rule in [exact as fn(&str, &str) -> bool, folded] {
            for (at, entry) in self.entries.iter().enumerate() {
                if slots.iter().any(|(_, taken)| *taken == at) {
                    continue;
                }
                let free = |field: &&'static str| slots.iter().all(|(taken, _)| taken != field);
                if let Some(field) = fields.iter().copied().filter(free).find(|field| rule(field, &entry.name)) {
                    slots.push((field, at));
                }
            }
        }
        slots
    }

    /// The entry of a property, by the same rules.
    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        let by = |rule: fn(&str, &str) -> bool| self.entries.iter().find(|e| rule(name, &e.name));
        by(exact).or_else(|| by(folded))
    }

    /// Why an object of this group cannot be made at all.
    #[inline]
    pub(crate) fn refusal(&self) -> Option<Failure> {
        self.discriminated.then(|| Failure::unsupported("a discriminator"))
    }

    /// All columns of the group and of the groups inside.
    pub(crate) fn columns(&self, visit: &mut dyn FnMut(usize)) {
        for entry in &self.entries {
            match &entry.source {
                Source::Column { index, .. } => visit(*index),
                Source::Group(inner) => inner.columns(visit),
                Source::Unsupported(_) => {}
            }
        }
    }

    /// Adds a source under a path such as `product.category.name`. The first one of a property stays.
    fn add(&mut self, path: &str, source: Source) {
        let (head, rest) = match path.split_once('.') {
            Some((head, rest)) if !head.is_empty() && !rest.is_empty() => (head, Some(rest)),
            _ => (path, None),
        };
        let at = self.entries.iter().position(|e| &*e.name == head);
        match (rest, at) {
            (None, None) => self.entries.push(Entry { name: head.into(), source }),
            (None, Some(_)) => {}
            (Some(rest), None) => {
                let mut inner = Self::default();
                inner.add(rest, source);
                self.entries.push(Entry { name: head.into(), source: Source::Group(inner) });
            }
            (Some(rest), Some(at)) => {
                if let Source::Group(inner) = &mut self.entries[at].source {
                    inner.add(rest, source);
                }
            }
        }
    }
}

/// Maps inside maps deeper than this are a cycle.
const DEEPEST: usize = 32;

impl Builder<'_> {
    fn add_map(&mut self, group: &mut Group, map: &ResultMap, prefix: &str, depth: usize) {
        for mapping in map.constructor.iter().chain(&map.ids).chain(&map.results) {
            self.add_mapping(group, mapping, prefix);
        }
        for association in &map.associations {
            let source = self.association(association, prefix, depth);
            group.add(&association.property, source);
        }
        for collection in &map.collections {
            group.add(&collection.property, Source::Unsupported("a collection inside of a row"));
        }
        if map.discriminator.is_some() {
            group.discriminated = true;
        }
    }

    fn add_mapping(&mut self, group: &mut Group, mapping: &ResultMapping, prefix: &str) {
        let Some(column) = &mapping.column else { return };
        // A mapped column that the query does not have is left out, as in MyBatis.
        let Some(index) = self.column(column, prefix) else { return };
        self.mapped[index] = true;
        if let Some(property) = &mapping.property {
            let reader = self.reader(mapping.type_handler.as_deref());
            group.add(property, Source::Column { index, reader });
        }
    }

    fn association(&mut self, association: &NestedMapping, prefix: &str, depth: usize) -> Source {
        if association.select.is_some() {
            return Source::Unsupported("a nested select");
        }
        let map = association.result_map.as_deref().and_then(|id| self.maps.get(id));
        let (Some(map), true) = (map, depth < DEEPEST) else {
            return Source::Unsupported("this association");
        };
        let prefix = format!("{prefix}{}", association.column_prefix.as_deref().unwrap_or(""));
        let mut inner = Group::default();
        self.add_map(&mut inner, map, &prefix, depth + 1);
        if map.auto_mapping == Some(true) {
            self.add_labels(&mut inner, &prefix, &vec![false; self.shape.len()]);
        }
        Source::Group(inner)
    }

    /// The columns that no mapping names, by their labels without the prefix.
    fn add_labels(&self, group: &mut Group, prefix: &str, mapped: &[bool]) {
        for (index, column) in self.shape.columns().iter().enumerate().filter(|(i, _)| !mapped[*i]) {
            let name = &*column.name;
            let Some((start, rest)) = name.split_at_checked(prefix.len()) else { continue };
            if start.eq_ignore_ascii_case(prefix) && !rest.is_empty() {
                group.add(rest, Source::Column { index, reader: Reader::Plain });
            }
        }
    }

    fn column(&self, column: &str, prefix: &str) -> Option<usize> {
        if prefix.is_empty() { self.shape.index(column) } else { self.shape.index(&format!("{prefix}{column}")) }
    }

    fn reader(&self, handler: Option<&str>) -> Reader {
        handler.and_then(|name| self.handlers.find(name)).map_or(Reader::Plain, |h| Reader::Handler(Arc::clone(h)))
    }
}

fn exact(field: &str, name: &str) -> bool {
    field == name
}

/// Letters of any case, underscores left out: `userName`, `user_name`, `USER_NAME` and `username` are one name.
///
/// Source: MyBatis matches without regard to case, and without underscores under `mapUnderscoreToCamelCase`.
fn folded(field: &str, name: &str) -> bool {
    let letters = |text: &'_ str| text.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect::<Vec<_>>();
    letters(field) == letters(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use batis_dbc::{Column, SqlType};

    fn group(labels: &[&str]) -> Group {
        let columns: Vec<Column> = labels.iter().map(|l| Column::new(*l, SqlType::Text, "")).collect();
        Group::of(&Shape::new(columns), None, &ResultMaps::default(), &TypeHandlers::default())
    }

    #[test]
    fn exact_names_win_over_other_spellings() {
        let group = group(&["userName", "user_name", "NEXTID"]);
        assert_eq!(group.match_fields(&["user_name", "next_id"]), [("user_name", 1), ("next_id", 2)]);
    }

    #[test]
    fn labels_with_dots_make_objects() {
        let group = group(&["id", "product.id", "product.category.name"]);
        let Some(Source::Group(product)) = group.entry("product").map(|e| &e.source) else { panic!("a group") };
        assert!(matches!(product.entry("category").map(|e| &e.source), Some(Source::Group(_))));
        let mut columns = Vec::new();
        product.columns(&mut |c| columns.push(c));
        assert_eq!(columns, [1, 2]);
    }
}
