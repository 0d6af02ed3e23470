//! Caches on SQLite and PostgreSQL: the same mapper file, async and blocking, and what only a server can do.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use batis::blocking::SqlSession;
use batis::dbc::driver::Mode;
use batis::dbc::{DataSource, Url};
use batis::pool::RoutingDataSource;
use batis::sqlite::SqliteDriver;
use batis::{Batis, Configuration, params};
use serde::Deserialize;
use tokio::task::JoinSet;

const MAPPER: &str = r#"<mapper namespace="shop">
  <cache blocking="true" size="100"/>
  <resultMap id="shelf" type="Shelf">
    <id property="id" column="shelf"/>
    <association property="label" column="shelf" select="label"/>
    <collection property="items" ofType="Item"><id property="id" column="item_id"/><result property="price" column="price"/></collection>
  </resultMap>
  <select id="all" resultType="Item">select item_id as id, price, made from item order by price</select>
  <select id="shelves" resultMap="shelf">select 1 as shelf, item_id, price from item order by price</select>
  <select id="label" resultType="string">select name from label where id = #{id}</select>
  <select id="find" resultType="Item">select item_id as id, price, made from item where item_id = #{id}</select>
  <update id="reprice">update item set price = #{price} where item_id = #{id}</update>
</mapper>"#;

const SCHEMA: &str = "
    create table item (item_id uuid primary key, price numeric(8, 2) not null, made timestamp);
    create table label (id integer primary key, name text not null);
    insert into item values ('11111111-1111-1111-1111-111111111111', 16.5, '2024-02-29 12:30:00'), ('22222222-2222-2222-2222-222222222222', 18.5, null);
    insert into label values (1, 'Fish');";

const FIRST: &str = "11111111-1111-1111-1111-111111111111";

/// How long nothing is kept behind a change that nobody knows the end of: `DOUBT` of the mapper.
const DOUBT: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize, PartialEq)]
struct Item {
    id: String,
    price: f64,
    made: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Shelf {
    id: i32,
    items: Vec<Priced>,
    label: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Priced {
    id: String,
    price: f64,
}

async fn open(url: &str) -> Batis {
    let batis = Batis::builder(url).mapper_xml("shop.xml", MAPPER).open().await.unwrap();
    batis.connection().await.unwrap().execute_script(SCHEMA).await.unwrap();
    batis
}

/// A future that can go to another thread.
fn sent<F: Future + Send>(future: F) -> F {
    future
}

async fn check(url: &str) {
    let batis = open(url).await;
    let (session, cache) = (batis.session(), batis.cache("shop").unwrap());
    let all = async || sent(session.select_list::<Item>("shop.all", ())).await.unwrap();
    let shelf = async || session.select_one::<Shelf>("shop.shelves", ()).await.unwrap();
    let (first, folded) = (all().await, shelf().await);
    assert_eq!((first.len(), folded.items.len(), folded.label.as_deref()), (2, 2, Some("Fish")), "{url}");
    assert_eq!((cache.len(), cache.hits(), cache.misses()), (3, 0, 3));
    assert_eq!((all().await, shelf().await), (first, folded), "{url}: kept rows are read as those of the database");
    assert_eq!((cache.hits(), cache.misses()), (3, 3));
    // Another session over the same pool.
    assert_eq!(batis.session().select_list::<Item>("shop.all", ()).await.unwrap().len(), 2);
    assert_eq!((cache.hits(), cache.misses()), (4, 3));

    let price = async |session: &batis::SqlSession| {
        session.select_one::<Item>("shop.find", params! { id: FIRST }).await.unwrap().price
    };
    let reprice = |price: f64| params! { id: FIRST, price };
    assert_eq!(price(&session).await, 16.5, "{url}");
    session.update("shop.reprice", reprice(17.5)).await.unwrap();
    assert_eq!(cache.len(), 0);
    assert_eq!((price(&session).await, all().await[0].price), (17.5, 17.5));

    let tx = session.begin().await.unwrap();
    tx.update("shop.reprice", reprice(20.0)).await.unwrap();
    assert_eq!((price(&tx).await, price(&session).await), (20.0, 17.5));
    tx.commit().await.unwrap();
    assert_eq!(price(&session).await, 20.0);
    let done = session.tx(|tx| async move {
        tx.update("shop.reprice", reprice(21.0)).await?;
        tx.select_one::<Item>("shop.find", params! { id: FIRST }).await?;
        Err::<(), _>(tx.select_one::<Item>("shop.all", ()).await.unwrap_err())
    });
    done.await.unwrap_err();
    assert_eq!((price(&session).await, cache.len()), (20.0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    check(&format!("sqlite:{}", folder.path().join("shop.db").display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    check(&database.url()).await;
}

#[test]
fn on_postgres_in_plain_threads() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    let batis = batis::blocking::Batis::builder(database.url()).mapper_xml("shop.xml", MAPPER).open().unwrap();
    batis.connection().unwrap().execute_script(SCHEMA).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let items: Vec<Item> = batis.session().select_list("shop.all", ()).unwrap();
                assert_eq!(items[0].id, FIRST);
            });
        }
    });
    let cache = batis.cache("shop").unwrap();
    assert_eq!((cache.misses(), cache.hits()), (1, 7));
    for _ in 0..2 {
        let shelf: Shelf = batis.session().select_one("shop.shelves", ()).unwrap();
        assert_eq!((shelf.items[0].price, shelf.label.as_deref()), (16.5, Some("Fish")));
    }
    assert_eq!((cache.misses(), cache.hits()), (3, 9), "the shelf, and its label");
    let session = batis.session();
    session.tx(|tx| tx.update("shop.reprice", params! { id: FIRST, price: 1.0 })).unwrap();
    assert_eq!(session.select_one::<Shelf>("shop.shelves", ()).unwrap().items[0].price, 1.0);
}

