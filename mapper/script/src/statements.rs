//! `<select>`, `<insert>`, `<update>` and `<delete>` elements to statements.

use std::sync::Arc;

use crate::body;
use crate::caches::Caches;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::document::{attribute_span, database_id};
use crate::include::{Expander, Fragments, full_id};
use crate::link::reference;
use crate::mapping::ParameterMapping;
use crate::node::Room;
use crate::parameter_map::ParameterMaps;
use crate::properties::Properties;
use crate::results::names;
use crate::select::{Candidate, select};
use crate::settings::Environments;
use crate::statement::{
    KeyOrder, Keys, ResultMapRef, ResultSetType, SelectKey, SqlSource, Statement, StatementKind, StatementType,
};
use crate::xml::Element;

/// Compiles statement elements in file order; the query of a `<selectKey>` comes right before its statement.
#[derive(Debug)]
pub(crate) struct Reader<'r, 'f> {
    pub(crate) fragments: &'r Fragments<'f>,
    pub(crate) caches: &'r Caches,
    pub(crate) parameter_maps: &'r ParameterMaps,
    pub(crate) database_id: Option<&'r str>,
    pub(crate) properties: &'r Properties,
    pub(crate) environments: &'r Environments,
    pub(crate) diagnostics: &'r mut Vec<Diagnostic>,
    pub(crate) found: Vec<Arc<Statement>>,
}

/// An element with its fragments and properties filled in, and what its mapper says.
struct Filled<'e> {
    id: &'e str,
    namespace: &'e str,
    element: &'e Element,
}

fn text(element: &Element, name: &str) -> Option<Arc<str>> {
    element.attribute(name).map(|text| text.as_str().into())
}

fn number(element: &Element, name: &str) -> Option<u32> {
    element.attribute(name).and_then(|text| text.as_str().parse().ok())
}

fn flag(element: &Element, name: &str, default: bool) -> bool {
    element.attribute(name).map_or(default, |text| text.as_str().trim_matches(' ') == "true")
}

impl Reader<'_, '_> {
    /// A statement element under its full id.
    pub(crate) fn statement(&mut self, id: String, candidate: &Candidate<&Element>) {
        let filled = self.filled(candidate.item, &candidate.namespace);
        let filled = Filled { id: &id, namespace: &candidate.namespace, element: &filled };
        let kind = match filled.element.name.as_str() {
            "insert" => StatementKind::Insert,
            "update" => StatementKind::Update,
            "delete" => StatementKind::Delete,
            _ => StatementKind::Select,
        };
        let keys = self.keys(&filled, kind);
        let mut statement = self.common(&filled, kind);
        statement.keys = keys;
        self.found.push(Arc::new(statement));
    }

    fn filled(&mut self, element: &Element, namespace: &str) -> Element {
        let mut expander = Expander {
            fragments: self.fragments,
            namespace,
            diagnostics: self.diagnostics,
            path: Vec::new(),
            nodes: 0,
        };
        expander.filled(element, self.properties)
    }

    fn common(&mut self, filled: &Filled<'_>, kind: StatementKind) -> Statement {
        let element = filled.element;
        let is_select = kind == StatementKind::Select;
        let source = self.source(element);
        let environment = Arc::clone(self.environments.of(element.span.file));
        let location = environment.files[element.span.file as usize].location(element.span);
        Statement {
            id: filled.id.into(),
            kind,
            room: match &source {
                SqlSource::Static { .. } => Room::default(),
                SqlSource::Dynamic { root } => Room::of(root),
            },
            source,
            parameter_map: self.parameter_map(filled),
            result_maps: result_maps(filled),
            result_type: text(element, "resultType"),
            parameter_type: text(element, "parameterType"),
            keys: Keys::None,
            flush_cache: flag(element, "flushCache", !is_select),
            use_cache: flag(element, "useCache", is_select),
            timeout: number(element, "timeout"),
            fetch_size: number(element, "fetchSize"),
            statement_type: statement_type(element),
            result_set_type: result_set_type(element),
            result_ordered: flag(element, "resultOrdered", false),
            affect_data: flag(element, "affectData", false),
            result_sets: names(text(element, "resultSets")),
            database_id: text(element, "databaseId"),
            cache: self.caches.of.get(filled.namespace).cloned(),
            location,
            span: element.span,
            name_span: element.name_span,
            environment,
        }
    }

