//! The two DTDs as tables: which elements there are, their attributes, what may stand in them.

/// What may stand in an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing at all, not even a blank.
    Empty,
    /// The children in any order, and text.
    Text,
    /// The children in any order.
    Elements,
    /// The children in the order of the list; these at most once.
    Ordered(&'static [&'static str]),
}

/// An element of a DTD.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) required: &'static [&'static str],
    pub(crate) optional: &'static [&'static str],
    pub(crate) children: &'static [&'static str],
    pub(crate) content: Content,
    /// One of the children must be there.
    pub(crate) at_least: &'static [&'static str],
}

use Content::{Elements, Empty, Ordered, Text};

const DYNAMIC: &[&str] = &["include", "trim", "where", "set", "foreach", "choose", "if", "bind"];
const WITH_KEY: &[&str] = &["selectKey", "include", "trim", "where", "set", "foreach", "choose", "if", "bind"];
const MAPPINGS: &[&str] = &["constructor", "id", "result", "association", "collection", "discriminator"];
const WRITE: &[&str] = &[
    "parameterMap",
    "parameterType",
    "timeout",
    "flushCache",
    "statementType",
    "keyProperty",
    "useGeneratedKeys",
    "keyColumn",
    "databaseId",
    "lang",
];
const ARGUMENT: &[&str] =
    &["javaType", "column", "jdbcType", "typeHandler", "select", "resultMap", "name", "columnPrefix"];
const COLUMN: &[&str] = &["property", "javaType", "column", "jdbcType", "typeHandler"];
const NESTED: &[&str] = &[
    "column",
    "javaType",
    "jdbcType",
    "select",
    "resultMap",
    "typeHandler",
    "notNullColumn",
    "columnPrefix",
    "resultSet",
    "foreignColumn",
    "autoMapping",
    "fetchType",
    "ofType",
];

const ASSOCIATION: &[&str] = &[
    "column",
    "javaType",
    "jdbcType",
    "select",
    "resultMap",
    "typeHandler",
    "notNullColumn",
    "columnPrefix",
    "resultSet",
    "foreignColumn",
    "autoMapping",
    "fetchType",
];
const MAP: Content = Ordered(&["constructor", "discriminator"]);

const fn rule(
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    children: &'static [&'static str],
    content: Content,
) -> Rule {
    Rule { name, required, optional, children, content, at_least: &[] }
}

const fn with(rule: Rule, at_least: &'static [&'static str]) -> Rule {
    Rule { at_least, ..rule }
}

/// `mybatis-3-mapper.dtd`.
#[rustfmt::skip]
pub(super) static MAPPER: &[Rule] = &[
    rule("mapper", &[], &["namespace"], &["cache-ref", "cache", "resultMap", "parameterMap", "sql", "insert", "update", "delete", "select"], Elements),
    rule("cache-ref", &["namespace"], &[], &[], Empty),
    rule("cache", &[], &["type", "eviction", "flushInterval", "size", "readOnly", "blocking"], &["property"], Elements),
    rule("property", &["name", "value"], &[], &[], Empty),
    rule("parameterMap", &["id", "type"], &[], &["parameter"], Elements),
    rule("parameter", &["property"], &["javaType", "jdbcType", "mode", "resultMap", "scale", "typeHandler"], &[], Empty),
    rule("resultMap", &["id", "type"], &["extends", "autoMapping"], MAPPINGS, MAP),
    rule("constructor", &[], &[], &["idArg", "arg"], Elements),
    rule("idArg", &[], ARGUMENT, &[], Empty),
    rule("arg", &[], ARGUMENT, &[], Empty),
    rule("id", &[], COLUMN, &[], Empty),
    rule("result", &[], COLUMN, &[], Empty),
    rule("association", &["property"], ASSOCIATION, MAPPINGS, MAP),
    rule("collection", &["property"], NESTED, MAPPINGS, MAP),
    with(rule("discriminator", &["javaType"], &["column", "jdbcType", "typeHandler"], &["case"], Elements), &["case"]),
    rule("case", &["value"], &["resultMap", "resultType"], MAPPINGS, MAP),
    rule("sql", &["id"], &["lang", "databaseId"], DYNAMIC, Text),
    rule("select", &["id"], &["parameterMap", "parameterType", "resultMap", "resultType", "resultSetType", "statementType",
        "fetchSize", "timeout", "flushCache", "useCache", "databaseId", "lang", "resultOrdered", "resultSets", "affectData"], DYNAMIC, Text),
    rule("insert", &["id"], WRITE, WITH_KEY, Text),
    rule("update", &["id"], WRITE, WITH_KEY, Text),
    rule("delete", &["id"], &["parameterMap", "parameterType", "timeout", "flushCache", "statementType", "databaseId", "lang"], DYNAMIC, Text),
    rule("selectKey", &[], &["resultType", "statementType", "keyProperty", "keyColumn", "order", "databaseId"], DYNAMIC, Text),
    rule("include", &["refid"], &[], &["property"], Elements),
    rule("if", &["test"], &[], DYNAMIC, Text),
    rule("when", &["test"], &[], DYNAMIC, Text),
    rule("otherwise", &[], &[], DYNAMIC, Text),
    rule("choose", &[], &[], &["when", "otherwise"], Ordered(&["otherwise"])),
    rule("trim", &[], &["prefix", "prefixOverrides", "suffix", "suffixOverrides"], DYNAMIC, Text),
    rule("where", &[], &[], DYNAMIC, Text),
    rule("set", &[], &[], DYNAMIC, Text),
    rule("foreach", &["collection"], &["nullable", "item", "index", "open", "close", "separator"], DYNAMIC, Text),
    rule("bind", &["name", "value"], &[], &[], Empty),
];

