//! What stands in the parentheses of `#[mapper(..)]`.

use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Path, Result, Token};

/// The options of a mapper trait.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) namespace: Option<LitStr>,
    pub(crate) krate: Option<Path>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
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
