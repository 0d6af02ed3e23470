//! Mapper files to a set: chosen by database, fragments put in, references checked, all mistakes collected.

use std::collections::HashMap;
use std::sync::Arc;

use crate::caches;
use crate::check::Checked;
use crate::decode::{Decoded, decode};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::document::{self, Document, STATEMENTS};
use crate::embedded;
use crate::include::{self, Fragment, Fragments, full_id};
use crate::lint::{self, Input, Suppressions};
use crate::mapper_set::{Inner, MapperSet, MapperSetBuilder, Registry};
use crate::parameter_map::{self, ParameterMaps};
use crate::properties::Properties;
use crate::result_map::ResultMap;
use crate::results;
use crate::select::{Candidate, Selected, select};
use crate::settings::{Environment, Environments};
use crate::source::Source;
use crate::statement::Statement;
use crate::statements;
use crate::value::Value;
use crate::xml::Element;

/// Reads, links and compiles all files.
pub(crate) fn link(builder: MapperSetBuilder) -> Result<MapperSet, Diagnostics> {
    let strict = builder.strict;
    let mut linked = Linked::new(builder);
    Suppressions::read(&linked.documents).apply(&mut linked.diagnostics);
    linked.finish(strict)
}

/// The same, with the lint rules.
pub(crate) fn check(builder: MapperSetBuilder) -> Checked {
    let database_known = builder.database_id.is_some();
    let mut linked = Linked::new(builder);
    let input = Input { documents: &linked.documents, inner: &linked.inner, database_known };
    let lints = lint::run(&input, &linked.diagnostics);
    let mut suppressions = Suppressions::read(&linked.documents);
    let mut diagnostics = std::mem::take(&mut linked.diagnostics);
    diagnostics.extend(lints);
    suppressions.apply(&mut diagnostics);
    diagnostics.extend(suppressions.findings());
    let diagnostics = Diagnostics::new(diagnostics, Arc::clone(&linked.inner.files));
    let set = (!diagnostics.keep_from_loading()).then(|| linked.set(diagnostics.clone()));
    Checked { diagnostics, set }
}

/// All mistakes and warnings.
pub(crate) fn mistakes(builder: MapperSetBuilder) -> Diagnostics {
    let linked = Linked::new(builder);
    Diagnostics::new(linked.diagnostics, Arc::clone(&linked.inner.files))
}

/// What linking gave, before it is decided whether it counts.
struct Linked {
    documents: Vec<Document>,
    inner: Inner,
    diagnostics: Vec<Diagnostic>,
}

impl Linked {
    fn new(builder: MapperSetBuilder) -> Self {
        let MapperSetBuilder { files, embedded: mappers, database_id, properties, settings, functions, .. } = builder;
        let mut diagnostics = Vec::new();
        let mut files = sources(files, &mut diagnostics);
        let mut documents = documents(&files, &properties, &mut diagnostics);
        for mapper in &mappers {
            documents.push(mapper.document(number(files.len()), &mut diagnostics));
            files.push(Source::of_parts(&*mapper.file, &*mapper.text, &mapper.places));
        }
        let first_embedded = number(files.len() - mappers.len());
        let files: Arc<[Source]> = files.into();
        let shown_id = database_id.as_deref().map_or(Value::Null, Value::from);
        let environment = Arc::new(Environment { settings, database_id: shown_id, functions, files });
        let mut linker =
            Linker { documents: &documents, database_id, properties, environment, first_embedded, diagnostics };
        let inner = linker.link();
        let mut diagnostics = linker.diagnostics;
        // What is missing may stand in a file that could not be read.
        if documents.len() < inner.files.len() {
            let namespace = |id: &str| id.rsplit_once('.').map_or(String::new(), |(namespace, _)| namespace.to_owned());
            let read =
                |id: &String| documents.iter().any(|known| known.namespace == *id || known.namespace == namespace(id));
            diagnostics.retain(|item| item.missing.as_ref().is_none_or(read));
        }
        Self { documents, inner, diagnostics }
    }

    fn finish(mut self, strict: bool) -> Result<MapperSet, Diagnostics> {
        let found = std::mem::take(&mut self.diagnostics);
        let diagnostics = Diagnostics::new(found, Arc::clone(&self.inner.files));
        let refused =
            diagnostics.keep_from_loading() || strict && diagnostics.items().iter().any(Diagnostic::fails_late);
        if refused {
            return Err(diagnostics);
        }
        Ok(self.set(diagnostics))
    }

    fn set(self, warnings: Diagnostics) -> MapperSet {
        MapperSet { inner: Arc::new(Inner { warnings, ..self.inner }) }
    }
}

