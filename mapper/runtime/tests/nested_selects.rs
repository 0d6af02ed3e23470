//! Nested selects: associations and collections that are loaded by a statement of their own. Most tests carry the name of MyBatis' test of the same behaviour.

mod support;

use std::collections::HashMap;
use std::sync::Arc;

use batis_mapper::{Configuration, ErrorKind, SqlSession, blocking};
use futures_util::TryStreamExt;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use support::session;

async fn json(session: &SqlSession, id: &str) -> Json {
    Json::Array(session.select_list(id, ()).await.unwrap())
}

const BLOGS: &str = "
    create table author (id integer primary key, name text not null);
    create table blog (id integer primary key, title text not null, author_id integer);
    create table post (id integer primary key, blog_id integer not null, section text not null, subject text not null);
    insert into author values (1, 'Ann'), (2, 'Bob');
    insert into blog values (1, 'Rust', 1), (2, 'Empty', null), (3, 'Java', 1), (4, 'Lost', 9);
    insert into post values (10, 1, 'new', 'Traits'), (11, 1, 'old', 'Macros'), (12, 3, 'new', 'Beans');
    create table asked (what text not null, id integer);";

/// `author` notes each run.
const MAPS: &str = r#"
    <resultMap id="blog" type="Blog">
        <id property="id" column="id"/>
        <result property="title" column="title"/>
        <association property="author" column="author_id" select="author"/>
        <collection property="posts" ofType="Post" column="id" select="posts" fetchType="lazy"/>
        <collection property="subjects" ofType="string" column="{blog=id,section=section}" select="subjects"/>
    </resultMap>
    <resultMap id="post" type="Post">
        <id property="id" column="id"/>
        <result property="subject" column="subject"/>
    </resultMap>
    <select id="blogs" resultMap="blog">select b.*, 'new' as section from blog b where id &lt; 4 order by id</select>
    <select id="lost" resultMap="blog">select b.*, 'new' as section from blog b where id = 4</select>
    <select id="author" resultType="Author">insert into asked select 'author', #{id} returning #{id} as id, case #{id} when 1 then 'Ann' end as name</select>
    <select id="posts" resultMap="post">select * from post where blog_id = #{blogId} order by id</select>
    <select id="subjects" resultType="string">select subject from post where blog_id = #{blog} and section = #{section}</select>
    <select id="asked" resultType="int">select count(*) from asked</select>"#;

