//! Nested result maps over joins: associations, collections, and how rows become objects. Most tests carry the name of MyBatis' test of the same behaviour.

mod support;

use std::collections::{BTreeSet, HashMap};

use batis_mapper::{Configuration, ErrorKind, SqlSession};
use futures_util::TryStreamExt;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use support::session;

/// Everything a statement makes, without a type of its own.
async fn json(session: &SqlSession, id: &str) -> Json {
    Json::Array(session.select_list(id, ()).await.unwrap())
}

/// One mapper file and one setting, which is honoured.
fn with_setting(name: &str, value: &str, mapper: &str) -> Configuration {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.xml"), mapper).unwrap();
    let text = format!(
        r#"<configuration><settings><setting name="{name}" value="{value}"/></settings><mappers><mapper resource="t.xml"/></mappers></configuration>"#
    );
    std::fs::write(folder.path().join("config.xml"), text).unwrap();
    let configuration = Configuration::builder().config_file(folder.path().join("config.xml")).build().unwrap();
    assert!(configuration.config_file().unwrap().warnings.items().is_empty());
    configuration
}

#[derive(Debug, Deserialize, PartialEq)]
struct Author {
    id: i32,
    name: String,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Comment {
    id: i32,
    text: String,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Post {
    id: i32,
    subject: String,
    author: Option<Author>,
    comments: Vec<Comment>,
    tags: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Blog {
    id: i32,
    title: String,
    author: Option<Author>,
    posts: Vec<Post>,
}

const BLOGS: &str = "
    create table author (id integer primary key, name text not null);
    create table blog (id integer primary key, title text not null, author_id integer);
    create table post (id integer primary key, blog_id integer not null, author_id integer, subject text not null);
    create table comment (id integer primary key, post_id integer not null, text text not null);
    create table tag (post_id integer not null, name text not null);
    insert into author values (1, 'Ann'), (2, 'Bob');
    insert into blog values (1, 'Rust', 1), (2, 'Empty', null), (3, 'Java', 2);
    insert into post values (10, 1, 1, 'Traits'), (11, 1, 2, 'Macros'), (12, 3, 2, 'Beans');
    insert into comment values (100, 10, 'good'), (101, 10, 'bad'), (102, 12, 'good');
    insert into tag values (10, 'types'), (10, 'basics'), (12, 'types');";

const BLOG_MAPS: &str = r#"
    <resultMap id="author" type="Author">
        <id property="id" column="id"/>
        <result property="name" column="name"/>
    </resultMap>
    <resultMap id="blog" type="Blog">
        <id property="id" column="blog_id"/>
        <result property="title" column="title"/>
        <association property="author" columnPrefix="a_" resultMap="author"/>
        <collection property="posts" ofType="Post" columnPrefix="p_">
            <id property="id" column="id"/>
            <result property="subject" column="subject"/>
            <association property="author" columnPrefix="a_" resultMap="author"/>
            <collection property="comments" ofType="Comment">
                <id property="id" column="c_id"/>
                <result property="text" column="c_text"/>
            </collection>
            <collection property="tags" ofType="string"><result column="tag"/></collection>
        </collection>
    </resultMap>
    <sql id="joined">
        select b.id as blog_id, b.title, a.id as a_id, a.name as a_name, p.id as p_id, p.subject as p_subject, pa.id as p_a_id, pa.name as p_a_name,
               c.id as p_c_id, c.text as p_c_text, t.name as p_tag
        from blog b
        left join author a on a.id = b.author_id
        left join post p on p.blog_id = b.id
        left join author pa on pa.id = p.author_id
        left join comment c on c.post_id = p.id
        left join tag t on t.post_id = p.id
    </sql>
    <select id="blogs" resultMap="blog"><include refid="joined"/> order by b.id, p.id, c.id, t.name</select>
    <select id="shuffled" resultMap="blog"><include refid="joined"/> order by c.id desc, t.name, p.id, b.id desc</select>
    <select id="ordered" resultMap="blog" resultOrdered="true"><include refid="joined"/> order by b.id, p.id, c.id, t.name</select>
    <select id="one" resultMap="blog"><include refid="joined"/> where b.id = #{id} order by p.id, c.id, t.name</select>"#;

fn author(id: i32) -> Option<Author> {
    Some(Author { id, name: if id == 1 { "Ann" } else { "Bob" }.into() })
}

fn comment(id: i32, text: &str) -> Comment {
    Comment { id, text: text.into() }
}

fn blogs() -> Vec<Blog> {
    let traits = Post {
        id: 10,
        subject: "Traits".into(),
        author: author(1),
        comments: vec![comment(100, "good"), comment(101, "bad")],
        tags: vec!["basics".into(), "types".into()],
    };
    let macros = Post { id: 11, subject: "Macros".into(), author: author(2), comments: vec![], tags: vec![] };
    let beans = Post {
        id: 12,
        subject: "Beans".into(),
        author: author(2),
        comments: vec![comment(102, "good")],
        tags: vec!["types".into()],
    };
    vec![
        Blog { id: 1, title: "Rust".into(), author: author(1), posts: vec![traits, macros] },
        Blog { id: 2, title: "Empty".into(), author: None, posts: vec![] },
        Blog { id: 3, title: "Java".into(), author: author(2), posts: vec![beans] },
    ]
}

#[tokio::test]
async fn blogs_with_posts_comments_and_tags() {
    let session = session(BLOGS, BLOG_MAPS);
    let found: Vec<Blog> = session.select_list("t.blogs", ()).await.unwrap();
    assert_eq!(found, blogs());
    let found: Vec<Blog> = session.select_list("t.ordered", ()).await.unwrap();
    assert_eq!(found, blogs(), "each is complete before the next one begins");
}

#[tokio::test]
async fn rows_of_one_parent_need_not_stand_together() {
    let session = session(BLOGS, BLOG_MAPS);
    let mut found: Vec<Blog> = session.select_list("t.shuffled", ()).await.unwrap();
    assert_eq!(
        found.iter().map(|blog| blog.id).collect::<Vec<_>>(),
        [3, 1, 2],
        "parents in the order of their first rows"
    );
    assert_eq!(found[1].posts[0].comments, [comment(101, "bad"), comment(100, "good")], "children too");
    found[1].posts[0].comments.reverse();
    found.sort_by_key(|blog| blog.id);
    assert_eq!(found, blogs());
}

#[tokio::test]
async fn several_rows_of_one_parent_are_one_result() {
    let session = session(BLOGS, BLOG_MAPS);
    let one: Blog = session.select_one("t.one", &1).await.unwrap();
    assert_eq!(one, blogs()[0]);
    assert_eq!(session.select_opt::<Blog>("t.one", &9).await.unwrap(), None);
    for id in ["t.blogs", "t.ordered"] {
        let error = session.select_one::<Blog>(id, ()).await.unwrap_err();
        assert_eq!((error.kind(), error.sql_state().unwrap().code()), (ErrorKind::Cardinality, "21000"));
    }
    let by_title: HashMap<String, Blog> = session.select_map("t.blogs", (), "title").await.unwrap();
    assert_eq!((by_title.len(), &by_title["Java"]), (3, &blogs()[2]));
}

#[tokio::test]
async fn streams_yield_whole_parents() {
    let session = session(BLOGS, BLOG_MAPS);
    for id in ["t.blogs", "t.ordered"] {
        let found: Vec<Blog> = session.stream(id, ()).try_collect().await.unwrap();
        assert_eq!(found, blogs(), "{id}");
    }
}

#[test]
fn blocking_sessions_do_the_same() {
    let session = support::blocking(BLOGS, BLOG_MAPS);
    assert_eq!(session.select_list::<Blog>("t.blogs", ()).unwrap(), blogs());
    assert_eq!(session.select_one::<Blog>("t.one", &3).unwrap(), blogs()[2]);
    let by_id: HashMap<i32, Blog> = session.select_map("t.blogs", (), "id").unwrap();
    assert_eq!(by_id[&1], blogs()[0]);
}

#[tokio::test]
async fn targets_without_a_type_of_their_own() {
    let session = session(BLOGS, BLOG_MAPS);
    let json = json(&session, "t.blogs").await;
    assert_eq!(json[1], json!({ "id": 2, "title": "Empty", "author": null, "posts": [] }));
    assert_eq!(json[0]["posts"][0]["comments"][1], json!({ "id": 101, "text": "bad" }));
    assert_eq!(json[0]["posts"][0]["tags"], json!(["basics", "types"]));
    let rows = session.select_rows("t.blogs", ()).await.unwrap();
    assert_eq!(rows.len(), 7, "rows as they are");
}

#[tokio::test]
async fn the_field_says_what_a_collection_becomes() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Tagged {
        #[serde(default)]
        posts: Vec<Tags>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Tags {
        tags: BTreeSet<String>,
    }
    let session = session(BLOGS, BLOG_MAPS);
    let found: Vec<Tagged> = session.select_list("t.blogs", ()).await.unwrap();
    assert_eq!(found[0].posts[0].tags, BTreeSet::from(["basics".into(), "types".into()]));
}

#[tokio::test]
async fn association_nested() {
    let session = session(
        "",
        r#"
        <resultMap id="folder" type="map">
            <id column="root_id"/><id column="level1_id"/><id column="level2_id"/>
            <association property="root" javaType="Folder"><result property="name" column="root_name"/></association>
            <association property="level1" javaType="Folder"><result property="name" column="level1_name"/></association>
            <association property="level2" javaType="Folder"><result property="name" column="level2_name"/></association>
        </resultMap>
        <select id="all" resultMap="folder">
            select 1 as root_id, 'R' as root_name, 2 as level1_id, 'F1' as level1_name, null as level2_id, null as level2_name
            union all select 1, 'R', 3, 'F2', 4, 'F2_1' union all select 1, 'R', 3, 'F2', 5, 'F2_2' order by 3, 5
        </select>"#,
    );
    let names = |a: &str, b: Json| json!({ "root": { "name": "R" }, "level1": { "name": a }, "level2": b });
    let expected = json!([
        names("F1", Json::Null),
        names("F2", json!({ "name": "F2_1" })),
        names("F2", json!({ "name": "F2_2" }))
    ]);
    assert_eq!(json(&session, "t.all").await, expected, "ids without a property tell rows apart");
}

#[tokio::test]
async fn associationtest() {
    let session = session(
        "",
        r#"
        <resultMap id="car" type="map">
            <id property="id" column="id"/>
            <association property="engine" javaType="Engine" column="ignored">
                <result property="type" column="engine_type"/><result property="cylinders" column="cylinders"/>
            </association>
        </resultMap>
        <select id="all" resultMap="car">
            select 1 as id, 'V8' as engine_type, 8 as cylinders union all select 1, 'V8', 8 union all select 2, null, null union all select 3, null, 4
        </select>"#,
    );
    assert_eq!(
        json(&session, "t.all").await,
        json!([
            { "id": 1, "engine": { "type": "V8", "cylinders": 8 } },
            { "id": 2, "engine": null },
            { "id": 3, "engine": { "type": null, "cylinders": 4 } },
        ])
    );
}

#[tokio::test]
async fn emptycollection() {
    let rows = "select 1 as id, 'x' as name, 1 as child union all select 2, 'x', 2 union all select 3, null, 3";
    let session = session(
        "",
        &format!(
            r#"
        <resultMap id="with_id" type="map">
            <id property="id" column="id"/>
            <collection property="names" ofType="map"><id column="child"/><result property="name" column="name"/></collection>
        </resultMap>
        <resultMap id="without_id" type="map">
            <id property="id" column="id"/>
            <collection property="names" ofType="map"><result property="name" column="name"/></collection>
        </resultMap>
        <select id="with_id" resultMap="with_id">{rows}</select>
        <select id="without_id" resultMap="without_id">{rows}</select>"#
        )
        .replace("ofType=\"map\"", "javaType=\"list\" ofType=\"Name\""),
    );
    let expected = json!([
        { "id": 1, "names": [{ "name": "x" }] },
        { "id": 2, "names": [{ "name": "x" }] },
        { "id": 3, "names": [] },
    ]);
    assert_eq!(json(&session, "t.with_id").await, expected, "an id without a property makes no child");
    assert_eq!(json(&session, "t.without_id").await, expected, "equal children of two parents are two");
}

#[tokio::test]
async fn not_null_column() {
    let children = |id: &str, not_null: &str| {
        format!(
            r#"
        <resultMap id="{id}" type="Father">
            <id property="id" column="id"/>
            <collection property="children" ofType="Child" notNullColumn="{not_null}">
                <id property="id" column="child_id"/>
                <result property="name" column="child_name"/>
                <result property="fatherId" column="id"/>
                <result property="constant" column="constant"/>
            </collection>
        </resultMap>
        <select id="{id}" resultMap="{id}">
            select 1 as id, 10 as child_id, null as child_name, 'c' as constant union all select 1, 11, 'Eve', 'c' union all select 2, null, null, 'c'
        </select>"#
        )
    };
    let body = [
        children("one", "child_id"),
        children("two", "child_id, child_name"),
        children("braces", "{child_id,child_name}"),
        children("name", "child_name"),
        children("none", "constant"),
    ];
    let session = session("", &body.concat());
    let counts = async |id: &str| {
        let json = json(&session, id).await;
        let count = |at: usize| json[at]["children"].as_array().unwrap().len();
        [count(0), count(1)]
    };
    for id in ["t.one", "t.two", "t.braces"] {
        assert_eq!(counts(id).await, [2, 0], "{id}: one of them is enough");
    }
    assert_eq!(counts("t.name").await, [1, 0]);
    assert_eq!(counts("t.none").await, [2, 1], "a constant makes a child where nothing forbids it");
}

#[tokio::test]
async fn parent_childs() {
    let session = session(
        "",
        r#"
        <resultMap id="parent" type="Parent">
            <result property="name" column="p_name"/><result property="surname" column="p_surname"/>
            <collection property="children" ofType="Child">
                <constructor><arg name="name" column="c_name"/><arg name="age" column="c_age"/></constructor>
            </collection>
        </resultMap>
        <select id="all" resultMap="parent">
            select 'A' as p_name, 'X' as p_surname, 'c1' as c_name, 1 as c_age union all select 'A', 'X', 'c2', 1 union all select 'A', 'Y', null, null
        </select>"#,
    );
    assert_eq!(
        json(&session, "t.all").await,
        json!([
            { "name": "A", "surname": "X", "children": [{ "name": "c1", "age": 1 }, { "name": "c2", "age": 1 }] },
            { "name": "A", "surname": "Y", "children": [] },
        ])
    );
}

#[tokio::test]
async fn primitives_and_stringlist() {
    let session = session(
        "",
        r#"
        <resultMap id="user" type="User">
            <id property="id" column="id"/>
            <collection property="groups" ofType="string"><result column="groups"/></collection>
            <collection property="numbers" ofType="long"><result property="anything" column="number"/></collection>
        </resultMap>
        <select id="all" resultMap="user">
            select 1 as id, 'a' as groups, 1 as number union all select 1, 'a', 3 union all select 1, 'b', 1 union all select 1, 'b', 3 union all select 2, null, 2
        </select>"#,
    );
    assert_eq!(
        json(&session, "t.all").await,
        json!([{ "id": 1, "groups": ["a", "b"], "numbers": [1, 3] }, { "id": 2, "groups": [], "numbers": [2] }])
    );
    #[derive(Debug, Deserialize, PartialEq)]
    struct User {
        groups: Vec<String>,
        numbers: Vec<i64>,
    }
    let users: Vec<User> = session.select_list("t.all", ()).await.unwrap();
    assert_eq!(users[0], User { groups: vec!["a".into(), "b".into()], numbers: vec![1, 3] });
}

#[tokio::test]
async fn column_prefix_and_constructor_columnprefix() {
    let session = session(
        "",
        r#"
        <resultMap id="phone" type="Phone"><id property="id" column="id"/><result property="number" column="number"/></resultMap>
        <resultMap id="address" type="Address">
            <constructor><idArg name="id" column="id"/><arg name="state" column="state"/></constructor>
            <association property="phone1" columnPrefix="p1_" resultMap="phone"/>
            <association property="phone2" columnPrefix="P2_" resultMap="phone"/>
        </resultMap>
        <resultMap id="person" type="Person">
            <constructor>
                <idArg name="id" column="id"/>
                <arg name="home" columnPrefix="h_" resultMap="address"/>
            </constructor>
            <association property="billing" columnPrefix="b_" notNullColumn="id" resultMap="address"/>
            <association property="owner" columnPrefix="nowhere_" resultMap="address"/>
        </resultMap>
        <select id="all" resultMap="person">
            select 1 as id, 2 as h_id, 'LA' as h_state, 3 as h_p1_id, '11' as H_P1_NUMBER, 4 as h_p2_id, '22' as h_p2_number, null as b_id, 'XX' as b_state, 5 as b_p1_id
        </select>"#,
    );
    let home =
        json!({ "id": 2, "state": "LA", "phone1": { "id": 3, "number": "11" }, "phone2": { "id": 4, "number": "22" } });
    assert_eq!(json(&session, "t.all").await, json!([{ "id": 1, "home": home, "billing": null, "owner": null }]));
}

#[tokio::test]
async fn collection_injection() {
    let session = session(
        "create table v (h, r, f, d);
         insert into v values (1, 1, 1, 1), (1, 1, 1, 2), (1, 1, 2, null), (1, 2, 3, 3), (2, 3, null, null);",
        r#"
        <resultMap id="defect" type="Defect"><constructor><arg name="name" column="defect_name"/></constructor></resultMap>
        <resultMap id="furniture" type="Furniture">
            <constructor><idArg name="id" column="furniture_id"/><arg name="defects" javaType="java.util.List" columnPrefix="furniture_" resultMap="defect"/></constructor>
        </resultMap>
        <resultMap id="room" type="Room">
            <constructor><idArg name="id" column="id"/><arg name="furniture" javaType="list" resultMap="furniture"/></constructor>
        </resultMap>
        <resultMap id="house" type="House">
            <constructor><idArg name="id" column="id"/><arg name="rooms" javaType="list" columnPrefix="room_" resultMap="room"/></constructor>
        </resultMap>
        <select id="all" resultMap="house" resultOrdered="true">
            select h as id, r as room_id, f as room_furniture_id, 'd' || d as room_furniture_defect_name from v order by h, r, f, d
        </select>"#,
    );
    let defects = |names: &[&str]| names.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>();
    assert_eq!(
        json(&session, "t.all").await,
        json!([
            { "id": 1, "rooms": [
                { "id": 1, "furniture": [{ "id": 1, "defects": defects(&["d1", "d2"]) }, { "id": 2, "defects": [] }] },
                { "id": 2, "furniture": [{ "id": 3, "defects": defects(&["d3"]) }] },
            ] },
            { "id": 2, "rooms": [{ "id": 3, "furniture": [] }] },
        ])
    );
}

#[tokio::test]
async fn automapping() {
    let session = session(
        "",
        r#"
        <resultMap id="partial" type="User">
            <id property="id" column="id"/>
            <collection property="pets" ofType="Pet" columnPrefix="pet_"><id property="petId" column="id"/></collection>
        </resultMap>
        <resultMap id="all" type="User" autoMapping="true">
            <id property="id" column="id"/>
            <collection property="pets" ofType="Pet" columnPrefix="pet_" autoMapping="true"><id property="petId" column="id"/></collection>
        </resultMap>
        <resultMap id="pet" type="Pet" autoMapping="true"/>
        <resultMap id="nothing" type="User" autoMapping="true">
            <id property="id" column="id"/>
            <association property="pet" columnPrefix="pet_" resultMap="pet"/>
        </resultMap>
        <resultMap id="explicit" type="User" autoMapping="true">
            <id property="id" column="id"/>
            <result property="userName" column="other"/>
            <association property="pet" columnPrefix="pet_" resultMap="pet"/>
        </resultMap>
        <sql id="row">select 1 as id, 'Ann' as user_name, 'Eve' as other, 2 as PET_ID, 'Rex' as PET_NAME</sql>
        <select id="partial" resultMap="partial"><include refid="row"/></select>
        <select id="all" resultMap="all"><include refid="row"/></select>
        <select id="nothing" resultMap="nothing"><include refid="row"/></select>
        <select id="explicit" resultMap="explicit"><include refid="row"/></select>"#,
    );
    assert_eq!(json(&session, "t.partial").await, json!([{ "id": 1, "pets": [{ "petId": 2 }] }]));
    let all = &json(&session, "t.all").await[0];
    assert_eq!((&all["user_name"], &all["pets"]), (&json!("Ann"), &json!([{ "petId": 2, "NAME": "Rex" }])));
    assert_eq!(json(&session, "t.nothing").await[0]["pet"], json!({ "ID": 2, "NAME": "Rex" }));
    #[derive(Deserialize)]
    struct User {
        user_name: String,
    }
    let user: User = session.select_one("t.explicit", ()).await.unwrap();
    assert_eq!(user.user_name, "Eve", "what is mapped explicitly is not mapped by its label as well");
}

#[tokio::test]
async fn auto_mapping_behavior() {
    let xml = r#"<mapper namespace="t">
        <resultMap id="user" type="User">
            <id property="id" column="id"/>
            <association property="pet" javaType="Pet" columnPrefix="pet_"><id property="id" column="id"/></association>
        </resultMap>
        <resultMap id="said" type="User" autoMapping="true"><id property="id" column="id"/></resultMap>
        <sql id="row">select 1 as id, 'Ann' as name, 2 as pet_id, 'Rex' as pet_name</sql>
        <select id="nested" resultMap="user"><include refid="row"/></select>
        <resultMap id="flat" type="User"><id property="id" column="id"/></resultMap>
        <select id="flat" resultMap="flat"><include refid="row"/></select>
        <select id="count" resultType="long">select count(*) from (<include refid="row"/>)</select>
        <select id="said" resultMap="said"><include refid="row"/></select>
    </mapper>"#;
    let found = async |behavior: &str, id: &str| {
        let session = SqlSession::new(with_setting("autoMappingBehavior", behavior, xml), support::source(""));
        json(&session, id).await[0].clone()
    };
    let rex = json!({ "id": 2, "name": "Rex" });
    let all = json!({ "id": 1, "name": "Ann", "pet_id": 2, "pet_name": "Rex" });
    assert_eq!(found("NONE", "t.nested").await, json!({ "id": 1, "pet": { "id": 2 } }));
    assert_eq!(found("NONE", "t.flat").await, json!({ "id": 1 }));
    assert_eq!(found("NONE", "t.count").await, json!({ "count(*)": 1 }), "no map is asked");
    assert_eq!(found("NONE", "t.said").await, all, "what the map says counts");
    assert_eq!(found("PARTIAL", "t.nested").await, json!({ "id": 1, "pet": { "id": 2 } }));
    assert_eq!(found("PARTIAL", "t.flat").await, all);
    let full = found("FULL", "t.nested").await;
    assert_eq!((&full["name"], &full["pet"]), (&json!("Ann"), &rex));
}

#[tokio::test]
async fn ancestor_ref_and_bringrags() {
    let session = session(
        "",
        r#"
        <resultMap id="user" type="User">
            <id property="id" column="id"/>
            <association property="friend" columnPrefix="friend_" resultMap="user"/>
        </resultMap>
        <select id="users" resultMap="user">select 1 as id, 2 as friend_id, 3 as friend_friend_id</select>
        <resultMap id="child" type="Child">
            <id property="id" column="child_id"/>
            <association property="parent" resultMap="parent"/>
        </resultMap>
        <resultMap id="parent" type="Parent">
            <id property="id" column="parent_id"/>
            <collection property="children" ofType="Child" resultMap="child"/>
        </resultMap>
        <select id="children" resultMap="child">select 1 as child_id, 7 as parent_id</select>"#,
    );
    assert_eq!(
        json(&session, "t.users").await,
        json!([{ "id": 1, "friend": { "id": 2, "friend": { "id": 3, "friend": null } } }])
    );
    #[derive(Debug, Deserialize, PartialEq)]
    struct Child {
        id: i32,
        parent: Option<Box<Parent>>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Parent {
        id: i32,
        children: Vec<Child>,
    }
    let child: Child = session.select_one("t.children", ()).await.unwrap();
    let parent = Parent { id: 7, children: vec![] };
    assert_eq!(child, Child { id: 1, parent: Some(Box::new(parent)) }, "the way back ends");
}

#[tokio::test]
async fn inline_association_with_dot() {
    let session = session(
        "",
        r#"
        <resultMap id="element" type="Element">
            <id property="id" column="id"/>
            <result property="element.value" column="v1"/>
            <association property="element.element" javaType="Element"><result property="value" column="v2"/></association>
        </resultMap>
        <select id="all" resultMap="element">select 1 as id, 'x' as v1, 'y' as v2</select>"#,
    );
    let expected = json!([{ "id": 1, "element": { "value": "x", "element": { "value": "y" } } }]);
    assert_eq!(json(&session, "t.all").await, expected);
}

#[tokio::test]
async fn missing_id_property() {
    let session = session(
        "",
        r#"
        <resultMap id="car" type="Car">
            <id column="car_id"/><result property="name" column="car_name"/>
            <collection property="parts" ofType="Part"><id column="part_id"/><result property="name" column="part_name"/></collection>
        </resultMap>
        <select id="all" resultMap="car">
            select 1 as car_id, 'A' as car_name, 1 as part_id, 'wheel' as part_name union all select 1, 'A', 2, 'wheel' union all select 1, 'A', 3, 'door'
        </select>"#,
    );
    let parts = json!([{ "name": "wheel" }, { "name": "wheel" }, { "name": "door" }]);
    assert_eq!(json(&session, "t.all").await, json!([{ "name": "A", "parts": parts }]));
}

#[tokio::test]
async fn nestedresulthandler() {
    let session = session(
        "",
        r#"
        <resultMap id="marriage" type="Marriage">
            <association property="husband" columnPrefix="h_" javaType="Person"><id property="id" column="id"/></association>
            <association property="wife" columnPrefix="w_" javaType="Person"><id property="id" column="id"/></association>
        </resultMap>
        <select id="all" resultMap="marriage">select 1 as h_id, 2 as w_id union all select 1, 3 union all select 1, 2 order by 2</select>"#,
    );
    let pair = |wife: i32| json!({ "husband": { "id": 1 }, "wife": { "id": wife } });
    assert_eq!(json(&session, "t.all").await, json!([pair(2), pair(2), pair(3)]), "nothing tells rows apart");
}

#[tokio::test]
async fn resultmapwithassociationstest() {
    let session = session(
        "",
        r#"
        <resultMap id="person" type="Person">
            <id property="id" column="id"/>
            <association property="address" javaType="Address"><id property="id" column="id_address"/></association>
        </resultMap>
        <select id="all" resultMap="person">select 1 as id, 1 as id_address union all select 2, 1 union all select 3, 1</select>"#,
    );
    let people = json(&session, "t.all").await;
    assert_eq!(people.as_array().unwrap().len(), 3);
    assert!((0..3).all(|at| people[at]["address"]["id"] == 1));
}

#[tokio::test]
async fn parent_reference_3level() {
    let maps = |posts: &str, comments: &str| {
        format!(
            r#"
        <resultMap id="blog" type="Blog">
            <id property="id" column="id"/><result property="title" column="title"/>
            <collection property="posts" ofType="Post" resultMap="post" {posts}/>
        </resultMap>
        <resultMap id="post" type="Post">
            <id property="id" column="post_id"/>
            <association property="blog" javaType="Blog" resultMap="blog"/>
            <collection property="comments" ofType="Comment" resultMap="comment" {comments}/>
        </resultMap>
        <resultMap id="comment" type="Comment">
            <id property="id" column="comment_id"/>
            <association property="post" javaType="Post" resultMap="post"/>
        </resultMap>"#
        )
    };
    let comment = |id: i32| json!({ "id": id, "post": null });
    let post = |id: i32, comments: &[Json]| json!({ "id": id, "blog": null, "comments": comments });
    let expected = json!([
        { "id": 1, "title": "A", "posts": [post(1, &[comment(1), comment(2)]), post(2, &[])] },
        { "id": 2, "title": "B", "posts": [] },
    ]);
    for (body, [a, b]) in [
        (maps("", ""), ["post_id", "comment_id"]),
        (maps("columnPrefix=\"p_\"", "columnPrefix=\"c_\""), ["p_post_id", "p_c_comment_id"]),
    ] {
        let select = format!(
            "<select id=\"all\" resultMap=\"blog\">select 1 as id, 'A' as title, 1 as {a}, 1 as {b}
             union all select 1, 'A', 1, 2 union all select 1, 'A', 2, null union all select 2, 'B', null, null</select>"
        );
        assert_eq!(
            json(&session("", &format!("{body}{select}")), "t.all").await,
            expected,
            "the ways back are left out"
        );
    }
}

#[tokio::test]
async fn null_associations_and_call_setters_on_nulls_again() {
    let session = session(
        "create table parent (id integer primary key, f1 integer, f2 integer);",
        r#"
        <resultMap id="parent" type="Parent">
            <id property="id" column="id"/>
            <association property="field2" javaType="Field">
                <result property="field1" column="f1"/><result property="field2" column="f2"/>
                <association property="inner" javaType="Inner"><result property="value" column="f2"/></association>
            </association>
        </resultMap>
        <insert id="add">insert into parent values (#{id}, #{field2.field1}, #{field2.field2})</insert>
        <select id="all" resultMap="parent">select * from parent order by id</select>"#,
    );
    for parent in [json!({ "id": 1, "field2": null }), json!({ "id": 2, "field2": { "field1": 1, "field2": null } })] {
        session.insert("t.add", &parent).await.unwrap();
    }
    let second = json!({ "field1": 1, "field2": null, "inner": null });
    assert_eq!(json(&session, "t.all").await, json!([{ "id": 1, "field2": null }, { "id": 2, "field2": second }]));
}

#[tokio::test]
async fn extends_with_constructor() {
    let session = session(
        "",
        r#"
        <resultMap id="student" type="Student">
            <constructor><idArg name="id" column="id"/><arg name="name" column="name"/></constructor>
            <association property="teacher" column="teacher_id" select="never"/>
        </resultMap>
        <resultMap id="joined" type="Student" extends="student">
            <association property="teacher" javaType="Teacher" columnPrefix="teacher_"><id property="id" column="id"/></association>
        </resultMap>
        <resultMap id="own" type="Student" extends="joined"><constructor><idArg name="id" column="id"/></constructor></resultMap>
        <sql id="row">select 1 as id, 'Ann' as name, 7 as teacher_id</sql>
        <select id="joined" resultMap="joined"><include refid="row"/></select>
        <select id="own" resultMap="own"><include refid="row"/></select>
        <select id="never">select no_such_function()</select>"#,
    );
    let teacher = json!({ "id": 7 });
    assert_eq!(json(&session, "t.joined").await, json!([{ "id": 1, "name": "Ann", "teacher": teacher }]));
    assert_eq!(
        json(&session, "t.own").await,
        json!([{ "id": 1, "teacher": teacher }]),
        "a constructor replaces the whole"
    );
}

#[tokio::test]
async fn nestedresulthandler_gh1551() {
    let session = session(
        "",
        r#"
        <resultMap id="product" type="Product">
            <id property="id" column="id"/>
            <result property="productInfo.productId" column="id"/>
            <result property="productInfo.id" column="info_id"/>
            <collection property="skus" column="id" ofType="int" select="skus"/>
        </resultMap>
        <select id="products" resultMap="product">select 10 as id, 1 as info_id</select>
        <select id="skus" resultType="int">select #{id} + 1 union all select #{id} + 2</select>"#,
    );
    let expected = json!([{ "id": 10, "productInfo": { "productId": 10, "id": 1 }, "skus": [11, 12] }]);
    assert_eq!(json(&session, "t.products").await, expected);
}

#[tokio::test]
async fn cursor_nested() {
    let session = session(
        "create table user (id, name); create table user_group (user, name); create table role (user, name);
         insert into user values (1, 'A'), (2, 'B'), (3, 'C'), (4, 'D');
         insert into user_group select id, 'g' || n from user, (select 1 as n union select 2);
         insert into role select id, 'r' || n from user, (select 1 as n union select 2 union select 3);",
        r#"
        <resultMap id="user" type="User">
            <id property="id" column="id"/>
            <collection property="groups" ofType="string"><result column="grp"/></collection>
            <collection property="roles" ofType="string"><result column="role"/></collection>
        </resultMap>
        <select id="all" resultMap="user" resultOrdered="true">
            select u.id, g.name as grp, r.name as role from user u join user_group g on g.user = u.id join role r on r.user = u.id order by u.id, 2, 3
        </select>"#,
    );
    let mut users = session.stream::<Json>("t.all", ());
    for id in 1..=3 {
        let user = users.try_next().await.unwrap().unwrap();
        assert_eq!(user, json!({ "id": id, "groups": ["g1", "g2"], "roles": ["r1", "r2", "r3"] }));
    }
    // Dropped early: the only connection is free again.
    drop(users);
    assert_eq!(json(&session, "t.all").await.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_association_found_with_other_values_is_replaced() {
    let session = session(
        "",
        r#"
        <resultMap id="user" type="User">
            <id property="id" column="id"/>
            <association property="role" javaType="Role"><id property="id" column="role"/></association>
        </resultMap>
        <select id="all" resultMap="user">select 1 as id, 1 as role union all select 1, 2 union all select 1, 1 union all select 1, null</select>"#,
    );
    assert_eq!(json(&session, "t.all").await, json!([{ "id": 1, "role": { "id": 2 } }]));
    #[derive(Debug, Deserialize)]
    struct User {
        role: Vec<Role>,
    }
    #[derive(Debug, Deserialize)]
    struct Role {
        id: i32,
    }
    let user: User = session.select_one("t.all", ()).await.unwrap();
    assert_eq!(user.role.iter().map(|role| role.id).collect::<Vec<_>>(), [1, 2], "a field that is a list takes all");
}

#[tokio::test]
async fn null_keys_and_null_rows() {
    let session = session(
        "",
        r#"
        <resultMap id="user" type="User">
            <id property="id" column="id"/><result property="name" column="name"/>
            <collection property="pets" ofType="Pet"><id property="id" column="pet"/></collection>
        </resultMap>
        <select id="all" resultMap="user">select null as id, 'a' as name, 1 as pet union all select null, 'a', 2 union all select null, null, null</select>"#,
    );
    #[derive(Debug, Deserialize, PartialEq)]
    struct User {
        id: Option<i32>,
        name: Option<String>,
    }
    let user = || Some(User { id: None, name: Some("a".into()) });
    let users: Vec<Option<User>> = session.select_list("t.all", ()).await.unwrap();
    assert_eq!(users, [user(), user(), None], "without a key each row is an object");
}

#[tokio::test]
async fn empty_row() {
    let xml = r#"<mapper namespace="t">
        <resultMap id="user" type="User">
            <id property="id" column="id"/>
            <association property="pet" javaType="Pet"><id property="id" column="pet"/></association>
            <association property="toy" javaType="Toy" notNullColumn="toy"><id property="id" column="toy"/></association>
            <collection property="books" ofType="Book"><id property="id" column="book"/></collection>
            <collection property="tags" ofType="string"><result column="book"/></collection>
        </resultMap>
        <select id="all" resultMap="user">select 1 as id, null as pet, null as toy, null as book union all select 1, null, null, null</select>
    </mapper>"#;
    let config =
        |value: &str| SqlSession::new(with_setting("returnInstanceForEmptyRow", value, xml), support::source(""));
    let (empty, kept) = (config("false"), config("true"));
    assert_eq!(json(&empty, "t.all").await, json!([{ "id": 1, "pet": null, "toy": null, "books": [], "tags": [] }]));
    let pet = json!({ "id": null });
    let expected = json!([{ "id": 1, "pet": pet, "toy": null, "books": [pet], "tags": [] }]);
    assert_eq!(json(&kept, "t.all").await, expected, "a value that is null is never one");
}

#[tokio::test]
async fn ordered_parents_are_taken_apart_where_they_do_not_stand_together() {
    let session = session(
        "",
        r#"
        <resultMap id="user" type="User">
            <id property="id" column="id"/>
            <collection property="pets" ofType="int"><id column="pet"/></collection>
        </resultMap>
        <sql id="rows">select 1 as id, 1 as pet union all select 2, 2 union all select 1, 3</sql>
        <select id="any" resultMap="user"><include refid="rows"/></select>
        <select id="ordered" resultMap="user" resultOrdered="true"><include refid="rows"/></select>"#,
    );
    let user = |id: i32, pets: &[i32]| json!({ "id": id, "pets": pets });
    assert_eq!(json(&session, "t.any").await, json!([user(1, &[1, 3]), user(2, &[2])]));
    assert_eq!(json(&session, "t.ordered").await, json!([user(1, &[1]), user(2, &[2]), user(1, &[3])]), "as MyBatis");
}

#[tokio::test]
async fn what_cannot_be_mapped_is_said_when_it_is_read() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // only read into
    struct Order {
        id: i64,
        lines: Vec<i64>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Head {
        id: i64,
    }
    let session = session(
        "",
        r#"
        <resultMap id="order" type="Order">
            <id property="id" column="id"/>
            <collection property="lines" ofType="int" resultSet="lines" column="id" foreignColumn="order_id"><result column="line"/></collection>
        </resultMap>
        <select id="orders" resultMap="order" resultSets="orders,lines">select 1 as id, 2 as line</select>"#,
    );
    let error = session.select_list::<Order>("t.orders", ()).await.unwrap_err();
    assert_eq!((error.kind(), error.sql_state().unwrap().code()), (ErrorKind::Unsupported, "0A000"));
    assert!(error.message().contains("into field `lines` of `Order`: `resultSet`"), "{error}");
    assert_eq!(error.advice(), Some("load it by a nested `select`, or read it by a statement of its own"));
    assert_eq!(
        session.select_list::<Head>("t.orders", ()).await.unwrap(),
        [Head { id: 1 }],
        "who does not ask is not told"
    );
}

#[tokio::test]
async fn errors_name_the_map_the_column_and_the_property() {
    let session = session(
        "",
        r#"
        <resultMap id="blog" type="Blog">
            <id property="id" column="id"/>
            <association property="author" javaType="Author"><id property="id" column="author"/></association>
            <collection property="posts" ofType="Post"><id property="id" column="post"/><result property="subject" column="subject"/></collection>
        </resultMap>
        <select id="all" resultMap="blog">select 1 as id, 2 as post, 's' as subject, null as author union all select 1, 3, null, null</select>
        <resultMap id="wrong" type="Blog">
            <id property="id" column="id"/>
            <association property="author" resultMap="nobody"/>
        </resultMap>
        <select id="wrong" resultMap="wrong">select 1 as id</select>
        <resultMap id="not_null" type="Blog">
            <id property="id" column="id"/>
            <association property="author" javaType="Author" notNullColumn="gone"><id property="id" column="author"/></association>
        </resultMap>
        <select id="not_null" resultMap="not_null">select 1 as id, 2 as author</select>"#,
    );
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // only read into
    struct Subjects {
        posts: Vec<Subject>,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // only read into
    struct Subject {
        subject: String,
    }
    let error = session.select_list::<Subjects>("t.all", ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Result);
    assert_eq!(
        error.message(),
        "object 1, result map `t.mapper_resultMap[blog]_collection[posts]`, column `subject` into field `posts[1].subject` of `Subjects`: \
         NULL where a string was expected"
    );
    assert_eq!(error.statement(), Some("t.all"));
    assert!(error.sql().unwrap().contains("select 1 as id"));

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // only read into
    struct Required {
        author: Author,
    }
    let error = session.select_list::<Required>("t.all", ()).await.unwrap_err();
    assert!(
        error.message().contains("into field `author` of `Required`: NULL where struct Author was expected"),
        "{error}"
    );
    assert_eq!(error.advice(), Some("make the field an Option: there is no such object"));

    let error = session.select_list::<Author>("t.all", ()).await.unwrap_err();
    assert!(error.message().contains("no column fills the field `name`"), "{error}");
    assert!(
        error.advice().unwrap().starts_with("map it in the result map, say autoMapping=\"true\" there, or"),
        "{error}"
    );

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // only read into
    struct Pairs {
        posts: Vec<(i32, String)>,
    }
    let error = session.select_list::<Pairs>("t.all", ()).await.unwrap_err();
    assert!(
        error.message().contains("`posts[0]` of `Pairs`: an object of 2 properties where one value was expected"),
        "{error}"
    );

    let error = session.select_list::<Json>("t.wrong", ()).await.unwrap_err();
    assert!(error.message().contains("the result map `t.nobody` of the property `author` does not exist"), "{error}");
    let error = session.select_list::<Json>("t.not_null", ()).await.unwrap_err();
    assert!(
        error
            .message()
            .contains("the rows have no column `gone`, which is the `notNullColumn` of the property `author`"),
        "{error}"
    );
}
