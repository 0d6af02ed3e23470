//! Corners of result maps in which MyBatis was asked: which columns are mapped, and when there is no object.

mod support;

use batis_mapper::SqlSession;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use support::session;

async fn json(session: &SqlSession, id: &str) -> Json {
    Json::Array(session.select_list(id, ()).await.unwrap())
}

#[tokio::test]
async fn columns_of_a_composite_argument_are_mapped_by_their_labels() {
    let session = session(
        "",
        r#"
        <resultMap id="blog" type="Blog">
            <association property="owner" column="{id=owner_id,state=state}" select="owner"/>
            <association property="editor" column="editor_id" select="editor"/>
        </resultMap>
        <select id="blogs" resultMap="blog">select 1 as id, 7 as owner_id, 'open' as state, 8 as editor_id</select>
        <select id="owner" resultType="string">select 'Ann'</select>
        <select id="editor" resultType="string">select 'Bob'</select>"#,
    );
    let expected = json!([{ "id": 1, "owner_id": 7, "state": "open", "owner": "Ann", "editor": "Bob" }]);
    assert_eq!(json(&session, "t.blogs").await, expected, "of a single argument the column is taken");
}

#[tokio::test]
async fn a_map_of_a_java_value_is_the_column_of_its_first_mapping() {
    let session = session(
        "",
        r#"
        <resultMap id="name" type="string"><result column="name"/></resultMap>
        <resultMap id="first" type="long"/>
        <resultMap id="user" type="map">
            <id property="id" column="id"/>
            <collection property="pairs" javaType="list" ofType="string">
                <result property="a" column="name"/><result property="b" column="number"/>
            </collection>
            <collection property="names" javaType="list" column="id" select="names"/>
        </resultMap>
        <sql id="rows">select 1 as id, 'a' as name, 5 as number union all select 1, 'a', 6 union all select 1, 'a', 6</sql>
        <select id="names" resultMap="name"><include refid="rows"/></select>
        <select id="firsts" resultMap="first"><include refid="rows"/></select>
        <select id="users" resultMap="user"><include refid="rows"/></select>"#,
    );
    assert_eq!(session.select_list::<String>("t.names", ()).await.unwrap(), ["a", "a", "a"]);
    assert_eq!(json(&session, "t.names").await, json!(["a", "a", "a"]));
    assert_eq!(
        session.select_list::<i64>("t.firsts", ()).await.unwrap(),
        [1, 1, 1],
        "without a mapping the first column"
    );
    assert_eq!(
        json(&session, "t.users").await,
        json!([{ "id": 1, "pairs": ["a", "a"], "names": ["a", "a", "a"] }]),
        "all mapped columns tell values apart"
    );
}

#[tokio::test]
async fn of_two_mappings_of_a_property_the_later_one_counts() {
    let session = session(
        "",
        r#"
        <resultMap id="user" type="map" autoMapping="false">
            <result property="name" column="login"/>
            <result property="name" column="nick"/>
            <result property="name" column="missing"/>
        </resultMap>
        <select id="users" resultMap="user">select 'ann' as login, 'Ann' as nick</select>"#,
    );
    assert_eq!(json(&session, "t.users").await, json!([{ "name": "Ann" }]));
}

#[tokio::test]
async fn properties_under_a_common_name_are_nothing_when_all_are_null() {
    let session = session(
        "",
        r#"
        <resultMap id="order" type="map">
            <result property="ship.city" column="city"/><result property="ship.geo.lat" column="lat"/>
        </resultMap>
        <select id="orders" resultMap="order">select 1 as id, null as city, null as lat union all select 2, 'Bern', null</select>
        <select id="labels" resultType="map">select 1 as id, null as "ship.city"</select>"#,
    );
    let expected = json!([{ "id": 1, "ship": null }, { "id": 2, "ship": { "city": "Bern", "geo": null } }]);
    assert_eq!(json(&session, "t.orders").await, expected);
    assert_eq!(json(&session, "t.labels").await, json!([{ "id": 1, "ship": null }]));

    #[derive(Debug, Deserialize, PartialEq)]
    struct Order {
        ship: Ship,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Ship {
        city: Option<String>,
    }
    let orders: Vec<Order> = session.select_list("t.labels", ()).await.unwrap();
    assert_eq!(orders, [Order { ship: Ship { city: None } }], "a type that wants them has them");
}

#[tokio::test]
async fn a_constructor_of_nulls_makes_no_object() {
    let session = session(
        "",
        r#"
        <resultMap id="user" type="User">
            <id property="id" column="id"/>
            <collection property="pets" ofType="Pet">
                <constructor><idArg name="id" column="pet_id"/><arg name="name" column="pet_name"/></constructor>
                <result property="since" column="since"/>
                <collection property="toys" ofType="string"><result column="toy"/></collection>
            </collection>
        </resultMap>
        <select id="users" resultMap="user">
            select 1 as id, 10 as pet_id, null as pet_name, null as since, 'ball' as toy
            union all select 1, null, 'Rex', null, null
            union all select 2, null, null, 2020, 'bone'
        </select>"#,
    );
    let expected = json!([
        { "id": 1, "pets": [
            { "id": 10, "name": null, "since": null, "toys": ["ball"] },
            { "id": null, "name": "Rex", "since": null, "toys": [] },
        ] },
        { "id": 2, "pets": [] },
    ]);
    assert_eq!(json(&session, "t.users").await, expected);
}

#[tokio::test]
async fn a_map_with_a_bare_id_is_no_value() {
    let session = session(
        "",
        r#"
        <resultMap id="user" type="map">
            <id property="id" column="id"/>
            <association property="box" javaType="map"><id column="box_id"/></association>
            <association property="value" javaType="com.example.Color"><id column="box_id"/></association>
        </resultMap>
        <select id="users" resultMap="user">select 1 as id, 5 as box_id</select>"#,
    );
    let expected = json!([{ "id": 1, "box": null, "value": 5 }]);
    assert_eq!(json(&session, "t.users").await, expected, "a class of the application may be a value");
}

#[tokio::test]
async fn a_nested_select_without_its_column_is_left_out() {
    let session = session(
        "",
        r#"
        <resultMap id="user" type="map">
            <id property="id" column="id"/>
            <collection property="pets" javaType="list" column="gone" select="pets"/>
        </resultMap>
        <select id="users" resultMap="user">select 1 as id</select>
        <select id="pets" resultType="map">select #{id} as id</select>"#,
    );
    assert_eq!(json(&session, "t.users").await, json!([{ "id": 1, "pets": null }]));

    #[derive(Debug, Deserialize)]
    struct User {
        pets: Vec<i32>,
    }
    let user: User = session.select_one("t.users", ()).await.unwrap();
    assert!(user.pets.is_empty());
}
