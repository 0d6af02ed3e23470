//! Result maps to plans, once for each statement and shape of its result.

use std::sync::Arc;

use batis_dbc::Shape;
use batis_script::{Discriminator, ResultMap};

use super::choice::{Choice, Reads, Switch};
use super::group::{Group, Reader, Source, folded};
use super::java_types::{is_map, is_scalar};
use super::nested::{Nested, is_empty, is_grouped, is_simple, mappings, needs_tree, nested};
use super::plan::{Argument, Child, ChildSource, Joined, ObjectPlan, Problem, Rows, Select, Tags, TreePlan};
use super::result_maps::ResultMaps;
use crate::java_name::class_of;
use crate::type_handler::TypeHandlers;

/// Maps inside of maps deeper than this, and results of more kinds of objects, are refused.
const DEEPEST: usize = 64;
const MOST_OBJECTS: usize = 4096;

/// What a configuration knows.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) maps: &'a ResultMaps,
    pub(crate) handlers: &'a TypeHandlers,
    /// `returnInstanceForEmptyRow`.
    pub(crate) keeps_empty: bool,
    pub(crate) auto_mapping: AutoMapping,
}

/// Which columns that no mapping names go by their labels, where a map does not say it (`autoMappingBehavior`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum AutoMapping {
    None,
    /// Those of maps that nothing is nested in and that are not nested themselves.
    #[default]
    Partial,
    Full,
}

/// What a statement says of its result.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) result_map: Option<&'a str>,
    /// The Java type of its rows, where it names no map.
    pub(crate) result_type: Option<&'a str>,
    /// `resultOrdered`.
    pub(crate) ordered: bool,
}

impl Rows {
    /// The plan for rows of this shape.
    pub(crate) fn of(shape: &Shape, wanted: Wanted<'_>, known: Known<'_>) -> Self {
        let mut compiler = Compiler { shape, known, objects: Vec::new(), path: Vec::new(), problem: None };
        match wanted.result_map.and_then(|id| known.maps.get(id)) {
            Some(map) if needs_tree(map) => Self::Tree(Arc::new(compiler.tree(Some(map), wanted))),
            map => Self::Flat(compiler.flat(map)),
        }
    }

    /// The plan for rows of this shape that are to be kept.
    pub(crate) fn tree(shape: &Shape, wanted: Wanted<'_>, known: Known<'_>) -> Self {
        let compiler = Compiler { shape, known, objects: Vec::new(), path: Vec::new(), problem: None };
        let map = wanted.result_map.and_then(|id| known.maps.get(id));
        Self::Tree(Arc::new(compiler.tree(map, wanted)))
    }
}

struct Compiler<'a> {
    shape: &'a Shape,
    known: Known<'a>,
    objects: Vec<ObjectPlan>,
    /// The maps that the current one is inside of.
    path: Vec<Arc<str>>,
    problem: Option<Problem>,
}

/// Which columns an object has; they are numbered on their own where they are copied.
struct Columns {
    own: Option<Vec<usize>>,
    /// Columns of the row that a mapping names: they are not mapped by their label as well.
    mapped: Vec<bool>,
}

impl Columns {
    fn add(&mut self, index: usize) -> usize {
        let Some(own) = &mut self.own else { return index };
        own.iter().position(|known| *known == index).unwrap_or_else(|| {
            own.push(index);
            own.len() - 1
        })
    }
}

/// An object that is being made.
struct Draft {
    group: Group,
    columns: Columns,
    key: Vec<usize>,
    found: Vec<usize>,
    made_of: Vec<usize>,
    children: Vec<Child>,
    /// The first column without a property.
    unnamed: Option<(usize, Reader)>,
}