#[derive(Debug, Deserialize, PartialEq)]
struct Blog {
    id: i32,
    title: String,
    author: Option<Author>,
    posts: Vec<Post>,
    subjects: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Author {
    id: i32,
    name: String,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Post {
    id: i32,
    subject: String,
}

fn post(id: i32, subject: &str) -> Post {
    Post { id, subject: subject.into() }
}

fn blogs() -> Vec<Blog> {
    let ann = || Some(Author { id: 1, name: "Ann".into() });
    vec![
        Blog {
            id: 1,
            title: "Rust".into(),
            author: ann(),
            posts: vec![post(10, "Traits"), post(11, "Macros")],
            subjects: vec!["Traits".into()],
        },
        Blog { id: 2, title: "Empty".into(), author: None, posts: vec![], subjects: vec![] },
        Blog {
            id: 3,
            title: "Java".into(),
            author: ann(),
            posts: vec![post(12, "Beans")],
            subjects: vec!["Beans".into()],
        },
    ]
}

#[tokio::test]
async fn associations_and_collections_are_loaded_by_their_selects() {
    let session = session(BLOGS, MAPS);
    assert_eq!(session.select_list::<Blog>("t.blogs", ()).await.unwrap(), blogs());
    let asked: i64 = session.select_one("t.asked", ()).await.unwrap();
    assert_eq!(asked, 1, "equal selects run once, and none without an argument");
    let streamed: Vec<Blog> = session.stream("t.blogs", ()).try_collect().await.unwrap();
    assert_eq!(streamed, blogs());
    let by_id: HashMap<i32, Blog> = session.select_map("t.blogs", (), "id").await.unwrap();
    assert_eq!(by_id[&3], blogs()[2]);
    let asked: i64 = session.select_one("t.asked", ()).await.unwrap();
    assert_eq!(asked, 3, "nothing is kept from call to call");
}

#[test]
fn blocking_sessions_do_the_same() {
    let session = support::blocking(BLOGS, MAPS);
    assert_eq!(session.select_list::<Blog>("t.blogs", ()).unwrap(), blogs());
}

#[tokio::test]
async fn in_a_transaction_they_see_what_it_wrote() {
    let session = session(
        BLOGS,
        &format!(
            "{MAPS}<insert id=\"write\">insert into post values (#{{id}}, 2, 'new', 'Written')</insert>
             <select id=\"second\" resultMap=\"blog\">select b.*, 'new' as section from blog b where id = 2</select>"
        ),
    );
    let written = session.tx(|tx| async move {
        tx.insert("t.write", &13).await?;
        tx.select_one::<Blog>("t.second", ()).await
    });
    let blog = written.await.unwrap();
    assert_eq!((blog.posts, blog.subjects), (vec![post(13, "Written")], vec!["Written".to_owned()]));
}

#[tokio::test]
async fn targets_without_a_type_of_their_own() {
    let session = session(BLOGS, MAPS);
    let blogs = json(&session, "t.blogs").await;
    let author = json!({ "id": 1, "name": "Ann" });
    let posts = json!([{ "id": 10, "subject": "Traits", "blog_id": 1, "section": "new" }, { "id": 11, "subject": "Macros", "blog_id": 1, "section": "old" }]);
    let blog = |id: i32, title: &str, author: Json, posts: Json, subjects: Json| json!({ "id": id, "title": title, "section": "new", "author": author, "posts": posts, "subjects": subjects });
    assert_eq!(blogs[0], blog(1, "Rust", author, posts, json!(["Traits"])));
    assert_eq!(blogs[1], blog(2, "Empty", Json::Null, json!([]), json!([])));
}

#[tokio::test]
async fn column_forwarding_and_complex_column() {
    let session = session(
        "create table asked (what text);",
        r#"
        <resultMap id="user" type="User" autoMapping="false">
            <id property="id" column="id"/>
            <association property="group" column="{id = group_id, state=state}" select="group"/>
        </resultMap>
        <resultMap id="outer" type="Outer">
            <id property="id" column="id"/>
            <association property="user" columnPrefix="u_" resultMap="user"/>
        </resultMap>
        <sql id="rows">select 1 as id, 7 as group_id, 'open' as state union all select 2, 7, null union all select 3, null, null</sql>
        <select id="users" resultMap="user"><include refid="rows"/></select>
        <select id="outer" resultMap="outer">select id, id as u_id, group_id as u_group_id, state as U_STATE from (<include refid="rows"/>)</select>
        <select id="group" resultType="map">insert into asked select 'x' returning #{id} as id, #{state} as state, #{extra} as extra</select>
        <select id="asked" resultType="int">select count(*) from asked</select>"#,
    );
    let group = |state: Json| json!({ "id": 7, "state": state, "extra": null });
    let expected = [
        json!({ "id": 1, "group": group(json!("open")) }),
        json!({ "id": 2, "group": group(Json::Null) }),
        json!({ "id": 3, "group": null }),
    ];
    assert_eq!(json(&session, "t.users").await, json!(expected), "nulls are left out; all null: nothing is asked");
    assert_eq!(session.select_one::<i64>("t.asked", ()).await.unwrap(), 2);
    let outer = json(&session, "t.outer").await;
    let users: Vec<&Json> = (0..3).map(|at| &outer[at]["user"]).collect();
    assert_eq!(users, expected.iter().collect::<Vec<_>>(), "prefixes reach the columns of nested selects");
}

#[tokio::test]
async fn associationtype_and_deferload_common_property() {
    let session = session(
        BLOGS,
        &format!(
            r#"{MAPS}
        <resultMap id="pair" type="map">
            <association property="a1" javaType="Author" column="author_id" select="author"/>
            <association property="a2" javaType="Author" column="author_id" select="author"/>
            <association property="name" javaType="string" column="author_id" select="name"/>
        </resultMap>
        <select id="name" resultType="string">select name from author where id = #{{value}}</select>
        <select id="pairs" resultMap="pair">select author_id from blog where author_id = 1</select>"#
        ),
    );
    let ann = json!({ "id": 1, "name": "Ann" });
    let pair = json!({ "a1": ann, "a2": ann, "name": "Ann" });
    assert_eq!(json(&session, "t.pairs").await, json!([pair, pair]), "shared by properties and by rows");
    assert_eq!(session.select_one::<i64>("t.asked", ()).await.unwrap(), 1);
}

#[tokio::test]
async fn cglib_lazy_error_and_lazyload_common_property() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Person {
        id: i32,
        parent: Option<Box<Person>>,
    }
    let body = r#"
        <resultMap id="person" type="Person">
            <id property="id" column="id"/>
            <association property="parent" column="parent" select="person"/>
        </resultMap>
        <select id="person" resultMap="person">select id, parent from person where id = #{id};</select>
        <select id="all" resultMap="person">select id, parent from person order by id</select>"#;
    let schema = "
        create table person (id integer primary key, parent integer);
        with recursive n(i) as (select 1 union all select i + 1 from n where i &lt; 120) insert into person select i, nullif(i - 1, 0) from n;"
        .replace("&lt;", "<");
    let session = session(&schema, body);
    let person: Person = session.select_one("t.person", &3).await.unwrap();
    let first = Person { id: 1, parent: None };
    let second = Person { id: 2, parent: Some(Box::new(first)) };
    assert_eq!(person, Person { id: 3, parent: Some(Box::new(second)) });

    let mut depth = 0;
    let mut next = Some(Box::new(session.select_one::<Person>("t.person", &101).await.unwrap()));
    while let Some(person) = next {
        depth += 1;
        next = person.parent;
    }
    assert_eq!(depth, 101);
    let error = session.select_one::<Person>("t.person", &120).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Result, "nested selects go deeper than 100 levels, at `t.person`".into())
    );
}