    fn source(&mut self, element: &Element) -> SqlSource {
        let source = body::compile(&element.children, self.environments.of(element.span.file), self.diagnostics);
        let raw = text(element, "lang").is_some_and(|lang| is_raw(&lang));
        if raw && matches!(source, SqlSource::Dynamic { .. }) {
            let message = "the language `raw` takes neither dynamic elements nor ${}";
            let span = attribute_span(element, "lang");
            self.diagnostics.push(Diagnostic::error("E033", span, message).help("leave the attribute `lang` out"));
        }
        source
    }

    fn parameter_map(&mut self, filled: &Filled<'_>) -> Arc<[ParameterMapping]> {
        let Some(written) = text(filled.element, "parameterMap") else { return Arc::default() };
        let id = full_id(filled.namespace, &written);
        self.parameter_maps.get(&id).cloned().unwrap_or_else(|| {
            let message = format!("there is no parameter map `{id}`");
            let help = did_you_mean(&id, self.parameter_maps.keys().map(String::as_str));
            let span = attribute_span(filled.element, "parameterMap");
            self.diagnostics.push(Diagnostic::error("E051", span, message).help_opt(help).missing(&id));
            Arc::default()
        })
    }

    fn keys(&mut self, filled: &Filled<'_>, kind: StatementKind) -> Keys {
        if let Some(key) = self.select_key(filled) {
            return Keys::Select(key);
        }
        let element = filled.element;
        let default =
            kind == StatementKind::Insert && self.environments.of(filled.element.span.file).settings.use_generated_keys;
        if !flag(element, "useGeneratedKeys", default) {
            return Keys::None;
        }
        Keys::Generated { properties: names(text(element, "keyProperty")), columns: names(text(element, "keyColumn")) }
    }

    /// The `<selectKey>` for the database in use.
    fn select_key(&mut self, filled: &Filled<'_>) -> Option<SelectKey> {
        let elements = filled.element.elements().filter(|child| child.name == "selectKey");
        let candidates = elements.map(|element| Candidate {
            namespace: filled.namespace.to_owned(),
            id: format!("{}!selectKey", filled.id),
            id_span: element.name_span,
            database_id: database_id(element, self.properties),
            item: element,
        });
        let candidates = candidates.collect();
        let selected = select(candidates, self.database_id, "selectKey", self.diagnostics);
        let (id, chosen) = selected.chosen.into_iter().next()?;
        let query = Filled { id: &id, namespace: filled.namespace, element: chosen.item };
        let mut statement = self.common(&query, StatementKind::Select);
        statement.use_cache = false;
        let statement = Arc::new(statement);
        self.found.push(Arc::clone(&statement));
        let order =
            if text(chosen.item, "order").as_deref() == Some("BEFORE") { KeyOrder::Before } else { KeyOrder::After };
        Some(SelectKey {
            statement,
            order,
            properties: names(text(chosen.item, "keyProperty")),
            columns: names(text(chosen.item, "keyColumn")),
        })
    }
}

/// MyBatis' own names of the language without dynamic elements.
fn is_raw(lang: &str) -> bool {
    lang.eq_ignore_ascii_case("raw") || lang == "org.apache.ibatis.scripting.defaults.RawLanguageDriver"
}

fn result_maps(filled: &Filled<'_>) -> Vec<ResultMapRef> {
    let Some(written) = filled.element.attribute("resultMap") else { return Vec::new() };
    let mut found = Vec::new();
    let mut at = 0;
    for part in written.as_str().split(',') {
        let start = at + part.len() - part.trim_start().len();
        let span = written.span_of(start..at + part.trim_end().len().max(start - at));
        found.push(ResultMapRef { id: reference(filled.namespace, part), span });
        at += part.len() + 1;
    }
    found
}

fn statement_type(element: &Element) -> StatementType {
    match text(element, "statementType").as_deref() {
        Some("STATEMENT") => StatementType::Statement,
        Some("CALLABLE") => StatementType::Callable,
        _ => StatementType::Prepared,
    }
}

fn result_set_type(element: &Element) -> ResultSetType {
    match text(element, "resultSetType").as_deref() {
        Some("FORWARD_ONLY") => ResultSetType::ForwardOnly,
        Some("SCROLL_INSENSITIVE") => ResultSetType::ScrollInsensitive,
        Some("SCROLL_SENSITIVE") => ResultSetType::ScrollSensitive,
        _ => ResultSetType::Default,
    }
}
