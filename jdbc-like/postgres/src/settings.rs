//! [`Settings`]: the options of a connection, from wherever they come.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use batis_dbc::{PropertyInfo, Result, SqlError, Url, nearest};

use crate::environment::{Environment, VARIABLES};
use crate::properties::PROPERTIES;

/// The options of a connection. What is said nearer wins: the URL, then its service's entry in the service file, then the environment.
///
/// Source: `conninfo_add_defaults` of libpq.
pub(crate) struct Settings<'a> {
    values: BTreeMap<&'static str, Given>,
    pub(crate) environment: &'a Environment,
}

struct Given {
    value: String,
    /// Where it was given, if that is not the URL.
    by: String,
}

impl<'a> Settings<'a> {
    pub(crate) fn of(url: &Url, environment: &'a Environment) -> Result<Self> {
        url.check_options(PROPERTIES)?;
        let mut settings = Self { values: BTreeMap::new(), environment };
        settings.take_url(url);
        settings.take_service()?;
        for (variable, name) in VARIABLES {
            if let Some(value) = environment.variable(variable) {
                settings.add(name, value, variable);
            }
        }
        Ok(settings)
    }

    fn take_url(&mut self, url: &Url) {
        let place = [
            ("user", url.user()),
            ("password", url.password()),
            ("dbname", Some(url.path().trim_start_matches('/')).filter(|path| !path.is_empty())),
        ];
        for (name, value) in place {
            if let Some(value) = value {
                self.add(name, value, "");
            }
        }
        if !url.hosts().is_empty() {
            let names: Vec<&str> = url.hosts().iter().map(|host| &*host.name).collect();
            self.add("host", &names.join(","), "");
            if url.hosts().iter().any(|host| host.port.is_some()) {
                // A host without a port has that of the option, or the default one.
                let other = url.option("port").unwrap_or("5432");
                let port = |host: &batis_dbc::Host| host.port.map_or_else(|| other.to_owned(), |port| port.to_string());
                self.add("port", &url.hosts().iter().map(port).collect::<Vec<_>>().join(","), "");
            }
        }
        for property in PROPERTIES {
            if let Some(value) = url.option(property.name) {
                self.add(property.name, value, "");
            }
        }
    }

    /// Adds a value, unless there is one already.
    fn add(&mut self, name: &str, value: &str, by: &str) {
        let known = PROPERTIES.iter().find(|property| property.name == name);
        if let Some(PropertyInfo { name, .. }) = known {
            self.values.entry(name).or_insert_with(|| Given { value: value.to_owned(), by: by.to_owned() });
        }
    }

    /// Adds the entry of the service that is named, if one is.
    fn take_service(&mut self) -> Result<()> {
        let environment = self.environment;
        let named = self.get("service").or_else(|| environment.variable("PGSERVICE"));
        let Some(service) = named.map(str::to_owned) else { return Ok(()) };
        for (file, required) in self.service_files() {
            let text = match fs::read_to_string(&file) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound && !required => continue,
                Err(error) => {
                    return Err(SqlError::url(format!("the service file {} cannot be read: {error}", file.display())));
                }
            };
            if let Some(entry) = service_entry(&text, &service, &file.display().to_string())? {
                for (name, value) in entry {
                    self.add(&name, &value, &format!("{} [{service}]", file.display()));
                }
                return Ok(());
            }
        }
        Err(SqlError::url(format!("no service file has an entry for the service `{service}`"))
            .hint("services stand in ~/.pg_service.conf, or in the file that PGSERVICEFILE names"))
    }

    /// Where services are looked for, and whether the file must be there.
    fn service_files(&self) -> Vec<(PathBuf, bool)> {
        let environment = self.environment;
        let named = self.get("servicefile").or_else(|| environment.variable("PGSERVICEFILE"));
        let own = match named {
            Some(file) => Some((PathBuf::from(file), true)),
            None => environment.at_home(".pg_service.conf").map(|file| (file, false)),
        };
        let common = environment.variable("PGSYSCONFDIR");
        own.into_iter().chain(common.map(|folder| (PathBuf::from(folder).join("pg_service.conf"), false))).collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|given| given.value.as_str())
    }

    /// A value of a type, or that it is not one.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>> {
        self.get(name).map(|text| text.trim().parse().map_err(|_| self.wrong(name, wanted))).transpose()
    }

    /// The error for a value that is not what it must be.
    pub(crate) fn wrong(&self, name: &str, wanted: &str) -> SqlError {
        let given = self.get(name).unwrap_or_default();
        let error = SqlError::url(format!("the option `{name}` must be {wanted}, not `{given}`"));
        match self.values.get(name) {
            Some(Given { by, .. }) if !by.is_empty() => error.detail(format!("it comes from {by}")),
            _ => error,
        }
    }

    /// A file that an option names, or the one below the home folder if it is there.
    pub(crate) fn file(&self, name: &str, at_home: &str) -> Option<PathBuf> {
        match self.get(name).filter(|path| !path.is_empty()) {
            Some(path) => Some(path.into()),
            None => self.environment.at_home(at_home).filter(|path| path.exists()),
        }
    }
}

