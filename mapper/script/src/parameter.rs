//! The content of `#{..}` to a mapping.

use crate::diagnostic::did_you_mean;
use crate::mapping::{ParameterMapping, ParameterMode};
use crate::span::Span;

/// MyBatis' names of JDBC types.
pub(crate) const JDBC_TYPES: [&str; 41] = [
    "ARRAY",
    "BIT",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "FLOAT",
    "REAL",
    "DOUBLE",
    "NUMERIC",
    "DECIMAL",
    "CHAR",
    "VARCHAR",
    "LONGVARCHAR",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "BINARY",
    "VARBINARY",
    "LONGVARBINARY",
    "NULL",
    "OTHER",
    "BLOB",
    "CLOB",
    "BOOLEAN",
    "CURSOR",
    "UNDEFINED",
    "NVARCHAR",
    "NCHAR",
    "NCLOB",
    "STRUCT",
    "JAVA_OBJECT",
    "DISTINCT",
    "REF",
    "DATALINK",
    "ROWID",
    "LONGNVARCHAR",
    "SQLXML",
    "DATETIMEOFFSET",
    "TIME_WITH_TIMEZONE",
    "TIMESTAMP_WITH_TIMEZONE",
];

const OPTIONS: [&str; 7] = ["javaType", "jdbcType", "mode", "numericScale", "resultMap", "typeHandler", "jdbcTypeName"];

/// What is wrong with a `#{}`, and advice.
pub(crate) type Wrong = (String, Option<String>);

fn wrong<T>(message: impl Into<String>, help: Option<String>) -> Result<T, Wrong> {
    Err((message.into(), help))
}

/// The JDBC type of this exact name.
pub(crate) fn jdbc_type(name: &str) -> Result<&'static str, Wrong> {
    let found = JDBC_TYPES.iter().find(|known| **known == name);
    found.copied().map_or_else(|| wrong(format!("`{name}` is no JDBC type"), did_you_mean(name, JDBC_TYPES)), Ok)
}

const SYNTAX: &str = "write #{property}, #{property:JDBCTYPE} or #{property, name=value, ..}";

fn malformed<T>(message: impl Into<String>) -> Result<T, Wrong> {
    wrong(message, Some(SYNTAX.to_owned()))
}

/// `property [:JDBCTYPE] {, name=value}`.
///
/// The text is walked as MyBatis walks it, since what it accepts and refuses follows from that: a trailing comma is fine, two are not.
pub(crate) fn parse(content: &str, span: Span) -> Result<ParameterMapping, Wrong> {
    let start = skip_blanks(content, 0);
    if content[start..].starts_with('(') {
        return wrong(
            "expressions in `#{( )}` are not supported",
            Some("give the value a name with <bind>".to_owned()),
        );
    }
    let end = find(content, start, &[',', ':']);
    let Some(property) = trimmed(content, start, end) else { return malformed("`#{}` names no property") };
    let mut mapping = ParameterMapping { property: property.into(), span, ..ParameterMapping::default() };
    let mut at = end;
    if content[at..].starts_with(':') {
        let start = skip_blanks(content, at + 1);
        let end = find(content, start, &[',']);
        match trimmed(content, start, end).filter(|_| end > start) {
            Some(name) => mapping.jdbc_type = Some(jdbc_type(name)?),
            None => return malformed("a JDBC type is missing behind the colon"),
        }
        at = end;
    }
    options(&mut mapping, content, at + 1)?;
    if mapping.result_map.is_none() && mapping.java_type.as_deref().is_some_and(is_result_set) {
        return wrong("a parameter of the type `ResultSet` needs a resultMap", None);
    }
    Ok(mapping)
}

fn options(mapping: &mut ParameterMapping, content: &str, mut at: usize) -> Result<(), Wrong> {
    loop {
        let start = skip_blanks(content, at);
        if start >= content.len() {
            return Ok(());
        }
        let equals = find(content, start, &['=']);
        let Some(name) = trimmed(content, start, equals) else { return malformed("an option has no name") };
        let end = find(content, equals + 1, &[',']);
        let Some(value) = trimmed(content, equals + 1, end) else {
            return malformed(format!("the option `{name}` has no value"));
        };
        set(mapping, name, value)?;
        at = end + 1;
    }
}

