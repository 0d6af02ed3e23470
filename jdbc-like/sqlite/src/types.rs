//! Declared types of columns as [`SqlType`].

use batis_dbc::SqlType;

/// What a declared type means, looked for in this order: the first word contained in the declaration counts.
///
/// The words are those of SQLite's own affinity rules, and before them the names that say more than an affinity.
const WORDS: &[(&str, SqlType)] = &[
    ("BOOL", SqlType::Boolean),
    ("UUID", SqlType::Uuid),
    ("JSON", SqlType::Json),
    ("INTERVAL", SqlType::Interval),
    ("SMALLINT", SqlType::SmallInt),
    ("INT2", SqlType::SmallInt),
    ("POINT", SqlType::Other),
    ("INT", SqlType::BigInt),
    ("CHAR", SqlType::Text),
    ("CLOB", SqlType::Text),
    ("TEXT", SqlType::Text),
    ("BLOB", SqlType::Binary),
    ("BINARY", SqlType::Binary),
    ("BYTEA", SqlType::Binary),
    ("REAL", SqlType::Double),
    ("FLOA", SqlType::Double),
    ("DOUB", SqlType::Double),
    ("TIMESTAMPTZ", SqlType::TimestampTz),
    ("TIMESTAMP WITH TIME ZONE", SqlType::TimestampTz),
    ("TIMESTAMP", SqlType::Timestamp),
    ("DATETIME", SqlType::Timestamp),
    ("DATE", SqlType::Date),
    ("TIME", SqlType::Time),
    ("NUM", SqlType::Numeric),
    ("DEC", SqlType::Numeric),
];

/// The type that a declaration stands for. SQLite's integers have 64 bits, so `INTEGER` is a big one.
pub(crate) fn sql_type(declared: &str) -> SqlType {
    if declared.is_empty() {
        return SqlType::Null;
    }
    let upper = declared.to_ascii_uppercase();
    WORDS.iter().find(|(word, _)| upper.contains(word)).map_or(SqlType::Other, |(_, found)| *found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_in_use() {
        let cases = [
            ("integer", SqlType::BigInt),
            ("INT8", SqlType::BigInt),
            ("smallint", SqlType::SmallInt),
            ("varchar(20)", SqlType::Text),
            ("Boolean", SqlType::Boolean),
            ("decimal(10,2)", SqlType::Numeric),
            ("double precision", SqlType::Double),
            ("timestamp with time zone", SqlType::TimestampTz),
            ("datetime", SqlType::Timestamp),
            ("date", SqlType::Date),
            ("interval", SqlType::Interval),
            ("blob", SqlType::Binary),
            ("money", SqlType::Other),
            ("", SqlType::Null),
        ];
        for (declared, expected) in cases {
            assert_eq!(sql_type(declared), expected, "{declared}");
        }
    }
}
