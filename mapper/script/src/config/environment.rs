//! `<dataSource>`, and its JDBC URL as a URL of batis.

use std::fmt;
use std::sync::Arc;

/// A `<dataSource>`: its type and its properties.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataSourceElement {
    /// `type`: `POOLED`, `UNPOOLED`, `JNDI` or a class.
    pub type_name: Arc<str>,
    /// Its properties in order: `driver`, `url`, `username`, `password` and those of the pool.
    pub properties: Vec<(Arc<str>, Arc<str>)>,
}

/// What stands behind `jdbc:`, and the product's name.
const PRODUCTS: [(&str, &str); 13] = [
    ("postgresql", "PostgreSQL"),
    ("postgres", "PostgreSQL"),
    ("sqlite", "SQLite"),
    ("mysql", "MySQL"),
    ("mariadb", "MariaDB"),
    ("oracle", "Oracle"),
    ("sqlserver", "Microsoft SQL Server"),
    ("db2", "DB2"),
    ("h2", "H2"),
    ("hsqldb", "HSQL Database Engine"),
    ("derby", "Apache Derby"),
    ("dm", "DM DBMS"),
    ("kingbase8", "KingbaseES"),
];

impl DataSourceElement {
    /// A property; the last one of a name counts.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().rev().find(|(known, _)| &**known == name).map(|(_, value)| &**value)
    }

    /// The name of the database's product as its JDBC driver tells it, by the URL: `PostgreSQL` for `jdbc:postgresql:..`.
    #[must_use]
    #[doc(alias = "getDatabaseProductName")]
    pub fn product(&self) -> Option<&'static str> {
        let url = self.property("url")?;
        let kind = url.strip_prefix("jdbc:").unwrap_or(url).split(':').next()?;
        PRODUCTS.iter().find(|(known, _)| *known == kind).map(|(_, product)| *product)
    }

    /// The URL as batis writes it, with user and password: `jdbc:postgresql://host/db` becomes `postgres://user:password@host/db`.
    ///
    /// # Errors
    /// If there is no URL, or one of a database that batis has no driver for.
    #[doc(alias = "getUrl")]
    pub fn batis_url(&self) -> Result<String, String> {
        let jdbc = self.property("url").ok_or("the data source has no property `url`")?;
        let url = jdbc.strip_prefix("jdbc:").unwrap_or(jdbc);
        if url.starts_with("sqlite:") {
            return Ok(url.to_owned());
        }
        let place = url.strip_prefix("postgresql:").or_else(|| url.strip_prefix("postgres:"));
        let Some(place) = place else {
            let kind = url.split(':').next().unwrap_or_default();
            return Err(format!("batis has no driver for `{kind}`: it knows postgresql and sqlite"));
        };
        let (place, options) = place.split_once('?').unwrap_or((place, ""));
        // `jdbc:postgresql:shop` is a database on this machine.
        let place = match place.strip_prefix("//") {
            Some(place) => place.to_owned(),
            None => format!("localhost/{}", place.trim_start_matches('/')),
        };
        let mut login = (self.property("username").map(str::to_owned), self.property("password").map(str::to_owned));
        let mut kept = Vec::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("user", user)) => login.0 = Some(decoded(user)),
                Some(("password", password)) => login.1 = Some(decoded(password)),
                Some(("ApplicationName", name)) => kept.push(format!("application_name={name}")),
                _ => kept.push(option.to_owned()),
            }
        }
        let login = match login {
            (Some(user), Some(password)) => format!("{}:{}@", escaped(&user), escaped(&password)),
            (Some(user), None) => format!("{}@", escaped(&user)),
            (None, _) => String::new(),
        };
        let options = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        Ok(format!("postgres://{login}{place}{options}"))
    }
}

/// Percent escapes for everything that could end a part of a URL.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => (out.push(byte), at += 3).1,
            None => (out.push(bytes[at]), at += 1).1,
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Without the password.
impl fmt::Debug for DataSourceElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.properties.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("DataSourceElement").field("type_name", &self.type_name).field("properties", &names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(jdbc: &str) -> Result<String, String> {
        let properties =
            vec![("url".into(), jdbc.into()), ("username".into(), "me".into()), ("password".into(), "p@ss:1/".into())];
        DataSourceElement { type_name: "POOLED".into(), properties }.batis_url()
    }

    #[test]
    fn jdbc_urls_become_urls_of_batis() {
        assert_eq!(url("jdbc:postgresql://db:5433/shop").unwrap(), "postgres://me:p%40ss%3A1%2F@db:5433/shop");
        assert_eq!(url("jdbc:postgresql:shop").unwrap(), "postgres://me:p%40ss%3A1%2F@localhost/shop");
        assert_eq!(
            url("jdbc:postgresql://db/shop?user=you&password=a%20b&ApplicationName=x&sslmode=require").unwrap(),
            "postgres://you:a%20b@db/shop?application_name=x&sslmode=require"
        );
        assert_eq!(url("jdbc:sqlite:app.db").unwrap(), "sqlite:app.db");
        assert_eq!(url("jdbc:sqlite::memory:").unwrap(), "sqlite::memory:");
        assert_eq!(
            url("jdbc:mysql://h/d").unwrap_err(),
            "batis has no driver for `mysql`: it knows postgresql and sqlite"
        );
    }
}
