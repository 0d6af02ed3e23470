//! The attributes of a method that belong to the macro.

use syn::{Attribute, Error, LitStr, Result};

use crate::statements::Written;

/// What the attributes of a method say.
#[derive(Default)]
pub(crate) struct Attributes {
    /// `#[statement("id")]`.
    pub(crate) statement: Option<LitStr>,
    /// `#[map_key("property")]`.
    pub(crate) map_key: Option<LitStr>,
    /// `#[select("..")]` and its like: several where each is for another database.
    pub(crate) written: Vec<Written>,
    /// `#[select_key("..")]`.
    pub(crate) keys: Vec<Written>,
}

impl Attributes {
    /// Takes them off the method's attributes; the compiler does not know them.
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Result<Self> {
        let mut found = Self::default();
        let mut others = Vec::with_capacity(attributes.len());
        for attribute in attributes.drain(..) {
            if let Some(element) = Written::element(&attribute) {
                let list = if element == "selectKey" { &mut found.keys } else { &mut found.written };
                list.push(Written::parse(element, &attribute)?);
                continue;
            }
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
        found.fit()?;
        Ok(found)
    }

    fn fit(&self) -> Result<()> {
        if let Some(odd) = self.written.iter().find(|other| other.element != self.written[0].element) {
            let message =
                "a method runs one kind of statement; several on a method are for several databases (`database_id`)";
            return Err(Error::new(odd.body.span(), message));
        }
        for (nth, written) in self.written.iter().enumerate() {
            if self.written[..nth].iter().any(|other| other.database_id() == written.database_id()) {
                let message =
                    "the method has a statement for this database already: say for which one each is by `database_id`";
                return Err(Error::new(written.body.span(), message));
            }
        }
        let takes_keys = self.written.first().is_some_and(|first| matches!(first.element, "insert" | "update"));
        match self.keys.first() {
            Some(key) if !takes_keys => {
                Err(Error::new(key.body.span(), "`#[select_key]` goes with `#[insert]` and `#[update]`"))
            }
            _ => Ok(()),
        }
    }

    /// A method with a body runs no statement by itself.
    pub(crate) fn refuse(&self) -> Result<()> {
        let message = "a method with a body runs no statement: take the attribute or the body away";
        let texts = self.written.iter().map(|written| &written.body);
        match self.statement.iter().chain(&self.map_key).chain(texts).next() {
            Some(argument) => Err(Error::new(argument.span(), message)),
            None => Ok(()),
        }
    }
}
