//! What a method does, by the syntax of its return type.

use syn::{Error, GenericArgument, LitStr, Path, PathArguments, Result, ReturnType, Signature, Type};

/// The return type of a method.
pub(crate) struct Returns {
    /// The whole type, `Result` included.
    pub(crate) whole: Type,
    pub(crate) shape: Shape,
    /// The property that is the key of a map.
    pub(crate) map_key: Option<LitStr>,
}

/// What is inside the `Result`, or a stream, which has none around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `()`: the statement is run.
    Nothing,
    /// A number or bool: the row of a select, the count of anything else.
    Number,
    /// `Option<T>`: none or one row.
    Optional,
    /// `Vec<T>`: all rows.
    List,
    /// Another list or a set of rows.
    Collection,
    /// `HashMap<K, T>`: all rows by one of their properties.
    Map,
    /// The same as a `BTreeMap<K, T>`.
    SortedMap,
    /// `RowStream<T>`: the rows one at a time.
    Stream,
    /// `GeneratedKeys`: the keys of new rows.
    Keys,
    /// `BatchResult`: the statement is run once for each item.
    Batch,
    /// Anything else: exactly one row.
    One,
}

const NUMBERS: [&str; 13] =
    ["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize", "u128", "i128", "bool"];

const COLLECTIONS: [&str; 4] = ["HashSet", "BTreeSet", "VecDeque", "LinkedList"];

impl Returns {
    pub(crate) fn of(signature: &Signature, map_key: Option<LitStr>) -> Result<Self> {
        let ReturnType::Type(_, whole) = &signature.output else {
            return Err(Error::new(signature.ident.span(), "a mapper method returns a `Result<..>`"));
        };
        let shape = match first_argument(whole, "Result") {
            Some(inner) => Shape::of(inner)?,
            None => stream(whole, signature)?,
        };
        check_key(whole, shape, map_key.as_ref())?;
        Ok(Self { whole: (**whole).clone(), shape, map_key })
    }
}

/// What is returned without a `Result` can only be a stream.
fn stream(whole: &Type, signature: &Signature) -> Result<Shape> {
    let message = match whole {
        _ if is_named(whole, "RowStream") && signature.asyncness.is_none() => return Ok(Shape::Stream),
        _ if is_named(whole, "RowStream") => {
            let message = "a stream is returned by a method that is not `async`: it begins when it is polled";
            return Err(Error::new_spanned(signature.asyncness, message));
        }
        Type::ImplTrait(_) => "a mapper method returns a `Result<..>`, or a `RowStream<T>` for rows one at a time",
        _ => "a mapper method returns a `Result<..>`",
    };
    Err(Error::new_spanned(whole, message))
}

fn check_key(whole: &Type, shape: Shape, map_key: Option<&LitStr>) -> Result<()> {
    match (map_key, matches!(shape, Shape::Map | Shape::SortedMap)) {
        (None, true) => {
            let message = "a map of rows needs the property that is the key: write `#[map_key(\"id\")]` above the method; \
                           for one row as a map return `Result<Option<..>>` of it";
            Err(Error::new_spanned(whole, message))
        }
        (Some(key), false) => {
            let message = "`#[map_key]` goes with `Result<HashMap<K, T>>` and `Result<BTreeMap<K, T>>`";
            Err(Error::new(key.span(), message))
        }
        _ => Ok(()),
    }
}

impl Shape {
    fn of(inner: &Type) -> Result<Self> {
        owned(inner)?;
        let last = path(inner).and_then(|path| path.segments.last()).map(|last| last.ident.to_string());
        Ok(match last.as_deref() {
            None if matches!(inner, Type::Tuple(t) if t.elems.is_empty()) => Self::Nothing,
            Some("RowStream") => {
                let message = "a stream is returned without a `Result` around it: each of its rows has one";
                return Err(Error::new_spanned(inner, message));
            }
            Some("HashMap") => Self::Map,
            Some("BTreeMap") => Self::SortedMap,
            Some("Option") => Self::Optional,
            Some("Vec") => Self::List,
            Some("GeneratedKeys") => Self::Keys,
            Some("BatchResult") => Self::Batch,
            Some(name) if COLLECTIONS.contains(&name) => Self::Collection,
            Some(name) if NUMBERS.contains(&name) => Self::Number,
            _ => Self::One,
        })
    }
}

/// Rows are gone when a method returns, so that it must own what it returns.
fn owned(inner: &Type) -> Result<()> {
    let row = ["Option", "Vec"].iter().find_map(|name| first_argument(inner, name)).unwrap_or(inner);
    match row {
        Type::Reference(_) => Err(Error::new_spanned(
            row,
            "a row is read into a value of its own: return `String` or `Vec<u8>`, not a reference",
        )),
        Type::ImplTrait(_) => Err(Error::new_spanned(row, "name the type that a row is read into")),
        _ => Ok(()),
    }
}

fn path(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Path(p) => Some(&p.path),
        _ => None,
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    path(ty).and_then(|path| path.segments.last()).is_some_and(|last| last.ident == name)
}

/// The first type argument of a type whose last segment has this name.
fn first_argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let last = path(ty)?.segments.last().filter(|s| s.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|a| match a {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_segment_decides() {
        let shape = |text: &str| Shape::of(&syn::parse_str(text).unwrap()).unwrap();
        assert_eq!(shape("()"), Shape::Nothing);
        assert_eq!(shape("std::option::Option<User>"), Shape::Optional);
        assert_eq!(shape("Vec<User>"), Shape::List);
        assert_eq!(shape("u64"), Shape::Number);
        assert_eq!(shape("User"), Shape::One);
        assert_eq!(shape("(i64, String)"), Shape::One);
        assert_eq!(shape("std::collections::HashSet<i64>"), Shape::Collection);
        assert_eq!(shape("batis::mapper::BatchResult"), Shape::Batch);
        assert_eq!(shape("GeneratedKeys"), Shape::Keys);
        assert_eq!(shape("Option<HashMap<String, i64>>"), Shape::Optional);
        assert_eq!(shape("HashMap<i64, User>"), Shape::Map);
        assert_eq!(shape("BTreeMap<i64, User>"), Shape::SortedMap);
    }
}
