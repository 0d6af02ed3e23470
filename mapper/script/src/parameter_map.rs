//! `<parameterMap>`: values for bare `?` marks, in order. MyBatis' oldest way, kept because files still use it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::document::Document;
use crate::include::checked;
use crate::mapping::{ParameterMapping, ParameterMode};
use crate::parameter::jdbc_type;
use crate::properties::Properties;
use crate::select::declared_id;
use crate::span::Span;
use crate::xml::Element;

/// The parameters of each map, by full id.
pub(crate) type ParameterMaps = HashMap<String, Arc<[ParameterMapping]>>;

pub(crate) fn read(
    documents: &[Document],
    properties: &Properties,
    diagnostics: &mut Vec<Diagnostic>,
) -> ParameterMaps {
    let mut maps = ParameterMaps::new();
    let mut places: HashMap<String, Span> = HashMap::new();
    for document in documents {
        for element in document.elements(&["parameterMap"]) {
            let Some(id) = element.attribute("id") else { continue };
            let (span, written) = (id.span(), properties.replace(id));
            let Some(id) = declared_id(&document.namespace, written.as_str()) else {
                let message = format!("the id `{}` must not hold a dot", written.as_str());
                diagnostics.push(Diagnostic::error("E042", span, message));
                continue;
            };
            let element = checked(element, properties, diagnostics);
            let parameters = element.elements().map(parameter).collect();
            match places.get(&id) {
                Some(first) => {
                    let message = format!("the parameter map `{id}` is there already");
                    diagnostics.push(Diagnostic::error("E040", span, message).related(*first, "the first one"));
                }
                None => {
                    places.insert(id.clone(), span);
                    maps.insert(id, parameters);
                }
            }
        }
    }
    maps
}

/// What is malformed was reported when the element was checked; here it counts as not written.
fn parameter(element: &Element) -> ParameterMapping {
    let text = |name: &str| element.attribute(name).map(|text| Arc::<str>::from(text.as_str()));
    let mode = match text("mode").as_deref() {
        Some("OUT") => ParameterMode::Out,
        Some("INOUT") => ParameterMode::InOut,
        _ => ParameterMode::In,
    };
    ParameterMapping {
        property: text("property").unwrap_or_default(),
        jdbc_type: text("jdbcType").and_then(|name| jdbc_type(&name).ok()),
        java_type: text("javaType"),
        type_handler: text("typeHandler"),
        mode,
        result_map: text("resultMap"),
        span: element.span,
        ..ParameterMapping::default()
    }
}
