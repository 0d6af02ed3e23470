//! Caches of the program's own, and what the configuration says of caches.

mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use batis_dbc::DataSource;
use batis_mapper::{
    BoundSql, Cache, CacheKey, Configuration, ConfigurationBuilder, ErrorKind, Finished, Interceptor, LocalCacheScope,
    MappedStatement, Outcome, OwnedRows, SqlSession,
};

/// Notes what it is asked.
#[derive(Default)]
struct Noting {
    rows: Mutex<HashMap<CacheKey, Arc<OwnedRows>>>,
    told: Mutex<Vec<String>>,
}

impl Noting {
    fn note(&self, what: String) {
        self.told.lock().unwrap().push(what);
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

/// The test keeps it, and the configuration.
struct Shared(Arc<Noting>);

impl Cache for Shared {
    fn get(&self, key: &CacheKey) -> Option<Arc<OwnedRows>> {
        self.0.note(format!("get {} {:?}", key.sql(), key.values().first()));
        self.0.rows.lock().unwrap().get(key).cloned()
    }

    fn put(&self, key: CacheKey, rows: Arc<OwnedRows>) {
        // As a cache outside of the process would bring them back.
        let copied = OwnedRows::new(Arc::clone(rows.shape()), rows.to_rows());
        self.0.note(format!("put {} {copied:?}", key.statement()));
        self.0.rows.lock().unwrap().insert(key, Arc::new(copied));
    }

    fn clear(&self) {
        self.0.note("clear".into());
        self.0.rows.lock().unwrap().clear();
    }

    fn len(&self) -> usize {
        self.0.rows.lock().unwrap().len()
    }
}

const SCHEMA: &str = "create table n (v integer); insert into n values (1)";

fn builder(cache: &str) -> ConfigurationBuilder {
    let xml = format!(
        "<mapper namespace=\"n\">\n  {cache}\n<select id=\"get\" resultType=\"int\">select v from n</select><select id=\"random\" resultType=\"long\">select random()</select>
        <update id=\"change\">update n set v = v + 1</update><update id=\"silent\" flushCache=\"false\">update n set v = v + 1</update></mapper>"
    );
    Configuration::builder().mapper_xml("n.xml", xml)
}

fn session(builder: ConfigurationBuilder) -> SqlSession {
    SqlSession::new(builder.build().unwrap(), support::source(SCHEMA))
}

async fn get(session: &SqlSession) -> i64 {
    session.select_one("n.get", ()).await.unwrap()
}

#[tokio::test]
async fn a_cache_of_the_program_is_asked_filled_and_emptied() {
    let noting = Arc::new(Noting::default());
    let shared = Arc::clone(&noting);
    let cache = r#"<cache type="org.x.NotingCache"><property name="host" value="localhost"/><property name="port" value="7"/></cache>"#;
    let session = session(builder(cache).cache("NotingCache", move |element| {
        let properties: Vec<String> =
            element.properties.iter().map(|(name, value)| format!("{name}={value}")).collect();
        shared.note(format!("made for {} with {}", element.namespace, properties.join(" ")));
        Ok::<_, String>(Shared(Arc::clone(&shared)))
    }));
    assert_eq!((get(&session).await, get(&session).await), (1, 1));
    let get = "get select v from n None";
    let told = noting.told();
    let expected = [
        "made for n with host=localhost port=7",
        get,
        get,
        r#"put n.get OwnedRows { columns: ["v"], rows: 1, .. }"#,
        get,
    ];
    // Looked for once more when the connection is there.
    assert_eq!(told, expected);
    assert_eq!(session.cache("n").unwrap().len(), 1);
    session.update("n.change", ()).await.unwrap();
    assert_eq!(noting.told(), ["clear"]);
    assert_eq!(self::get(&session).await, 2);
}

#[test]
fn names_are_full_short_or_aliases() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mybatis-config.xml");
    let xml =
        r#"<configuration><typeAliases><typeAlias alias="mine" type="org.x.MineCache"/></typeAliases></configuration>"#;
    std::fs::write(&config, xml).unwrap();
    let made = Arc::new(AtomicUsize::new(0));
    for (registered, written, expected) in [
        ("org.x.MineCache", "org.x.MineCache", 1),
        ("MineCache", "org.x.MineCache", 1),
        ("MineCache", "MineCache", 1),
        ("org.x.MineCache", "Mine", 1),
        ("MineCache", "mine", 1),
        ("MineCache", "org.y.OtherCache", 0),
        ("MineCache", "PERPETUAL", 0),
    ] {
        let count = Arc::clone(&made);
        let builder = builder(&format!("<cache type=\"{written}\"/>")).config_file(&config);
        let built = builder.cache(registered, move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok::<_, String>(Shared(Arc::default()))
        });
        built.build().unwrap();
        assert_eq!(made.swap(0, Ordering::SeqCst), expected, "{registered} for {written}");
    }
}

