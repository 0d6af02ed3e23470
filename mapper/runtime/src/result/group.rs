//! [`Group`]: which columns belong to one object, and under which property names.

use std::fmt;
use std::sync::Arc;

use super::once_list::{Kept, OnceList};
use crate::type_handler::TypeHandler;

/// The columns of one object: of a row, or of an object inside of it.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) entries: Vec<Entry>,
    /// It stands for the value of its only column.
    pub(crate) scalar: bool,
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
    /// Objects that rows of their own fill: the number of the child in its object's plan.
    Child(usize),
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

impl Group {
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

    /// Whether all sources are empty, those of the groups inside too.
    pub(crate) fn is_empty(&self, column: &dyn Fn(usize) -> bool, child: &dyn Fn(usize) -> bool) -> bool {
        self.entries.iter().all(|entry| match &entry.source {
            Source::Column { index, .. } => column(*index),
            Source::Group(inner) => inner.is_empty(column, child),
            Source::Child(at) => child(*at),
            Source::Unsupported(_) => true,
        })
    }

    /// Adds a source under a path such as `product.category.name`. The first one of a property stays.
    pub(crate) fn add(&mut self, path: &str, source: Source) {
        self.insert(path, source, false);
    }

    /// The same, but the last one of a property stays.
    pub(super) fn set(&mut self, path: &str, source: Source) {
        self.insert(path, source, true);
    }

    fn insert(&mut self, path: &str, source: Source, replaces: bool) {
        let (head, rest) = match path.split_once('.') {
            Some((head, rest)) if !head.is_empty() && !rest.is_empty() => (head, Some(rest)),
            _ => (path, None),
        };
        let at = self.entries.iter().position(|e| &*e.name == head);
        match (rest, at) {
            (None, None) => self.entries.push(Entry { name: head.into(), source }),
            (None, Some(at)) if replaces => self.entries[at].source = source,
            (None, Some(_)) => {}
            (Some(rest), None) => {
                let mut inner = Self::default();
                inner.insert(rest, source, replaces);
                self.entries.push(Entry { name: head.into(), source: Source::Group(inner) });
            }
            (Some(rest), Some(at)) => {
                if let Source::Group(inner) = &mut self.entries[at].source {
                    inner.insert(rest, source, replaces);
                }
            }
        }
    }
}

fn exact(field: &str, name: &str) -> bool {
    field == name
}

/// Letters of any case, underscores left out: `userName`, `user_name`, `USER_NAME` and `username` are one name.
///
/// Source: MyBatis matches without regard to case, and without underscores under `mapUnderscoreToCamelCase`.
pub(super) fn folded(field: &str, name: &str) -> bool {
    let letters = |text: &'_ str| text.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect::<Vec<_>>();
    letters(field) == letters(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::{AutoMapping, Known, ResultMaps, Rows, Wanted};
    use crate::type_handler::TypeHandlers;
    use batis_dbc::{Column, Shape, SqlType};

    fn group(labels: &[&str]) -> Group {
        let columns: Vec<Column> = labels.iter().map(|l| Column::new(*l, SqlType::Text, "")).collect();
        let (maps, handlers) = (ResultMaps::default(), TypeHandlers::default());
        let known = Known { maps: &maps, handlers: &handlers, keeps_empty: false, auto_mapping: AutoMapping::Partial };
        match Rows::of(&Shape::new(columns), Wanted::default(), known) {
            Rows::Flat(group) => group,
            Rows::Tree(_) => panic!("nothing is nested"),
        }
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
        assert!(product.is_empty(&|column| column != 0, &|_| false), "columns 1 and 2");
        assert!(!product.is_empty(&|column| column != 2, &|_| false));
    }
}
