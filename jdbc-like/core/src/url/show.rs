//! A URL as text: what [`Url::parse`] takes for the same URL, but for the passwords.

use std::fmt::{self, Write as _};

use super::{Host, Url};

/// In place of a password.
const HIDDEN: &str = "***";

/// Writes a text with percent escapes for these characters, `%`, blanks and control characters.
struct Escaped<'a>(&'a str, &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text, special) = *self;
        for c in text.chars() {
            if c == '%' || c.is_whitespace() || c.is_control() || special.contains(c) {
                c.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(f, "%{byte:02X}"))?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let special = "/?#@,[]";
        match self.name.contains(':') {
            true => write!(f, "[{}]", Escaped(&self.name, special))?,
            false => write!(f, "{}", Escaped(&self.name, special))?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Url {
    fn write_authority(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("//")?;
        if self.user.is_some() || self.password.is_some() {
            write!(f, "{}", Escaped(self.user().unwrap_or_default(), "/?#@:"))?;
            write!(f, "{}@", if self.password.is_some() { ":***" } else { "" })?;
        }
        for (i, host) in self.hosts.iter().enumerate() {
            write!(f, "{}{host}", if i > 0 { "," } else { "" })?;
        }
        write!(f, "{}", Escaped(&self.path, "?#@"))
    }

    fn write_path(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither an authority nor a connection string must be seen in it.
        let rest = self.path.strip_prefix("//").map_or(&*self.path, |rest| rest);
        f.write_str(if rest.len() < self.path.len() { "/%2F" } else { "" })?;
        write!(f, "{}", Escaped(rest, "?#="))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme)?;
        if self.has_authority { self.write_authority(f) } else { self.write_path(f) }?;
        for (i, (name, value)) in self.options().enumerate() {
            let value = if name.contains("password") { HIDDEN } else { value };
            write!(f, "{}{}={}", if i > 0 { '&' } else { '?' }, Escaped(name, "&=#@"), Escaped(value, "&#"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}