/// The texts of the files. One that cannot be decoded at all stays as an empty text, so that spans keep their numbers.
fn sources(files: Vec<(String, Vec<u8>)>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Source> {
    let mut sources = Vec::with_capacity(files.len());
    for (at, (name, bytes)) in files.into_iter().enumerate() {
        let Decoded { text, problem } = decode(number(at), bytes);
        diagnostics.extend(problem);
        sources.push(Source::new(name, text));
    }
    sources
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn documents(files: &[Source], properties: &Properties, diagnostics: &mut Vec<Diagnostic>) -> Vec<Document> {
    let unread: Vec<u32> = diagnostics.iter().map(|diagnostic| diagnostic.span.file).collect();
    let numbered = files.iter().enumerate().map(|(at, source)| (number(at), source));
    numbered
        .filter(|(file, source)| !source.text().is_empty() || !unread.contains(file))
        .filter_map(|(file, source)| document::read(file, source, properties, diagnostics))
        .collect()
}

struct Linker<'d> {
    documents: &'d [Document],
    database_id: Option<String>,
    properties: Properties,
    environment: Arc<Environment>,
    /// The number of the first file that is a trait's.
    first_embedded: u32,
    diagnostics: Vec<Diagnostic>,
}

impl<'d> Linker<'d> {
    fn link(&mut self) -> Inner {
        let caches = caches::read(self.documents, &self.properties, &mut self.diagnostics);
        let parameter_maps = parameter_map::read(self.documents, &self.properties, &mut self.diagnostics);
        let result_maps = self.result_maps();
        let result_maps = Registry::new(result_maps, |map: &ResultMap| &map.id);
        let fragments = self.chosen(&["sql"], "fragment");
        let fragment_places = fragments.chosen.iter().map(|(id, found)| (id.as_str().into(), found.id_span)).collect();
        let statements = self.chosen(&STATEMENTS, "statement");
        embedded::check_spellings(&statements.chosen, self.first_embedded, &mut self.diagnostics);
        let foreign = statements.foreign.clone();
        let statements = self.statements(statements, &by_id(fragments), &caches, &parameter_maps);
        let statements = Registry::new(statements, |statement: &Statement| &statement.id);
        self.check_result_maps(&statements, &result_maps);
        self.check_nested(&result_maps, &statements);
        Inner {
            statements,
            result_maps,
            fragments: fragment_places,
            caches: caches.elements,
            foreign,
            database_id: self.database_id.clone(),
            files: Arc::clone(&self.environment.files),
            warnings: Diagnostics::new(Vec::new(), Arc::clone(&self.environment.files)),
        }
    }

    /// The elements of these names that count for the database in use.
    fn chosen(&mut self, names: &[&str], what: &str) -> Selected<&'d Element> {
        let mut candidates: Vec<Candidate<&'d Element>> = Vec::new();
        for document in self.documents {
            let elements = document.root.elements().filter(|element| names.contains(&element.name.as_str()));
            candidates.extend(elements.filter_map(|element| document.candidate(element, &self.properties)));
        }
        select(candidates, self.database_id.as_deref(), what, &mut self.diagnostics)
    }

    fn result_maps(&mut self) -> Vec<Arc<ResultMap>> {
        let mut found = Vec::new();
        for (id, candidate) in self.chosen(&["resultMap"], "result map").chosen {
            let element = include::checked(candidate.item, &self.properties, &mut self.diagnostics);
            let mut reader = results::Reader {
                namespace: &candidate.namespace,
                diagnostics: &mut self.diagnostics,
                found: Vec::new(),
            };
            reader.result_map(&element, id);
            found.append(&mut reader.found);
        }
        results::merge(found, &mut self.diagnostics)
    }

    fn statements(
        &mut self,
        selected: Selected<&Element>,
        fragments: &Fragments<'_>,
        caches: &caches::Caches,
        parameter_maps: &ParameterMaps,
    ) -> Vec<Arc<Statement>> {
        let mut reader = statements::Reader {
            fragments,
            caches,
            parameter_maps,
            database_id: self.database_id.as_deref(),
            properties: &self.properties,
            environments: &Environments::new(&self.environment, self.documents),
            diagnostics: &mut self.diagnostics,
            found: Vec::new(),
        };
        for (id, candidate) in selected.chosen {
            reader.statement(id, &candidate);
        }
        reader.found
    }

    /// A statement that names a result map which does not exist cannot run.
    fn check_result_maps(&mut self, statements: &Registry<Statement>, maps: &Registry<ResultMap>) {
        for statement in statements.items() {
            for reference in &statement.result_maps {
                if maps.get(&reference.id).is_err() {
                    let message = format!("there is no result map `{}`", reference.id);
                    let help = near(&reference.id, maps.ids());
                    self.diagnostics.push(
                        Diagnostic::error("E050", reference.span, message).help_opt(help).missing(&*reference.id),
                    );
                }
            }
        }
    }

    /// What a result map points to is only missed when a row is mapped: a warning, as MyBatis loads it.
    fn check_nested(&mut self, maps: &Registry<ResultMap>, statements: &Registry<Statement>) {
        for map in maps.items() {
            for (target, span) in results::references(map).filter(|(target, _)| maps.get(target).is_err()) {
                let message = format!("there is no result map `{target}`: mapping a row will fail");
                let help = near(target, maps.ids());
                self.diagnostics.push(Diagnostic::warning("W050", span, message).help_opt(help).missing(&**target));
            }
            for (target, span) in results::selects(map).filter(|(target, _)| statements.get(target).is_err()) {
                let message = format!("there is no statement `{target}`: mapping a row will fail");
                let help = near(target, statements.ids());
                self.diagnostics.push(Diagnostic::warning("W051", span, message).help_opt(help).missing(&**target));
            }
        }
    }
}

fn by_id<'d>(selected: Selected<&'d Element>) -> Fragments<'d> {
    let by_id: HashMap<String, Fragment<'d>> =
        selected.chosen.into_iter().map(|(id, found)| (id, Fragment { element: found.item })).collect();
    Fragments { by_id, foreign: selected.foreign }
}

/// The nearest full id; the same name in another namespace comes first.
fn near<'i>(wanted: &str, ids: impl Iterator<Item = &'i Arc<str>> + Clone) -> Option<String> {
    let name = |id: &str| id.rsplit_once('.').map_or(id.to_owned(), |(_, name)| name.to_owned());
    let elsewhere = ids.clone().find(|id| name(id) == name(wanted));
    match elsewhere {
        Some(full) => Some(format!("write `{full}`, it is of another namespace")),
        None => did_you_mean(wanted, ids.map(|id| &**id)),
    }
}

/// A reference of a namespace's mapper as a full id.
pub(crate) fn reference(namespace: &str, id: &str) -> Arc<str> {
    full_id(namespace, id.trim()).into()
}
