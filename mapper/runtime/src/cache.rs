//! Caches: results that are kept, shared by the sessions of a data source or for one transaction.
//!
//! ```text
//! Configuration -> Registry -> Caches (one set for each data source) -> Space (one for each <cache>) -> Cache (built in, or the user's)
//!                                 |                                       + Emptied: what was read before it was emptied is not kept
//!                               Clock                                     + Flights: one asks, the others wait (blocking="true")
//! Tx -> TxCaches: what a transaction read and emptied, until it commits; its local cache
//! ```

mod builtin;
mod caches;
mod clock;
mod effects;
mod flights;
mod handle;
mod key;
mod plan;
mod registry;
mod scope;
mod space;
mod transaction;

use std::sync::Arc;

use crate::result::OwnedRows;

pub(crate) use caches::Caches;
pub(crate) use effects::only_reads;
pub(crate) use flights::Flight;
pub use handle::CacheHandle;
pub use key::CacheKey;
pub(crate) use plan::{CacheMakers, CachePlan, CacheUse};
pub(crate) use registry::Registry;
pub(crate) use scope::{CacheScope, Flush};
pub(crate) use transaction::{TxCaches, TxEnd};

/// Where the results of a `<cache type="..">` are kept, instead of the cache that is built in. Registered by
/// [`ConfigurationBuilder::cache`](crate::ConfigurationBuilder::cache).
///
/// What it need not do: batis asks it for results of statements that use it only, empties it, keeps out what was read before it was emptied,
/// and waits for who asks the same (`blocking="true"`). `eviction`, `size` and `flushInterval` are up to it.
///
/// Its methods are called by many threads at a time, and wait for nothing for long: an asynchronous caller is waiting. What cannot be had (a
/// server that is gone) is a miss; what cannot be kept is left out.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex};
/// use batis_mapper::{Cache, CacheKey, Configuration, OwnedRows};
///
/// /// Keeps everything.
/// #[derive(Default)]
/// struct Unlimited(Mutex<HashMap<CacheKey, Arc<OwnedRows>>>);
///
/// impl Cache for Unlimited {
///     fn get(&self, key: &CacheKey) -> Option<Arc<OwnedRows>> {
///         self.0.lock().unwrap().get(key).cloned()
///     }
///     fn put(&self, key: CacheKey, rows: Arc<OwnedRows>) {
///         self.0.lock().unwrap().insert(key, rows);
///     }
///     fn clear(&self) {
///         self.0.lock().unwrap().clear();
///     }
///     fn len(&self) -> usize {
///         self.0.lock().unwrap().len()
///     }
/// }
///
/// let xml = r#"<mapper namespace="users"><cache type="com.example.Unlimited"/></mapper>"#;
/// let builder = Configuration::builder().mapper_xml("users.xml", xml);
/// builder.cache("com.example.Unlimited", |_| Ok::<_, String>(Unlimited::default())).build()?;
/// # Ok::<(), batis_mapper::Error>(())
/// ```
///
/// Source: `Cache` of MyBatis (`getObject`, `putObject`, `clear`, `getSize`); what it calls `removeObject` is for its own locks only.
#[allow(clippy::len_without_is_empty)] // nobody asks whether a cache is empty
pub trait Cache: Send + Sync + 'static {
    /// The rows of this key, if they are there.
    #[doc(alias = "getObject")]
    fn get(&self, key: &CacheKey) -> Option<Arc<OwnedRows>>;

    /// Keeps rows, or does not.
    #[doc(alias = "putObject")]
    fn put(&self, key: CacheKey, rows: Arc<OwnedRows>);

    /// Drops everything. [`put`](Self::put) and `clear` are never called at the same time.
    fn clear(&self);

    /// How many results it has, for [`CacheHandle::len`]; 0 if it does not know.
    #[doc(alias = "getSize")]
    fn len(&self) -> usize;
}
