//! Mapper files as the command line names them.

use std::path::{Path, PathBuf};

use batis_mapper::{Configuration, ConfigurationBuilder};

use crate::args::ProjectArgs;
use crate::failure::{Done, Failure};

/// The mapper files of `--mappers`, with settings and properties; not read yet.
///
/// Files that do not exist are told here, since the command line is wrong then, not the mapper files.
pub(crate) fn builder(args: &ProjectArgs, more: &[PathBuf]) -> Done<ConfigurationBuilder> {
    let mut builder = empty(args);
    for path in args.mappers.iter().chain(more) {
        builder = add(builder, path)?;
    }
    if let Some(config) = &args.config {
        if !config.is_file() {
            return Err(Failure::usage(format!("no such file: {}", config.display())));
        }
        builder = builder.config_file(config);
        if let Some(root) = &args.root {
            builder = builder.config_root(root);
        }
        if let Some(id) = &args.environment {
            builder = builder.environment(id);
        }
    } else if args.mappers.is_empty() && more.is_empty() {
        let message =
            "no mapper files: name a file or folder by --mappers PATH, or a mybatis-config.xml by --config FILE";
        return Err(Failure::usage(message));
    }
    Ok(builder)
}

/// These files only, relative to the folders of `--mappers`.
pub(crate) fn builder_of(args: &ProjectArgs, files: &[String]) -> Done<ConfigurationBuilder> {
    let mut builder = empty(args);
    for file in files {
        let found = args.mappers.iter().map(|folder| folder.join(file)).find(|path| path.is_file());
        let path =
            found.ok_or_else(|| Failure::usage(format!("no mapper file `{file}` in the folders of --mappers")))?;
        builder = builder.mapper_file(path);
    }
    Ok(builder)
}

/// Reads and checks the files.
pub(crate) fn load(builder: ConfigurationBuilder) -> Done<Configuration> {
    let configuration = builder.build()?;
    if configuration.mappers().files().is_empty() {
        return Err(no_mapper_files());
    }
    Ok(configuration)
}

/// Folders were named, but there is nothing in them.
pub(crate) fn no_mapper_files() -> Failure {
    Failure::usage("no mapper files: no *.xml file below --mappers has the root element <mapper>")
}

fn empty(args: &ProjectArgs) -> ConfigurationBuilder {
    let mut builder = Configuration::builder();
    for setting in args.settings.iter().copied() {
        builder = builder.change_settings(move |settings| setting.apply(settings));
    }
    if let Some(dialect) = args.dialect {
        builder = builder.change_settings(move |settings| settings.dialect(dialect));
    }
    for (name, value) in &args.properties {
        builder = builder.property(name, value);
    }
    match &args.database_id {
        Some(id) => builder.database_id(id),
        None => builder,
    }
}

fn add(builder: ConfigurationBuilder, path: &Path) -> Done<ConfigurationBuilder> {
    if path.is_dir() {
        return Ok(builder.mapper_dir(path));
    }
    if path.exists() {
        return Ok(builder.mapper_file(path));
    }
    Err(Failure::usage(format!("no such file or folder: {}", path.display())))
}
