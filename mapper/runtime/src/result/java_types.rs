//! What the names of Java types in mapper files tell: hints, where a Rust type does not say it.

/// The name of a Java class or alias without its package, in small letters.
pub(super) fn class(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase()
}

pub(super) fn is_list(name: &str) -> bool {
    const LISTS: &[&str] =
        &["list", "arraylist", "linkedlist", "collection", "set", "hashset", "linkedhashset", "treeset", "sortedset"];
    name.ends_with("[]") || LISTS.contains(&&*class(name))
}

pub(super) fn is_map(name: &str) -> bool {
    ["map", "hashmap", "linkedhashmap", "treemap", "sortedmap"].contains(&&*class(name))
}

/// Java types of one value.
const SCALARS: &str = "string byte char character short int integer long float double boolean bigdecimal decimal biginteger date timestamp \
    localdate localtime localdatetime offsetdatetime instant uuid";

pub(super) fn is_scalar(name: &str) -> bool {
    let class = class(name);
    SCALARS.split_whitespace().any(|known| *known == *class.trim_start_matches('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_java_and_not_of_an_application() {
        assert!(is_list("java.util.List") && is_list("ArrayList") && is_list("int[]"));
        assert!(!is_list("com.example.Asset") && !is_list("PriceList"));
        assert!(is_map("java.util.Map") && is_map("hashmap") && !is_map("Roadmap"));
        assert!(is_scalar("java.lang.Integer") && is_scalar("_long") && !is_scalar("User"));
    }
}
