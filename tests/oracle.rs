//! batis against MyBatis' own answers: each folder of `tests/oracle/cases` holds mapper files and, line by line in `cases.jsonl`, what MyBatis
//! made of them (`tests/oracle/README.md` says how they are produced). SQL, values and kinds of errors must agree.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use batis::mapper::script::{Map, MapperSet, Settings, Value};
use batis::mapper::{Configuration, ConfigurationBuilder, Error};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

/// Differences shown for each folder.
const SHOWN: usize = 10;

/// One line of `cases.jsonl`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    id: String,
    statement: String,
    #[serde(default)]
    params: Json,
    /// The parameter holds the named arguments of a mapper method.
    #[serde(default)]
    strict: bool,
    /// The mapper files that are loaded together; all of the folder when there are none.
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    database_id: Option<String>,
    /// MyBatis' answer.
    #[serde(flatten)]
    answer: Answer,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Failed {
        error: Refusal,
    },
    Rendered {
        sql: String,
        #[serde(default)]
        binds: Vec<Bind>,
    },
}

#[derive(Deserialize)]
struct Refusal {
    kind: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Bind {
    #[serde(default)]
    v: Json,
}

/// A JSON value as a parameter value: integers as small as they fit, objects in their order.
#[derive(Default)]
struct Json(Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Self)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::integer(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(i64::try_from(v).map_or(Value::BigInt(v.into()), Value::integer))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Double(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Json(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::from(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Json(value))) = entries.next_entry::<String, Json>()? {
            map.insert(key, value);
        }
        Ok(Value::from(map))
    }
}

/// The argument as MyBatis was given it.
fn parameter(value: &Value, strict: bool) -> Value {
    match value {
        Value::Map(map) if strict => {
            Value::from(map.iter().fold(Map::strict(), |all, (key, value)| all.with(key.clone(), value.clone())))
        }
        other => other.clone().wrap_collection(None),
    }
}

/// What JSON can tell apart: 1 and 1.0 are one number, a character is a text of one letter.
fn same(wanted: &Value, given: &Value) -> bool {
    match (wanted, given) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            let found =
                |(key, value): (&Value, &Value)| b.get_exact(&key.to_string()).is_some_and(|given| same(value, given));
            a.len() == b.len() && a.iter().all(found)
        }
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a), Value::Text(_) | Value::Char(_) | Value::Enum(_) | Value::Typed(_)) => {
            **a == given.to_string()
        }
        // JSON has no numbers for these.
        (Value::Text(a), Value::Double(real)) => !real.is_finite() && **a == given.to_string(),
        // A number that JSON cannot hold was read as a real one.
        _ => number(wanted).zip(number(given)).is_some_and(|(a, b)| a == b || same_real(wanted, given)),
    }
}

/// The digits of a number.
fn number(value: &Value) -> Option<String> {
    Some(match value {
        Value::Int(_) | Value::Long(_) | Value::BigInt(_) | Value::Float(_) | Value::Decimal(_) => value.to_string(),
        Value::Double(v) => v.to_string(),
        _ => return None,
    })
}

/// Whether one of two numbers is a real one or has a fraction, and both are the same real number.
fn same_real(a: &Value, b: &Value) -> bool {
    let real = |value: &Value| value.to_string().parse::<f64>().ok();
    let whole = |value: &Value| matches!(value, Value::Int(_) | Value::Long(_));
    !(whole(a) && whole(b)) && real(a).zip(real(b)).is_some_and(|(a, b)| a == b)
}

