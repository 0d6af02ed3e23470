//! `#[select("..", ..)]` and its like: a statement on a method.

use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Attribute, Error, Ident, Lit, LitStr, Result, Token};

/// A statement, or the query for its key, as it was written.
pub(crate) struct Written {
    /// The name that its element has in a mapper file.
    pub(crate) element: &'static str,
    pub(crate) body: LitStr,
    pub(crate) options: Vec<Setting>,
}

/// An option, as the attribute that it is in a mapper file.
pub(crate) struct Setting {
    pub(crate) attribute: &'static str,
    pub(crate) value: String,
    pub(crate) span: proc_macro2::Span,
}

/// What an option's value is.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Flag,
    /// A flag that is one of two words in a mapper file.
    Order,
}

type Known = (&'static str, &'static str, Kind);

const COMMON: [Known; 4] = [
    ("database_id", "databaseId", Kind::Text),
    ("timeout", "timeout", Kind::Number),
    ("flush_cache", "flushCache", Kind::Flag),
    ("statement_type", "statementType", Kind::Text),
];

const SELECT: [Known; 6] = [
    ("result_map", "resultMap", Kind::Text),
    ("fetch_size", "fetchSize", Kind::Number),
    ("use_cache", "useCache", Kind::Flag),
    ("result_ordered", "resultOrdered", Kind::Flag),
    ("result_set_type", "resultSetType", Kind::Text),
    ("affect_data", "affectData", Kind::Flag),
];

const WRITE: [Known; 3] = [
    ("use_generated_keys", "useGeneratedKeys", Kind::Flag),
    ("key_property", "keyProperty", Kind::Text),
    ("key_column", "keyColumn", Kind::Text),
];

const SELECT_KEY: [Known; 5] = [
    ("property", "keyProperty", Kind::Text),
    ("column", "keyColumn", Kind::Text),
    ("before", "order", Kind::Order),
    ("database_id", "databaseId", Kind::Text),
    ("statement_type", "statementType", Kind::Text),
];

/// The attributes, and the elements that they are.
const ELEMENTS: [(&str, &str); 5] = [
    ("select", "select"),
    ("insert", "insert"),
    ("update", "update"),
    ("delete", "delete"),
    ("select_key", "selectKey"),
];

fn known(element: &str) -> Vec<Known> {
    match element {
        "selectKey" => SELECT_KEY.to_vec(),
        "select" => [COMMON.as_slice(), &SELECT].concat(),
        "delete" => COMMON.to_vec(),
        _ => [COMMON.as_slice(), &WRITE].concat(),
    }
}

impl Written {
    /// The element that an attribute stands for.
    pub(crate) fn element(attribute: &Attribute) -> Option<&'static str> {
        let found = ELEMENTS.iter().find(|(name, _)| attribute.path().is_ident(name));
        found.map(|(_, element)| *element)
    }

    pub(crate) fn parse(element: &'static str, attribute: &Attribute) -> Result<Self> {
        let parse = |input: ParseStream<'_>| {
            if !input.peek(LitStr) {
                return Err(input.error("the SQL comes first, as text: `\"select ..\"`"));
            }
            let body: LitStr = input.parse()?;
            let mut options: Vec<Setting> = Vec::new();
            while !input.is_empty() {
                input.parse::<Token![,]>()?;
                if input.is_empty() {
                    break;
                }
                let option = Setting::parse(element, input)?;
                if options.iter().any(|other| other.attribute == option.attribute) {
                    return Err(Error::new(option.span, "the option is there twice"));
                }
                options.push(option);
            }
            Ok(Self { element, body, options })
        };
        let list = attribute.meta.require_list()?;
        let written = parse.parse2(list.tokens.clone()).map_err(|error| at_least_at(error, attribute))?;
        written.has_its_elements_in_a_script()?;
        Ok(written)
    }

    /// The database that it is for; none: for all others.
    pub(crate) fn database_id(&self) -> Option<&str> {
        let id = self.options.iter().find(|option| option.attribute == "databaseId");
        id.map(|option| &*option.value)
    }

    /// MyBatis sends such elements to the database.
    fn has_its_elements_in_a_script(&self) -> Result<()> {
        let text = self.body.value();
        let names = ["if", "choose", "where", "set", "trim", "foreach"];
        let found = names.iter().find(|name| text.contains(&format!("</{name}>")));
        match found.filter(|_| !text.trim_start().starts_with("<script>")) {
            Some(name) => {
                let message = format!("<{name}> counts inside of <script>..</script> only: put the statement into it");
                Err(Error::new(self.body.span(), message))
            }
            None => Ok(()),
        }
    }
}

/// An error at the end of the tokens has no place of its own.
fn at_least_at(error: Error, attribute: &Attribute) -> Error {
    match attribute.meta.require_list() {
        Ok(list) if list.tokens.is_empty() => Error::new_spanned(attribute, error),
        _ => error,
    }
}

impl Setting {
    fn parse(element: &'static str, input: ParseStream<'_>) -> Result<Self> {
        let name = Ident::parse(input)?;
        let all = known(element);
        let Some((_, attribute, kind)) = all.iter().find(|(known, ..)| name == known) else {
            let names: Vec<&str> = all.iter().map(|(known, ..)| *known).collect();
            let message = format!("there is no option `{name}` here; there are: {}", names.join(", "));
            return Err(Error::new(name.span(), message));
        };
        if !input.peek(Token![=]) {
            return match kind {
                Kind::Flag | Kind::Order => Ok(Self::flag(attribute, *kind, true, name.span())),
                Kind::Text => Err(Error::new(name.span(), format!("write `{name} = \"..\"`"))),
                Kind::Number => Err(Error::new(name.span(), format!("write `{name} = 10`"))),
            };
        }
        input.parse::<Token![=]>()?;
        let value: Lit = input.parse()?;
        let span = value.span();
        match (kind, value) {
            (Kind::Flag | Kind::Order, Lit::Bool(on)) => Ok(Self::flag(attribute, *kind, on.value, span)),
            (Kind::Number, Lit::Int(number)) => {
                let value: u32 = number.base10_parse()?;
                Ok(Self { attribute, value: value.to_string(), span })
            }
            (Kind::Text, Lit::Str(text)) => Ok(Self { attribute, value: text.value(), span }),
            (Kind::Flag | Kind::Order, _) => Err(Error::new(span, format!("`{name}` is `true` or `false`"))),
            (Kind::Number, _) => Err(Error::new(span, format!("`{name}` is a whole number"))),
            (Kind::Text, _) => Err(Error::new(span, format!("`{name}` is a text: `\"..\"`"))),
        }
    }

    fn flag(attribute: &'static str, kind: Kind, on: bool, span: proc_macro2::Span) -> Self {
        let value = match (kind, on) {
            (Kind::Order, true) => "BEFORE",
            (Kind::Order, false) => "AFTER",
            (_, true) => "true",
            (_, false) => "false",
        };
        Self { attribute, value: value.to_owned(), span }
    }
}
