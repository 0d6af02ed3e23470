//! The elements of a configuration file, in the order in which MyBatis takes them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::decode::{Decoded, decode};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::dialect::Dialect;
use crate::include::replaced;
use crate::properties::Properties;
use crate::schema;
use crate::source::Source;
use crate::span::Span;
use crate::text::SpannedText;
use crate::xml::{self, Element};

use super::{
    ConfigFile, ConfigFileBuilder, DataSourceElement, EnvironmentElement, MapperElement, MapperLocation, PluginElement,
    java_properties, setting,
};

pub(super) fn read(builder: ConfigFileBuilder<'_>) -> Result<ConfigFile, Diagnostics> {
    let ConfigFileBuilder { name, bytes, properties: given, resources } = builder;
    let Decoded { text, problem } = decode(0, bytes);
    let mut found: Vec<Diagnostic> = problem.into_iter().collect();
    let source = Source::new(name, text);
    let root = root(&source, &mut found);
    let mut reader =
        Reader { found, given, resources: &*resources, properties: Properties::default(), listed: Vec::new() };
    let config = root.map(|root| reader.configuration(&root));
    let files: Arc<[Source]> = vec![source].into();
    let diagnostics = Diagnostics::new(reader.found, files);
    match config {
        Some(config) if !diagnostics.has_errors() => Ok(ConfigFile { warnings: diagnostics, ..config }),
        _ => Err(diagnostics),
    }
}

fn root(source: &Source, found: &mut Vec<Diagnostic>) -> Option<Element> {
    if source.text().is_empty() && !found.is_empty() {
        return None;
    }
    let parsed = xml::parse(0, source.text(), schema::is_config_element);
    let broken = !parsed.mistakes.is_empty();
    found.extend(parsed.mistakes);
    found.extend(parsed.warnings);
    let root = parsed.root?;
    if root.name == "configuration" {
        schema::CONFIGURATION.check(&root, found);
        return Some(root);
    }
    if !broken {
        let message = format!("the root element is <{}>, not <configuration>", root.name);
        let help = if root.name == "mapper" { "this is a mapper file" } else { "this is no configuration file" };
        found.push(Diagnostic::error("E004", root.name_span, message).help(help));
    }
    None
}

struct Reader<'r> {
    found: Vec<Diagnostic>,
    given: Vec<(String, String)>,
    resources: &'r dyn Fn(&str) -> Result<Vec<u8>, String>,
    properties: Properties,
    listed: Vec<(String, String)>,
}

fn text(element: &Element, name: &str) -> Option<Arc<str>> {
    element.attribute(name).map(|value| value.as_str().into())
}

fn pairs(element: &Element) -> Vec<(Arc<str>, Arc<str>)> {
    let properties = element.elements().filter(|child| child.name == "property");
    properties.filter_map(|property| Some((text(property, "name")?, text(property, "value")?))).collect()
}