/// `CacheBuilderTest` of MyBatis.
#[tokio::test]
async fn a_cache_that_cannot_be_made_is_told_at_load() {
    let fails = builder(r#"<cache type="com.example.RedisCache"/>"#);
    let error = fails.cache("RedisCache", |_| Err::<Shared, _>("no such host")).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Load);
    assert_eq!(
        error.to_string(),
        "n.xml:2:3: the cache `com.example.RedisCache` of `n` could not be made: no such host"
    );

    // It can be made for the first data source, and not for the second.
    let times = AtomicUsize::new(0);
    let builder = builder(r#"<cache type="RedisCache"/>"#).cache("RedisCache", move |_| {
        match times.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(Shared(Arc::default())),
            _ => Err("no more"),
        }
    });
    let configuration = Arc::new(builder.build().unwrap());
    let on = |source: &Arc<dyn DataSource>| SqlSession::new(Arc::clone(&configuration), Arc::clone(source));
    let (first, second) = (support::source(SCHEMA), support::source(SCHEMA));
    for (source, kept) in [(&first, 1), (&second, 0), (&first, 1)] {
        assert_eq!(get(&on(source)).await, 1);
        assert_eq!(on(source).cache("n").unwrap().len(), kept);
    }
}

/// What a configuration file says, and what the program says instead.
fn configured(settings: &str, change: impl Fn(ConfigurationBuilder) -> ConfigurationBuilder) -> SqlSession {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mybatis-config.xml");
    std::fs::write(&config, format!("<configuration><settings><setting name=\"useGeneratedKeys\" value=\"false\"/>{settings}</settings></configuration>")).unwrap();
    let builder = change(builder("<cache/>").config_file(&config));
    let session = session(builder);
    let warnings = &session.configuration().config_file().unwrap().warnings;
    assert!(warnings.items().is_empty(), "{warnings}");
    session
}

#[tokio::test]
async fn cache_enabled_is_honoured() {
    let off = r#"<setting name="cacheEnabled" value="false"/>"#;
    for (settings, program, enabled) in
        [("", None, true), (off, None, false), (off, Some(true), true), ("", Some(false), false)]
    {
        let session = configured(settings, |builder| match program {
            Some(on) => builder.cache_enabled(on),
            None => builder,
        });
        get(&session).await;
        assert_eq!(session.cache("n").map(|cache| cache.len()), enabled.then_some(1), "{settings} {program:?}");
        session.update("n.silent", ()).await.unwrap();
        assert_eq!(get(&session).await, if enabled { 1 } else { 2 });
    }
}

#[tokio::test]
async fn the_scope_of_the_local_cache_is_honoured() {
    let said = |scope| {
        format!(r#"<setting name="cacheEnabled" value="false"/><setting name="localCacheScope" value="{scope}"/>"#)
    };
    let none = r#"<setting name="cacheEnabled" value="false"/>"#.to_owned();
    for (settings, program, local) in [
        (none.clone(), None, false),
        (said("STATEMENT"), None, false),
        (said("SESSION"), None, true),
        (said("SESSION"), Some(LocalCacheScope::Statement), false),
        (none, Some(LocalCacheScope::Session), true),
    ] {
        let session = configured(&settings, |builder| match program {
            Some(scope) => builder.local_cache_scope(scope),
            None => builder,
        });
        let tx = session.begin().await.unwrap();
        let random = async || tx.select_one::<i64>("n.random", ()).await.unwrap();
        assert_eq!(random().await == random().await, local, "{settings} {program:?}");
    }
}

/// Adds a tenant to the SQL and counts what runs.
struct Tenants {
    tenant: Arc<AtomicUsize>,
    finished: Arc<AtomicUsize>,
}

impl Interceptor for Tenants {
    fn bound_sql(&self, _: &MappedStatement, bound: &mut BoundSql<'_>) -> batis_dbc::Result<()> {
        bound.sql =
            format!("{} where {tenant} = {tenant}", bound.sql, tenant = self.tenant.load(Ordering::SeqCst)).into();
        Ok(())
    }

    fn finished(&self, run: &Finished<'_>) {
        assert!(matches!(run.outcome, Outcome::Rows(1)), "{}", run.outcome);
        self.finished.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn what_interceptors_change_is_part_of_the_key() {
    let (tenant, finished) = (Arc::new(AtomicUsize::new(1)), Arc::new(AtomicUsize::new(0)));
    let tenants = Tenants { tenant: Arc::clone(&tenant), finished: Arc::clone(&finished) };
    let session = session(builder("<cache/>").interceptor(tenants));
    for (of, runs) in [(1, 1), (1, 1), (2, 2), (1, 2), (2, 2)] {
        tenant.store(of, Ordering::SeqCst);
        assert_eq!(get(&session).await, 1);
        assert_eq!(finished.load(Ordering::SeqCst), runs);
    }
    assert_eq!(session.cache("n").unwrap().len(), 2);
}

#[tokio::test]
async fn a_reloaded_configuration_begins_with_empty_caches() {
    let live = builder("<cache/>").reloadable().unwrap();
    let source = support::source(SCHEMA);
    let session = || SqlSession::new(live.current(), Arc::clone(&source));
    get(&session()).await;
    assert_eq!(session().cache("n").unwrap().len(), 1);
    live.reload().unwrap();
    assert_eq!(session().cache("n").unwrap().len(), 0);
}
