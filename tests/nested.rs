//! Nested results, discriminators and nested selects: the same mapper file and types on SQLite and PostgreSQL, async and blocking.

use batis::{Batis, params};
use serde::Deserialize;

const MAPPER: &str = r#"<mapper namespace="shop">
  <resultMap id="order" type="Order">
    <id property="id" column="order_id"/>
    <result property="customer" column="customer"/>
    <result property="placed" column="placed"/>
    <discriminator javaType="boolean" column="express">
      <case value="true" resultType="Express"><result property="courier" column="courier"/></case>
    </discriminator>
    </resultMap>
  <resultMap id="orderWithLines" type="Order" extends="order">
    <collection property="lines" ofType="LineItem" columnPrefix="l_">
      <id property="number" column="number"/>
      <result property="quantity" column="quantity"/>
      <association property="item" javaType="Item" columnPrefix="i_">
        <id property="id" column="id"/>
        <result property="name" column="name"/>
        <result property="price" column="price"/>
      </association>
    </collection>
    <collection property="tags" ofType="string"><result column="tag"/></collection>
  </resultMap>
  <resultMap id="orderWithItems" type="Order">
    <id property="id" column="order_id"/>
    <association property="last" javaType="Item" column="{order=order_id,most=one}" select="items"/>
    <collection property="items" ofType="Item" column="{order=order_id,most=all_of_them}" select="items"/>
    <collection property="ids" ofType="string" column="order_id" select="ids"/>
  </resultMap>
  <sql id="lines">
    from orders o left join line l on l.order_id = o.order_id left join item i on i.item_id = l.item_id left join tag t on t.order_id = o.order_id
  </sql>
  <select id="orders" resultMap="orderWithLines">
    select o.order_id, o.customer, o.placed, l.number as l_number, l.quantity as l_quantity, i.item_id as l_i_id, i.name as l_i_name, i.price as l_i_price, t.name as tag
    <include refid="lines"/> order by o.order_id, l.number, t.name
  </select>
  <select id="kinds" resultMap="order">select order_id, customer, placed, express, courier from orders order by order_id</select>
  <select id="loaded" resultMap="orderWithItems">select order_id, 1 as one, 9 as all_of_them from orders order by order_id</select>
  <select id="items" resultType="Item">
    select i.item_id as id, i.name, i.price from line l join item i on i.item_id = l.item_id where l.order_id = #{order} order by l.number desc limit #{most}
  </select>
  <select id="ids" resultType="string">select item_id from line where order_id = #{id} and item_id is not null order by number</select>
  <insert id="line">insert into line values (#{order}, #{number}, #{quantity}, #{item})</insert>
</mapper>"#;

const SCHEMA: &str = "
    create table orders (order_id integer primary key, customer text not null, placed timestamp not null, express boolean not null, courier text);
    create table item (item_id uuid primary key, name text not null, price numeric(8, 2) not null);
    create table line (order_id integer not null, number integer not null, quantity integer not null, item_id uuid, primary key (order_id, number));
    create table tag (order_id integer not null, name text not null);
    insert into orders values (1, 'Ann', '2024-02-29 12:30:00', true, 'Bike'), (2, 'Bob', '2024-03-01 00:00:00', false, null);
    insert into item values ('11111111-1111-1111-1111-111111111111', 'Fish', 16.5), ('22222222-2222-2222-2222-222222222222', 'Dog', 18.5);
    insert into line values (1, 1, 2, '11111111-1111-1111-1111-111111111111'), (1, 2, 1, '22222222-2222-2222-2222-222222222222'), (1, 3, 5, null);
    insert into tag values (1, 'gift'), (1, 'fragile');";

#[derive(Debug, Deserialize, PartialEq)]
struct Order {
    id: i32,
    customer: String,
    placed: String,
    lines: Vec<Line>,
    tags: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Line {
    number: i32,
    quantity: i16,
    item: Option<Item>,
}

#[derive(Debug, Deserialize, PartialEq, Clone)]
struct Item {
    id: String,
    name: String,
    price: f64,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Kind {
    Express { id: i32, courier: String },
    Order { customer: String },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Loaded {
    id: i32,
    last: Option<Item>,
    items: Vec<Item>,
    ids: Vec<String>,
}

fn fish() -> Item {
    Item { id: "11111111-1111-1111-1111-111111111111".into(), name: "Fish".into(), price: 16.5 }
}

fn dog() -> Item {
    Item { id: "22222222-2222-2222-2222-222222222222".into(), name: "Dog".into(), price: 18.5 }
}

fn loaded() -> Vec<Loaded> {
    vec![
        Loaded { id: 1, last: Some(dog()), items: vec![dog(), fish()], ids: vec![fish().id, dog().id] },
        Loaded { id: 2, last: None, items: vec![], ids: vec![] },
    ]
}

/// A future that can go to another thread.
fn sent<F: Future + Send>(future: F) -> F {
    future
}

async fn check(url: &str) {
    let batis = Batis::builder(url).mapper_xml("shop.xml", MAPPER).open().await.unwrap();
    batis.connection().await.unwrap().execute_script(SCHEMA).await.unwrap();
    let session = batis.session();

    let orders: Vec<Order> = session.select_list("shop.orders", ()).await.unwrap();
    let lines = [(2, Some(fish())), (1, Some(dog())), (5, None)];
    let numbered = (1..).zip(lines).map(|(number, (quantity, item))| Line { number, quantity, item });
    assert_eq!(orders[0].lines, numbered.collect::<Vec<_>>(), "{url}");
    assert_eq!(orders[0].tags, ["fragile", "gift"]);
    assert_eq!(orders[0].placed.get(..10), Some("2024-02-29"));
    assert_eq!((orders.len(), &orders[1].lines, &orders[1].tags), (2, &vec![], &vec![]));

    let kinds: Vec<Kind> = session.select_list("shop.kinds", ()).await.unwrap();
    let express = Kind::Express { id: 1, courier: "Bike".into() };
    assert_eq!(kinds, [express, Kind::Order { customer: "Bob".into() }], "{url}");

    let loading = session.select_list::<Loaded>("shop.loaded", ());
    let mut found = sent(loading).await.unwrap();
    found[0].ids.sort();
    assert_eq!(found, loaded(), "{url}");

    let in_transaction = session.tx(|tx| async move {
        tx.insert("shop.line", params! { order: 2, number: 1, quantity: 1, item: fish().id }).await?;
        tx.select_list::<Loaded>("shop.loaded", ()).await
    });
    assert_eq!(in_transaction.await.unwrap()[1].items, [fish()], "{url}");
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
    assert_eq!(batis.session().select_list::<Loaded>("shop.loaded", ()).unwrap(), loaded());
    let orders: Vec<Order> = batis.session().select_list("shop.orders", ()).unwrap();
    assert_eq!(orders[0].lines.len(), 3);
}
