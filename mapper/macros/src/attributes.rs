//! The attributes of a method that belong to the macro.

use syn::{Attribute, Error, LitStr, Result};

/// What the attributes of a method say.
#[derive(Default)]
pub(crate) struct Attributes {
    /// `#[statement("id")]`.
    pub(crate) statement: Option<LitStr>,
    /// `#[map_key("property")]`.
    pub(crate) map_key: Option<LitStr>,
}

impl Attributes {
    /// Takes them off the method's attributes; the compiler does not know them.
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Result<Self> {
        let mut found = Self::default();
        let mut others = Vec::with_capacity(attributes.len());
        for attribute in attributes.drain(..) {
            let place = match () {
                () if attribute.path().is_ident("statement") => &mut found.statement,
                () if attribute.path().is_ident("map_key") => &mut found.map_key,
                () => {
                    others.push(attribute);
                    continue;
                }
            };
            if place.is_some() {
                return Err(Error::new_spanned(attribute, "the attribute is there twice"));
            }
            *place = Some(attribute.parse_args()?);
        }
        *attributes = others;
        Ok(found)
    }

    /// A method with a body runs no statement by itself.
    pub(crate) fn refuse(&self) -> Result<()> {
        let message = "a method with a body runs no statement: take the attribute or the body away";
        match self.statement.as_ref().or(self.map_key.as_ref()) {
            Some(argument) => Err(Error::new(argument.span(), message)),
            None => Ok(()),
        }
    }
}
