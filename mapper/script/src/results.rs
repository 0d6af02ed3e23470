//! `<resultMap>` elements to data.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, did_you_mean, nearest};
use crate::document::attribute_span;
use crate::include::full_id;
use crate::parameter::jdbc_type;
use crate::result_map::{Discriminator, FetchType, NestedMapping, ResultMap, ResultMapping};
use crate::span::Span;
use crate::text::SpannedText;
use crate::xml::Element;

/// Reads the result maps of one file; inline maps get ids derived from their elements.
#[derive(Debug)]
pub(crate) struct Reader<'r> {
    pub(crate) namespace: &'r str,
    pub(crate) diagnostics: &'r mut Vec<Diagnostic>,
    pub(crate) found: Vec<ResultMap>,
}

fn text(element: &Element, name: &str) -> Option<Arc<str>> {
    element.attribute(name).map(|text| text.as_str().into())
}

/// A comma list without blanks and braces.
pub(crate) fn names(list: Option<Arc<str>>) -> Vec<Arc<str>> {
    let list = list.unwrap_or_default();
    list.split([',', '{', '}']).map(str::trim).filter(|name| !name.is_empty()).map(Into::into).collect()
}

impl Reader<'_> {
    /// A `<resultMap>` element under its declared full id.
    pub(crate) fn result_map(&mut self, element: &Element, id: String) {
        let own = element.attribute("id").map_or("", |id| id.as_str()).replace('.', "_");
        let path = format!("mapper_resultMap[{own}]");
        let mut map = self.map(element, id, &path, None);
        map.extends = text(element, "extends").map(|parent| full_id(self.namespace, &parent).into());
        map.extends_span = attribute_span(element, "extends");
        self.found.push(map);
    }

    fn map(&mut self, element: &Element, id: String, path: &str, base: Option<&ResultMap>) -> ResultMap {
        let type_name = ["type", "ofType", "resultType", "javaType"].iter().find_map(|name| text(element, name));
        let auto_mapping = element.attribute("autoMapping").map(|text| text.as_str() == "true");
        let mut map = match base {
            Some(base) => ResultMap {
                id: id.into(),
                type_name: type_name.or_else(|| base.type_name.clone()),
                auto_mapping,
                extends: None,
                discriminator: None,
                span: element.span,
                ..base.clone()
            },
            None => ResultMap {
                id: id.into(),
                type_name,
                extends: None,
                auto_mapping,
                constructor: Vec::new(),
                ids: Vec::new(),
                results: Vec::new(),
                associations: Vec::new(),
                collections: Vec::new(),
                discriminator: None,
                span: element.span,
                extends_span: element.name_span,
            },
        };
        for child in element.elements() {
            match child.name.as_str() {
                "constructor" => {
                    self.check_arguments(child);
                    let arguments: Vec<_> = child.elements().map(|argument| self.argument(argument)).collect();
                    map.constructor.extend(arguments);
                }
                "id" => map.ids.push(self.column(child, true)),
                "result" => map.results.push(self.column(child, false)),
                "association" | "collection" => {
                    self.check_type(child, map.type_name.as_deref());
                    let nested = self.nested(child, path);
                    let all = if child.name == "association" { &mut map.associations } else { &mut map.collections };
                    all.push(nested);
                }
                "discriminator" => map.discriminator = Some(self.discriminator(child, path, &map)),
                _ => {}
            }
        }
        map
    }

    fn reference(&self, element: &Element, name: &str) -> Option<Arc<str>> {
        text(element, name).map(|id| full_id(self.namespace, &id).into())
    }

    fn mapping(&self, element: &Element, is_id: bool) -> ResultMapping {
        ResultMapping {
            property: text(element, "property"),
            column: text(element, "column"),
            java_type: text(element, "javaType"),
            jdbc_type: element.attribute("jdbcType").and_then(|name| jdbc_type(name.as_str()).ok()),
            type_handler: text(element, "typeHandler"),
            is_id,
            span: element.span,
            ..ResultMapping::default()
        }
    }

    fn check_arguments(&mut self, constructor: &Element) {
        let unnamed: Vec<&Element> = constructor.elements().filter(|child| child.attribute("name").is_none()).collect();
        let named = constructor.elements().find(|child| child.attribute("name").is_some());
        if let (Some(argument), Some(named)) = (unnamed.first(), named) {
            let message = "some arguments of the constructor have a name and this one has none";
            let diagnostic = Diagnostic::error("E059", argument.name_span, message).related(named.name_span, "named");
            self.diagnostics.push(diagnostic.help("name all of them or none"));
        }
    }

    fn needs_column(&mut self, element: &Element, mapping: &ResultMapping) {
        // A mistyped `column` was reported already. An empty one is one for MyBatis, though no database has it.
        let mistyped = element.attributes.iter().any(|given| nearest(&given.name, ["column"]).is_some());
        if mapping.column.is_none() && !mistyped {
            let message = match &mapping.property {
                Some(property) => format!("the mapping of `{property}` names no column"),
                None => "the mapping names no column".to_owned(),
            };
            self.diagnostics.push(Diagnostic::error("E055", element.name_span, message).help("write column=\"..\""));
        }
    }

    fn column(&mut self, element: &Element, is_id: bool) -> ResultMapping {
        let mapping = self.mapping(element, is_id);
        self.needs_column(element, &mapping);
        mapping
    }

    fn argument(&mut self, element: &Element) -> ResultMapping {
        let select = self.reference(element, "select");
        let mapping = ResultMapping {
            property: text(element, "name"),
            columns: select
                .as_ref()
                .map(|_| composite(&text(element, "column").unwrap_or_default()))
                .unwrap_or_default(),
            select,
            result_map: self.reference(element, "resultMap"),
            column_prefix: text(element, "columnPrefix"),
            ..self.mapping(element, element.name == "idArg")
        };
        if mapping.result_map.is_none() {
            self.needs_column(element, &mapping);
        }
        mapping
    }

    fn nested(&mut self, element: &Element, path: &str) -> NestedMapping {
        let property = text(element, "property").unwrap_or_default();
        let (select, mut result_map) = (self.reference(element, "select"), self.reference(element, "resultMap"));
        let target_span = attribute_span(element, if select.is_some() { "select" } else { "resultMap" });
        if select.is_some() && result_map.is_some() {
            let message = format!("`{property}` has a select and a resultMap: only one of them can fill it");
            self.diagnostics.push(Diagnostic::error("E054", attribute_span(element, "resultMap"), message));
        }
        if select.is_none() && result_map.is_none() {
            let path = format!("{path}_{}[{}]", element.name, property.replace('.', "_"));
            let id = format!("{}.{path}", self.namespace);
            let map = self.map(element, id.clone(), &path, None);
            self.found.push(map);
            result_map = Some(id.into());
        }
        let column = text(element, "column");
        let foreign_columns = names(text(element, "foreignColumn"));
        let columns = composite(column.as_deref().unwrap_or_default());
        self.check_columns(element, &property, column.as_deref(), select.is_some(), &foreign_columns);
        NestedMapping {
            property,
            column,
            columns,
            java_type: text(element, "javaType"),
            of_type: text(element, "ofType"),
            jdbc_type: element.attribute("jdbcType").and_then(|name| jdbc_type(name.as_str()).ok()),
            type_handler: text(element, "typeHandler"),
            select,
            result_map,
            not_null_columns: names(text(element, "notNullColumn")),
            column_prefix: text(element, "columnPrefix"),
            result_set: text(element, "resultSet"),
            foreign_columns,
            target_span,
            fetch_type: text(element, "fetchType")
                .map(|fetch| if &*fetch == "lazy" { FetchType::Lazy } else { FetchType::Eager }),
            span: element.span,
        }
    }

    /// The parts of a map have no types of their own: MyBatis refuses nested mappings in it that do not say theirs.
    fn check_type(&mut self, element: &Element, enclosing: Option<&str>) {
        let types: &[&str] = if element.name == "association" { &["javaType", "ofType"] } else { &["javaType"] };
        let known = types.iter().chain(&["select", "resultMap"]).any(|name| element.attribute(name).is_some());
        if !known && enclosing.is_some_and(is_map) {
            let property = element.attribute("property").map_or("", SpannedText::as_str);
            let message = format!("the type of `{property}` is not known inside a map");
            let usual = if element.name == "collection" { "list" } else { "map" };
            let help = format!("write javaType=\"{usual}\", or give it a resultMap");
            self.diagnostics.push(Diagnostic::error("E058", element.name_span, message).help(help));
        }
    }

    fn check_columns(
        &mut self,
        element: &Element,
        property: &str,
        column: Option<&str>,
        select: bool,
        foreign: &[Arc<str>],
    ) {
        if select && column.is_none() {
            let message = format!("`{property}` has a select but names no column for its parameter");
            self.diagnostics.push(Diagnostic::error("E055", attribute_span(element, "select"), message));
        }
        let own = column.map_or(0, |column| column.split(',').count());
        if element.attribute("resultSet").is_some() && !foreign.is_empty() && own != foreign.len() {
            let message = format!("`{property}` has {own} columns and {} foreign columns", foreign.len());
            self.diagnostics.push(Diagnostic::error("E057", attribute_span(element, "foreignColumn"), message));
        }
    }

    fn discriminator(&mut self, element: &Element, path: &str, outer: &ResultMap) -> Discriminator {
        let mut mapping = self.column(element, false);
        mapping.span = element.name_span;
        let mut cases = Vec::new();
        for case in element.elements().filter(|case| case.name == "case") {
            let value = text(case, "value").unwrap_or_default();
            let target = self.reference(case, "resultMap").unwrap_or_else(|| {
                let path = format!("{path}_discriminator_case[{}]", value.replace('.', "_"));
                let id = format!("{}.{path}", self.namespace);
                let map = self.map(case, id.clone(), &path, Some(outer));
                self.found.push(map);
                id.into()
            });
            cases.push((value, target));
        }
        Discriminator { mapping, cases }
    }
}

