//! `mybatis-config.xml`: read, with the files it names.

use std::path::{Path, PathBuf};

use batis_script::{ConfigFile, Diagnostic, Diagnostics, MapperElement, MapperLocation};

use super::files::{File, read, read_dir};
use crate::error::{Error, Result};

/// A configuration file and where its resources are.
#[derive(Debug, Clone)]
pub(super) struct ConfigSource {
    pub(super) path: PathBuf,
    /// The folder that stands for Java's class path; by default that of the file.
    pub(super) root: Option<PathBuf>,
}

/// What it says, and its mapper files.
#[derive(Debug)]
pub(super) struct LoadedConfig {
    pub(super) config: ConfigFile,
    pub(super) mappers: Vec<File>,
}

impl ConfigSource {
    /// Reads the file and everything it names; properties of the program win.
    pub(super) fn load(&self, properties: &[(String, String)]) -> Result<LoadedConfig> {
        let (name, bytes) = read(&self.path)?;
        let mut builder = ConfigFile::builder(name, bytes).resources(|place| self.resource(place));
        for (name, value) in properties {
            builder = builder.property(name, value);
        }
        let mut config = builder.read().map_err(Error::from)?;
        let mut mappers = Vec::new();
        let mut wrong = Vec::new();
        for mapper in &config.mappers {
            self.mapper(mapper, &mut mappers, &mut wrong);
        }
        let files = config.warnings.shared_files();
        let told = config.warnings.items().iter().cloned().chain(wrong).collect();
        config.warnings = Diagnostics::new(told, files);
        if config.warnings.has_errors() {
            return Err(config.warnings.into());
        }
        Ok(LoadedConfig { config, mappers })
    }

    fn root(&self) -> &Path {
        self.root.as_deref().or_else(|| self.path.parent()).unwrap_or_else(|| Path::new(""))
    }

    /// A resource path or a `file:` URL as a path.
    fn path(&self, place: &str) -> Option<PathBuf> {
        match place.strip_prefix("file:") {
            Some(path) => Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path))),
            None if place.contains("://") => None,
            None => Some(self.root().join(place.trim_start_matches('/'))),
        }
    }

    fn resource(&self, place: &str) -> std::result::Result<Vec<u8>, String> {
        let path = self.path(place).ok_or("only file: URLs can be read")?;
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn mapper(&self, mapper: &MapperElement, into: &mut Vec<File>, wrong: &mut Vec<Diagnostic>) {
        let missing = |message: String| {
            let help = format!("resources are looked for below `{}`", self.root().display());
            Diagnostic::error("E064", mapper.span, message).help(help)
        };
        match &mapper.location {
            MapperLocation::Resource(place) | MapperLocation::Url(place) => match self.path(place) {
                None => wrong.push(Diagnostic::error("E064", mapper.span, "only file: URLs can be read")),
                Some(path) => match read(&path) {
                    Ok(file) => into.push(file),
                    Err(error) => wrong.push(missing(format!("the mapper file cannot be read: {error}"))),
                },
            },
            MapperLocation::Class(class) => {
                let path = self.root().join(class.replace('.', "/")).with_extension("xml");
                match read(&path) {
                    Ok(file) => into.push(file),
                    Err(_) => {
                        let message = format!("the interface `{class}` has no mapper file `{}`", path.display());
                        let help = "the statements of its annotations are for a Rust trait: #[mapper]";
                        wrong.push(Diagnostic::warning("W062", mapper.span, message).help(help));
                    }
                }
            }
            MapperLocation::Package(package) => match read_dir(&self.root().join(package.replace('.', "/"))) {
                Ok(found) => into.extend(found.mappers),
                Err(error) => wrong.push(missing(format!("the package cannot be read: {error}"))),
            },
        }
    }
}
