//! `.pgpass`: passwords of servers, outside of URLs.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// For whom a password is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) database: &'a str,
    pub(crate) user: &'a str,
}

/// What a password file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Password(String),
    /// There is no file, or no line of it fits.
    Nothing,
    /// The file was not used, and why. A server may not ask for a password at all, so that is told only when it does.
    Unusable(String),
}

/// The password for this login, from the first line that fits.
///
/// Source: `passwordFromFile` of libpq, which also goes on without a file that others may read.
pub(crate) fn password(file: &Path, wanted: Wanted<'_>) -> Found {
    let unusable = |why: &str| Found::Unusable(format!("the password file {} was not used: {why}", file.display()));
    let data = match fs::metadata(file) {
        Ok(data) => data,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
        Err(error) => return unusable(&error.to_string()),
    };
    if !data.is_file() {
        return unusable("it is no plain file");
    }
    if data.mode() & 0o077 != 0 {
        return unusable("others can read it (`chmod 600` it)");
    }
    match fs::read_to_string(file) {
        Ok(text) => text.lines().find_map(|line| matching(line, wanted)).map_or(Found::Nothing, Found::Password),
        Err(error) => unusable(&error.to_string()),
    }
}

/// The password of a line `host:port:database:user:password` that fits. `*` fits all; a backslash takes the next character as it is.
fn matching(line: &str, wanted: Wanted<'_>) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let port = wanted.port.to_string();
    let mut rest = line;
    for expected in [wanted.host, &port, wanted.database, wanted.user] {
        let (found, after) = field(rest)?;
        let fits = &rest[..rest.len() - after.len() - 1] == "*" || found == expected;
        fits.then_some(())?;
        rest = after;
    }
    // Colons in the password need no backslash.
    Some(unescaped(rest))
}

/// A field, and what follows its colon.
fn field(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            ':' if !escaped => return Some((unescaped(&text[..at]), &text[at + 1..])),
            '\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => value.extend(characters.next()),
            c => value.push(c),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt as _;

    const WANTED: Wanted<'_> = Wanted { host: "db.example.org", port: 5433, database: "shop", user: "app" };

    #[test]
    fn the_first_line_that_fits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgpass");
        assert_eq!(password(&file, WANTED), Found::Nothing, "no file, no password");
        let found = |wanted| match password(&file, wanted) {
            Found::Password(password) => password,
            other => format!("{other:?}"),
        };
        let lines = "#db.example.org:5433:shop:app:no\nother:*:*:*:no\n\ndb.example.org:5433:shop:a\\:b:no\n*:5433:*:app:p\\:q:r\\\\\n*:*:*:*:last";
        fs::write(&file, lines).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(found(WANTED), "p:q:r\\");
        assert_eq!(found(Wanted { user: "a:b", ..WANTED }), "no");
        assert_eq!(found(Wanted { port: 1, ..WANTED }), "last");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(found(WANTED).contains("others can read it"));
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(host in "\\PC{0,12}", secret in "\\PC{0,12}") {
            let escaped = |text: &str| text.replace('\\', "\\\\").replace(':', "\\:");
            let line = format!("{}:*:*:*:{}", escaped(&host), escaped(&secret));
            prop_assume!(!host.starts_with('#'));
            prop_assert_eq!(matching(&line, Wanted { host: &host, ..WANTED }), Some(secret));
        }

        #[test]
        fn no_line_panics(line in "\\PC{0,30}") {
            let _ = matching(&line, WANTED);
        }
    }
}