/// `mybatis-3-config.dtd`.
#[rustfmt::skip]
pub(super) static CONFIG: &[Rule] = &[
    rule("configuration", &[], &[], PARTS, Ordered(PARTS)),
    rule("properties", &[], &["resource", "url"], &["property"], Elements),
    rule("property", &["name", "value"], &[], &[], Empty),
    with(rule("settings", &[], &[], &["setting"], Elements), &["setting"]),
    rule("setting", &["name", "value"], &[], &[], Empty),
    rule("typeAliases", &[], &[], &["typeAlias", "package"], Ordered(&[])),
    rule("typeAlias", &["type"], &["alias"], &[], Empty),
    rule("typeHandlers", &[], &[], &["typeHandler", "package"], Ordered(&[])),
    rule("typeHandler", &["handler"], &["javaType", "jdbcType"], &[], Empty),
    rule("objectFactory", &["type"], &[], &["property"], Elements),
    rule("objectWrapperFactory", &["type"], &[], &[], Empty),
    rule("reflectorFactory", &["type"], &[], &[], Empty),
    with(rule("plugins", &[], &[], &["plugin"], Elements), &["plugin"]),
    rule("plugin", &["interceptor"], &[], &["property"], Elements),
    with(rule("environments", &["default"], &[], &["environment"], Elements), &["environment"]),
    with(rule("environment", &["id"], &[], CONNECTION, Ordered(CONNECTION)), CONNECTION),
    rule("transactionManager", &["type"], &[], &["property"], Elements),
    rule("dataSource", &["type"], &[], &["property"], Elements),
    rule("databaseIdProvider", &["type"], &[], &["property"], Elements),
    rule("mappers", &[], &[], &["mapper", "package"], Ordered(&[])),
    rule("mapper", &[], &["resource", "url", "class"], &[], Empty),
    rule("package", &["name"], &[], &[], Empty),
];

const PARTS: &[&str] = &[
    "properties",
    "settings",
    "typeAliases",
    "typeHandlers",
    "objectFactory",
    "objectWrapperFactory",
    "reflectorFactory",
    "plugins",
    "environments",
    "databaseIdProvider",
    "mappers",
];
const CONNECTION: &[&str] = &["transactionManager", "dataSource"];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The first cells of tables' rows in the page about mapper files, and whole rows.
    fn rows() -> Vec<(String, String)> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mapper-files.md");
        let text = fs::read_to_string(page).unwrap();
        let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
        rows.filter_map(|row| Some((row.split_once(" | ")?.0.to_owned(), row.to_owned()))).collect()
    }

    #[test]
    fn the_page_has_every_element_and_every_attribute() {
        let rows = rows();
        let quoted = |name: &str| format!("`{name}`");
        let mut missing = Vec::new();
        for rule in MAPPER {
            let own: Vec<&str> =
                rows.iter().filter(|(first, _)| first.contains(&quoted(rule.name))).map(|(_, row)| &**row).collect();
            if own.is_empty() {
                missing.push(rule.name.to_owned());
            }
            for attribute in rule.required.iter().chain(rule.optional) {
                let told = own.iter().any(|row| row.contains(&quoted(attribute)))
                    || rows.iter().any(|(first, _)| first.contains(&quoted(attribute)));
                if !told {
                    missing.push(format!("{} of {}", attribute, rule.name));
                }
            }
        }
        assert!(missing.is_empty(), "docs/mapper-files.md lacks {missing:?}");
    }
}
