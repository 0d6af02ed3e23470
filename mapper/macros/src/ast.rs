//! The trait as it was written, checked: what the expansion needs and nothing else.

use proc_macro2::{Span, TokenStream};
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::parse::{Parse as _, Parser as _};
use syn::{Error, Ident, ItemTrait, LitStr, Path, Result, TraitItem, TraitItemFn};

use crate::arguments::Arguments;
use crate::attributes::Attributes;
use crate::embed::Embedded;
use crate::options::Options;
use crate::returns::{Returns, Shape};
use crate::statements::Written;

/// A mapper trait.
pub(crate) struct Mapper {
    pub(crate) item: ItemTrait,
    pub(crate) namespace: String,
    pub(crate) krate: Path,
    pub(crate) blocking: bool,
    pub(crate) methods: Vec<Method>,
    /// The statements of its attributes.
    pub(crate) embedded: Embedded,
}

/// A method that runs a statement (one without a body).
pub(crate) struct Method {
    pub(crate) function: TraitItemFn,
    /// The full id of its statement.
    pub(crate) statement: String,
    /// The id as it is written, and where.
    pub(crate) id: String,
    pub(crate) id_span: Span,
    /// The statement itself, for one database or several; nothing if it stands in a mapper file.
    pub(crate) written: Vec<Written>,
    /// The queries for its keys.
    pub(crate) keys: Vec<Written>,
    pub(crate) arguments: Arguments,
    pub(crate) returns: Returns,
}

impl Mapper {
    pub(crate) fn parse(options: TokenStream, item: TokenStream) -> Result<Self> {
        let options = Options::parse.parse2(options)?;
        let mut item: ItemTrait = syn::parse2(item)?;
        if !item.generics.params.is_empty() {
            return Err(Error::new_spanned(item.generics, "a mapper trait has no generic parameters"));
        }
        let namespace = options.namespace.map_or_else(|| item.ident.to_string(), |n| n.value());
        let mut methods = Vec::new();
        for entry in &mut item.items {
            let TraitItem::Fn(function) = entry else {
                return Err(Error::new_spanned(entry, "a mapper trait has methods only"));
            };
            let attributes = Attributes::take(&mut function.attrs)?;
            if function.default.is_none() {
                methods.push(Method::parse(function, &namespace, attributes)?);
            } else {
                attributes.refuse()?;
            }
        }
        let blocking = one_mode(&methods)?;
        let krate = options.krate.unwrap_or_else(|| syn::parse_quote!(::batis::mapper));
        let embedded = Embedded::of(&namespace, &methods);
        embedded.check()?;
        Ok(Self { item, namespace, krate, blocking, methods, embedded })
    }

    /// The type that implements the trait.
    pub(crate) fn implementation(&self) -> Ident {
        format_ident!("{}Impl", self.item.ident)
    }
}

/// Whether the methods are blocking; mixing is a mistake at the first odd one. Streams are plain functions of async traits.
fn one_mode(methods: &[Method]) -> Result<bool> {
    let is_stream = |m: &&Method| matches!(m.returns.shape, Shape::Stream);
    let is_blocking = |m: &Method| m.function.sig.asyncness.is_none();
    let mut others = methods.iter().filter(|m| !is_stream(m));
    let Some(first) = others.next().map(is_blocking) else { return Ok(false) };
    if let Some(odd) = others.find(|m| is_blocking(m) != first) {
        let message = "the methods of a mapper trait are all `async` or all blocking; make two traits";
        return Err(Error::new(odd.function.sig.ident.span(), message));
    }
    match methods.iter().find(is_stream) {
        Some(stream) if first => {
            let message = "a blocking mapper has no streams: return `Result<Vec<T>>`, or make a trait with `async` methods for it";
            Err(Error::new_spanned(&stream.returns.whole, message))
        }
        _ => Ok(first),
    }
}

impl Method {
    fn parse(function: &TraitItemFn, namespace: &str, attributes: Attributes) -> Result<Self> {
        let signature = &function.sig;
        if !signature.generics.params.is_empty() {
            return Err(Error::new_spanned(&signature.generics, "a mapper method has no generic parameters"));
        }
        let Attributes { statement: named, map_key, written, keys } = attributes;
        let id_span = named.as_ref().map_or_else(|| signature.ident.span(), LitStr::span);
        let id = named.map_or_else(|| signature.ident.unraw().to_string(), |id| id.value());
        let statement = if id.contains('.') { id.clone() } else { format!("{namespace}.{id}") };
        let returns = Returns::of(signature, map_key)?;
        let arguments = Arguments::of(signature, returns.shape)?;
        Ok(Self { function: function.clone(), statement, id, id_span, written, keys, arguments, returns })
    }
}
