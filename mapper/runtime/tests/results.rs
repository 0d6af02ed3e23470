//! Result maps, nested properties, and the answers to serde's hints.

mod support;

use std::collections::HashMap;

use batis_dbc::{Result, ToSqlOutput, Value, ValueRef};
use batis_mapper::{Configuration, ParamValue, SqlSession, SqlValue, TypeHandler};
use serde::Deserialize;
use support::{session, source};

#[derive(Debug, Deserialize, PartialEq)]
struct Product {
    id: String,
    name: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Item {
    item_id: i64,
    list_price: f64,
    product: Product,
}

const SHOP: &str = "
    create table item (ITEMID integer, LISTPRICE real, PRODUCTID text, PNAME text);
    insert into item values (1, 9.5, 'FISH', 'Angelfish'), (2, 8.0, 'DOG', null);";

#[tokio::test]
async fn labels_and_mappings_with_dots_make_nested_structs() {
    let session = session(
        SHOP,
        r#"
        <resultMap id="item" type="Item">
            <id property="itemId" column="ITEMID"/>
            <result property="product.id" column="PRODUCTID"/>
            <result property="product.name" column="pname"/>
            <result property="gone" column="NO_SUCH_COLUMN"/>
        </resultMap>
        <select id="mapped" resultMap="item">select * from item order by 1</select>
        <select id="labelled">select ITEMID, LISTPRICE as "listPrice", PRODUCTID as "product.id", PNAME as "product.name" from item order by 1</select>"#,
    );
    let expected = [
        Item { item_id: 1, list_price: 9.5, product: Product { id: "FISH".into(), name: Some("Angelfish".into()) } },
        Item { item_id: 2, list_price: 8.0, product: Product { id: "DOG".into(), name: None } },
    ];
    assert_eq!(session.select_list::<Item>("t.mapped", ()).await.unwrap(), expected, "LISTPRICE by its label");
    assert_eq!(session.select_list::<Item>("t.labelled", ()).await.unwrap(), expected);
    let json: Vec<serde_json::Value> = session.select_list("t.mapped", ()).await.unwrap();
    assert_eq!(json[0]["product"]["name"], "Angelfish");
}

#[tokio::test]
async fn associations_with_prefix_and_without_a_row() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Order {
        id: i64,
        customer: Option<Customer>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Customer {
        id: i64,
        name: String,
    }
    let session = session(
        "",
        r#"
        <resultMap id="customer" type="Customer"><id property="id" column="id"/><result property="name" column="name"/></resultMap>
        <resultMap id="order" type="Order">
            <id property="id" column="id"/>
            <association property="customer" columnPrefix="c_" resultMap="customer"/>
        </resultMap>
        <select id="orders" resultMap="order">select 1 as id, 7 as c_id, 'Ann' as c_name union all select 2, null, null order by 1</select>"#,
    );
    let orders: Vec<Order> = session.select_list("t.orders", ()).await.unwrap();
    let ann = Customer { id: 7, name: "Ann".into() };
    assert_eq!(orders, [Order { id: 1, customer: Some(ann) }, Order { id: 2, customer: None }]);
}

#[derive(Debug, Deserialize, PartialEq, Clone, Copy, serde::Serialize)]
enum Color {
    Red,
    Green,
}

#[tokio::test]
async fn hints_are_answered() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        flag: bool,
        small: u8,
        real: f64,
        bytes: Vec<u8>,
        letter: char,
        color: Color,
        list: Vec<i64>,
        object: HashMap<String, i64>,
        number_as_text: String,
        id: uuid::Uuid,
        big: i128,
    }
    let session = session(
        "",
        r#"<select id="row">select 1 as flag, 200 as small, 3 as real, x'0102' as bytes, 'x' as letter, 'Green' as color,
        '[1,2]' as list, '{"a":1}' as object, 42 as number_as_text, '11111111-1111-1111-1111-111111111111' as id, 9 as big</select>"#,
    );
    let row: Row = session.select_one("t.row", ()).await.unwrap();
    assert_eq!(
        row,
        Row {
            flag: true,
            small: 200,
            real: 3.0,
            bytes: vec![1, 2],
            letter: 'x',
            color: Color::Green,
            list: vec![1, 2],
            object: HashMap::from([("a".into(), 1)]),
            number_as_text: "42".into(),
            id: uuid::Uuid::from_bytes([0x11; 16]),
            big: 9,
        }
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let session = session(
        "",
        r#"
        <select id="large">select 300</select>
        <select id="fraction">select 1.5</select>
        <select id="two">select 2</select>
        <select id="huge">select 9007199254740993</select>
        <select id="null">select null</select>
        <select id="name">select 'Blue'</select>"#,
    );
    let text = async |id: &str, kind: &str| {
        match kind {
            "u8" => session.select_one::<u8>(id, ()).await.map(|_| ()),
            "bool" => session.select_one::<bool>(id, ()).await.map(|_| ()),
            "f64" => session.select_one::<f64>(id, ()).await.map(|_| ()),
            "Color" => session.select_one::<Color>(id, ()).await.map(|_| ()),
            _ => session.select_one::<i64>(id, ()).await.map(|_| ()),
        }
        .unwrap_err()
        .message()
    };
    assert!(text("t.large", "u8").await.ends_with("the number 300 does not fit u8"));
    assert!(text("t.fraction", "i64").await.ends_with("float where i64 was expected"));
    assert!(text("t.two", "bool").await.ends_with("the number 2 where a boolean (0 or 1) was expected"));
    assert!(text("t.huge", "f64").await.ends_with("the integer 9007199254740993 has no exact float"));
    assert!(text("t.null", "i64").await.ends_with("NULL where i64 was expected"));
    assert!(text("t.two", "Color").await.contains("an integer where a variant of `Color` was expected by its name"));
    assert!(text("t.name", "Color").await.contains("unknown variant"));
}

