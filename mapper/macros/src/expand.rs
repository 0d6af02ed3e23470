//! From the checked trait to code: the trait with `Send` futures, the owned implementation, the function of the trait's name.

mod method;
mod place;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ReturnType, TraitItem, TraitItemFn};

use crate::ast::Mapper;

pub(crate) fn expand(mapper: &Mapper) -> TokenStream {
    let krate = &mapper.krate;
    let (name, visibility) = (&mapper.item.ident, &mapper.item.vis);
    let implementation = mapper.implementation();
    let session = if mapper.blocking { quote!(#krate::blocking::SqlSession) } else { quote!(#krate::SqlSession) };
    let declared = declaration(mapper);
    let methods = mapper.methods.iter().map(|m| method::implementation(m, mapper));
    let script = quote!(#krate::script);
    let statements = mapper.embedded.tokens(&script);
    let doc = format!("Runs the statements of `{}` through a session. Made by [`{name}`].", mapper.namespace);
    quote! {
        #declared

        #[doc = #doc]
        #[derive(Clone, Debug)]
        #visibility struct #implementation {
            session: #session,
        }

        impl #implementation {
            /// The statements that stand in the attributes of the trait: for `ConfigurationBuilder::mapper`.
            #[allow(dead_code)]
            #visibility const STATEMENTS: #script::EmbeddedMapper = #statements;

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
