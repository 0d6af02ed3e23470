//! Finding mapper files in folders.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// One file: its name for messages, and its bytes.
pub(super) type File = (String, Vec<u8>);

/// What was found below a folder.
#[derive(Default)]
pub(super) struct Found {
    pub(super) mappers: Vec<File>,
    /// XML files with another root element.
    pub(super) others: Vec<PathBuf>,
}

pub(super) fn read(path: &Path) -> Result<File> {
    let bytes = fs::read(path).map_err(|e| Error::file(path, e))?;
    Ok((path.display().to_string(), bytes))
}

/// All `*.xml` below a folder, sorted by path.
pub(super) fn read_dir(folder: &Path) -> Result<Found> {
    let mut paths = Vec::new();
    collect(folder, &mut paths).map_err(|e| Error::file(folder, e))?;
    paths.sort();
    let mut found = Found::default();
    for path in paths {
        let file = read(&path)?;
        if is_mapper(&file.1) { found.mappers.push(file) } else { found.others.push(path) }
    }
    Ok(found)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xml")) {
            paths.push(path);
        }
    }
    Ok(())
}

/// Whether the root element is `mapper`. A file whose root cannot be seen counts as one, so that its mistakes are told.
fn is_mapper(bytes: &[u8]) -> bool {
    // In UTF-16 every other byte of the names is zero.
    let text: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
    let mut rest = &text[..];
    while let Some(at) = rest.iter().position(|b| *b == b'<') {
        rest = &rest[at + 1..];
        if rest.starts_with(b"!--") {
            rest = after(rest, b"-->");
        } else if !rest.starts_with(b"?") && !rest.starts_with(b"!") {
            let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.')));
            return &rest[..end.unwrap_or(rest.len())] == b"mapper";
        }
    }
    true
}

fn after<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    text.windows(mark.len()).position(|w| w == mark).map_or(&[], |at| &text[at + mark.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_mappers_from_other_files() {
        let mapper = b"<?xml version=\"1.0\"?>\n<!DOCTYPE mapper PUBLIC \"x\" \"y\">\n<!-- <beans> -->\n<mapper namespace=\"a\"/>";
        assert!(is_mapper(mapper));
        assert!(is_mapper(&mapper.iter().flat_map(|b| [*b, 0]).collect::<Vec<u8>>()));
        assert!(!is_mapper(b"<configuration><mappers/></configuration>"));
        assert!(!is_mapper(b"<mappers/>"));
        assert!(is_mapper(b"not XML at all"));
    }
}