impl Reader<'_> {
    fn configuration(&mut self, root: &Element) -> ConfigFile {
        for (name, value) in self.given.clone() {
            self.properties.set(name, value);
        }
        if let Some(element) = root.elements().find(|child| child.name == "properties") {
            self.properties(&replaced(element, &self.properties));
        }
        let root = replaced(root, &self.properties);
        let part = |name: &str| root.elements().find(|child| child.name == name);
        let children = |name: &str| part(name).into_iter().flat_map(|part| part.elements());
        let mut config = ConfigFile {
            properties: std::mem::take(&mut self.listed),
            settings: Vec::new(),
            type_aliases: self.aliases(children("typeAliases")),
            default_environment: part("environments").and_then(|element| text(element, "default")),
            environments: children("environments").filter_map(environment).collect(),
            database_id_provider: part("databaseIdProvider").is_some(),
            vendors: part("databaseIdProvider").map(pairs).unwrap_or_default(),
            plugins: children("plugins").filter_map(plugin).collect(),
            mappers: Vec::new(),
            warnings: Diagnostics::new(Vec::new(), Arc::from([])),
        };
        for element in children("settings") {
            if let (Some(name), Some(value)) = (element.attribute("name"), element.attribute("value")) {
                config.settings.extend(setting::setting(name, value, &mut self.found));
            }
        }
        for element in children("mappers") {
            config.mappers.extend(self.mapper(element));
        }
        self.without_effect(&root);
        self.environments(part("environments"), &config);
        config
    }

    /// Low to high: the children, the file, those given by the program.
    fn properties(&mut self, element: &Element) {
        let own = pairs(element).into_iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let mut all: Vec<(String, String)> = own.collect();
        let (resource, url) = (element.attribute("resource"), element.attribute("url"));
        if let (Some(_), Some(url)) = (resource, url) {
            let message = "properties come from a resource or from a url, not from both";
            self.found.push(Diagnostic::error("E062", url.span(), message));
        }
        if let Some(place) = resource.or(url) {
            match (self.resources)(place.as_str()) {
                Ok(bytes) => all.extend(java_properties::parse(&bytes)),
                Err(error) => {
                    let message = format!("the properties `{}` cannot be read: {error}", place.as_str());
                    self.found.push(Diagnostic::error("E064", place.span(), message));
                }
            }
        }
        all.extend(self.given.clone());
        for (name, value) in &all {
            self.properties.set(name.clone(), value.clone());
        }
        self.listed = all;
        self.dialect(element);
    }

    /// A dialect that does not exist is told at its property, or at the element when it comes from elsewhere.
    fn dialect(&mut self, element: &Element) {
        let Some((_, word)) = self.listed.iter().rev().find(|(name, _)| name == Dialect::PROPERTY) else { return };
        let Err(message) = word.parse::<Dialect>() else { return };
        let own = element.elements().filter_map(|child| child.attribute("value")).find(|value| value.as_str() == word);
        let span = own.map_or(element.name_span, SpannedText::span);
        self.found.push(Diagnostic::error("E060", span, format!("the property `{}`: {message}", Dialect::PROPERTY)));
    }

    fn aliases<'e>(&mut self, elements: impl Iterator<Item = &'e Element>) -> Vec<(Arc<str>, Arc<str>)> {
        let mut aliases: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        let mut places: HashMap<String, (Arc<str>, Span)> = HashMap::new();
        for element in elements.filter(|element| element.name == "typeAlias") {
            let Some(type_name) = text(element, "type") else { continue };
            let simple = || type_name.rsplit(['.', '$']).next().unwrap_or_default().into();
            let alias = text(element, "alias").unwrap_or_else(simple);
            match places.get(&alias.to_lowercase()) {
                Some((other, first)) if *other != type_name => {
                    let message = format!("the alias `{alias}` is bound to `{other}` already");
                    let clash = Diagnostic::error("E063", element.name_span, message);
                    self.found.push(clash.related(*first, "the first one"));
                }
                _ => _ = places.insert(alias.to_lowercase(), (Arc::clone(&type_name), element.name_span)),
            }
            aliases.push((alias, type_name));
        }
        aliases
    }

    fn mapper(&mut self, element: &Element) -> Option<MapperElement> {
        let location = if element.name == "package" {
            MapperLocation::Package(text(element, "name")?)
        } else {
            let mut given = [
                text(element, "resource").map(MapperLocation::Resource),
                text(element, "url").map(MapperLocation::Url),
                text(element, "class").map(MapperLocation::Class),
            ]
            .into_iter()
            .flatten();
            let Some(location) = given.next().filter(|_| given.next().is_none()) else {
                let message = "a mapper is named by exactly one of resource, url and class";
                self.found.push(Diagnostic::error("E062", element.name_span, message));
                return None;
            };
            location
        };
        let named = ["resource", "url", "class", "name"].iter().find_map(|name| element.attribute(name));
        Some(MapperElement { location, span: named.map_or(element.name_span, crate::text::SpannedText::span) })
    }

    /// What names Java classes that would run there.
    fn without_effect(&mut self, root: &Element) {
        let help = |name: &str| match name {
            "typeHandlers" => Some("register Rust handlers: Configuration::builder().type_handler(..)"),
            "objectFactory" | "objectWrapperFactory" | "reflectorFactory" => Some("objects are made by serde"),
            _ => None,
        };
        for element in root.elements() {
            if let Some(help) = help(&element.name)
                && element.elements().next().is_some() | element.attribute("type").is_some()
            {
                let message = format!("<{}> has no effect in batis", element.name);
                self.found.push(Diagnostic::warning("W060", element.name_span, message).help(help));
            }
        }
    }

    fn environments(&mut self, element: Option<&Element>, config: &ConfigFile) {
        let Some(default) = element.and_then(|element| element.attribute("default")) else { return };
        if config.environment(None).is_none() {
            let message = format!("there is no environment `{}`", default.as_str());
            let help = did_you_mean(default.as_str(), config.environments.iter().map(|environment| &*environment.id));
            self.found.push(Diagnostic::warning("W061", default.span(), message).help_opt(help));
        }
    }
}

fn plugin(element: &Element) -> Option<PluginElement> {
    let interceptor = element.attribute("interceptor")?;
    Some(PluginElement {
        interceptor: interceptor.as_str().into(),
        properties: pairs(element),
        span: interceptor.span(),
    })
}

fn environment(element: &Element) -> Option<EnvironmentElement> {
    let child = |name: &str| element.elements().find(|child| child.name == name);
    let data_source = child("dataSource")?;
    Some(EnvironmentElement {
        id: text(element, "id")?,
        transaction_manager: text(child("transactionManager")?, "type")?,
        data_source: DataSourceElement { type_name: text(data_source, "type")?, properties: pairs(data_source) },
        span: element.span,
    })
}