/// The lines of a service; none if the file has no such service.
fn service_entry(text: &str, service: &str, file: &str) -> Result<Option<Vec<(String, String)>>> {
    let wrong = |number: usize, what: &str| Err(SqlError::url(format!("{file}, line {}: {what}", number + 1)));
    let mut found: Option<Vec<(String, String)>> = None;
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            inside = name.strip_suffix(']') == Some(service);
            found = inside.then(Vec::new);
            continue;
        }
        let Some(entry) = found.as_mut().filter(|_| inside) else { continue };
        let Some((name, value)) = line.split_once('=') else { return wrong(number, "there is no `=`") };
        let name = name.trim();
        if matches!(name, "service" | "servicefile") {
            return wrong(number, "a service cannot name another one");
        }
        if !PROPERTIES.iter().any(|property| property.name == name) {
            let best = nearest(name, PROPERTIES.iter().map(|property| property.name));
            let hint = best.map(|best| format!("; did you mean `{best}`?")).unwrap_or_default();
            return wrong(number, &format!("unknown option `{name}`{hint}"));
        }
        entry.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(url: &str, environment: &Environment, name: &str) -> Option<String> {
        Settings::of(&Url::parse(url).unwrap(), environment).unwrap().get(name).map(str::to_owned)
    }

    #[test]
    fn the_nearer_wins() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join(".pg_service.conf"),
            "# x\n[other]\nport=1\n[shop]\nport = 2\nuser=sam\n\n[third]\nuser=x\n",
        )
        .unwrap();
        let home = Environment::empty().with_home(folder.path());
        let told = home.clone().with("PGPORT", "3").with("PGDATABASE", "fromenv").with("PGUSER", "env");
        let port = |url: &str, environment: &Environment| get(url, environment, "port");
        assert_eq!(port("postgres:///?port=9&service=shop", &told).as_deref(), Some("9"));
        assert_eq!(port("postgres:///?service=shop", &told).as_deref(), Some("2"));
        assert_eq!(port("postgres:service=shop", &told.clone().with("PGSERVICE", "other")).as_deref(), Some("2"));
        assert_eq!(port("postgres:///", &told.clone().with("PGSERVICE", "other")).as_deref(), Some("1"));
        assert_eq!(port("postgres:///", &told).as_deref(), Some("3"));
        assert_eq!(port("postgres:///", &home), None);
        assert_eq!(get("postgres://url@/?service=shop", &told, "user").as_deref(), Some("url"));
        assert_eq!(get("postgres:///?service=shop", &told, "user").as_deref(), Some("sam"));
        assert_eq!(get("postgres:///?service=shop", &told, "dbname").as_deref(), Some("fromenv"));
    }

    #[test]
    fn mistakes_say_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        fs::write(&file, "[a]\nprot=1\n[b]\nservice=a\n[c]\nport\n").unwrap();
        let environment = Environment::empty().with("PGSERVICEFILE", file.display().to_string());
        let error = |service: &str| {
            let url = Url::parse(&format!("postgres:service={service}")).unwrap();
            Settings::of(&url, &environment).err().unwrap().message().replace(&*file.display().to_string(), "F")
        };
        assert_eq!(error("a"), "F, line 2: unknown option `prot`; did you mean `port`?");
        assert_eq!(error("b"), "F, line 4: a service cannot name another one");
        assert_eq!(error("c"), "F, line 6: there is no `=`");
        assert_eq!(error("d"), "no service file has an entry for the service `d`");
        let environment = Environment::empty().with("PGCONNECT_TIMEOUT", "soon");
        let settings = Settings::of(&Url::parse("postgres:///").unwrap(), &environment).unwrap();
        let error = settings.parsed::<u64>("connect_timeout", "a whole number of seconds").unwrap_err().to_string();
        assert_eq!(
            error,
            "the option `connect_timeout` must be a whole number of seconds, not `soon` [08001]; detail: it comes from PGCONNECT_TIMEOUT"
        );
    }
}
