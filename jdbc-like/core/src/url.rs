//! [`Url`]: where a database is, with which driver and which options.

mod show;

use std::str::FromStr;

use percent_encoding::percent_decode_str;

use crate::error::{Result, SqlError};
use crate::keywords::{is_keywords, parse_keywords};

/// A database URL: `sqlite:app.db?mode=rwc`, `sqlite::memory:`, `postgres://user:password@host:5432/db?option=value`.
///
/// Everything is percent-decoded. `Display` and `Debug` write `***` in place of passwords, and all else so that it is parsed to the same parts
/// again. Several hosts may be given, separated by commas. Options keep their order; a later one of the same name wins.
///
/// In a user or password these characters are written as percent escapes: `/` (`%2F`), `?` (`%3F`), `%` (`%25`), and `:` (`%3A`) in a user.
/// A URL that looks as if one of them was forgotten is refused, without a word of what it holds.
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
        let mut parts = split_scheme(text.trim());
        while let Some((_, rest)) = parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("jdbc")) {
            parts = split_scheme(rest);
        }
        let Some((scheme, rest)) = parts else {
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
        if !authority.is_empty() && path.contains('@') {
            return Err(forgotten_escape("the path"));
        }
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
        self.hosts = hosts.split(',').map(parse_host).collect::<Result<_>>()?;
        self.hosts.retain(|host| !host.name.is_empty() || host.port.is_some());
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

    /// The URL with this user (an empty one is none) and password.
    #[must_use]
    pub fn with_credentials(mut self, user: &str, password: Option<&str>) -> Self {
        self.user = (!user.is_empty()).then(|| user.into());
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

fn split_scheme(text: &str) -> Option<(&str, &str)> {
    text.split_once(':').filter(|(scheme, _)| is_scheme(scheme))
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
            if name.contains('@') {
                return Err(forgotten_escape("an option's name"));
            }
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// The `@` may be the end of a login, so nothing is shown.
#[cold]
fn forgotten_escape(place: &str) -> SqlError {
    SqlError::url(format!("{place} of the URL has an `@`"))
        .hint("in a user or password write `/` as %2F and `?` as %3F; if the `@` is meant, write it as %40")
}

fn parse_host(text: &str) -> Result<Host> {
    let (name, port) = match text.strip_prefix('[').and_then(|t| t.split_once(']')) {
        Some((ip6, "")) => (ip6, ""),
        Some((ip6, port)) => (ip6, port.strip_prefix(':').ok_or_else(bad_port)?),
        None => text.split_once(':').unwrap_or((text, "")),
    };
    Ok(Host { name: decode(name)?, port: parse_port(port)? })
}

/// A port; none if the text is empty, as libpq has it.
fn parse_port(text: &str) -> Result<Option<u16>> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        _ if text.is_empty() => Ok(None),
        Ok(port) if digits && port > 0 => Ok(Some(port)),
        _ => Err(bad_port()),
    }
}

/// What stands there may be a piece of a password, so it is not shown.
#[cold]
fn bad_port() -> SqlError {
    SqlError::url("a port of the URL is no number from 1 to 65535")
        .hint("an IPv6 address stands in brackets; if it belongs to a password, write `/` there as %2F and `?` as %3F")
}

impl FromStr for Url {
    type Err = SqlError;
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
