//! Discriminators: a column says which result map a row is read by. Most tests carry the name of MyBatis' test of the same behaviour.

mod support;

use batis_mapper::{ErrorKind, SqlSession};
use futures_util::TryStreamExt;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use support::session;

async fn json(session: &SqlSession, id: &str) -> Json {
    Json::Array(session.select_list(id, ()).await.unwrap())
}

const VEHICLES: &str = "
    create table vehicle (id integer primary key, kind text, maker text not null, doors integer, carries integer, owner integer);
    insert into vehicle values (1, 'car', 'A', 4, null, 7), (2, 'truck', 'B', null, 12, 7), (3, 'boat', 'C', 1, 1, 8), (4, null, 'D', 2, 2, 8);";

const VEHICLE_MAPS: &str = r#"
    <resultMap id="vehicle" type="com.example.Vehicle">
        <id property="id" column="id"/>
        <result property="maker" column="maker"/>
        <discriminator javaType="string" column="kind">
            <case value="car" resultType="com.example.Car"><result property="doors" column="doors"/></case>
            <case value="truck" resultMap="truck"/>
        </discriminator>
    </resultMap>
    <resultMap id="truck" type="com.example.Truck" extends="vehicle"><result property="carries" column="carries"/></resultMap>
    <resultMap id="owner" type="Owner">
        <id property="id" column="owner"/>
        <collection property="vehicles" ofType="Vehicle" resultMap="vehicle"/>
    </resultMap>
    <select id="vehicles" resultMap="vehicle">select id, kind, maker, doors, carries from vehicle order by id</select>
    <select id="owners" resultMap="owner">select * from vehicle order by owner, id</select>"#;

#[derive(Debug, Deserialize, PartialEq)]
struct Car {
    id: i64,
    doors: u8,
}

/// As serde writes enums: by the value of the case, or by the type that it names.
#[derive(Debug, Deserialize, PartialEq)]
enum Vehicle {
    #[serde(rename = "car")]
    Car(Car),
    Truck {
        maker: String,
        carries: Option<i64>,
    },
    #[serde(other)]
    Unknown,
}

fn vehicles() -> Vec<Vehicle> {
    let truck = Vehicle::Truck { maker: "B".into(), carries: Some(12) };
    vec![Vehicle::Car(Car { id: 1, doors: 4 }), truck, Vehicle::Unknown, Vehicle::Unknown]
}

#[tokio::test]
async fn discriminator_into_an_enum() {
    let session = session(VEHICLES, VEHICLE_MAPS);
    assert_eq!(session.select_list::<Vehicle>("t.vehicles", ()).await.unwrap(), vehicles());
    let streamed: Vec<Vehicle> = session.stream("t.vehicles", ()).try_collect().await.unwrap();
    assert_eq!(streamed, vehicles());
    #[derive(Debug, Deserialize, PartialEq)]
    struct Owner {
        id: i64,
        vehicles: Vec<Vehicle>,
    }
    let owners: Vec<Owner> = session.select_list("t.owners", ()).await.unwrap();
    let mut first = vehicles();
    let second = first.split_off(2);
    assert_eq!(owners, [Owner { id: 7, vehicles: first }, Owner { id: 8, vehicles: second }]);
}

#[test]
fn blocking_sessions_do_the_same() {
    let session = support::blocking(VEHICLES, VEHICLE_MAPS);
    assert_eq!(session.select_list::<Vehicle>("t.vehicles", ()).unwrap(), vehicles());
}

#[tokio::test]
async fn discriminator() {
    let session = session(VEHICLES, VEHICLE_MAPS);
    // Without nested maps the other columns go by their labels, as in MyBatis.
    let all = json(&session, "t.vehicles").await;
    assert_eq!(all[0], json!({ "id": 1, "maker": "A", "doors": 4, "kind": "car", "carries": null }));
    assert_eq!(
        json(&session, "t.owners").await[0]["vehicles"],
        json!([{ "id": 1, "maker": "A", "doors": 4 }, { "id": 2, "maker": "B", "carries": 12 }]),
        "an inline case begins with what stands before it, a named one with what it extends"
    );
    assert_eq!(
        json(&session, "t.owners").await[1]["vehicles"],
        json!([{ "id": 3, "maker": "C" }, { "id": 4, "maker": "D" }]),
        "a value without a case, and none at all: the map itself"
    );
    #[derive(Debug, Deserialize, PartialEq)]
    struct Any {
        id: i64,
        doors: Option<i64>,
        carries: Option<i64>,
    }
    let any: Vec<Any> = session.select_list("t.vehicles", ()).await.unwrap();
    assert_eq!(any[1], Any { id: 2, doors: None, carries: Some(12) }, "a struct takes what there is");
}

#[tokio::test]
async fn tagged_enums() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Tagged {
        Car { doors: i64 },
        Truck { carries: i64 },
        Boat { maker: String },
    }
    let session = session(
        VEHICLES,
        r#"
        <resultMap id="vehicle" type="Vehicle">
            <discriminator javaType="string" column="kind">
                <case value="car"><result property="doors" column="doors"/></case>
                <case value="truck"><result property="carries" column="carries"/></case>
            </discriminator>
        </resultMap>
        <select id="vehicles" resultMap="vehicle">select * from vehicle where kind is not null order by id</select>"#,
    );
    let found: Vec<Tagged> = session.select_list("t.vehicles", ()).await.unwrap();
    assert_eq!(found, [Tagged::Car { doors: 4 }, Tagged::Truck { carries: 12 }, Tagged::Boat { maker: "C".into() }]);
}

