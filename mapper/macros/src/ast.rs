//! The trait as it was written, checked: what the expansion needs and nothing else.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, FnArg, Ident, ItemTrait, LitStr, Pat, Path, Result, Token, TraitItem, TraitItemFn, Type};

use crate::returns::Returns;

/// A mapper trait.
pub(crate) struct Mapper {
    pub(crate) item: ItemTrait,
    pub(crate) namespace: String,
    pub(crate) krate: Path,
    pub(crate) blocking: bool,
    pub(crate) methods: Vec<Method>,
}

/// A method that runs a statement (one without a body).
pub(crate) struct Method {
    pub(crate) function: TraitItemFn,
    pub(crate) statement: String,
    pub(crate) arguments: Vec<Ident>,
    pub(crate) returns: Returns,
}

struct Options {
    namespace: Option<LitStr>,
    krate: Option<Path>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self { namespace: None, krate: None };
        while !input.is_empty() {
            if input.peek(LitStr) {
                options.namespace = Some(input.parse()?);
            } else if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                options.krate = Some(input.parse()?);
            } else {
                let name: Ident = input.parse()?;
                if name != "namespace" {
                    return Err(Error::new(name.span(), "unknown option; write `\"namespace\"` or `crate = path`"));
                }
                input.parse::<Token![=]>()?;
                options.namespace = Some(input.parse()?);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

impl Mapper {
    pub(crate) fn parse(options: TokenStream, item: TokenStream) -> Result<Self> {
        let options = Options::parse.parse2(options)?;
        let mut item: ItemTrait = syn::parse2(item)?;
        if !item.generics.params.is_empty() {
            return Err(Error::new(item.generics.span(), "a mapper trait has no generic parameters"));
        }
        let namespace = options.namespace.map_or_else(|| item.ident.to_string(), |n| n.value());
        let mut methods = Vec::new();
        for entry in &mut item.items {
            let TraitItem::Fn(function) = entry else {
                return Err(Error::new(entry.span(), "a mapper trait has methods only"));
            };
            let id = take_statement_id(&mut function.attrs)?;
            if function.default.is_none() {
                methods.push(Method::parse(function, &namespace, id)?);
            }
        }
        let blocking = one_mode(&methods)?;
        let krate = options.krate.unwrap_or_else(|| syn::parse_quote!(::batis::mapper));
        Ok(Self { item, namespace, krate, blocking, methods })
    }
}

/// Whether the methods are blocking; mixing is a mistake at the first odd one.
fn one_mode(methods: &[Method]) -> Result<bool> {
    let is_blocking = |m: &Method| m.function.sig.asyncness.is_none();
    let Some(first) = methods.first().map(is_blocking) else { return Ok(false) };
    match methods.iter().find(|m| is_blocking(m) != first) {
        None => Ok(first),
        Some(odd) => Err(Error::new(
            odd.function.sig.ident.span(),
            "the methods of a mapper trait are all `async` or all blocking; make two traits",
        )),
    }
}

impl Method {
    fn parse(function: &TraitItemFn, namespace: &str, id: Option<LitStr>) -> Result<Self> {
        let signature = &function.sig;
        if !signature.generics.params.is_empty() {
            return Err(Error::new(signature.generics.span(), "a mapper method has no generic parameters"));
        }
        let mut inputs = signature.inputs.iter();
        match inputs.next() {
            Some(FnArg::Receiver(receiver)) if is_shared_self(receiver) => {}
            _ => return Err(Error::new(signature.ident.span(), "a mapper method takes `&self`")),
        }
        let arguments = inputs.map(argument).collect::<Result<_>>()?;
        let id = id.map_or_else(|| signature.ident.to_string(), |id| id.value());
        let statement = if id.contains('.') { id } else { format!("{namespace}.{id}") };
        let returns = Returns::of(signature)?;
        Ok(Self { function: function.clone(), statement, arguments, returns })
    }
}

fn is_shared_self(receiver: &syn::Receiver) -> bool {
    matches!(receiver.kind, syn::ReceiverKind::Reference(_, _, None))
}

fn argument(input: &FnArg) -> Result<Ident> {
    let FnArg::Typed(typed) = input else {
        return Err(Error::new(input.span(), "only the first argument is `&self`"));
    };
    if let Type::Reference(reference) = &*typed.ty
        && reference.mutability.is_some()
    {
        return Err(Error::new(typed.ty.span(), "a mapper method changes no argument; take `&`"));
    }
    match &*typed.pat {
        Pat::Ident(name) => Ok(name.ident.clone()),
        other => Err(Error::new(other.span(), "an argument needs a plain name: it is the parameter's name")),
    }
}

/// Takes `#[statement("id")]` off the attributes.
fn take_statement_id(attributes: &mut Vec<Attribute>) -> Result<Option<LitStr>> {
    let Some(at) = attributes.iter().position(|a| a.path().is_ident("statement")) else { return Ok(None) };
    attributes.remove(at).parse_args().map(Some)
}
