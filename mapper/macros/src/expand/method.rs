//! The body of a method: what is given to the runtime, and which of its functions takes it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Ident, TraitItemFn};

use super::promised;
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
    quote!(#signature { #body })
}

fn blocking(method: &Method, mapper: &Mapper) -> TokenStream {
    let (krate, statement) = (&mapper.krate, &method.statement);
    let (operation, key) = (operation(method), method.returns.map_key.iter());
    let given = given(&method.arguments, mapper);
    quote! {
        #krate::__private::blocking::#operation(&self.session, #statement, #given #(, #key)*).map_err(::core::convert::Into::into)
    }
}

fn stream(method: &Method, mapper: &Mapper) -> TokenStream {
    let (krate, statement) = (&mapper.krate, &method.statement);
    let given = given(&method.arguments, mapper);
    quote!(#krate::__private::stream(&self.session, #statement, #given))
}

fn asynchronous(method: &Method, mapper: &Mapper) -> TokenStream {
    let (krate, statement) = (&mapper.krate, &method.statement);
    let (operation, key) = (operation(method), method.returns.map_key.iter());
    let given = given(&method.arguments, mapper);
    let whole = &method.returns.whole;
    quote! {
        // Parameters are read before the future is made, so that it borrows none of them (but an object that takes keys).
        let given = #given;
        let session = ::core::clone::Clone::clone(&self.session);
        async move {
            let done: #whole = #krate::__private::#operation(session, #statement, given #(, #key)*).await.map_err(::core::convert::Into::into);
            done
        }
    }
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
            let each = quote_spanned!(items.span()=> ::core::iter::IntoIterator::into_iter(#items));
            quote!(#krate::__private::items(#each.map(|item| #krate::__param!(item))))
        }
    }
}

/// The parameter object: nothing, the only argument itself, or named arguments.
fn parameters(names: &[Ident], mapper: &Mapper) -> TokenStream {
    let krate = &mapper.krate;
    match names {
        [] => quote!(#krate::__private::none()),
        [only] => {
            let name = only.to_string();
            quote!(#krate::__private::single(#name, #krate::__param!(#only)))
        }
        several => {
            let names = several.iter().map(ToString::to_string);
            quote!(#krate::__private::named([#((#names, #krate::__param!(#several))),*]))
        }
    }
}
