//! `<cache>` as data.

use std::sync::Arc;

use crate::span::Span;

/// A `<cache>` of a namespace. What it does is up to the runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheElement {
    /// The namespace whose cache it is.
    pub namespace: Arc<str>,
    /// `type`, default `PERPETUAL`.
    pub cache_type: Arc<str>,
    /// `eviction`, default `LRU`.
    pub eviction: Arc<str>,
    /// `flushInterval` in milliseconds; none by default.
    pub flush_interval: Option<u64>,
    /// `size` in entries; the eviction's own (1024) by default.
    pub size: Option<u32>,
    /// `readOnly`, default false.
    pub read_only: bool,
    /// `blocking`, default false.
    pub blocking: bool,
    /// Child `property` elements in order.
    pub properties: Vec<(Arc<str>, Arc<str>)>,
    /// Its element.
    pub span: Span,
}
