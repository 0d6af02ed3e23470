//! [`Url`]: where a database is, with which driver and which options.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use crate::error::{Result, SqlError};
use crate::keywords::{is_keywords, parse_keywords};

/// A database URL: `sqlite:app.db?mode=rwc`, `sqlite::memory:`, `postgres://user:password@host:5432/db?option=value`.
///
/// Everything is percent-decoded. `Display` and `Debug` write `***` in place of the password. Several hosts may be given, separated by
/// commas. Options keep their order; a later one of the same name wins.
///
/// `postgres:host=db.example.org dbname=shop password='two words'` is the form that libpq calls a connection string: what follows the scheme
/// begins with `host`, `hostaddr`, `port`, `user`, `password`, `dbname` or `service`, and all of it is options. Nothing in it is
/// percent-decoded; single quotes and backslashes are read as libpq does.
///
/// Source: the URL of `DriverManager.getConnection`, without the `jdbc:` prefix (which is accepted and ignored).
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    scheme: Box<str>,
    user: Option<Box<str>>,
    password: Option<Box<str>>,
    hosts: Vec<Host>,
    path: Box<str>,
    options: Vec<(Box<str>, Box<str>)>,
    has_authority: bool,
}

/// One host of a [`Url`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The name or address; for PostgreSQL a path (`/run/postgresql`) is the folder of a unix socket.
    pub name: Box<str>,
    /// The port, if one is given.
    pub port: Option<u16>,
}

impl Url {
    /// Parses a URL.
    ///
    /// # Errors
    /// If there is no scheme, or a port or a percent escape is wrong. The text of the error never holds the password.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let text = text.strip_prefix("jdbc:").unwrap_or(text);
        let Some((scheme, rest)) = text.split_once(':').filter(|(s, _)| is_scheme(s)) else {
            return Err(
                SqlError::url("the URL has no scheme").hint("write `sqlite:app.db` or `postgres://user@host/db`")
            );
        };
        if is_keywords(rest) {
            return Self::from_keywords(scheme, rest);
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self::of_options(scheme, parse_options(query)?);
        match place.strip_prefix("//") {
            Some(place) => url.parse_authority(place)?,
            None => url.path = decode(place)?,
        }
        Ok(url)
    }

    /// The URL that a connection string of libpq's form means: `host=db.example.org dbname=shop`. All of it becomes options.
    ///
    /// # Errors
    /// If a word has no value, or a quote has no end. The text of the error holds no value.
    pub fn from_keywords(scheme: &str, text: &str) -> Result<Self> {
        Ok(Self::of_options(scheme, parse_keywords(text)?))
    }

    fn of_options(scheme: &str, options: Vec<(Box<str>, Box<str>)>) -> Self {
        Self {
            scheme: scheme.to_ascii_lowercase().into(),
            user: None,
            password: None,
            hosts: Vec::new(),
            path: Box::default(),
            options,
            has_authority: false,
        }
    }

    fn parse_authority(&mut self, place: &str) -> Result<()> {
        self.has_authority = true;
        let (authority, path) = place.find('/').map_or((place, ""), |i| place.split_at(i));
        self.path = decode(path)?;
        let hosts = match authority.rsplit_once('@') {
            Some((login, hosts)) => {
                let (user, password) = login.split_once(':').map_or((login, None), |(u, p)| (u, Some(p)));
                self.user = (!user.is_empty()).then(|| decode(user)).transpose()?;
                self.password = password.map(decode).transpose()?;
                hosts
            }
            None => authority,
        };
        self.hosts = hosts.split(',').filter(|h| !h.is_empty()).map(parse_host).collect::<Result<_>>()?;
        Ok(())
    }

    /// The scheme in lower case: `sqlite`, `postgres`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The user, if one is given.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The password, if one is given.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The hosts, in order; empty for `sqlite:app.db` and `postgres:///db`.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// What follows the hosts, with its leading slash (`/db`), or all that follows the scheme (`app.db`, `:memory:`).
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The options in order.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options.iter().map(|(k, v)| (&**k, &**v))
    }

    /// The value of an option; the last one counts.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(k, _)| &**k == name).map(|(_, v)| &**v)
    }

    /// The URL with one more option.
    #[must_use]
    pub fn with_option(mut self, name: &str, value: &str) -> Self {
        self.options.push((name.into(), value.into()));
        self
    }

    /// The URL with this user and password.
    #[must_use]
    pub fn with_credentials(mut self, user: &str, password: Option<&str>) -> Self {
        self.user = Some(user.into());
        self.password = password.map(Into::into);
        self
    }

    /// Refuses options that are not in the list, with the nearest known name as a hint.
    ///
    /// # Errors
    /// For the first unknown option.
    pub fn check_options(&self, known: &[PropertyInfo]) -> Result<()> {
        for (name, _) in self.options() {
            if known.iter().any(|p| p.name == name) {
                continue;
            }
            let error = SqlError::url(format!("unknown option `{name}` in the {} URL", self.scheme));
            return Err(match nearest(name, known.iter().map(|p| p.name)) {
                Some(best) => error.hint(format!("did you mean `{best}`?")),
                None => error
                    .hint(format!("known options: {}", known.iter().map(|p| p.name).collect::<Vec<_>>().join(", "))),
            });
        }
        Ok(())
    }
}

