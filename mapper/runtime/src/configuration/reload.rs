//! [`ReloadableConfiguration`]: mapper files that are edited while the program runs.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use super::builder::Collected;
use super::{Configuration, ConfigurationBuilder};
use crate::error::Result;

/// A configuration that can be loaded again, for development: what is loaded takes the place of the old at once and as a whole, and a mistake
/// leaves the old in place. Sessions keep the configuration they were made with, so no call sees half of each; sessions made later have the new.
///
/// As long as nothing was loaded again, [`current`](Self::current) costs what cloning an `Arc` costs. There is no thread that watches files:
/// the program asks, for example before each request of a development build.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("batis-reload-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("users.xml");
/// # let write = |sql: &str| std::fs::write(&path, format!("<mapper namespace=\"users\"><select id=\"count\">{sql}</select></mapper>")).unwrap();
/// write("select count(*) from users");
/// let live = batis_mapper::Configuration::builder().mapper_dir(&folder).reloadable()?;
/// assert!(!live.reload_if_changed()?);
///
/// write("select count(*) from people");
/// assert!(live.reload_if_changed()?);
/// let sql = live.current().statement("users.count")?.bound_sql(&().into_value())?.sql.to_string();
/// assert_eq!(sql, "select count(*) from people");
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # trait IntoValue { fn into_value(self) -> batis_mapper::ParamValue; }
/// # impl IntoValue for () { fn into_value(self) -> batis_mapper::ParamValue { batis_mapper::ParamValue::Null } }
/// # Ok::<(), batis_mapper::Error>(())
/// ```
///
/// MyBatis has nothing of the kind: a `Configuration` there is changed in place, and loading a statement twice is an error.
#[derive(Debug)]
pub struct ReloadableConfiguration {
    builder: ConfigurationBuilder,
    first: Arc<Configuration>,
    /// There once something was loaded again; until then nothing else of it is read.
    latest: OnceLock<RwLock<Arc<Configuration>>>,
    /// Of the files that were tried last, right or wrong.
    tried: Mutex<u64>,
}

impl ReloadableConfiguration {
    pub(super) fn new(builder: ConfigurationBuilder) -> Result<Self> {
        let collected = builder.collect()?;
        let tried = Mutex::new(fingerprint(&collected));
        let first = Arc::new(collected.build(&builder)?);
        Ok(Self { builder, first, latest: OnceLock::new(), tried })
    }

    /// What was loaded last without a mistake.
    #[must_use]
    #[inline]
    pub fn current(&self) -> Arc<Configuration> {
        match self.latest.get() {
            None => Arc::clone(&self.first),
            Some(latest) => Arc::clone(&latest.read().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// Reads, checks and takes all files again.
    ///
    /// # Errors
    /// As [`ConfigurationBuilder::build`], with all mistakes of all files; the old configuration stays.
    pub fn reload(&self) -> Result<()> {
        self.load(true).map(|_| ())
    }

    /// The same, if a file was changed, added or removed since the last time. Contents are compared, not times, so that nothing is
    /// missed and nothing is loaded for a touched file: 500 files cost about as long as reading them.
    ///
    /// # Errors
    /// As [`reload`](Self::reload), once for each change: files that were refused are not tried again until they change.
    pub fn reload_if_changed(&self) -> Result<bool> {
        self.load(false)
    }

    fn load(&self, even_if_same: bool) -> Result<bool> {
        // Two threads do not load at the same time.
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let collected = self.builder.collect()?;
        let now = fingerprint(&collected);
        if *tried == now && !even_if_same {
            return Ok(false);
        }
        *tried = now;
        self.take(collected)?;
        Ok(true)
    }

    fn take(&self, collected: Collected) -> Result<()> {
        let configuration = Arc::new(collected.build(&self.builder)?);
        let latest = self.latest.get_or_init(|| RwLock::new(Arc::clone(&configuration)));
        *latest.write().unwrap_or_else(PoisonError::into_inner) = configuration;
        Ok(())
    }
}

/// Names and contents of the mapper files, and of the configuration file with the properties that it reads from elsewhere.
fn fingerprint(collected: &Collected) -> u64 {
    let mut hasher = DefaultHasher::new();
    collected.files.hash(&mut hasher);
    collected.properties.hash(&mut hasher);
    let config = collected.config.as_ref().map(|config| config.warnings.shared_files());
    config.iter().flat_map(|files| files.iter()).for_each(|file| file.text().hash(&mut hasher));
    hasher.finish()
}