fn is_result_set(java_type: &str) -> bool {
    java_type.eq_ignore_ascii_case("ResultSet") || java_type == "java.sql.ResultSet"
}

/// The position of the first letter from `at` on that is no blank; the end of the text when `at` is behind it.
fn skip_blanks(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    text.len() - rest.trim_start_matches(is_space).len()
}

/// The position of the first of these marks, or the end.
fn find(text: &str, at: usize, marks: &[char]) -> usize {
    text.get(at..).and_then(|rest| rest.find(marks)).map_or(text.len(), |found| at + found)
}

/// The part without blanks around it. `None` where there is no letter to look at: MyBatis fails there, whereas an option that is
/// empty but followed by another is an empty text.
fn trimmed(text: &str, mut start: usize, mut end: usize) -> Option<&str> {
    let blank = |at: usize| text.as_bytes().get(at).map(|byte| *byte <= b' ');
    while blank(start)? {
        start += 1;
    }
    while blank(end.checked_sub(1)?)? {
        end -= 1;
    }
    text.get(start..end)
}

fn set(mapping: &mut ParameterMapping, name: &str, value: &str) -> Result<(), Wrong> {
    match name {
        "property" => mapping.property = value.into(),
        "javaType" => mapping.java_type = Some(value.into()),
        "jdbcType" => mapping.jdbc_type = Some(jdbc_type(value)?),
        "typeHandler" => mapping.type_handler = Some(value.into()),
        "resultMap" => mapping.result_map = Some(value.into()),
        "jdbcTypeName" => mapping.jdbc_type_name = Some(value.into()),
        "numericScale" => match value.parse() {
            Ok(scale) => mapping.numeric_scale = Some(scale),
            Err(_) => return wrong(format!("numericScale `{value}` is not a whole number"), None),
        },
        "mode" => match value {
            "IN" => mapping.mode = ParameterMode::In,
            "OUT" => mapping.mode = ParameterMode::Out,
            "INOUT" => mapping.mode = ParameterMode::InOut,
            _ => {
                return wrong(
                    format!("`{value}` is no parameter mode"),
                    Some("modes are IN, OUT and INOUT".to_owned()),
                );
            }
        },
        _ => {
            let help = did_you_mean(name, OPTIONS).unwrap_or_else(|| format!("options are {}", OPTIONS.join(", ")));
            return wrong(format!("`{name}` is no option of a parameter"), Some(help));
        }
    }
    Ok(())
}

fn is_space(letter: char) -> bool {
    letter <= ' '
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content: &str) -> Result<ParameterMapping, Wrong> {
        parse(content, Span::default())
    }

    #[test]
    fn reads_all_options() {
        let full = of(" a.b[0] : VARCHAR , javaType = int, mode=INOUT,numericScale=2, typeHandler=x.Y, resultMap=m, jdbcTypeName=t ,").unwrap();
        assert_eq!((&*full.property, full.jdbc_type), ("a.b[0]", Some("VARCHAR")));
        assert_eq!((full.mode, full.numeric_scale), (ParameterMode::InOut, Some(2)));
        assert_eq!((full.java_type.as_deref(), full.type_handler.as_deref()), (Some("int"), Some("x.Y")));
        assert_eq!(&*of("user name").unwrap().property, "user name");
        assert_eq!(&*of("x jdbcType=INTEGER").unwrap().property, "x jdbcType=INTEGER");
    }

    #[test]
    fn refuses_with_advice() {
        let message = |content| of(content).unwrap_err();
        assert_eq!(message("x,jdbcTyp=INTEGER").1.unwrap(), "did you mean `jdbcType`?");
        assert_eq!(
            message("x,jdbcType=INTEGR"),
            ("`INTEGR` is no JDBC type".into(), Some("did you mean `INTEGER`?".into()))
        );
        assert_eq!(message("x:").0, "a JDBC type is missing behind the colon");
        assert_eq!(message(" ").0, "`#{}` names no property");
        assert_eq!(message("x,jdbcType").0, "the option `jdbcType` has no value");
        assert!(message("(a + b)").0.contains("not supported"));
    }
}