/// An option of a driver's URL, for its documentation and for checking URLs.
///
/// Source: `java.sql.DriverPropertyInfo`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "DriverPropertyInfo")]
pub struct PropertyInfo {
    /// The name in the URL.
    pub name: &'static str,
    /// The default as text; empty if there is none.
    pub default: &'static str,
    /// What it does, with unit and range.
    pub doc: &'static str,
}

/// The candidate that was probably meant, if one is near enough.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .map(|c| (strsim::damerau_levenshtein(&lower, &c.to_lowercase()), c))
        .filter(|(distance, c)| *distance <= 1 + c.len().max(name.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn decode(text: &str) -> Result<Box<str>> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| SqlError::url("a percent escape in the URL is not UTF-8"))
}

fn parse_options(query: &str) -> Result<Vec<(Box<str>, Box<str>)>> {
    let pairs = query.split('&').filter(|p| !p.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, "true"));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

fn parse_host(text: &str) -> Result<Host> {
    let (name, port) = match text.strip_prefix('[').and_then(|t| t.split_once(']')) {
        Some((ip6, "")) => (ip6, None),
        Some((ip6, port)) => (ip6, port.strip_prefix(':')),
        None => text.rsplit_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    let port =
        port.map(|p| p.parse().map_err(|_| SqlError::url(format!("`{p}` is not a port (1 to 65535)")))).transpose()?;
    Ok(Host { name: decode(name)?, port })
}

impl FromStr for Url {
    type Err = SqlError;
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme)?;
        if self.has_authority {
            f.write_str("//")?;
            if self.user.is_some() || self.password.is_some() {
                write!(f, "{}{}@", self.user().unwrap_or(""), if self.password.is_some() { ":***" } else { "" })?;
            }
            for (i, host) in self.hosts.iter().enumerate() {
                write!(f, "{}{}", if i > 0 { "," } else { "" }, host.name)?;
                if let Some(port) = host.port {
                    write!(f, ":{port}")?;
                }
            }
        }
        f.write_str(&self.path)?;
        for (i, (name, value)) in self.options().enumerate() {
            let value = if name.contains("password") { "***" } else { value };
            write!(f, "{}{name}={value}", if i > 0 { '&' } else { '?' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_both_databases() {
        let url = Url::parse("sqlite:data/app.db?mode=rwc").unwrap();
        assert_eq!((url.scheme(), url.path(), url.option("mode")), ("sqlite", "data/app.db", Some("rwc")));
        assert_eq!(Url::parse("sqlite::memory:").unwrap().path(), ":memory:");
        let url = Url::parse("jdbc:postgres://me:p%40ss@[::1]:5433,other/shop?a=1&a=2").unwrap();
        assert_eq!((url.user(), url.password(), url.path()), (Some("me"), Some("p@ss"), "/shop"));
        assert_eq!(url.hosts()[0], Host { name: "::1".into(), port: Some(5433) });
        assert_eq!(url.hosts()[1], Host { name: "other".into(), port: None });
        assert_eq!(url.option("a"), Some("2"));
        assert_eq!(Url::parse("postgres:///db?host=/tmp").unwrap().hosts(), []);
    }

    #[test]
    fn the_password_is_never_printed() {
        let url = Url::parse("postgres://me:secret@h/db?password=secret&sslpassword=secret").unwrap();
        assert_eq!(url.to_string(), "postgres://me:***@h/db?password=***&sslpassword=***");
        assert!(!format!("{url:?}").contains("secret"));
    }

    #[test]
    fn a_connection_string_is_options() {
        let url = Url::parse("postgres:host=/run/pg dbname=shop password='a?b=c d'").unwrap();
        assert_eq!((url.path(), url.hosts().len(), url.option("host")), ("", 0, Some("/run/pg")));
        assert_eq!((url.option("dbname"), url.option("password")), (Some("shop"), Some("a?b=c d")));
        assert_eq!(url.to_string(), "postgres:?host=/run/pg&dbname=shop&password=***");
    }

    #[test]
    fn mistakes_are_named() {
        let text = |t: &str| Url::parse(t).unwrap_err().to_string();
        assert_eq!(
            text("app.db"),
            "the URL has no scheme [08001]; hint: write `sqlite:app.db` or `postgres://user@host/db`"
        );
        assert_eq!(text("postgres://h:70000/db"), "`70000` is not a port (1 to 65535) [08001]");
        let known = [PropertyInfo { name: "busy_timeout", default: "5000", doc: "" }];
        let error = Url::parse("sqlite:a?busy_timout=1").unwrap().check_options(&known).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown option `busy_timout` in the sqlite URL [08001]; hint: did you mean `busy_timeout`?"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Url::parse(&text).map(|u| u.to_string());
        }
    }
}