#[tokio::test]
async fn permissions() {
    let session = session(
        BLOGS,
        r#"
        <resultMap id="blog" type="Blog">
            <id property="id" column="id"/>
            <collection property="posts" column="id" select="posts"/>
        </resultMap>
        <resultMap id="post" type="Post">
            <id property="id" column="id"/>
            <association property="blog" column="blog_id" select="blog"/>
        </resultMap>
        <select id="blog" resultMap="blog">select id from blog where id = #{id}</select>
        <select id="posts" resultMap="post">select id, blog_id from post where blog_id = #{id} order by id</select>"#,
    );
    #[derive(Debug, Deserialize, PartialEq)]
    struct Blog {
        posts: Vec<Post>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Post {
        id: i32,
    }
    let blog: Blog = session.select_one("t.blog", &1).await.unwrap();
    assert_eq!(blog.posts, [Post { id: 10 }, Post { id: 11 }], "selects in a circle end");
    let error = session.select_one::<Json>("t.blog", &1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Result);
    assert!(error.message().contains("`posts[0].blog.posts`"), "{error}");
    assert!(
        error.message().contains("the nested select `t.posts` leads back to an object that this one is a part of"),
        "{error}"
    );
    assert_eq!(error.advice(), Some("leave the way back out of the type, or out of the result map"));
}

#[tokio::test]
async fn nestedresulthandler_multiple_association() {
    let session = session(
        "create table child (id integer primary key, parent integer, name text);
         insert into child values (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'a');",
        r#"
        <resultMap id="parent" type="Parent">
            <id property="id" column="id"/>
            <collection property="pairs" column="id" select="pairs"/>
        </resultMap>
        <resultMap id="pair" type="Pair">
            <association property="first" column="first" select="child"/>
            <association property="second" column="second" select="child"/>
        </resultMap>
        <select id="parents" resultMap="parent">select 1 as id union all select 2</select>
        <select id="pairs" resultMap="pair">select 1 as first, 2 as second union all select 2, #{parent} + 1</select>
        <select id="child" resultType="Child">select id, name from child where id = #{id}</select>"#,
    );
    let child = |id: i32, name: &str| json!({ "id": id, "name": name });
    let pair = |a: Json, b: Json| json!({ "first": a, "second": b });
    let expected = [
        json!([pair(child(1, "a"), child(2, "b")), pair(child(2, "b"), child(2, "b"))]),
        json!([pair(child(1, "a"), child(2, "b")), pair(child(2, "b"), child(3, "a"))]),
    ];
    let parents = json(&session, "t.parents").await;
    assert_eq!([&parents[0]["pairs"], &parents[1]["pairs"]], [&expected[0], &expected[1]]);
}

#[tokio::test]
async fn the_field_says_whether_one_or_all_rows_are_taken() {
    #[derive(Debug, Deserialize)]
    struct All {
        name: Vec<String>,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // only read into
    struct One {
        name: Option<String>,
    }
    let session = session(
        BLOGS,
        r#"
        <resultMap id="user" type="User"><association property="name" column="id" select="names"/></resultMap>
        <select id="user" resultMap="user">select 1 as id</select>
        <select id="names" resultType="string">select name from author order by id</select>"#,
    );
    let all: All = session.select_one("t.user", ()).await.unwrap();
    assert_eq!(all.name, ["Ann", "Bob"], "as MyBatis' primitive_array");
    let error = session.select_one::<One>("t.user", ()).await.unwrap_err();
    assert!(
        error.message().contains("into field `name` of `One`: the nested select gave 2 objects where one was expected"),
        "{error}"
    );
}

#[tokio::test]
async fn nested_selects_inside_of_nested_maps_discriminators_and_constructors() {
    let session = session(
        BLOGS,
        r#"
        <resultMap id="blog" type="Blog">
            <constructor><idArg name="id" column="id"/><arg name="author" column="{key=author_id}" select="author"/></constructor>
            <collection property="posts" ofType="Post" columnPrefix="p_">
                <id property="id" column="id"/>
                <discriminator javaType="string" column="section">
                    <case value="new"><collection property="siblings" ofType="int" column="blog_id" select="ids"/></case>
                </discriminator>
            </collection>
        </resultMap>
        <select id="blogs" resultMap="blog">
            select b.id, b.author_id, p.id as p_id, p.section as p_section, p.blog_id as p_blog_id
            from blog b left join post p on p.blog_id = b.id where b.id in (1, 2) order by b.id, p.id
        </select>
        <select id="author" resultType="string">select name from author where id = #{key}</select>
        <select id="ids" resultType="int">select id from post where blog_id = #{id} order by id</select>"#,
    );
    assert_eq!(
        json(&session, "t.blogs").await,
        json!([
            { "id": 1, "author": "Ann", "posts": [{ "id": 10, "siblings": [10, 11] }, { "id": 11 }] },
            { "id": 2, "author": null, "posts": [] },
        ])
    );
}

#[tokio::test]
async fn ordered_rows_with_nested_selects() {
    let session = session(
        BLOGS,
        r#"
        <resultMap id="blog" type="Blog">
            <id property="id" column="id"/>
            <association property="author" column="author" select="author"/>
            <collection property="posts" ofType="int"><id column="post"/></collection>
        </resultMap>
        <select id="blogs" resultMap="blog" resultOrdered="true">
            select 1 as id, 1 as author, 1 as post union all select 1, 1, 2 union all select 2, 2, 3 union all select 1, 1, 4
        </select>
        <select id="author" resultType="string">select name from author where id = #{id}</select>"#,
    );
    let blog = |id: i32, author: &str, posts: &[i32]| json!({ "id": id, "author": author, "posts": posts });
    let expected = [blog(1, "Ann", &[1, 2]), blog(2, "Bob", &[3]), blog(1, "Ann", &[4])];
    assert_eq!(json(&session, "t.blogs").await, json!(expected), "the last parent only is looked at");
    let streamed: Vec<Json> = session.stream("t.blogs", ()).try_collect().await.unwrap();
    assert_eq!(streamed, expected);
}

#[tokio::test]
async fn errors_name_the_nested_select() {
    let session = session(
        BLOGS,
        r#"
        <resultMap id="blog" type="Blog">
            <id property="id" column="id"/>
            <collection property="posts" column="id" select="posts"/>
        </resultMap>
        <select id="blogs" resultMap="blog">select id from blog order by id</select>
        <select id="posts" resultType="Post">select id, null as subject from post where blog_id = #{id}</select>
        <resultMap id="unknown" type="Blog"><association property="author" column="id" select="nobody"/></resultMap>
        <select id="unknown" resultMap="unknown">select 1 as id</select>
        <resultMap id="broken" type="Blog"><association property="author" column="id" select="broken_select"/></resultMap>
        <select id="broken" resultMap="broken">select 1 as id</select>
        <select id="broken_select">select * from no_such_table</select>
        <resultMap id="lost" type="Blog"><association property="author" column="{a=id,b=gone}" select="posts"/></resultMap>
        <select id="lost" resultMap="lost">select 1 as id</select>"#,
    );
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // only read into
    struct Posts {
        posts: Vec<Post>,
    }
    let error = session.select_list::<Posts>("t.blogs", ()).await.unwrap_err();
    assert_eq!(
        error.message(),
        "object 1, nested select `t.posts`, column `subject` into field `posts[0].subject` of `Posts`: NULL where a string was expected"
    );
    let error = session.select_list::<Json>("t.unknown", ()).await.unwrap_err();
    assert_eq!((error.kind(), error.statement()), (ErrorKind::Statement, Some("t.unknown")));
    assert!(error.message().contains("t.nobody"), "{error}");
    let error = session.select_list::<Json>("t.broken", ()).await.unwrap_err();
    assert_eq!((error.kind(), error.statement()), (ErrorKind::Sql, Some("t.broken_select")));
    assert!(error.to_string().contains("; hint: a result map of `t.broken` asks for it"), "{error}");
    let error = session.select_list::<Json>("t.lost", ()).await.unwrap_err();
    assert!(
        error
            .message()
            .contains("no column `gone`, which is an argument of the nested select of the property `author`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_statement_may_outlive_its_configuration() {
    let configuration: Arc<Configuration> = support::configuration(MAPS);
    let kept = Arc::clone(configuration.statement("t.blogs").unwrap());
    drop(configuration);
    let session = session(BLOGS, r#"<select id="other">select 1</select>"#);
    assert_eq!(session.select_list::<Blog>(&kept, ()).await.unwrap(), blogs());
    let blocking = blocking::SqlSession::new(support::configuration(MAPS), support::source(BLOGS));
    assert_eq!(blocking.select_list::<Blog>(&kept, ()).unwrap(), blogs());
}

/// All rows ask at once, so no select is deep; their objects are.
#[tokio::test]
async fn a_long_chain_is_an_error_and_no_overflow_of_the_stack() {
    let session = session(
        "create table node (id integer primary key, parent integer);
         insert into node with recursive n(id) as (select 1 union all select id + 1 from n where id < 3000) select id, id - 1 from n;",
        r#"
        <resultMap id="node" type="Node">
            <id property="id" column="id"/>
            <collection property="children" column="id" select="children"/>
        </resultMap>
        <select id="all" resultMap="node">select * from node order by id desc</select>
        <select id="near" resultMap="node">select * from node where id > 2900 order by id desc</select>
        <select id="children" resultMap="node">select * from node where parent = #{id}</select>"#,
    );
    let error = session.select_list::<Json>("t.all", ()).await.unwrap_err();
    assert!(error.message().contains("nested selects go deeper than 100 levels, at `t.children`"), "{error}");

    let nodes: Vec<Json> = session.select_list("t.near", ()).await.unwrap();
    let depth = std::iter::successors(nodes.last(), |node| node["children"].get(0)).count();
    assert_eq!(depth, 100, "that deep is fine");
}

/// Two ways from each object to the next: the last of 60 would be read as often as no machine can.
#[tokio::test]
async fn objects_that_many_ways_lead_to_are_an_error_and_no_work_without_end() {
    #[derive(Debug, Deserialize)]
    struct Node {
        id: i64,
        left: Vec<Node>,
        right: Vec<Node>,
    }
    let maps = r#"
        <resultMap id="node" type="Node">
            <id property="id" column="id"/>
            <collection property="left" column="id" select="next"/>
            <collection property="right" column="id" select="next"/>
        </resultMap>
        <select id="from" resultMap="node">select * from node where id = #{id}</select>
        <select id="next" resultMap="node">select * from node where id = #{id} + 1</select>"#;
    let session = session(
        "create table node (id integer primary key);
         insert into node with recursive n(id) as (select 1 union all select id + 1 from n where id < 60) select id from n;",
        maps,
    );
    let error = session.select_one::<Node>("t.from", 1).await.unwrap_err();
    let message = "nested selects lead to the same objects by too many ways, at `t.next`";
    assert!(error.message().contains(message), "{error}");

    let near: Node = session.select_one("t.from", 50).await.unwrap();
    fn count(node: &Node) -> usize {
        1 + node.left.iter().chain(&node.right).map(count).sum::<usize>()
    }
    assert_eq!((near.id, count(&near)), (50, (1 << 11) - 1));
}
