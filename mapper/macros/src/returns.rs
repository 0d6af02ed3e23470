//! What a method does, by the syntax of its return type.

use syn::{Error, GenericArgument, Path, PathArguments, Result, ReturnType, Signature, Type};

/// The return type of a method: `Result<..>` of what.
pub(crate) struct Returns {
    /// The whole type, `Result` included.
    pub(crate) whole: Type,
    pub(crate) shape: Shape,
}

/// What is inside the `Result`.
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
    /// Anything else: exactly one row.
    One,
}

const NUMBERS: [&str; 13] =
    ["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize", "u128", "i128", "bool"];

impl Returns {
    pub(crate) fn of(signature: &Signature) -> Result<Self> {
        let ReturnType::Type(_, whole) = &signature.output else {
            return Err(Error::new(signature.ident.span(), "a mapper method returns a `Result<..>`"));
        };
        let inner = first_argument(whole, "Result")
            .ok_or_else(|| Error::new(signature.ident.span(), "a mapper method returns a `Result<..>`"))?;
        Ok(Self { whole: (**whole).clone(), shape: Shape::of(inner) })
    }
}

impl Shape {
    fn of(inner: &Type) -> Self {
        if matches!(inner, Type::Tuple(t) if t.elems.is_empty()) {
            Self::Nothing
        } else if first_argument(inner, "Option").is_some() {
            Self::Optional
        } else if first_argument(inner, "Vec").is_some() {
            Self::List
        } else if path(inner).is_some_and(|p| NUMBERS.iter().any(|n| p.is_ident(n))) {
            Self::Number
        } else {
            Self::One
        }
    }
}

fn path(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Path(p) => Some(&p.path),
        _ => None,
    }
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
        let shape = |text: &str| Shape::of(&syn::parse_str(text).unwrap());
        assert_eq!(shape("()"), Shape::Nothing);
        assert_eq!(shape("std::option::Option<User>"), Shape::Optional);
        assert_eq!(shape("Vec<User>"), Shape::List);
        assert_eq!(shape("u64"), Shape::Number);
        assert_eq!(shape("User"), Shape::One);
        assert_eq!(shape("(i64, String)"), Shape::One);
    }
}
