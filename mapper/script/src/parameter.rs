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

/// `property [:JDBCTYPE] {, name=value}`.
pub(crate) fn parse(content: &str, span: Span) -> Result<ParameterMapping, Wrong> {
    let syntax = || Some("write #{property}, #{property:JDBCTYPE} or #{property, name=value, ..}".to_owned());
    let content = trim_start(content);
    if content.starts_with('(') {
        return wrong(
            "expressions in `#{( )}` are not supported",
            Some("give the value a name with <bind>".to_owned()),
        );
    }
    let end = content.find([',', ':']).unwrap_or(content.len());
    let property = trim(&content[..end]);
    if property.is_empty() {
        return wrong("`#{}` names no property", syntax());
    }
    let mut mapping = ParameterMapping { property: property.into(), span, ..ParameterMapping::default() };
    let mut rest = &content[end..];
    if let Some(behind) = rest.strip_prefix(':') {
        let behind = trim_start(behind);
        let end = behind.find(',').unwrap_or(behind.len());
        if trim(&behind[..end]).is_empty() {
            return wrong("a JDBC type is missing behind the colon", syntax());
        }
        mapping.jdbc_type = Some(jdbc_type(trim(&behind[..end]))?);
        rest = &behind[end..];
    }
    for option in rest.strip_prefix(',').into_iter().flat_map(|rest| rest.split(',')) {
        if trim(option).is_empty() {
            continue;
        }
        let Some((name, value)) = option.split_once('=') else {
            return wrong(format!("the option `{}` has no value", trim(option)), syntax());
        };
        set(&mut mapping, trim(name), trim(value))?;
    }
    Ok(mapping)
}

fn set(mapping: &mut ParameterMapping, name: &str, value: &str) -> Result<(), Wrong> {
    match name {
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

fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

fn trim_start(text: &str) -> &str {
    text.trim_start_matches(is_space)
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
