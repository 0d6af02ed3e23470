//! Shared caches and the local one. Most tests carry the name of MyBatis' test of the same behaviour. Queries are counted by the connections that are
//! borrowed for them, and by what was changed behind the mapper's back and is not seen.

#![allow(clippy::disallowed_methods)] // a test is its own host and may spawn

mod support;

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use batis_dbc::{DataSource, DataSourceInfo, Lease, Op, Result as SqlResult};
use batis_mapper::{Configuration, Error, LocalCacheScope, Params, SqlSession, blocking, params};
use futures_util::TryStreamExt;
use serde::Deserialize;
use tokio::sync::Semaphore;

const SCHEMA: &str = "
    create table person (id integer primary key, name text not null, boss integer);
    insert into person values (1, 'Ann', null), (2, 'Bob', 1);";

/// How long nothing is kept behind a change that nobody knows the end of: `DOUBT` of the mapper.
const DOUBT: Duration = Duration::from_secs(5);

/// Behind the back of the other namespaces.
const RAW: &str = r#"<mapper namespace="raw"><update id="run">${_parameter}</update></mapper>"#;

const PEOPLE: &str = r#"
    <select id="names" resultType="string">select name from person order by id</select>
    <select id="find" resultType="Person">select id, name from person where id = #{id}</select>
    <select id="fresh" resultType="string" flushCache="true">select name from person order by id</select>
    <select id="uncached" resultType="string" useCache="false">select name from person order by id</select>
    <insert id="add">insert into person (id, name) values (#{id}, #{name})</insert>
    <insert id="addSilently" flushCache="false">insert into person (id, name) values (#{id}, #{name})</insert>
    <delete id="remove">delete from person where id = #{id}</delete>"#;

#[derive(Debug, Deserialize, PartialEq)]
struct Person {
    id: i64,
    name: String,
}

/// Counts the connections that are borrowed, and lends them when it is told to.
struct Counting {
    inner: Arc<dyn DataSource>,
    borrowed: AtomicUsize,
    open: Semaphore,
}

impl Counting {
    fn new(schema: &str) -> Arc<Self> {
        let open = Semaphore::new(Semaphore::MAX_PERMITS);
        Arc::new(Self { inner: support::source(schema), borrowed: AtomicUsize::new(0), open })
    }

    /// Connections since the last time.
    fn borrowed(&self) -> usize {
        self.borrowed.swap(0, Ordering::SeqCst)
    }
}

impl DataSource for Counting {
    fn connection(&self) -> Op<'_, SqlResult<Lease>> {
        self.borrowed.fetch_add(1, Ordering::SeqCst);
        Op::boxed(async {
            let _permit = self.open.acquire().await.expect("it is never closed");
            self.inner.connection().await
        })
    }

    fn connection_blocking(&self, deadline: Option<Instant>) -> SqlResult<Lease> {
        self.borrowed.fetch_add(1, Ordering::SeqCst);
        self.inner.connection_blocking(deadline)
    }

    fn info(&self) -> &DataSourceInfo {
        self.inner.info()
    }
}

fn builder(cache: &str, more: &str) -> batis_mapper::ConfigurationBuilder {
    let people = format!("<mapper namespace=\"t\">{cache}{PEOPLE}{more}</mapper>");
    Configuration::builder().mapper_xml("t.xml", people).mapper_xml("raw.xml", RAW)
}

fn counted(cache: &str, more: &str) -> (SqlSession, Arc<Counting>) {
    let source = Counting::new(SCHEMA);
    let session = SqlSession::new(builder(cache, more).build().unwrap(), Arc::clone(&source) as Arc<dyn DataSource>);
    (session, source)
}

fn cached() -> (SqlSession, Arc<Counting>) {
    counted("<cache/>", "")
}

async fn names(session: &SqlSession) -> String {
    session.select_list::<String>("t.names", ()).await.unwrap().join(" ")
}

/// Changes something without any cache knowing.
async fn raw(session: &SqlSession, sql: &str) {
    session.execute("raw.run", sql).await.unwrap();
}

async fn add(session: &SqlSession, id: i64, name: &str) -> Result<u64, Error> {
    session.insert("t.add", params! { id, name }).await
}

#[tokio::test]
async fn what_was_read_once_is_not_asked_for_again() {
    let (session, source) = cached();
    let cache = session.cache("t").unwrap();
    for round in 0..3 {
        assert_eq!(names(&session).await, "Ann Bob");
        let found: Person = session.select_one("t.find", &2).await.unwrap();
        assert_eq!(found, Person { id: 2, name: "Bob".into() });
        assert_eq!(session.select_opt::<Person>("t.find", &3).await.unwrap(), None, "nothing is a result too");
        let by_name: HashMap<String, Person> = session.select_map("t.find", &1, "name").await.unwrap();
        assert_eq!(by_name["Ann"].id, 1);
        // One row of a kept result, read into another type.
        let pair: (i64, String) = session.select_one("t.find", &2).await.unwrap();
        assert_eq!(pair, (2, "Bob".into()));
        assert_eq!(source.borrowed(), if round == 0 { 4 } else { 0 });
    }
    assert_eq!((cache.len(), cache.hits(), cache.misses()), (4, 11, 4));
    assert!((cache.hit_ratio() - 11.0 / 15.0).abs() < 1e-9);
    assert_eq!(session.select_one::<Person>("t.find", &3).await.unwrap_err().sql_state().unwrap().code(), "02000");
    let many = session.select_one::<String>("t.names", ()).await.unwrap_err();
    assert_eq!((many.sql_state().unwrap().code(), many.statement()), ("21000", Some("t.names")));
    let wrong = session.select_list::<i64>("t.names", ()).await.unwrap_err();
    assert!(wrong.to_string().contains("row 1"), "{wrong}");
    assert_eq!(source.borrowed(), 0, "errors of reading are no matter of the database");
}

#[tokio::test]
async fn keys_are_statements_texts_and_values() {
    let more = r#"<select id="echo" resultType="string">select typeof(#{x}) || ':' || coalesce(#{x}, 'null')</select>
        <select id="sorted" resultType="string">select name from person order by ${by}</select>"#;
    let (session, source) = counted("<cache/>", more);
    for round in 0..2 {
        let echo = async |params: Params<'static>| session.select_one::<String>("t.echo", params).await.unwrap();
        assert_eq!(echo(params! { x: 1_i64 }).await, "integer:1");
        assert_eq!(echo(params! { x: 1.0 }).await, "real:1.0");
        assert_eq!(echo(params! { x: "1" }).await, "text:1");
        assert_eq!(echo(params! { x: None::<i64> }).await, "null:null");
        for (by, first) in [("id", "Ann"), ("id desc", "Bob")] {
            assert_eq!(session.select_list::<String>("t.sorted", params! { by }).await.unwrap()[0], first);
        }
        assert_eq!(source.borrowed(), if round == 0 { 6 } else { 0 });
    }
}

/// `cache` of MyBatis.
#[tokio::test]
async fn changes_empty_the_cache_of_their_namespace() {
    let (session, source) = cached();
    assert_eq!(names(&session).await, "Ann Bob");
    add(&session, 3, "Cid").await.unwrap();
    assert_eq!(names(&session).await, "Ann Bob Cid");
    session.delete("t.remove", &3).await.unwrap();
    assert_eq!(names(&session).await, "Ann Bob");

    // Those that say they do not, and those of other namespaces, leave old data.
    session.insert("t.addSilently", params! { id: 3, name: "Cid" }).await.unwrap();
    raw(&session, "insert into person values (4, 'Dan', null)").await;
    assert_eq!(names(&session).await, "Ann Bob");
    let fresh: Vec<String> = session.select_list("t.fresh", ()).await.unwrap();
    assert_eq!(fresh.join(" "), "Ann Bob Cid Dan");
    assert_eq!(names(&session).await, "Ann Bob Cid Dan");

    source.borrowed();
    session.select_list::<String>("t.uncached", ()).await.unwrap();
    session.select_list::<String>("t.uncached", ()).await.unwrap();
    session.select_rows("t.names", ()).await.unwrap();
    session.stream::<String>("t.names", ()).try_collect::<Vec<_>>().await.unwrap();
    assert_eq!(source.borrowed(), 4, "rows as they are and streams are always the database's");
    assert_eq!(names(&session).await, "Ann Bob Cid Dan");
    assert_eq!(source.borrowed(), 0, "and they empty nothing");
}

#[tokio::test]
async fn every_way_to_change_something_empties_it() {
    let more = r#"
        <insert id="keyed" useGeneratedKeys="true" keyProperty="id" keyColumn="id">insert into person (name) values (#{name})</insert>
        <select id="returning" resultType="int" affectData="true" flushCache="true">insert into person (name) values (#{name}) returning id</select>"#;
    let (session, _) = counted("<cache/>", more);
    let cache = session.cache("t").unwrap();
    let one = || params! { name: "x" };
    for way in 0..9 {
        names(&session).await;
        assert_eq!(cache.len(), 1, "before way {way}");
        match way {
            0 => drop(session.insert("t.keyed", one()).await.unwrap()),
            1 => drop(session.execute("t.keyed", one()).await.unwrap()),
            2 => drop(session.insert_keys("t.keyed", one()).await.unwrap()),
            3 => drop(session.insert_returning_key::<i64>("t.keyed", one()).await.unwrap()),
            4 => drop(session.execute_batch("t.keyed", [one(), one()]).await.unwrap()),
            5 => drop(session.select_one::<i64>("t.returning", one()).await.unwrap()),
            6 => drop(session.select_rows("t.returning", one()).await.unwrap()),
            7 => drop(session.stream::<i64>("t.returning", one()).try_collect::<Vec<_>>().await.unwrap()),
            _ => cache.clear(),
        }
        assert_eq!(cache.len(), 0, "way {way}");
    }
}

#[tokio::test]
async fn a_change_that_failed_or_was_dropped_may_have_been_done() {
    let (session, source) = cached();
    let cache = session.cache("t").unwrap();
    names(&session).await;
    add(&session, 1, "twice").await.unwrap_err();
    assert_eq!(cache.len(), 0);
    assert_eq!(names(&session).await, "Ann Bob");
    assert_eq!(cache.len(), 1, "the database said that it did not");

    // A connection that does not come leaves everything as it is.
    let permits = source.open.forget_permits(Semaphore::MAX_PERMITS);
    {
        let mut waits = pin!(add(&session, 3, "Cid"));
        assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(cache.len(), 1);
    source.open.add_permits(permits);
}

#[tokio::test]
async fn a_stream_that_was_left_early_is_in_doubt() {
    let more = r#"<select id="returning" resultType="int" affectData="true" flushCache="true">
        insert into person (name) values ('x'), ('y') returning id</select>"#;
    let (session, _) = counted("<cache/>", more);
    let cache = session.cache("t").unwrap();
    names(&session).await;
    let mut stream = session.stream::<i64>("t.returning", ());
    assert!(stream.try_next().await.unwrap().is_some());
    let dropped = Instant::now();
    drop(stream);
    assert_eq!(cache.len(), 0);
    names(&session).await;
    assert!(cache.is_empty() || dropped.elapsed() >= DOUBT, "nothing is kept until it must have ended");
}

/// `cache` of MyBatis: transactions.
#[tokio::test]
async fn others_see_what_a_transaction_emptied_when_it_commits() {
    let (session, source) = cached();
    names(&session).await;
    source.borrowed();

    let tx = session.begin().await.unwrap();
    assert_eq!(names(&tx).await, "Ann Bob");
    add(&tx, 3, "Cid").await.unwrap();
    assert_eq!(names(&tx).await, "Ann Bob Cid", "its own changes");
    assert_eq!(names(&session).await, "Ann Bob", "others still have the old");
    tx.rollback().await.unwrap();
    assert_eq!(names(&session).await, "Ann Bob");
    assert_eq!(source.borrowed(), 1, "a rollback leaves the cache");

    let tx = session.begin().await.unwrap();
    add(&tx, 3, "Cid").await.unwrap();
    assert_eq!(names(&tx).await, "Ann Bob Cid");
    assert_eq!(names(&session).await, "Ann Bob");
    tx.commit().await.unwrap();
    assert_eq!(session.cache("t").unwrap().len(), 0, "what was read behind the change is not kept");
    assert_eq!(names(&session).await, "Ann Bob Cid");
}

#[tokio::test]
async fn what_a_transaction_read_is_kept_when_it_commits() {
    let (session, source) = cached();
    let cache = session.cache("t").unwrap();
    let tx = session.begin().await.unwrap();
    names(&tx).await;
    assert_eq!(cache.len(), 0);
    tx.rollback().await.unwrap();
    assert_eq!(cache.len(), 0);

    let tx = session.begin().await.unwrap();
    names(&tx).await;
    assert_eq!(cache.len(), 0);
    tx.commit().await.unwrap();
    source.borrowed();
    assert_eq!((names(&session).await.as_str(), source.borrowed()), ("Ann Bob", 0));

    // It was emptied since the transaction began.
    let tx = session.begin().await.unwrap();
    tx.select_one::<Person>("t.find", &1).await.unwrap();
    cache.clear();
    tx.commit().await.unwrap();
    assert_eq!(cache.len(), 0);

    // It is given up.
    let tx = session.begin().await.unwrap();
    names(&tx).await;
    drop(tx);
    assert_eq!(cache.len(), 0);
}

#[tokio::test]
async fn a_commit_that_the_database_refuses_is_a_rollback() {
    let (session, _) = cached();
    raw(&session, "create table child (of integer references person (id) deferrable initially deferred)").await;
    let cache = session.cache("t").unwrap();
    names(&session).await;
    let tx = session.begin().await.unwrap();
    tx.select_one::<Person>("t.find", &1).await.unwrap();
    add(&tx, 3, "Cid").await.unwrap();
    raw(&tx, "insert into child values (9)").await;
    assert_eq!(tx.commit().await.unwrap_err().sql_state().unwrap().class(), "23");
    assert_eq!(cache.len(), 1, "nothing was emptied and nothing published");
    assert_eq!(names(&session).await, "Ann Bob");
}

#[tokio::test]
async fn nothing_that_may_be_rolled_back_is_kept() {
    let (session, _) = cached();
    let cache = session.cache("t").unwrap();
    // The change is of a namespace without a cache, and inside of a savepoint that is rolled back.
    let done: Result<(), Error> = session
        .tx(async |t: SqlSession| {
            let failed: Result<(), Error> = t
                .tx(async |inner: SqlSession| {
                    raw(&inner, "insert into person values (3, 'Cid', null)").await;
                    assert_eq!(names(&inner).await, "Ann Bob Cid");
                    Err(inner.select_one::<i64>("t.find", &9).await.unwrap_err())
                })
                .await;
            failed.unwrap_err();
            Ok(())
        })
        .await;
    done.unwrap();
    assert_eq!(cache.len(), 0);
    assert_eq!(names(&session).await, "Ann Bob");
}

/// `cache` of MyBatis: `<cache-ref>`.
#[tokio::test]
async fn namespaces_share_by_cache_ref() {
    let other = r#"<mapper namespace="other"><cache-ref namespace="t"/>
        <select id="count" resultType="int">select count(*) from person</select>
        <update id="rename">update person set name = #{name} where id = 1</update></mapper>"#;
    let source = Counting::new(SCHEMA);
    let configuration = builder("<cache/>", "").mapper_xml("other.xml", other).build().unwrap();
    let session = SqlSession::new(configuration, Arc::clone(&source) as Arc<dyn DataSource>);
    names(&session).await;
    session.select_one::<i64>("other.count", ()).await.unwrap();
    let cache = session.cache("other").unwrap();
    assert_eq!((cache.namespace(), cache.len()), ("t", 2));
    session.update("other.rename", params! { name: "Eve" }).await.unwrap();
    assert_eq!(names(&session).await, "Eve Bob");
    assert!(session.cache("raw").is_none());
    assert!(session.cache("nobody").is_none());
}

/// `nested_query_cache` of MyBatis.
#[tokio::test]
async fn nested_selects_use_the_cache_of_their_own_namespace() {
    let bosses = r#"<mapper namespace="boss"><cache/>
        <select id="of" resultType="Person">select id, name from person where id = #{id}</select></mapper>"#;
    let plain = r#"<mapper namespace="plain">
        <resultMap id="worker" type="Worker"><id property="id" column="id"/><association property="boss" column="boss" select="boss.of"/></resultMap>
        <select id="workers" resultMap="worker">select id, boss from person order by id</select></mapper>"#;
    #[derive(Debug, Deserialize)]
    struct Worker {
        boss: Option<Person>,
    }
    let more = r#"<resultMap id="worker" type="Worker"><id property="id" column="id"/><association property="boss" column="boss" select="boss.of"/></resultMap>
        <select id="workers" resultMap="worker">select id, boss from person order by id</select>"#;
    let source = Counting::new(SCHEMA);
    let configuration = builder("<cache/>", more).mapper_xml("boss.xml", bosses).mapper_xml("plain.xml", plain).build();
    let session = SqlSession::new(configuration.unwrap(), Arc::clone(&source) as Arc<dyn DataSource>);
    let boss = async |id: &str| {
        let workers: Vec<Worker> = session.select_list(id, ()).await.unwrap();
        workers[1].boss.as_ref().unwrap().name.clone()
    };
    assert_eq!(boss("t.workers").await, "Ann");
    let (own, nested) = (session.cache("t").unwrap(), session.cache("boss").unwrap());
    assert_eq!((own.len(), nested.len(), source.borrowed()), (1, 1, 1));
    raw(&session, "update person set name = 'Eve' where id = 1").await;
    source.borrowed();
    assert_eq!((boss("t.workers").await.as_str(), source.borrowed()), ("Ann", 0), "both from the caches");
    assert_eq!((boss("plain.workers").await.as_str(), source.borrowed()), ("Ann", 1), "the nested one only");
    nested.clear();
    assert_eq!((boss("t.workers").await.as_str(), source.borrowed()), ("Eve", 1), "the outer one only");
    assert_eq!((own.hits(), own.misses(), nested.hits(), nested.misses()), (2, 1, 2, 2));
    // In a transaction as well.
    let tx = session.begin().await.unwrap();
    raw(&tx, "update person set name = 'Zoe' where id = 1").await;
    let workers: Vec<Worker> = tx.select_list("t.workers", ()).await.unwrap();
    assert_eq!(workers[1].boss.as_ref().unwrap().name, "Eve");
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn folded_rows_are_folded_anew() {
    let more = r#"<resultMap id="team" type="Team"><id property="boss" column="boss"/><collection property="names" ofType="string"><result column="name"/></collection></resultMap>
        <select id="teams" resultMap="team">select 1 as boss, name from person order by id</select>
        <select id="ordered" resultMap="team" resultOrdered="true">select 1 as boss, name from person order by id</select>"#;
    #[derive(Debug, Deserialize, PartialEq)]
    struct Team {
        boss: i64,
        names: Vec<String>,
    }
    let (session, source) = counted("<cache/>", more);
    let team = || Team { boss: 1, names: vec!["Ann".into(), "Bob".into()] };
    for id in ["t.teams", "t.ordered"] {
        for borrowed in [1, 0] {
            assert_eq!(session.select_one::<Team>(id, ()).await.unwrap(), team());
            assert_eq!(session.select_list::<Team>(id, ()).await.unwrap(), [team()]);
            assert_eq!(session.select_map::<i64, Team>(id, (), "boss").await.unwrap()[&1], team());
            assert_eq!(source.borrowed(), borrowed, "{id}");
        }
    }
}

/// `blocking_cache` of MyBatis, without a lock that lasts.
#[tokio::test]
async fn one_asks_and_the_others_wait_without_a_connection() {
    let (session, source) = counted(r#"<cache blocking="true"/>"#, "");
    let permits = source.open.forget_permits(Semaphore::MAX_PERMITS);
    let mut cx = Context::from_waker(Waker::noop());
    let mut all: Vec<_> = (0..5).map(|_| Box::pin(names(&session))).collect();
    for one in &mut all {
        assert!(one.as_mut().poll(&mut cx).is_pending());
    }
    let mut other = Box::pin(session.select_one::<Person>("t.find", &1));
    assert!(other.as_mut().poll(&mut cx).is_pending());
    assert_eq!(source.borrowed(), 2, "one for each key");
    // Who asks gives up: the next one does.
    drop(all.remove(0));
    assert!(all[0].as_mut().poll(&mut cx).is_pending());
    assert_eq!(source.borrowed(), 1);
    source.open.add_permits(permits);
    other.await.unwrap();
    for one in all {
        assert_eq!(one.await, "Ann Bob");
    }
    assert_eq!(source.borrowed(), 0);
    // A transaction never waits.
    let (tx, permits) = (session.begin().await.unwrap(), source.open.forget_permits(Semaphore::MAX_PERMITS));
    session.cache("t").unwrap().clear();
    let mut waits = Box::pin(names(&session));
    assert!(waits.as_mut().poll(&mut cx).is_pending());
    assert_eq!(names(&tx).await, "Ann Bob");
    tx.rollback().await.unwrap();
    source.open.add_permits(permits);
    assert_eq!(waits.await, "Ann Bob");
}

/// The wait for others, and for a connection, is no part of a statement's `timeout`.
#[tokio::test]
async fn the_time_of_a_statement_begins_with_its_connection() {
    let more = r#"<select id="slow" resultType="string" timeout="1">select name from person order by id</select>"#;
    let (session, source) = counted(r#"<cache blocking="true"/>"#, more);
    let permits = source.open.forget_permits(Semaphore::MAX_PERMITS);
    let mut cx = Context::from_waker(Waker::noop());
    let ask = || Box::pin(session.select_list::<String>("t.slow", ()));
    let (mut first, mut second) = (ask(), ask());
    assert!(first.as_mut().poll(&mut cx).is_pending() && second.as_mut().poll(&mut cx).is_pending());
    drop(first);
    std::thread::sleep(Duration::from_millis(1100));
    source.open.add_permits(permits);
    assert_eq!(second.await.unwrap(), ["Ann", "Bob"]);
}

#[test]
fn threads_wait_for_each_other_too() {
    let source = Counting::new(SCHEMA);
    let configuration = builder(r#"<cache blocking="true"/>"#, "").build().unwrap();
    let session = blocking::SqlSession::new(configuration, Arc::clone(&source) as Arc<dyn DataSource>);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let session = session.clone();
            scope.spawn(move || {
                let names: Vec<String> = session.select_list("t.names", ()).unwrap();
                assert_eq!(names, ["Ann", "Bob"]);
            });
        }
    });
    assert_eq!(source.borrowed(), 1);
}

#[test]
fn blocking_sessions_do_the_same() {
    let source = Counting::new(SCHEMA);
    let configuration = builder("<cache/>", "").local_cache_scope(LocalCacheScope::Session).build().unwrap();
    let session = blocking::SqlSession::new(configuration, Arc::clone(&source) as Arc<dyn DataSource>);
    for borrowed in [4, 0] {
        assert_eq!(session.select_list::<String>("t.names", ()).unwrap(), ["Ann", "Bob"]);
        assert_eq!(session.select_one::<(i64, String)>("t.find", &1).unwrap().1, "Ann");
        assert_eq!(session.select_one::<Person>("t.find", &9).unwrap_err().sql_state().unwrap().code(), "02000");
        assert_eq!(session.select_opt::<Person>("t.find", &9).unwrap(), None);
        assert_eq!(session.select_map::<i64, Person>("t.find", &2, "id").unwrap()[&2].name, "Bob");
        assert_eq!(source.borrowed(), borrowed);
    }
    session.insert("t.add", params! { id: 3, name: "Cid" }).unwrap();
    assert_eq!(session.cache("t").unwrap().len(), 0);
    let tx = session.begin().unwrap();
    let names = |session: &blocking::SqlSession| session.select_list::<String>("t.names", ()).unwrap().len();
    assert_eq!(names(&tx), 3);
    tx.execute("raw.run", "delete from person where id = 3").unwrap();
    assert_eq!(names(&tx), 2);
    tx.clear_cache().unwrap();
    tx.insert("t.add", params! { id: 4, name: "Dan" }).unwrap();
    assert_eq!(names(&tx), 3);
    tx.commit().unwrap();
    assert_eq!(names(&session), 3);
}

/// `force_flush_on_select` of MyBatis. A random number says whether the database was asked.
#[tokio::test]
async fn the_local_cache_lasts_for_one_transaction_or_until_something_changes() {
    let schema = "create table n (v integer); insert into n values (0)";
    let xml = r#"<mapper namespace="n">
        <select id="random" resultType="long">select random()</select>
        <select id="fresh" resultType="long" flushCache="true">select random()</select>
        <update id="change">update n set v = v + 1</update></mapper>"#;
    let builder = || Configuration::builder().mapper_xml("n.xml", xml);
    let on = builder().local_cache_scope(LocalCacheScope::Session).build().unwrap();
    let session = SqlSession::new(on, support::source(schema));
    let random = async |session: &SqlSession| session.select_one::<i64>("n.random", ()).await.unwrap();
    assert_ne!(random(&session).await, random(&session).await, "over a data source there is none");

    let tx = session.begin().await.unwrap();
    let first = random(&tx).await;
    assert_eq!(random(&tx).await, first);
    tx.select_one::<i64>("n.fresh", ()).await.unwrap();
    let second = random(&tx).await;
    assert_ne!(second, first);
    tx.update("n.change", ()).await.unwrap();
    let third = random(&tx).await;
    assert_ne!(third, second);
    tx.clear_cache().await.unwrap();
    let fourth = random(&tx).await;
    assert_ne!(fourth, third);
    assert_eq!(random(&tx.clone()).await, fourth);
    let inner = tx.begin().await.unwrap();
    assert_eq!(random(&inner).await, fourth);
    inner.rollback().await.unwrap();
    let fifth = random(&tx).await;
    assert_ne!(fifth, fourth, "a savepoint that is rolled back");
    tx.commit().await.unwrap();
    assert!(tx.clear_cache().await.is_err(), "it has ended");
    let other = session.begin().await.unwrap();
    assert_ne!(random(&other).await, fifth);

    let off = SqlSession::new(builder().build().unwrap(), support::source(schema));
    let tx = off.begin().await.unwrap();
    assert_ne!(random(&tx).await, random(&tx).await, "it is off by default");
}

#[tokio::test]
async fn queries_that_write_or_lock_always_run() {
    let more = r#"<select id="log" resultType="long">insert into person (name) values (#{name}) returning id</select>
        <select id="dynamic" resultType="long">insert into <if test="name != null">person</if> (name) values (#{name}) returning id</select>"#;
    let (session, _) = counted("<cache/>", more);
    for (id, log) in [(3, "t.log"), (4, "t.log"), (5, "t.dynamic"), (6, "t.dynamic")] {
        assert_eq!(session.select_one::<i64>(log, params! { name: "x" }).await.unwrap(), id);
    }
    assert_eq!(session.cache("t").unwrap().len(), 0);
    for log in ["t.log", "t.dynamic"] {
        let tx = session.begin().await.unwrap();
        tx.select_one::<i64>(log, params! { name: "x" }).await.unwrap();
        names(&tx).await;
        tx.commit().await.unwrap();
        assert_eq!(session.cache("t").unwrap().len(), 0, "what it read may have been rolled back with a savepoint");
    }
}

#[tokio::test]
async fn two_data_sources_are_never_mixed() {
    let configuration = Arc::new(builder("<cache/>", "").build().unwrap());
    let (one, two) = (support::source(SCHEMA), support::source(SCHEMA));
    let session = |source: &Arc<dyn DataSource>| SqlSession::new(Arc::clone(&configuration), Arc::clone(source));
    raw(&session(&two), "update person set name = 'Eve' where id = 1").await;
    assert_eq!(names(&session(&one)).await, "Ann Bob");
    assert_eq!(names(&session(&two)).await, "Eve Bob");
    assert_eq!(names(&session(&one)).await, "Ann Bob");
    add(&session(&one), 3, "Cid").await.unwrap();
    let cache = |source: &Arc<dyn DataSource>| session(source).cache("t").unwrap();
    assert_eq!((cache(&one).len(), cache(&two).len()), (0, 1));
    // Another one at the same place has other caches.
    for _ in 0..20 {
        let source = support::source(SCHEMA);
        assert_eq!(cache(&source).len(), 0);
        names(&session(&source)).await;
    }
}

#[tokio::test]
async fn a_statement_of_another_configuration_reads_none_and_empties_its_namespace() {
    let source = support::source(SCHEMA);
    let old = Arc::new(builder("<cache/>", "").build().unwrap());
    let session = SqlSession::new(builder("<cache/>", "").build().unwrap(), source);
    let cache = session.cache("t").unwrap();
    names(&session).await;
    session.select_list::<String>(old.statement("t.names").unwrap(), ()).await.unwrap();
    assert_eq!((cache.hits(), cache.len()), (0, 1));
    session.delete(old.statement("t.remove").unwrap(), &2).await.unwrap();
    assert_eq!(cache.len(), 0);
    assert_eq!(names(&session).await, "Ann");
}

/// A query whose text is made for each call says only then that it writes.
#[tokio::test]
async fn queries_that_turn_out_to_write_are_changes_by_whatever_method() {
    let more = r#"<select id="taken" resultType="string">
        <choose><when test="writes">insert into person (id, name) values (3, 'Cid') returning name</when><otherwise>select 'x'</otherwise></choose>
        </select>"#;
    let (session, _) = counted("<cache/>", more);
    let t = session.begin().await.unwrap();
    let inner = t.begin().await.unwrap();
    inner.select_with("t.taken", params! { writes: true }, |_| Ok(())).await.unwrap();
    assert_eq!(names(&inner).await, "Ann Bob Cid");
    inner.rollback().await.unwrap();
    t.commit().await.unwrap();
    assert_eq!(names(&session).await, "Ann Bob", "what a savepoint took back was not kept");

    let source = Counting::new(SCHEMA);
    let local = builder("<cache/>", more).local_cache_scope(LocalCacheScope::Session).build().unwrap();
    let session = SqlSession::new(local, Arc::clone(&source) as Arc<dyn DataSource>);
    let t = session.begin().await.unwrap();
    assert_eq!(names(&t).await, "Ann Bob");
    t.select_rows("t.taken", params! { writes: true }).await.unwrap();
    assert_eq!(names(&t).await, "Ann Bob Cid");
    t.rollback().await.unwrap();
}

#[tokio::test]
async fn nested_selects_of_a_stream_use_caches_and_empty_them() {
    let more = r#"
        <resultMap id="watched" type="Watched"><id property="id" column="id"/>
            <association property="name" column="id" select="one"/><collection property="all" column="id" select="emptying"/></resultMap>
        <select id="one" resultType="string">select name from person where id = #{id}</select>
        <select id="emptying" resultType="string" flushCache="true">select name from person order by id</select>
        <select id="watched" resultMap="watched">select id from person where id = 1</select>"#;
    #[derive(Deserialize)]
    struct Watched {
        name: String,
    }
    let (session, _) = counted("<cache/>", more);
    assert_eq!(names(&session).await, "Ann Bob");
    raw(&session, "update person set name = 'Eve' where id = 1").await;
    let watched: Vec<Watched> = session.stream("t.watched", ()).try_collect().await.unwrap();
    assert_eq!(watched[0].name, "Eve");
    assert_eq!(names(&session).await, "Eve Bob");
}