impl Compiler<'_> {
    fn draft(&self, own: Option<Vec<usize>>) -> Draft {
        Draft {
            group: Group::default(),
            columns: Columns { own, mapped: vec![false; self.shape.len()] },
            key: Vec::new(),
            found: Vec::new(),
            made_of: Vec::new(),
            children: Vec::new(),
            unnamed: None,
        }
    }

    /// The map's mappings, then the other columns by their labels.
    fn flat(&mut self, map: Option<&ResultMap>) -> Group {
        let mut draft = self.draft(None);
        if let Some(map) = map {
            if is_value(map.type_name.as_deref()) {
                self.only_value(&mut draft, Some(map), "");
                return draft.group;
            }
            self.add_columns(&mut draft, map, "");
            for nested in nested(map) {
                self.mark_column(&mut draft, nested, "");
                add_unsupported(&mut draft, nested);
            }
        }
        // Without a map there is nothing but the labels.
        let auto = |map: &ResultMap| map.auto_mapping.unwrap_or(self.known.auto_mapping != AutoMapping::None);
        if map.is_none_or(auto) {
            self.add_labels(&mut draft, "");
        }
        draft.group
    }

    fn tree(mut self, map: Option<&ResultMap>, wanted: Wanted<'_>) -> TreePlan {
        let grouped = map.is_some_and(|map| is_grouped(map, self.known.maps, &mut Vec::new()));
        let root = match map {
            Some(map) => {
                self.path.push(Arc::clone(&map.id));
                self.choice(map, "", !grouped, &mut Vec::new(), Tags::new())
            }
            None => self.labels_only(wanted.result_type),
        };
        TreePlan {
            root,
            grouped,
            ordered: grouped && wanted.ordered,
            selects: self.objects.iter().any(|object| object.selects().next().is_some()),
            keeps_empty: self.known.keeps_empty,
            objects: self.objects,
            problem: self.problem,
        }
    }

    /// The object of a statement without a result map.
    fn labels_only(&mut self, result_type: Option<&str>) -> Choice {
        let mut draft = self.draft(Some(Vec::new()));
        if is_value(result_type) {
            self.only_value(&mut draft, None, "");
        } else {
            self.add_labels(&mut draft, "");
        }
        self.finish(draft, "".into(), Tags::new())
    }

    /// The map's object, and those of its discriminator's cases. `past` has the cases that led here: a circle of cases ends.
    fn choice(
        &mut self,
        map: &ResultMap,
        prefix: &str,
        alone: bool,
        past: &mut Vec<Arc<str>>,
        mut tags: Tags,
    ) -> Choice {
        let circle = past.iter().rev().skip(1).any(|id| *id == map.id);
        let discriminator = map.discriminator.as_ref().filter(|_| !circle);
        let names = tags.clone();
        if discriminator.is_some() || !tags.is_empty() {
            tags.extend(map.type_name.as_deref().map(|name| class_of(name).into()));
        }
        let object = self.object(map, prefix, alone, tags);
        let switch = discriminator.and_then(|choice| self.switch(map, choice, prefix, alone, past, &names));
        Choice { object, switch: switch.map(Box::new) }
    }

    fn switch(
        &mut self,
        map: &ResultMap,
        discriminator: &Discriminator,
        prefix: &str,
        alone: bool,
        past: &mut Vec<Arc<str>>,
        names: &Tags,
    ) -> Option<Switch> {
        let mapping = &discriminator.mapping;
        let name = mapping.column.as_deref().unwrap_or_default();
        let Some(column) = self.column(name, prefix) else {
            self.missing_column(map, "the discriminator", &format!("{prefix}{name}"));
            return None;
        };
        let mut cases = Vec::new();
        for (value, target) in &discriminator.cases {
            // As in MyBatis: a case whose map does not exist is no case.
            let Some(target) = self.known.maps.get(target) else { continue };
            if self.is_too_much(map) {
                break;
            }
            let mut tags = vec![Arc::clone(value)];
            tags.extend(names.iter().cloned());
            past.push(Arc::clone(&target.id));
            cases.push((Arc::clone(value), self.choice(target, prefix, alone, past, tags)));
            past.pop();
        }
        let reader = self.reader(mapping.type_handler.as_deref());
        Some(Switch { column, reader, reads: Reads::of(mapping.java_type.as_deref()), cases })
    }

    /// `alone`: nothing is nested in it and it is not nested itself.
    fn object(&mut self, map: &ResultMap, prefix: &str, alone: bool, tags: Tags) -> usize {
        let mut draft = self.draft(Some(Vec::new()));
        self.add_columns(&mut draft, map, prefix);
        self.path.push(Arc::clone(&map.id));
        for nested in nested(map) {
            self.add_nested(&mut draft, map, nested, prefix);
        }
        self.path.pop();
        if is_value(map.type_name.as_deref()) {
            self.only_value(&mut draft, Some(map), prefix);
        } else {
            let auto = match self.known.auto_mapping {
                AutoMapping::None => false,
                AutoMapping::Partial => alone,
                AutoMapping::Full => true,
            };
            if map.auto_mapping.unwrap_or(auto) {
                self.add_labels(&mut draft, prefix);
            }
            if is_empty(map) {
                self.key_of_labels(&mut draft, map, prefix);
            }
            if !map.type_name.as_deref().is_some_and(is_map) {
                draft.settle();
            }
        }
        self.finish(draft, Arc::clone(&map.id), tags).object
    }

    fn finish(&mut self, draft: Draft, map: Arc<str>, tags: Tags) -> Choice {
        let Draft { group, columns, key, found, made_of, children, .. } = draft;
        let columns = columns.own.unwrap_or_default();
        self.objects.push(ObjectPlan { map, group, columns, key, found, made_of, children, tags });
        Choice { object: self.objects.len() - 1, switch: None }
    }

    /// What a map or type of one value reads: the column of its first mapping, else the first column.
    ///
    /// Source: `createPrimitiveResultObject` of MyBatis.
    fn only_value(&self, draft: &mut Draft, map: Option<&ResultMap>, prefix: &str) {
        let first = map.and_then(|map| mappings(map).find(|mapping| is_simple(mapping) && mapping.column.is_some()));
        let (index, reader) = match first {
            Some(first) => (
                self.column(first.column.as_deref().unwrap_or_default(), prefix),
                self.reader(first.type_handler.as_deref()),
            ),
            None => (Some(0).filter(|_| !self.shape.is_empty()), Reader::Plain),
        };
        draft.unnamed = index.map(|index| (draft.columns.add(index), reader));
        draft.group = Group::default();
        draft.found.clear();
        draft.settle();
    }

    fn add_columns(&mut self, draft: &mut Draft, map: &ResultMap, prefix: &str) {
        // Without ids all columns tell rows apart. An id that is no column counts as one, and tells nothing.
        let all = !mappings(map).any(|mapping| mapping.is_id);
        for mapping in mappings(map).filter(|mapping| is_simple(mapping)) {
            let Some(column) = &mapping.column else { continue };
            // A mapped column that the query does not have is left out, as in MyBatis.
            let Some(index) = self.column(column, prefix) else { continue };
            draft.columns.mapped[index] = true;
            let at = draft.columns.add(index);
            if all || mapping.is_id {
                draft.key.push(at);
            }
            let reader = self.reader(mapping.type_handler.as_deref());
            match &mapping.property {
                Some(property) => draft.set(property, at, reader),
                None => drop(draft.unnamed.get_or_insert((at, reader))),
            }
        }
        if map.constructor.iter().all(is_simple) {
            let columns =
                map.constructor.iter().filter_map(|argument| self.column(argument.column.as_deref()?, prefix));
            draft.made_of = columns.map(|index| draft.columns.add(index)).collect();
            draft.found.extend_from_slice(&draft.made_of);
        }
    }

    fn add_nested(&mut self, draft: &mut Draft, map: &ResultMap, nested: Nested<'_>, prefix: &str) {
        self.mark_column(draft, nested, prefix);
        if add_unsupported(draft, nested) {
            return;
        }
        let source = match nested.select {
            Some(select) => self.select(draft, map, nested, select, prefix).map(ChildSource::Select),
            None => self.joined(map, nested, prefix).map(ChildSource::Joined),
        };
        // A select that is left out gives no list either.
        let many = nested.many && (nested.select.is_none() || source.is_some());
        draft.children.push(Child { many, source: source.unwrap_or(ChildSource::Nothing) });
        if let Some(property) = nested.property {
            draft.group.add(property, Source::Child(draft.children.len() - 1));
        }
    }

    /// The column that a nested mapping names is not mapped by its label either. As in MyBatis, those of `{name=column, ..}` are.
    fn mark_column(&self, draft: &mut Draft, nested: Nested<'_>, prefix: &str) {
        if let Some(index) = nested.column.and_then(|column| self.column(column, prefix)) {
            draft.columns.mapped[index] = true;
        }
    }

    /// A select whose column the query does not have is left out, as any mapping; of several columns none may be missing.
    fn select(
        &mut self,
        draft: &mut Draft,
        map: &ResultMap,
        nested: Nested<'_>,
        select: &str,
        prefix: &str,
    ) -> Option<Select> {
        let argument = match nested.columns {
            [] => Argument::One(draft.columns.add(self.column(nested.column?, prefix)?)),
            pairs => {
                let mut named = Vec::new();
                for (name, column) in pairs {
                    match self.column(column, prefix) {
                        Some(index) => named.push((Arc::clone(name), draft.columns.add(index))),
                        None => {
                            let property = nested.property.unwrap_or_default();
                            let of = format!("an argument of the nested select of the property `{property}`");
                            self.missing_column(map, &of, &format!("{prefix}{column}"));
                        }
                    }
                }
                Argument::Named(named)
            }
        };
        match &argument {
            Argument::One(column) => draft.found.push(*column),
            Argument::Named(named) => draft.found.extend(named.iter().map(|(_, column)| *column)),
        }
        Some(Select { statement: select.into(), argument })
    }

    /// The object inside; none if it can never be there.
    fn joined(&mut self, map: &ResultMap, nested: Nested<'_>, prefix: &str) -> Option<Joined> {
        let id = nested.result_map?;
        let prefix = format!("{prefix}{}", nested.prefix.unwrap_or_default());
        // An object that is part of itself: MyBatis links the one that is there, which no owned value can.
        let back = nested.prefix.is_none() && self.path.iter().any(|outer| **outer == *id);
        if back || !prefix.is_empty() && !self.labels(&prefix).any(|_| true) {
            return None;
        }
        let property = nested.property.unwrap_or_default();
        let Some(inner) = self.known.maps.get(id) else {
            let message = format!("the result map `{id}` of the property `{property}` does not exist");
            self.problem(map, message, "correct the name; `batis check` finds such names".into());
            return None;
        };
        if self.is_too_much(map) {
            return None;
        }
        let mut not_null = Vec::new();
        for column in nested.not_null {
            match self.column(column, &prefix) {
                Some(index) => not_null.push(index),
                None => {
                    let of = format!("the `notNullColumn` of the property `{property}`");
                    self.missing_column(map, &of, &format!("{prefix}{column}"));
                }
            }
        }
        self.path.push(id.into());
        let choice = self.choice(inner, &prefix, false, &mut Vec::new(), Tags::new());
        self.path.pop();
        Some(Joined { choice, not_null })
    }

    fn is_too_much(&mut self, map: &ResultMap) -> bool {
        let too_much = self.path.len() >= DEEPEST || self.objects.len() >= MOST_OBJECTS;
        if too_much {
            let hint =
                format!("at most {DEEPEST} levels and {MOST_OBJECTS} kinds of objects; take ways back out of the maps");
            self.problem(map, "the result maps nest too far".into(), hint);
        }
        too_much
    }

    fn missing_column(&mut self, map: &ResultMap, of: &str, column: &str) {
        let labels: Vec<&str> = self.shape.columns().iter().map(|column| &*column.name).collect();
        let hint = format!("select it; the columns are {}", labels.join(", "));
        self.problem(map, format!("the rows have no column `{column}`, which is {of}"), hint);
    }

    /// The first one is told.
    fn problem(&mut self, map: &ResultMap, message: String, hint: String) {
        self.problem.get_or_insert_with(|| Problem { map: Arc::clone(&map.id), message, hint });
    }

    /// The columns that no mapping names, by their labels without the prefix. What a mapping says of a property counts.
    fn add_labels(&self, draft: &mut Draft, prefix: &str) {
        let explicit = draft.group.entries.len();
        for (index, label) in self.labels(prefix).filter(|(index, _)| !draft.columns.mapped[*index]).collect::<Vec<_>>()
        {
            if !draft.group.entries[..explicit].iter().any(|entry| folded(&entry.name, label)) {
                let at = draft.columns.add(index);
                draft.add(label, at, Reader::Plain);
            }
        }
    }

    /// A map without mappings: all columns that it may have tell its objects apart.
    fn key_of_labels(&self, draft: &mut Draft, map: &ResultMap, prefix: &str) {
        let prefix = if map.type_name.as_deref().is_some_and(is_map) { "" } else { prefix };
        draft.key = self.labels(prefix).map(|(index, _)| draft.columns.add(index)).collect();
    }

    /// The columns with this prefix in any case, and the rest of their labels.
    fn labels<'s>(&'s self, prefix: &str) -> impl Iterator<Item = (usize, &'s str)> {
        let columns = self.shape.columns().iter().enumerate();
        columns.filter_map(move |(index, column)| {
            let (start, rest) = column.name.split_at_checked(prefix.len())?;
            (start.eq_ignore_ascii_case(prefix) && !rest.is_empty()).then_some((index, rest))
        })
    }

    fn column(&self, column: &str, prefix: &str) -> Option<usize> {
        if prefix.is_empty() { self.shape.index(column) } else { self.shape.index(&format!("{prefix}{column}")) }
    }

    fn reader(&self, handler: Option<&str>) -> Reader {
        let handler = handler.and_then(|name| self.known.handlers.find(name));
        handler.map_or(Reader::Plain, |handler| Reader::Handler(Arc::clone(handler)))
    }
}

/// What the mapper cannot do fails when its field is read.
fn add_unsupported(draft: &mut Draft, nested: Nested<'_>) -> bool {
    if let (Some(what), Some(property)) = (nested.unsupported, nested.property) {
        draft.group.add(property, Source::Unsupported(what));
    }
    nested.unsupported.is_some()
}

/// A map or type of one value.
fn is_value(type_name: Option<&str>) -> bool {
    type_name.is_some_and(is_scalar)
}

impl Draft {
    /// A column by its label: the first one of a name stays.
    fn add(&mut self, property: &str, column: usize, reader: Reader) {
        self.found.push(column);
        self.group.add(property, Source::Column { index: column, reader });
    }

    /// A column that is mapped: of two for one property the later one counts.
    fn set(&mut self, property: &str, column: usize, reader: Reader) {
        self.found.push(column);
        self.group.set(property, Source::Column { index: column, reader });
    }

    /// An object of one column without a property is that value.
    fn settle(&mut self) {
        if !self.group.entries.is_empty() {
            return;
        }
        if let Some((index, reader)) = self.unnamed.take() {
            self.add("", index, reader);
            self.made_of = vec![index];
            self.group.scalar = true;
        }
    }
}
