//! Which of several elements of one id counts: the one for the database in use, else the one for all.

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;
use crate::include::full_id;
use crate::span::Span;

/// An element with an id that may be for one database.
#[derive(Debug, Clone)]
pub(crate) struct Candidate<T> {
    pub(crate) namespace: String,
    pub(crate) id: String,
    pub(crate) id_span: Span,
    pub(crate) database_id: Option<String>,
    pub(crate) item: T,
}

/// The candidates that count, in file order, and the databases of ids that exist for others only.
#[derive(Debug)]
pub(crate) struct Selected<T> {
    pub(crate) chosen: Vec<(String, Candidate<T>)>,
    pub(crate) foreign: HashMap<String, Vec<String>>,
}

/// Takes one candidate for each id; two that are equally good are an error with both places.
pub(crate) fn select<T>(
    candidates: Vec<Candidate<T>>,
    database_id: Option<&str>,
    what: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Selected<T> {
    let mut chosen: Vec<Option<(String, Candidate<T>)>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut foreign: HashMap<String, Vec<String>> = HashMap::new();
    for candidate in candidates {
        let Some(id) = declared_id(&candidate.namespace, &candidate.id) else {
            let message = format!("the id `{}` must not hold a dot", candidate.id);
            diagnostics.push(Diagnostic::error("E042", candidate.id_span, message));
            continue;
        };
        if let Some(database) = &candidate.database_id
            && Some(database.as_str()) != database_id
        {
            foreign.entry(id).or_default().push(database.clone());
            continue;
        }
        let Some(place) = places.get(&id).copied() else {
            places.insert(id.clone(), chosen.len());
            chosen.push(Some((id, candidate)));
            continue;
        };
        let Some((_, first)) = &chosen[place] else { continue };
        match (first.database_id.is_some(), candidate.database_id.is_some()) {
            (false, true) => {
                chosen[place] = None;
                places.insert(id.clone(), chosen.len());
                chosen.push(Some((id, candidate)));
            }
            (true, false) => {}
            _ => {
                let message = format!("the {what} `{id}` is there already");
                let duplicate = Diagnostic::error("E040", candidate.id_span, message);
                diagnostics.push(duplicate.related(first.id_span, "the first one"));
            }
        }
    }
    let chosen: Vec<_> = chosen.into_iter().flatten().collect();
    foreign.retain(|id, _| !places.contains_key(id));
    Selected { chosen, foreign }
}

/// A declared id: no dot, or the own namespace in front.
pub(crate) fn declared_id(namespace: &str, id: &str) -> Option<String> {
    let own = id.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('.'));
    match own {
        Some(_) => Some(id.to_owned()),
        None if id.contains('.') => None,
        None => Some(full_id(namespace, id)),
    }
}
