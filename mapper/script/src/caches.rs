//! `<cache>` and `<cache-ref>`: which namespace uses which cache.

use std::collections::HashMap;
use std::sync::Arc;

use crate::cache::CacheElement;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::document::Document;
use crate::include::checked;
use crate::properties::Properties;
use crate::span::Span;
use crate::xml::Element;

/// The caches, and for each namespace that uses one the namespace whose it is.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    pub(crate) elements: Vec<CacheElement>,
    pub(crate) of: HashMap<String, Arc<str>>,
}

/// A `<cache-ref>`: who refers to whom, where.
struct Reference {
    from: String,
    to: Arc<str>,
    span: Span,
}

/// Reads the first `<cache>` and the first `<cache-ref>` of each file; a cache of its own wins.
pub(crate) fn read(documents: &[Document], properties: &Properties, diagnostics: &mut Vec<Diagnostic>) -> Caches {
    let mut caches = Caches::default();
    let mut references = Vec::new();
    for document in documents {
        if let Some(element) = document.elements(&["cache"]).next() {
            let element = checked(element, properties, diagnostics);
            let own = cache(&document.namespace, &element);
            caches.of.insert(document.namespace.clone(), Arc::clone(&own.namespace));
            caches.elements.push(own);
        }
        if let Some(element) = document.elements(&["cache-ref"]).next() {
            references.extend(reference(document, element, properties));
        }
    }
    resolve(references, &mut caches, diagnostics);
    caches
}

fn reference(document: &Document, element: &Element, properties: &Properties) -> Option<Reference> {
    let to = element.attribute("namespace")?;
    Some(Reference { from: document.namespace.clone(), to: properties.replace(to).as_str().into(), span: to.span() })
}

/// A reference may lead to a namespace that refers on; what is still open when no step helps any more is missing.
fn resolve(mut references: Vec<Reference>, caches: &mut Caches, diagnostics: &mut Vec<Diagnostic>) {
    loop {
        let before = references.len();
        references.retain(|reference| match caches.of.get(&*reference.to).cloned() {
            Some(owner) => {
                caches.of.entry(reference.from.clone()).or_insert(owner);
                false
            }
            None => true,
        });
        if references.len() == before {
            break;
        }
    }
    for reference in references {
        let message = format!("the namespace `{}` has no cache to refer to", reference.to);
        let help = did_you_mean(&reference.to, caches.elements.iter().map(|cache| &*cache.namespace));
        diagnostics.push(Diagnostic::error("E056", reference.span, message).help_opt(help).missing(&*reference.to));
    }
}

fn cache(namespace: &str, element: &Element) -> CacheElement {
    let text = |name: &str| element.attribute(name).map(|text| Arc::<str>::from(text.as_str()));
    let is = |name: &str| text(name).is_some_and(|text| &*text == "true");
    let properties = element.elements().filter_map(|property| {
        let of = |name: &str| property.attribute(name).map(|text| text.as_str().into());
        Some((of("name")?, of("value")?))
    });
    CacheElement {
        namespace: namespace.into(),
        cache_type: text("type").unwrap_or_else(|| "PERPETUAL".into()),
        eviction: text("eviction").unwrap_or_else(|| "LRU".into()),
        flush_interval: text("flushInterval").and_then(|text| text.parse().ok()),
        size: text("size").and_then(|text| text.parse().ok()),
        read_only: is("readOnly"),
        blocking: is("blocking"),
        properties: properties.collect(),
        span: element.span,
    }
}
