//! What linking makes of files, beside SQL: derived result maps, warnings that do not stop a file, constants of enums.

use batis_script::{BindErrorKind, EnumConstant, Map, MapperSet, Value};

fn load(body: &str) -> MapperSet {
    let xml = format!("<mapper namespace=\"m\">{body}</mapper>");
    MapperSet::builder().file("m.xml", xml).link().expect("it loads")
}

#[test]
fn an_inline_collection_makes_one_derived_map() {
    let set = load(
        r#"<resultMap id="blog" type="x.Blog"><id property="id" column="id"/>
             <collection property="posts" ofType="x.Post"><id property="id" column="post_id"/></collection></resultMap>
           <resultMap id="page" type="x.Page"><association property="blog" resultMap="blog"/></resultMap>"#,
    );
    let ids: Vec<&str> = set.result_maps().map(|map| &*map.id).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(set.result_map("m.mapper_resultMap[blog]_collection[posts]").is_some(), "{ids:?}");
}

#[test]
fn what_fails_when_it_is_reached_is_told_when_it_is_loaded() {
    let set = load(
        r##"<select id="a">select 1 <if test="x AND y">, 2</if></select>
            <select id="b">select 1 <if test="x != null">, #{y,jdbcTyp=INTEGER}</if></select>
            <select id="c">select 1</select>"##,
    );
    let codes: Vec<&str> = set.warnings().items().iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["E030", "E021"]);
    let kind = |id: &str, parameter: &Value| {
        let statement = set.statement(id).expect("it is there");
        statement.bind(parameter).map(|_| ()).map_err(|error| error.kind())
    };
    let x = Value::from(Map::new().with("x", 1));
    assert_eq!(kind("m.a", &x), Err(BindErrorKind::Expression));
    assert_eq!(kind("m.b", &x), Err(BindErrorKind::Load));
    assert_eq!(kind("m.b", &Value::Null), Ok(()));
    assert_eq!(kind("m.c", &x), Ok(()));
}

#[test]
fn constants_of_enums_are_compared_by_name_when_asked() {
    let set = load(
        r#"<select id="s"><if test="role.toString() == 'LEAD'">a</if><if test="role.name() == 'LEAD'">b</if>
             <if test="role.ordinal() == 1">c</if><if test="role.name == 'LEAD'">d</if> #{role}</select>"#,
    );
    let lead = EnumConstant { type_name: "Role".into(), name: "LEAD".into(), ordinal: 1 };
    let parameter = Value::from(Map::new().with("role", lead.clone()));
    let statement = set.statement("m.s").expect("it is there");
    let bound = statement.bind(&parameter).expect("it renders");
    assert_eq!(bound.sql.split_whitespace().collect::<String>(), "abcd?");
    assert_eq!(*bound.binds[0].value, Value::from(lead));
}

/// What MyBatis meets when it runs is refused on request, with all of it told.
#[test]
fn a_strict_loading_refuses_what_fails_late() {
    let late = [
        ("E030", r#"<select id="a">select 1 <if test="x AND y">, 2</if></select>"#),
        ("E021", r##"<select id="a">select 1 <if test="x != null">, #{y,jdbcTyp=INTEGER}</if></select>"##),
        ("W104", r#"<select id="a">select 1 <if test="@x.Y@is(a)">, 2</if></select>"#),
        ("W050", r#"<resultMap id="r" type="R"><association property="o" resultMap="none"/></resultMap>"#),
        ("W051", r#"<resultMap id="r" type="R"><association property="o" column="o" select="none"/></resultMap>"#),
    ];
    for (code, body) in late {
        let xml = format!("<mapper namespace=\"m\">{body}</mapper>");
        let builder = || MapperSet::builder().file("m.xml", xml.clone());
        assert!(builder().link().is_ok(), "{code}");
        let told = builder().strict(true).link().expect_err(code);
        assert!(told.items().iter().all(|item| item.code == code && item.fails_late()), "{told}");
    }
    let fine = "<mapper namespace=\"m\"><select id=\"a\">select 1 <if test=\"s == 'Y'\">, 2</if></select></mapper>";
    assert!(MapperSet::builder().file("m.xml", fine).strict(true).link().is_ok(), "a doubtful place is no failure");
}

/// A trim whose body is blank leaves nothing of its prefix, its parameters included.
#[test]
fn a_blank_trim_binds_nothing() {
    let set = load(r##"<select id="s">x <trim prefix="#{a}"><if test="a == null">y</if></trim></select>"##);
    let parameter = Value::from(Map::new().with("a", 1));
    let bound = set.statement("m.s").unwrap().bind(&parameter).unwrap();
    assert_eq!((&*bound.sql, bound.binds.len()), ("x", 0));
}