#[tokio::test]
async fn discriminator_of_numbers_booleans_and_nulls() {
    let session = session(
        "",
        r#"
        <resultMap id="number" type="map">
            <discriminator javaType="int" column="v"><case value="1"><result property="one" column="v"/></case><case value="null"><result property="none" column="x"/></case></discriminator>
        </resultMap>
        <resultMap id="bool" type="map">
            <discriminator javaType="boolean" column="v"><case value="true"><result property="yes" column="v"/></case></discriminator>
        </resultMap>
        <select id="number" resultMap="number">select v, 0 as x from (select 1 as v union all select ' 01' union all select 1.0 union all select 2 union all select null)</select>
        <select id="bool" resultMap="bool">select 1 as v union all select 0</select>"#,
    );
    let names = async |id: &str, name: &str| {
        let json = json(&session, id).await;
        let rows = json.as_array().unwrap();
        rows.iter().map(|row| row.get(name).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(names("t.number", "one").await, [true, true, true, false, false]);
    assert_eq!(names("t.number", "none").await, [false, false, false, false, true], "as MyBatis: the text of a null");
    assert_eq!(names("t.bool", "yes").await, [true, false]);
}

#[tokio::test]
async fn multiple_discriminator() {
    let session = session(
        "",
        r#"
        <resultMap id="person" type="Person">
            <id property="id" column="id"/>
            <discriminator javaType="string" column="kind"><case value="director" resultMap="director"/><case value="loop" resultMap="loop"/></discriminator>
        </resultMap>
        <resultMap id="director" type="Director" extends="person">
            <result property="department" column="department"/>
            <discriminator javaType="string" column="level">
                <case value="top" resultMap="top"/>
                <case value="inline"><result property="inlined" column="level"/></case>
            </discriminator>
        </resultMap>
        <resultMap id="top" type="Top" extends="director"><result property="bonus" column="bonus"/></resultMap>
        <resultMap id="loop" type="Loop" extends="person">
            <result property="looped" column="kind"/>
            <discriminator javaType="string" column="kind"><case value="loop" resultMap="loop2"/></discriminator>
        </resultMap>
        <resultMap id="loop2" type="Loop2" extends="person">
            <discriminator javaType="string" column="kind"><case value="loop" resultMap="loop"/></discriminator>
        </resultMap>
        <resultMap id="shared" type="Shared">
            <id property="id" column="group_id"/>
            <collection property="people" ofType="Person" resultMap="person"/>
        </resultMap>
        <sql id="rows">select 9 as group_id, 1 as id, 'director' as kind, 'top' as level, 'D' as department, 5 as bonus
            union all select 9, 2, 'director', 'inline', 'D', 5 union all select 9, 3, 'director', 'x', 'D', 5 union all select 9, 4, 'loop', null, null, null</sql>
        <select id="all" resultMap="shared"><include refid="rows"/></select>"#,
    );
    assert_eq!(
        json(&session, "t.all").await[0]["people"],
        json!([
            { "id": 1, "department": "D", "bonus": 5 },
            // As in MyBatis: an inline case has what stands before it in its map, and not what that map extends.
            { "department": "D", "inlined": "inline" },
            { "id": 3, "department": "D" },
            { "id": 4, "looped": "loop" },
        ]),
        "chains are followed, circles end"
    );
}

#[tokio::test]
async fn a_case_may_nest_and_take_a_prefix() {
    let session = session(
        "",
        r#"
        <resultMap id="pet" type="Pet">
            <id property="id" column="id"/>
            <discriminator javaType="string" column="kind">
                <case value="dog" resultType="Dog"><collection property="tricks" ofType="string"><result column="trick"/></collection></case>
            </discriminator>
        </resultMap>
        <resultMap id="owner" type="Owner">
            <id property="id" column="id"/>
            <collection property="pets" ofType="Pet" columnPrefix="pet_" resultMap="pet"/>
        </resultMap>
        <select id="pets" resultMap="pet">select 1 as id, 'dog' as kind, 'sit' as trick union all select 1, 'dog', 'roll' union all select 2, 'cat', 'none'</select>
        <select id="owners" resultMap="owner">select 5 as id, 1 as pet_id, 'dog' as pet_kind, 'sit' as pet_trick union all select 5, 1, 'dog', 'roll' union all select 5, 1, 'cat', 'none'</select>"#,
    );
    let pets = json(&session, "t.pets").await;
    assert_eq!(pets, json!([{ "id": 1, "tricks": ["sit", "roll"] }, { "id": 2 }]), "a case that nests folds all rows");
    assert_eq!(
        json(&session, "t.owners").await,
        json!([{ "id": 5, "pets": [{ "id": 1, "tricks": ["sit", "roll"] }, { "id": 1 }] }]),
        "the same key in another map is another object"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_said() {
    let session = session(
        VEHICLES,
        &format!(
            r#"{VEHICLE_MAPS}
        <resultMap id="lost" type="Vehicle">
            <id property="id" column="id"/>
            <discriminator javaType="string" column="gone"><case value="1"><result property="doors" column="doors"/></case></discriminator>
        </resultMap>
        <select id="lost" resultMap="lost">select id, kind from vehicle</select>"#
        ),
    );
    let error = session.select_list::<Json>("t.lost", ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Result);
    assert_eq!(
        error.message(),
        "object 1, result map `t.lost`: the rows have no column `gone`, which is the discriminator"
    );
    assert_eq!(error.advice(), Some("select it; the columns are id, kind"));
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // only read into
    enum OnlyCars {
        Car { id: i64 },
    }
    let error = session.select_list::<OnlyCars>("t.vehicles", ()).await.unwrap_err();
    assert!(
        error.message().starts_with("object 2, result map `t.truck` into `OnlyCars`: unknown variant `truck`"),
        "{error}"
    );
    assert!(
        error.advice().unwrap().starts_with("variants are found by the values of the discriminator's cases"),
        "{error}"
    );
}
