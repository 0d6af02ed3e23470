//! The body of a method: what is given to the runtime, and which of its functions takes it.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Ident, TraitItemFn};

use super::{place, promised};
use crate::arguments::Arguments;
use crate::ast::{Mapper, Method};
use crate::returns::Shape;

pub(super) fn implementation(method: &Method, mapper: &Mapper) -> TokenStream {
    let signature = promised(&TraitItemFn { default: None, attrs: Vec::new(), ..method.function.clone() }).sig;
    let body = match (mapper.blocking, method.returns.shape) {
        (true, _) => blocking(method, mapper),
        (false, Shape::Stream) => stream(method, mapper),
        (false, _) => asynchronous(method, mapper),
    };
    let conditions = method.function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    quote!(#(#conditions)* #signature { #body })
}

fn blocking(method: &Method, mapper: &Mapper) -> TokenStream {
    let krate = &mapper.krate;
    let (statement, key) = (&method.statement, method.returns.map_key.iter());
    let operation = operation(method);
    let (given, unknown) = (given(&method.arguments, mapper), unknown(method, mapper));
    let done = place::call(
        result(method),
        quote!(#krate::__private::blocking::#operation),
        quote!(&self.session, #statement, #given #(, #key)*),
    );
    quote!(#done #unknown.map_err(::core::convert::Into::into))
}

fn stream(method: &Method, mapper: &Mapper) -> TokenStream {
    let (krate, statement) = (&mapper.krate, &method.statement);
    let given = given(&method.arguments, mapper);
    place::call(result(method), quote!(#krate::__private::stream), quote!(&self.session, #statement, #given))
}

fn asynchronous(method: &Method, mapper: &Mapper) -> TokenStream {
    let krate = &mapper.krate;
    let (statement, key) = (&method.statement, method.returns.map_key.iter());
    let operation = operation(method);
    let read = given(&method.arguments, mapper);
    let (whole, unknown) = (&method.returns.whole, unknown(method, mapper));
    let given = Ident::new("given", method.arguments.span());
    let done = place::call(
        result(method),
        quote!(#krate::__private::#operation),
        quote!(session, #statement, #given #(, #key)*),
    );
    let wait = place::at(result(method), quote!(.await));
    quote! {
        // Parameters are read before the future is made, so that it borrows none of them (but an object that takes keys).
        let #given = #read;
        let session = ::core::clone::Clone::clone(&self.session);
        async move {
            let done: #whole = #done #wait #unknown.map_err(::core::convert::Into::into);
            done
        }
    }
}

/// Where the result's type is written.
fn result(method: &Method) -> Span {
    method.returns.whole.span()
}

/// Says why the statement is not there, if its attribute is.
fn unknown(method: &Method, mapper: &Mapper) -> Option<TokenStream> {
    let (krate, implementation) = (&mapper.krate, mapper.implementation().to_string());
    (!method.written.is_empty())
        .then(|| quote!(.map_err(|error| #krate::__private::in_attribute(error, #implementation))))
}

/// What the runtime does.
fn operation(method: &Method) -> TokenStream {
    match (&method.arguments, method.returns.shape) {
        (Arguments::TakesKeys(_), Shape::Batch) => quote!(batch_with_keys),
        (Arguments::TakesKeys(_), _) => quote!(insert_with_keys),
        (_, Shape::Nothing) => quote!(run),
        (_, Shape::Number) => quote!(number),
        (_, Shape::Optional) => quote!(select_opt),
        (_, Shape::List) => quote!(select_list),
        (_, Shape::Collection) => quote!(collect),
        (_, Shape::Map) => quote!(select_map),
        (_, Shape::SortedMap) => quote!(select_sorted_map),
        (_, Shape::Stream) => quote!(stream),
        (_, Shape::Keys) => quote!(insert_keys),
        (_, Shape::Batch) => quote!(execute_batch),
        (_, Shape::One) => quote!(select_one),
    }
}

/// What the statement is given.
fn given(arguments: &Arguments, mapper: &Mapper) -> TokenStream {
    let krate = &mapper.krate;
    match arguments {
        Arguments::Read(names) => parameters(names, mapper),
        Arguments::TakesKeys(target) => quote!(#target),
        Arguments::Items(items) => {
            let item = place::at(items.span(), quote!(#krate::__param!(item)));
            quote!(#krate::__private::items(#items, |item| #item))
        }
    }
}

/// The parameter object: nothing, the only argument itself, or named arguments.
fn parameters(names: &[Ident], mapper: &Mapper) -> TokenStream {
    let krate = &mapper.krate;
    let values = names.iter().map(|name| place::at(name.span(), quote!(#krate::__param!(#name))));
    let texts = names.iter().map(ToString::to_string);
    match names {
        [] => quote!(#krate::__private::none()),
        [_] => quote!(#krate::__private::single(#(#texts, #values)*)),
        _ => quote!(#krate::__private::named([#((#texts, #values)),*])),
    }
}
