//! What a method gives to its statement, by the syntax of its arguments.

use proc_macro2::Span;
use syn::{Error, FnArg, Ident, Pat, Receiver, ReceiverKind, Result, Signature, Type};

use crate::returns::Shape;

/// The arguments of a method behind `&self`.
pub(crate) enum Arguments {
    /// Each by its name; a single one is the parameter object itself.
    Read(Vec<Ident>),
    /// `&mut`: an object, or a list of objects, that takes the keys of its rows.
    TakesKeys(Ident),
    /// The items of a batch.
    Items(Ident),
}

impl Arguments {
    pub(crate) fn of(signature: &Signature, shape: Shape) -> Result<Self> {
        let mut inputs = signature.inputs.iter();
        match inputs.next() {
            Some(FnArg::Receiver(receiver)) if is_shared_self(receiver) => {}
            Some(other) => return Err(Error::new_spanned(other, "a mapper method takes `&self`")),
            None => return Err(Error::new(signature.ident.span(), "a mapper method takes `&self`")),
        }
        let mut arguments = inputs.map(Argument::of).collect::<Result<Vec<_>>>()?;
        if let Some(at) = arguments.iter().position(|argument| argument.mutable) {
            return keys(arguments.swap_remove(at), arguments.is_empty(), shape);
        }
        let mut names: Vec<Ident> = arguments.into_iter().map(|argument| argument.name).collect();
        if !matches!(shape, Shape::Batch) {
            return Ok(Self::Read(names));
        }
        match names.pop() {
            Some(only) if names.is_empty() => Ok(Self::Items(only)),
            _ => {
                let message = "a batch has one argument, the parameter objects of its items: `items: &[T]`";
                Err(Error::new_spanned(&signature.inputs, message))
            }
        }
    }

    /// Where the argument is that must fit.
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Read(_) => Span::call_site(),
            Self::TakesKeys(name) | Self::Items(name) => name.span(),
        }
    }
}

/// `&mut`: there is nothing but keys to be written into it.
fn keys(argument: Argument<'_>, is_only: bool, shape: Shape) -> Result<Arguments> {
    if !is_only {
        let message =
            "`&mut` is for an object that takes the keys of its new row, and that is the only argument; take `&`";
        return Err(Error::new_spanned(argument.ty, message));
    }
    if !matches!(shape, Shape::Nothing | Shape::Number | Shape::Batch) {
        let message = "an object that takes the keys of its new row goes with `()`, a number or `BatchResult` as result; take `&`";
        return Err(Error::new_spanned(argument.ty, message));
    }
    Ok(Arguments::TakesKeys(argument.name))
}

struct Argument<'a> {
    name: Ident,
    ty: &'a Type,
    mutable: bool,
}

impl<'a> Argument<'a> {
    fn of(input: &'a FnArg) -> Result<Self> {
        let FnArg::Typed(typed) = input else {
            return Err(Error::new_spanned(input, "only the first argument is `&self`"));
        };
        let mutable = matches!(&*typed.ty, Type::Reference(reference) if reference.mutability.is_some());
        match &*typed.pat {
            Pat::Ident(name) => Ok(Self { name: name.ident.clone(), ty: &typed.ty, mutable }),
            other => Err(Error::new_spanned(other, "an argument needs a plain name: it is the parameter's name")),
        }
    }
}

fn is_shared_self(receiver: &Receiver) -> bool {
    matches!(receiver.kind, ReceiverKind::Reference(_, _, None))
}