fn squeezed(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What batis made of a case: SQL and values, or the kind of the error and its text.
type Rendered = Result<(String, Vec<Value>), (String, String)>;
/// A set of files that loaded, or the text of its mistakes.
type Loaded = Result<MapperSet, String>;

fn render(set: &Loaded, case: &Case) -> Rendered {
    let set = set.as_ref().map_err(|mistakes| ("load".to_owned(), mistakes.clone()))?;
    let statement = set.statement(&case.statement).map_err(|e| ("other".to_owned(), e.to_string()))?;
    let parameter = parameter(&case.params.0, case.strict);
    let bound = statement.bind(&parameter).map_err(|e| (e.kind().as_str().to_owned(), e.to_string()))?;
    Ok((bound.sql.to_string(), bound.binds.iter().map(|bind| bind.value.clone().into_owned()).collect()))
}

/// None when batis answers as MyBatis does.
fn difference(case: &Case, got: &Rendered) -> Option<String> {
    match (&case.answer, got) {
        (Answer::Failed { error }, Err((kind, _))) if error.kind == *kind => None,
        (Answer::Failed { error }, Err((kind, text))) => {
            Some(format!("MyBatis: {}: {}\n    batis:   {kind}: {text}", error.kind, error.message))
        }
        (Answer::Failed { error }, Ok((sql, _))) => {
            Some(format!("MyBatis: {}: {}\n    batis:   no error: {}", error.kind, error.message, squeezed(sql)))
        }
        (Answer::Rendered { sql, .. }, Err((kind, text))) => {
            Some(format!("MyBatis: {}\n    batis:   {kind}: {text}", squeezed(sql)))
        }
        (Answer::Rendered { sql, binds }, Ok((given, values))) => {
            if squeezed(sql) != squeezed(given) {
                return Some(format!("MyBatis: {}\n    batis:   {}", squeezed(sql), squeezed(given)));
            }
            let wanted: Vec<&Value> = binds.iter().map(|bind| &bind.v.0).collect();
            let equal = wanted.len() == values.len() && wanted.iter().zip(values).all(|(a, b)| same(a, b));
            (!equal).then(|| format!("MyBatis: {wanted:?}\n    batis:   {values:?}"))
        }
    }
}

/// `configuration.json` of a folder.
#[derive(Default, Deserialize)]
struct Given {
    #[serde(default)]
    settings: HashMap<String, bool>,
    #[serde(default)]
    properties: HashMap<String, String>,
}

fn configured(folder: &Path) -> ConfigurationBuilder {
    let file = folder.join("configuration.json");
    let Ok(text) = fs::read_to_string(&file) else { return Configuration::builder() };
    let given: Given = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let on = |name: &str| given.settings.get(name).copied().unwrap_or_default();
    let settings = Settings::new()
        .nullable_on_foreach(on("nullableOnForEach"))
        .shrink_whitespaces_in_sql(on("shrinkWhitespacesInSql"))
        .use_generated_keys(on("useGeneratedKeys"));
    given
        .properties
        .iter()
        .fold(Configuration::builder().settings(settings), |builder, (name, value)| builder.property(name, value))
}

fn load(folder: &Path, files: &[String], database_id: Option<&str>) -> Loaded {
    let mappers = folder.join("mappers");
    let mut builder = configured(folder);
    if files.is_empty() {
        builder = builder.mapper_dir(&mappers);
    }
    for file in files {
        builder = builder.mapper_file(mappers.join(file));
    }
    if let Some(id) = database_id {
        builder = builder.database_id(id);
    }
    let mistakes = |error: Error| {
        let diagnostics = error.diagnostics().unwrap_or_else(|| panic!("{}: {error}", folder.display()));
        diagnostics.to_string()
    };
    builder.build().map(|configuration| configuration.mappers().clone()).map_err(mistakes)
}

/// How many cases a folder has, and what differs.
fn compared(folder: &Path) -> (usize, Vec<String>) {
    let file = folder.join("cases.jsonl");
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut loaded: HashMap<(Vec<String>, Option<String>), Loaded> = HashMap::new();
    let (mut count, mut wrong) = (0, Vec::new());
    for (nth, line) in text.lines().enumerate() {
        let case: Case = serde_json::from_str(line).unwrap_or_else(|e| panic!("{}:{}: {e}", file.display(), nth + 1));
        let set = loaded
            .entry((case.files.clone(), case.database_id.clone()))
            .or_insert_with(|| load(folder, &case.files, case.database_id.as_deref()));
        count += 1;
        if let Some(difference) = difference(&case, &render(set, &case)) {
            wrong.push(format!("{} {}\n    {difference}", case.id, case.params.0));
        }
    }
    (count, wrong)
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/cases");
    let entries = fs::read_dir(&root).unwrap_or_else(|e| panic!("{}: {e}", root.display()));
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.expect("readable").path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn mapper_files_render_as_mybatis_renders_them() {
    let mut report = String::new();
    let folders = folders();
    assert!(!folders.is_empty(), "no folder in tests/oracle/cases");
    for folder in folders {
        let (count, wrong) = compared(&folder);
        assert!(count > 0, "{} has no cases", folder.display());
        if !wrong.is_empty() {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            report += &format!("{name}: {} of {count} differ\n", wrong.len());
            report += &wrong.iter().take(SHOWN).map(|text| format!("  {text}\n")).collect::<String>();
        }
    }
    assert!(report.is_empty(), "batis and MyBatis differ:\n{report}");
}

#[test]
fn a_difference_would_be_seen() {
    let case = |line: &str| serde_json::from_str::<Case>(line).expect("a case");
    let ok = case(r#"{"id":"a","statement":"s","sql":"select  ?","binds":[{"p":"x","v":1}]}"#);
    assert_eq!(difference(&ok, &Ok(("select\n?".into(), vec![Value::Double(1.0)]))), None);
    assert!(difference(&ok, &Ok(("select ?".into(), vec![Value::from("1")]))).is_some());
    assert!(difference(&ok, &Ok(("select ?".into(), vec![Value::Bool(true)]))).is_some());
    assert!(difference(&ok, &Ok(("select ?".into(), vec![]))).is_some());
    assert!(difference(&ok, &Ok(("select ? x".into(), vec![Value::Int(1)]))).is_some());
    assert!(difference(&ok, &Err(("parameter".into(), String::new()))).is_some());
    let failed = case(r#"{"id":"a","statement":"s","error":{"kind":"foreach","message":"m"}}"#);
    assert_eq!(difference(&failed, &Err(("foreach".into(), "other words".into()))), None);
    assert!(difference(&failed, &Err(("parameter".into(), "m".into()))).is_some());
    assert!(difference(&failed, &Ok((String::new(), vec![]))).is_some());
    assert!(!same(&Value::from("a"), &Value::from("b")) && same(&Value::from("a"), &Value::Char('a')));
}