/// Until somebody waits for a lock in this database: others have the server too.
async fn somebody_waits(watch: &mut batis::dbc::Connection) {
    let waiting =
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    while watch.query_one(waiting, ()).await.unwrap().get::<i64>(0).unwrap() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_ask_and_the_database_is_asked_once() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    let batis = open(&database.url()).await;
    let (mut other, mut watch) = (batis.connection().await.unwrap(), batis.connection().await.unwrap());
    let mut holder = other.transaction().await.unwrap();
    holder.execute("lock table item in access exclusive mode", ()).await.unwrap();
    let cache = batis.cache("shop").unwrap();
    let mut all = JoinSet::new();
    for _ in 0..50 {
        let session = batis.session();
        all.spawn(async move { session.select_list::<Item>("shop.all", ()).await.unwrap().len() });
    }
    somebody_waits(&mut watch).await;
    assert_eq!(batis.pool().stats().active, 3, "the two of this test, and one that asks");
    holder.rollback().await.unwrap();
    assert_eq!(all.join_all().await, [2; 50]);
    assert_eq!((cache.misses(), cache.hits()), (1, 49));
}

/// The database may do what nobody waits for any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_or_commit_that_was_dropped_is_in_doubt() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let database = cluster.create_database().unwrap();
    let batis = open(&database.url()).await;
    let (session, cache) = (batis.session(), batis.cache("shop").unwrap());
    let (mut other, mut watch) = (batis.connection().await.unwrap(), batis.connection().await.unwrap());
    let reprice = || params! { id: FIRST, price: 1.0 };
    let all = async || session.select_list::<Item>("shop.all", ()).await.unwrap();
    all().await;
    let mut holder = other.transaction().await.unwrap();
    holder.execute("update item set price = 2", ()).await.unwrap();
    tokio::select! {
        done = session.update("shop.reprice", reprice()) => panic!("it must wait for the other transaction: {done:?}"),
        () = somebody_waits(&mut watch) => {}
    }
    let dropped = Instant::now();
    assert_eq!(cache.len(), 0);
    all().await;
    assert!(cache.is_empty() || dropped.elapsed() >= DOUBT, "nothing is kept until it must have ended");
    holder.rollback().await.unwrap();

    // A fresh configuration: nothing is in doubt.
    let batis = Batis::builder(database.url()).mapper_xml("shop.xml", MAPPER).open().await.unwrap();
    let (session, cache) = (batis.session(), batis.cache("shop").unwrap());
    session.select_list::<Item>("shop.all", ()).await.unwrap();
    assert_eq!(cache.len(), 1);
    let tx = session.begin().await.unwrap();
    tx.update("shop.reprice", reprice()).await.unwrap();
    assert_eq!(cache.len(), 1);
    {
        let mut commit = std::pin::pin!(tx.commit());
        // Ready at once or not: it was sent.
        poll_fn(|cx| Poll::Ready(commit.as_mut().poll(cx).is_ready())).await;
    }
    assert_eq!(cache.len(), 0);
}

/// Reads go through one data source and writes through another one, of the same data.
#[test]
fn views_of_a_router_and_clones_of_a_pool_share_their_caches() {
    let folder = tempfile::tempdir().unwrap();
    let url = Url::parse(&format!("sqlite:{}", folder.path().join("shop.db").display())).unwrap();
    let router = RoutingDataSource::single_writer(Arc::new(SqliteDriver), url, Mode::Blocking, 2).unwrap();
    batis::dbc::blocking::Connection::leased(router.connection_blocking(None).unwrap()).execute_script(SCHEMA).unwrap();
    let configuration = Arc::new(Configuration::builder().mapper_xml("shop.xml", MAPPER).build().unwrap());
    let session = |source: Arc<dyn DataSource>| SqlSession::new(Arc::clone(&configuration), source);
    let sticky = router.sticky(Duration::from_secs(60));
    let readers = [session(Arc::new(router.reads())), session(Arc::new(sticky.reads()))];
    let writers = [session(Arc::new(router.clone())), session(Arc::new(sticky))];
    let mut price = 1.0;
    for writer in &writers {
        for reader in &readers {
            price += 1.0;
            writer.update("shop.reprice", params! { id: FIRST, price }).unwrap();
            let found: Item = reader.select_one("shop.find", params! { id: FIRST }).unwrap();
            assert_eq!(found.price, price);
        }
    }
    let (pool, _) = router.members().next().unwrap();
    let clones = [session(Arc::new(pool.clone())), session(Arc::new(pool.clone()))];
    for session in &clones {
        assert_eq!(session.select_list::<Item>("shop.all", ()).unwrap().len(), 2);
    }
    assert_eq!(clones[0].cache("shop").unwrap().hits(), 1);
}
