//! Where the compiler says that a type does not fit: at what was written, and not at the whole macro.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// The tokens, standing at this place; names mean what they meant.
pub(super) fn at(span: Span, tokens: TokenStream) -> TokenStream {
    tokens.into_iter().map(|token| moved(token, span)).collect()
}

/// A call that stands at this place; its arguments stay where they are.
pub(super) fn call(span: Span, function: TokenStream, arguments: TokenStream) -> TokenStream {
    let mut group = Group::new(Delimiter::Parenthesis, arguments);
    group.set_span(group.span().located_at(span));
    let mut call = at(span, function);
    call.extend([TokenTree::from(group)]);
    call
}

fn moved(mut token: TokenTree, span: Span) -> TokenTree {
    if let TokenTree::Group(group) = &token {
        token = Group::new(group.delimiter(), at(span, group.stream())).into();
    }
    token.set_span(token.span().located_at(span));
    token
}