fn is_map(class: &str) -> bool {
    let class = class.strip_prefix("java.util.").unwrap_or(class);
    ["map", "hashmap"].iter().any(|name| class.eq_ignore_ascii_case(name))
}

/// `{a=x,b=y}`: commas, equals signs, braces and blanks all only separate.
fn composite(column: &str) -> Vec<(Arc<str>, Arc<str>)> {
    if !column.contains(['=', ',']) {
        return Vec::new();
    }
    let words: Vec<&str> = column.split(['{', '}', '=', ',', ' ']).filter(|word| !word.is_empty()).collect();
    words.chunks_exact(2).map(|pair| (pair[0].into(), pair[1].into())).collect()
}

/// Merges parents into the maps that extend them, and checks that they exist and make no circle.
pub(crate) fn merge(maps: Vec<ResultMap>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Arc<ResultMap>> {
    let mut merged: HashMap<Arc<str>, Arc<ResultMap>> = HashMap::new();
    let ids: Vec<Arc<str>> = maps.iter().map(|map| map.id.clone()).collect();
    let mut waiting = maps;
    loop {
        let before = waiting.len();
        let mut later = Vec::new();
        for mut map in waiting {
            match map.extends.clone().map(|parent| merged.get(&parent).cloned().ok_or(parent)) {
                None => drop(merged.insert(map.id.clone(), Arc::new(map))),
                Some(Ok(parent)) => {
                    extend(&mut map, &parent);
                    merged.insert(map.id.clone(), Arc::new(map));
                }
                Some(Err(_)) => later.push(map),
            }
        }
        waiting = later;
        if waiting.is_empty() || waiting.len() == before {
            break;
        }
    }
    for map in waiting {
        let parent = map.extends.clone().unwrap_or_default();
        let diagnostic = if ids.contains(&parent) {
            Diagnostic::error(
                "E052",
                map.extends_span,
                format!("the result map `{}` extends itself, through `{parent}`", map.id),
            )
        } else {
            let help = did_you_mean(&parent, ids.iter().map(|id| &**id));
            let message = format!("the result map `{}` extends `{parent}`, which does not exist", map.id);
            Diagnostic::error("E053", map.extends_span, message).help_opt(help).missing(&*parent)
        };
        diagnostics.push(diagnostic);
        merged.insert(map.id.clone(), Arc::new(map));
    }
    ids.iter().filter_map(|id| merged.remove(id)).collect()
}

/// A child's mapping of a property replaces the parent's; a child's constructor replaces the parent's as a whole.
fn extend(map: &mut ResultMap, parent: &ResultMap) {
    let columns = map.ids.iter().chain(&map.results).filter_map(|mapping| mapping.property.clone());
    let nested = map.associations.iter().chain(&map.collections).map(|mapping| mapping.property.clone());
    let own: Vec<Arc<str>> = columns.chain(nested).collect();
    let new = |property: &Option<Arc<str>>| property.as_ref().is_none_or(|property| !own.contains(property));
    if map.constructor.is_empty() {
        map.constructor.clone_from(&parent.constructor);
    }
    map.ids.extend(parent.ids.iter().filter(|mapping| new(&mapping.property)).cloned());
    map.results.extend(parent.results.iter().filter(|mapping| new(&mapping.property)).cloned());
    map.associations.extend(parent.associations.iter().filter(|mapping| !own.contains(&mapping.property)).cloned());
    map.collections.extend(parent.collections.iter().filter(|mapping| !own.contains(&mapping.property)).cloned());
}

/// The places a result map points to: what it names, where.
pub(crate) fn references(map: &ResultMap) -> impl Iterator<Item = (&Arc<str>, Span)> {
    let nested = map.associations.iter().chain(&map.collections).map(|nested| (&nested.result_map, nested.target_span));
    let arguments = map.constructor.iter().map(|argument| (&argument.result_map, argument.span));
    let cases = map
        .discriminator
        .iter()
        .flat_map(|choice| choice.cases.iter().map(|(_, target)| (target, choice.mapping.span)));
    nested.chain(arguments).filter_map(|(target, span)| Some((target.as_ref()?, span))).chain(cases)
}

/// The statements a result map loads parts with.
pub(crate) fn selects(map: &ResultMap) -> impl Iterator<Item = (&Arc<str>, Span)> {
    let nested = map.associations.iter().chain(&map.collections).map(|nested| (&nested.select, nested.target_span));
    let arguments = map.constructor.iter().map(|argument| (&argument.select, argument.span));
    nested.chain(arguments).filter_map(|(target, span)| Some((target.as_ref()?, span)))
}
