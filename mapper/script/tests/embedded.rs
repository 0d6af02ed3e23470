//! Statements of a mapper trait's attributes, as `#[mapper]` hands them over; the macro's own tests have more.

use std::borrow::Cow;

use batis_script::{Checked, Dialect, EmbeddedElement, EmbeddedMapper, Map, MapperSet, Place, Settings, Value};

/// A select `a` of namespace `n`, whose text stands in line 7 from column 11 on.
fn select(body: &str, attributes: &[(&'static str, &str)]) -> EmbeddedMapper {
    let mut text = "a".to_owned();
    let mut places = vec![Place { at: 0, line: 8, column: 14 }];
    let mut put = |value: &str, line: u32, column: u32| {
        let start = text.len();
        places.push(Place { at: u32::try_from(start).unwrap(), line, column });
        text.push_str(value);
        start..text.len()
    };
    let mut all = vec![(Cow::Borrowed("id"), 0..1)];
    all.extend(attributes.iter().map(|(name, value)| (Cow::Borrowed(*name), put(value, 7, 90))));
    let body = put(body, 7, 11);
    let statement = EmbeddedElement { name: "select".into(), attributes: all.into(), body, keys: Cow::Borrowed(&[]) };
    EmbeddedMapper {
        namespace: "n".into(),
        file: "src/n.rs".into(),
        text: text.into(),
        places: places.into(),
        statements: vec![statement].into(),
    }
}

fn rendered(set: &MapperSet, name: &str, value: impl Into<Value>) -> Result<String, String> {
    let parameter = Value::from(Map::new().with(name, value.into()));
    let statement = set.statement("n.a").map_err(|error| error.to_string())?;
    statement.bind(&parameter).map(|bound| bound.sql.to_string()).map_err(|error| error.to_string())
}

const SCRIPT: &str = "\n  <script>select 1 <if test=\"s == 'Y'\">where a &lt; b</if></script>\n";

#[test]
fn the_plain_dialect_holds_whatever_the_settings_say() {
    let settings = Settings::new().dialect(Dialect::MyBatis);
    let set = MapperSet::builder().settings(settings).embedded(select(SCRIPT, &[])).link().unwrap();
    assert_eq!(rendered(&set, "s", "Y").unwrap(), "select 1  where a < b");
    assert_eq!(rendered(&set, "s", "N").unwrap(), "select 1");
    let mixed = rendered(&set, "s", 1).unwrap_err();
    assert!(mixed.starts_with("n.a (src/n.rs:8:"), "two lines of a literal: {mixed}");
}

#[test]
fn text_is_taken_as_it_is() {
    let set = MapperSet::builder().embedded(select(" select 1 where 1 < 2 & 3 -- <if> ", &[])).link().unwrap();
    assert_eq!(rendered(&set, "s", 1).unwrap(), "select 1 where 1 < 2 & 3 -- <if>");
}

#[test]
fn a_file_of_the_namespace_gives_its_cache_and_fragments() {
    let file = "<mapper namespace='n'><cache/><sql id='f'>from t</sql></mapper>";
    let script = "<script>select 1 <include refid='f'/></script>";
    let Checked { diagnostics, set, .. } =
        MapperSet::builder().file("n.xml", file).embedded(select(script, &[])).check();
    assert!(diagnostics.is_empty(), "a fragment that only attributes use is used: {diagnostics}");
    let set = set.unwrap();
    assert_eq!(set.statement("n.a").unwrap().cache.as_deref(), Some("n"));
    assert_eq!(rendered(&set, "s", 1).unwrap(), "select 1  from t");
}

#[test]
fn mistakes_are_those_that_no_file_can_mend() {
    let missing = select("<script><include refid='f'/></script>", &[("resultMap", "m")]);
    assert!(missing.mistakes().is_empty());
    assert!(MapperSet::builder().embedded(missing).link().is_err());
    let other = select("select #{a,jdbcType=NIX}", &[("databaseId", "x")]);
    assert_eq!(other.mistakes().to_string(), "src/n.rs:7:18: error[E020]: `NIX` is no JDBC type");
    // In a file it is met when the statement gets there; an attribute is new, so that it may be refused at once.
    let late = select("<script>select 1 <if test='a ='>x</if></script>", &[]);
    assert!(late.mistakes().has_errors());
    assert!(MapperSet::builder().embedded(late).link().is_ok());
}

#[test]
#[cfg(feature = "miette")]
fn a_text_that_was_put_together_is_not_shown_as_a_file() {
    use miette::Diagnostic as _;

    let wrong = select("select #{a,jdbcType=NIX}", &[]).mistakes();
    let report = wrong.reports().remove(0);
    assert!(report.source_code().is_none());
    assert_eq!(report.help().unwrap().to_string(), "src/n.rs:7:18");
}
