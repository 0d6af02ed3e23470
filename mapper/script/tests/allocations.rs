//! What rendering allocates, counted: one text and one list of binds, whatever is taken; nothing for what is not taken. And
//! what loaded files keep.

#[path = "../../../jdbc-like/testkit/shared/counting.rs"]
mod counting;

use batis_script::{BoundSql, Map, MapperSet, Value};
use counting::counted;

/// Allocations of one rendering, and what it gave.
fn rendered(body: &str, parameter: &Value) -> (usize, usize) {
    let xml = format!("<mapper namespace=\"m\"><select id=\"s\">{body}</select></mapper>");
    let set = MapperSet::builder().file("m.xml", xml).link().expect("it loads");
    let statement = set.statement("m.s").expect("it is there");
    let (bound, count) = counted(|| -> BoundSql<'_> { statement.bind(parameter).expect("it renders") });
    (count.allocations, bound.binds.len())
}

fn names(value: &Value) -> Value {
    Value::from((0..10).map(|n| (format!("c{n}"), value.clone())).collect::<Map>())
}

fn conditions() -> String {
    (0..10).map(|n| format!("<if test=\"c{n} != null and c{n} != ''\">and c{n} = #{{c{n}}}</if>\n")).collect()
}

#[test]
fn a_static_statement_allocates_its_binds() {
    assert_eq!(rendered("select 1", &Value::Null), (0, 0));
    assert_eq!(rendered("select * from t where id = #{id}", &Value::from(1)), (1, 1));
}

#[test]
fn a_dynamic_statement_allocates_its_text_and_its_binds() {
    let search = format!("select * from t <where>{}</where> order by id", conditions());
    assert_eq!(rendered(&search, &names(&Value::from("x"))), (2, 10));
    assert_eq!(
        rendered("select <choose><when test=\"a\">1</when><otherwise>2</otherwise></choose>", &Value::Null),
        (1, 0)
    );
    let update = format!(
        "update t <set><if test=\"c1 != null\">a = #{{c1}},</if></set> {}",
        "<trim>where <trim>1 = 1</trim></trim>"
    );
    assert_eq!(rendered(&update, &names(&Value::from(1))), (2, 1));
}

#[test]
fn what_is_not_taken_allocates_nothing() {
    let search = format!("select * from t <where>{}</where>", conditions());
    // The text and the room for binds, which is set aside for all of them.
    assert_eq!(rendered(&search, &names(&Value::Null)), (2, 0));
    let nothing = "select 1 <if test=\"a != null\"><foreach collection=\"a\" item=\"i\">#{i}</foreach></if>";
    assert_eq!(rendered(nothing, &Value::from(Map::new())).1, 0);
}

#[test]
fn a_loop_allocates_for_itself_and_not_for_its_elements() {
    let list = |n: i32| (0..n).collect::<Value>().wrap_collection(None);
    let body = "select * from t where id in <foreach collection=\"list\" item=\"id\" open=\"(\" separator=\",\" close=\")\">#{id}</foreach>";
    let (ten, thousand) = (rendered(body, &list(10)), rendered(body, &list(1000)));
    assert_eq!((ten.1, thousand.1), (10, 1000));
    // Text and binds, both made larger once, and the loop's own state.
    assert_eq!((ten.0, thousand.0), (6, 6));
}

/// Room is set aside for each loop, not for each loop on top of all before it.
#[test]
fn nested_loops_stay_small() {
    let pairs: Value = (0..500).map(|_| Value::from(Map::new().with("l", (0..2).collect::<Value>()))).collect();
    let body = "<foreach collection=\"n\" item=\"i\">x <foreach collection=\"i.l\" item=\"j\">#{j}</foreach></foreach>";
    let xml = format!("<mapper namespace=\"m\"><select id=\"s\">{body}</select></mapper>");
    let set = MapperSet::builder().file("m.xml", xml).link().expect("it loads");
    let parameter = Value::from(Map::new().with("n", pairs));
    let bound = set.statement("m.s").expect("it is there").bind(&parameter).expect("it renders");
    let std::borrow::Cow::Owned(sql) = bound.sql else { panic!("it is made") };
    assert_eq!(bound.binds.len(), 1000);
    assert!(sql.capacity() < sql.len() * 8, "{} for {}", sql.capacity(), sql.len());
}

/// A file as applications have them: result map, fragment, searches, writes.
fn file(number: usize) -> String {
    let statements: String = (0..5)
        .map(|n| {
            format!(
                r#"<select id="search{n}" resultMap="row">select <include refid="columns"/> from t <where>{}</where></select>
                <insert id="add{n}">insert into t (id, name) values (#{{id}}, #{{name, jdbcType=VARCHAR}})</insert>
                <update id="change{n}">update t <set><if test="name != null">name = #{{name}},</if></set> where id = #{{id}}</update>
                <delete id="drop{n}">delete from t where id in <foreach collection="ids" item="id" open="(" close=")" separator=",">#{{id}}</foreach></delete>"#,
                conditions()
            )
        })
        .collect();
    let results: String = (0..10).map(|n| format!(r#"<result property="c{n}" column="c_{n}"/>"#)).collect();
    format!(
        r#"<mapper namespace="m{number}"><resultMap id="row" type="Row"><id property="id" column="id"/>{results}</resultMap>
        <sql id="columns">id, name</sql>{statements}</mapper>"#
    )
}

#[test]
fn loaded_files_keep_few_bytes_for_each_of_theirs() {
    let files: Vec<(String, String)> = (0..50).map(|n| (format!("m{n}.xml"), file(n))).collect();
    let bytes: usize = files.iter().map(|(_, xml)| xml.len()).sum();
    let builder = files.into_iter().fold(MapperSet::builder(), |set, (name, xml)| set.file(name, xml));
    // The texts themselves are there before, and are kept.
    let (set, count) = counted(|| builder.link().expect("it loads"));
    assert_eq!(set.statements().count(), 1000);
    let each = count.kept / bytes;
    assert!(each < 30, "{each} bytes for each byte of XML");
}
