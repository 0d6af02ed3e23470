//! What the names of Java types in mapper files tell: hints, where a Rust type does not say it.

/// The name of a Java class or alias without its package, in small letters.
pub(super) fn class(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase()
}

pub(super) fn is_list(name: &str) -> bool {
    let name = class(name);
    ["list", "set", "collection", "[]"].iter().any(|kind| name.ends_with(kind))
}

pub(super) fn is_map(name: &str) -> bool {
    class(name).ends_with("map")
}

/// Java types of one value.
const SCALARS: &str = "string byte char character short int integer long float double boolean bigdecimal decimal biginteger date timestamp \
    localdate localtime localdatetime offsetdatetime instant uuid";

pub(super) fn is_scalar(name: &str) -> bool {
    let class = class(name);
    SCALARS.split_whitespace().any(|known| *known == *class.trim_start_matches('_'))
}
