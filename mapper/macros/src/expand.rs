//! From the checked trait to code: the trait with `Send` futures, the owned implementation, the function of the trait's name.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ReturnType, TraitItem, TraitItemFn};

use crate::ast::{Mapper, Method};
use crate::returns::Shape;

pub(crate) fn expand(mapper: &Mapper) -> TokenStream {
    let krate = &mapper.krate;
    let (name, visibility) = (&mapper.item.ident, &mapper.item.vis);
    let implementation = format_ident!("{name}Impl");
    let session = if mapper.blocking { quote!(#krate::blocking::SqlSession) } else { quote!(#krate::SqlSession) };
    let declared = declaration(mapper);
    let methods =
        mapper.methods.iter().map(|m| if mapper.blocking { blocking(m, mapper) } else { asynchronous(m, mapper) });
    let doc = format!("Runs the statements of `{}` through a session. Made by [`{name}`].", mapper.namespace);
    quote! {
        #declared

        #[doc = #doc]
        #[derive(Clone, Debug)]
        #visibility struct #implementation {
            session: #session,
        }

        impl #implementation {
            /// The mapper over this session, which it clones.
            #[must_use]
            #visibility fn new(session: &#session) -> Self {
                Self { session: ::core::clone::Clone::clone(session) }
            }
        }

        /// The mapper over this session.
        #[allow(non_snake_case)]
        #[must_use]
        #visibility fn #name(session: &#session) -> #implementation {
            #implementation::new(session)
        }

        impl #name for #implementation {
            #(#methods)*
        }
    }
}

/// The trait itself; an `async fn` becomes a function that returns a `Send` future.
fn declaration(mapper: &Mapper) -> TokenStream {
    let mut item = mapper.item.clone();
    item.supertraits.push(syn::parse_quote!(::core::marker::Send));
    item.supertraits.push(syn::parse_quote!(::core::marker::Sync));
    for entry in &mut item.items {
        if let TraitItem::Fn(function) = entry {
            *function = promised(function);
        }
    }
    quote!(#item)
}

fn promised(function: &TraitItemFn) -> TraitItemFn {
    let mut function = function.clone();
    if function.sig.asyncness.take().is_none() {
        return function;
    }
    let output = match &function.sig.output {
        ReturnType::Type(_, ty) => quote!(#ty),
        ReturnType::Default => quote!(()),
    };
    function.sig.output = syn::parse_quote!(-> impl ::core::future::Future<Output = #output> + ::core::marker::Send);
    if let Some(body) = function.default.take() {
        function.default = Some(syn::parse_quote!({ async move #body }));
    }
    function
}

/// What the runtime does for a shape.
fn operation(shape: Shape) -> TokenStream {
    match shape {
        Shape::Nothing => quote!(run),
        Shape::Number => quote!(number),
        Shape::Optional => quote!(select_opt),
        Shape::List => quote!(select_list),
        Shape::One => quote!(select_one),
    }
}

/// The parameter object: nothing, the only argument itself, or named arguments.
fn parameters(method: &Method, mapper: &Mapper) -> TokenStream {
    let krate = &mapper.krate;
    match method.arguments.as_slice() {
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

fn asynchronous(method: &Method, mapper: &Mapper) -> TokenStream {
    let krate = &mapper.krate;
    let signature = promised(&TraitItemFn { default: None, attrs: Vec::new(), ..method.function.clone() }).sig;
    let (operation, parameters, statement) =
        (operation(method.returns.shape), parameters(method, mapper), &method.statement);
    let whole = &method.returns.whole;
    quote! {
        #signature {
            // Parameters are read before the future is made, so that it borrows none of them.
            let parameters = #parameters;
            let session = ::core::clone::Clone::clone(&self.session);
            async move {
                let done: #whole = #krate::__private::#operation(session, #statement, parameters).await.map_err(::core::convert::Into::into);
                done
            }
        }
    }
}

fn blocking(method: &Method, mapper: &Mapper) -> TokenStream {
    let krate = &mapper.krate;
    let signature = &method.function.sig;
    let (operation, parameters, statement) =
        (operation(method.returns.shape), parameters(method, mapper), &method.statement);
    quote! {
        #signature {
            #krate::__private::blocking::#operation(&self.session, #statement, #parameters).map_err(::core::convert::Into::into)
        }
    }
}