struct YesNo;

impl TypeHandler for YesNo {
    fn to_sql<'v>(&self, value: &'v ParamValue, _: Option<&str>) -> Result<ToSqlOutput<'v>> {
        Ok(ValueRef::Text(if *value == ParamValue::Bool(true) { "Y" } else { "N" }).into())
    }
    fn from_sql<'v>(&self, value: ValueRef<'v>) -> Result<ToSqlOutput<'v>> {
        Ok(ToSqlOutput::Owned(Value::Bool(value == ValueRef::Text("Y"))))
    }
}

#[tokio::test]
async fn handlers_write_and_read() {
    #[derive(Debug, Deserialize, serde::Serialize, PartialEq)]
    struct Thing {
        open: bool,
        color: Color,
        tags: Vec<String>,
    }
    let xml = r#"<mapper namespace="t">
        <resultMap id="thing" type="Thing">
            <result property="open" column="open" typeHandler="org.example.YesNo"/>
            <result property="color" column="color" typeHandler="org.apache.ibatis.type.EnumOrdinalTypeHandler"/>
            <result property="tags" column="tags" typeHandler="com.example.UnknownJavaHandler"/>
        </resultMap>
        <insert id="add">insert into thing values (#{open, typeHandler=org.example.YesNo}, #{color, typeHandler=EnumOrdinalTypeHandler},
            #{tags, typeHandler=com.baomidou.mybatisplus.extension.handlers.JacksonTypeHandler})</insert>
        <select id="raw">select open, color, tags from thing</select>
        <select id="all" resultMap="thing">select open, color, tags from thing</select>
    </mapper>"#;
    let configuration = Configuration::builder().mapper_xml("t.xml", xml).type_handler("YesNo", YesNo).build().unwrap();
    let session = SqlSession::new(configuration, source("create table thing (open text, color integer, tags text)"));
    let thing = Thing { open: true, color: Color::Green, tags: vec!["a".into(), "b".into()] };
    session.insert("t.add", &thing).await.unwrap();
    let raw: (String, i64, String) = session.select_one("t.raw", ()).await.unwrap();
    assert_eq!(raw, ("Y".into(), 1, r#"["a","b"]"#.into()));
    assert_eq!(session.select_one::<Thing>("t.all", ()).await.unwrap(), thing);
}

#[tokio::test]
async fn values_of_any_type_go_in_and_out() {
    let session = session("", r#"<select id="echo">select #{v}</select>"#);
    for value in
        [Value::Null, Value::Int(-1), Value::Float(0.5), Value::Text("ä".into()), Value::Bytes([0, 255].into())]
    {
        let back: SqlValue = session.select_one("t.echo", batis_mapper::params! { v: &value }).await.unwrap();
        assert_eq!(back.0, value);
        let back: SqlValue =
            session.select_one("t.echo", &HashMap::from([("v", SqlValue(value.clone()))])).await.unwrap();
        assert_eq!(back.0, value);
    }
    let id = uuid::Uuid::from_bytes([7; 16]);
    let back: uuid::Uuid = session.select_one("t.echo", batis_mapper::params! { v: id }).await.unwrap();
    assert_eq!(back, id);
}
