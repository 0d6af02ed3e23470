//! The parameter object from JSON.

use std::fs;
use std::io::{self, Read};

use batis_script::{Map, Value};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::args::ParamsArgs;
use crate::failure::{Done, Failure};

/// The parameter of `--params`; null without it.
pub(crate) fn read(args: &ParamsArgs) -> Done<Value> {
    let Some(given) = &args.params else { return Ok(Value::Null) };
    let (name, text) = match (given.as_str(), given.strip_prefix('@')) {
        ("-", _) => ("standard input".to_owned(), io::read_to_string(io::stdin())),
        (_, Some(file)) => (file.to_owned(), read_file(file)),
        _ => ("--params".to_owned(), Ok(given.clone())),
    };
    let text = text.map_err(|e| Failure::usage(format!("cannot read {name}: {e}")))?;
    parse(&text, args.strict).map_err(|e| Failure::usage(format!("{name} is not JSON: {e}{}", pointed(&text, &e))))
}

fn read_file(name: &str) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(name)?.read_to_string(&mut text)?;
    Ok(text)
}

/// The line of the mistake with a mark below it, if it is short enough to be read.
fn pointed(text: &str, error: &serde_json::Error) -> String {
    let line = error.line().checked_sub(1).and_then(|line| text.lines().nth(line)).unwrap_or_default();
    if line.is_empty() || line.chars().count() > 100 {
        return String::new();
    }
    // serde_json counts bytes.
    let before = line.char_indices().filter(|(at, _)| at + 1 < error.column()).count();
    format!("\n  {line}\n  {}^", " ".repeat(before))
}

/// JSON as a parameter object: an object is a map (`strict`: of named arguments), an array a list argument, a number an int, a long, a big
/// integer or a double, as large as it has to be.
///
/// Source: how a Java program reads JSON into `Map` and `List` (Jackson), and `wrapCollection` of MyBatis.
pub(crate) fn parse(text: &str, strict: bool) -> Result<Value, serde_json::Error> {
    // Once for the mistakes and their places, and for the limit of depth, which keeps the conversion below from overflowing the stack.
    serde_json::from_str::<serde_json::Value>(text)?;
    let value = convert(serde_json::from_str(text)?)?;
    Ok(match value {
        Value::Map(map) if strict => {
            Value::from(map.iter().fold(Map::strict(), |all, (k, v)| all.with(k.clone(), v.clone())))
        }
        other => other.wrap_collection(None),
    })
}

/// Numbers are read from their text, so that no digit is lost.
fn convert(raw: &RawValue) -> Result<Value, serde_json::Error> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let Entries(entries) = serde_json::from_str(text)?;
            let mut map = Map::with_capacity(entries.len());
            for (key, value) in entries {
                map.insert(key, convert(value)?);
            }
            Value::from(map)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let items: Result<Vec<Value>, _> = items.into_iter().map(convert).collect();
            Value::from(items?)
        }
        Some(b'"') => Value::from(serde_json::from_str::<String>(text)?),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') => Value::Null,
        _ => number(text)?,
    })
}

fn number(text: &str) -> Result<Value, serde_json::Error> {
    if text.contains(['.', 'e', 'E']) {
        return serde_json::from_str(text).map(Value::Double);
    }
    if let Ok(number) = text.parse() {
        return Ok(Value::integer(number));
    }
    let big = text.parse().map(Value::BigInt);
    big.map_err(|_| serde::de::Error::custom(format_args!("{text} has more than 38 digits")))
}

/// The entries of an object in their order.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Value {
        parse(text, false).unwrap()
    }

    #[test]
    fn numbers_are_as_large_as_they_have_to_be() {
        assert_eq!(of("2147483647"), Value::Int(i32::MAX));
        assert_eq!(of("2147483648"), Value::Long(2_147_483_648));
        assert_eq!(of("9223372036854775807"), Value::Long(i64::MAX));
        assert_eq!(of("9223372036854775808"), Value::BigInt(9_223_372_036_854_775_808));
        assert_eq!(of("-18446744073709551617"), Value::BigInt(-18_446_744_073_709_551_617));
        assert_eq!(of("1.0"), Value::Double(1.0));
        assert_eq!(of("1e3"), Value::Double(1000.0));
        assert!(parse(&"9".repeat(40), false).unwrap_err().to_string().contains("more than 38 digits"));
    }

    #[test]
    fn objects_keep_their_order_and_a_list_is_wrapped() {
        let Value::Map(map) = of(r#"{"b": 1, "a": [true, null, "x"], "b": 2}"#) else { panic!() };
        assert_eq!(map.names().collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(map.get("b"), Some(&Value::Int(2)));
        let Value::Map(list) = of("[1]") else { panic!() };
        assert_eq!(list.names().collect::<Vec<_>>(), ["collection", "list"]);
        assert_eq!(list.kind(), batis_script::MapKind::Strict);
        let Value::Map(strict) = parse("{\"a\": 1}", true).unwrap() else { panic!() };
        assert_eq!(strict.kind(), batis_script::MapKind::Strict);
    }

    #[test]
    fn mistakes_have_a_place_and_depth_has_a_limit() {
        let text = "{\n  \"name\": \"ä\", x }";
        let error = parse(text, false).unwrap_err();
        assert_eq!(error.to_string(), "key must be a string at line 2 column 17");
        assert_eq!(pointed(text, &error), "\n    \"name\": \"ä\", x }\n                 ^");
        assert!(parse(&"[".repeat(100_000), false).is_err());
    }
}
