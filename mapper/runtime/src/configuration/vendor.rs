//! Which `databaseId` belongs to a product.

/// What is usual in mapper files. MyBatis has no list of its own: it takes the pairs from the configuration file.
const USUAL: [(&str, &str); 9] = [
    ("PostgreSQL", "postgresql"),
    ("SQLite", "sqlite"),
    ("MySQL", "mysql"),
    ("MariaDB", "mariadb"),
    ("Oracle", "oracle"),
    ("Microsoft SQL Server", "sqlserver"),
    ("DB2", "db2"),
    ("H2", "h2"),
    ("HSQL", "hsqldb"),
];

/// The id of the first vendor whose name is part of the product's name; of the usual ones when none were given.
///
/// Source: `VendorDatabaseIdProvider` of MyBatis (`DB_VENDOR`).
pub(super) fn database_id(product: &str, vendors: &[(String, String)]) -> Option<String> {
    if vendors.is_empty() { of(product, &USUAL) } else { of(product, vendors) }
}

/// The same of these vendors.
pub(super) fn of<N: AsRef<str>>(product: &str, vendors: &[(N, N)]) -> Option<String> {
    vendors.iter().find(|(name, _)| product.contains(name.as_ref())).map(|(_, id)| id.as_ref().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_vendors_replace_the_usual_ones() {
        assert_eq!(database_id("PostgreSQL", &[]).as_deref(), Some("postgresql"));
        assert_eq!(database_id("DB2/LINUX", &[]).as_deref(), Some("db2"));
        let own = [("PostgreSQL".to_owned(), "pg".to_owned())];
        assert_eq!(database_id("PostgreSQL", &own).as_deref(), Some("pg"));
        assert_eq!(database_id("SQLite", &own), None);
    }
}
