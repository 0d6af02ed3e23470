//! The statements in attributes of a trait, put together for `batis-script`: checked here, and written into the program.

use std::borrow::Cow;
use std::ops::Range;

use batis_script::{Diagnostic, Diagnostics, EmbeddedElement, EmbeddedMapper, Place};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, LitStr, Result};

use crate::ast::Method;
use crate::literal;
use crate::statements::{Setting, Written};

/// All statements of a trait.
pub(crate) struct Embedded {
    mapper: EmbeddedMapper,
    /// What of the source the parts of the text are, in the order of the text.
    spans: Vec<(usize, Span)>,
}

impl Embedded {
    pub(crate) fn of(namespace: &str, methods: &[Method]) -> Self {
        let mut writer = Writer::default();
        let mut statements = Vec::new();
        for method in methods {
            for written in &method.written {
                statements.push(writer.statement(written, method));
            }
        }
        let Writer { text, places, spans } = writer;
        let mapper = EmbeddedMapper {
            namespace: namespace.to_owned().into(),
            file: Cow::Borrowed(""),
            text: text.into(),
            places: places.into(),
            statements: statements.into(),
        };
        Self { mapper, spans }
    }

    /// Refuses what `batis-script` would refuse at load, with all mistakes at once.
    pub(crate) fn check(&self) -> Result<()> {
        let mistakes = self.mapper.mistakes();
        let errors = mistakes.items().iter().map(|item| Error::new(self.span(item), told(item, &mistakes)));
        match errors.reduce(|mut all, next| {
            all.combine(next);
            all
        }) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn span(&self, item: &Diagnostic) -> Span {
        let behind = self.spans.partition_point(|(at, _)| *at <= item.span.start as usize);
        behind.checked_sub(1).map_or_else(Span::call_site, |nth| self.spans[nth].1)
    }

    /// The value as code.
    pub(crate) fn tokens(&self, script: &TokenStream) -> TokenStream {
        let EmbeddedMapper { namespace, text, places, statements, .. } = &self.mapper;
        let places = places
            .iter()
            .map(|Place { at, line, column }| quote!(#script::Place { at: #at, line: #line, column: #column }));
        let statements = elements(statements, script);
        quote! {
            #script::EmbeddedMapper {
                namespace: ::std::borrow::Cow::Borrowed(#namespace),
                file: ::std::borrow::Cow::Borrowed(::core::file!()),
                text: ::std::borrow::Cow::Borrowed(#text),
                places: ::std::borrow::Cow::Borrowed(&[#(#places),*]),
                statements: #statements,
            }
        }
    }
}

fn elements(elements: &[EmbeddedElement], script: &TokenStream) -> TokenStream {
    let each = elements.iter().map(|EmbeddedElement { name, attributes, body, keys }| {
        let attributes = attributes.iter().map(|(name, value)| {
            let Range { start, end } = value;
            quote!((::std::borrow::Cow::Borrowed(#name), #start..#end))
        });
        let (Range { start, end }, keys) = (body, self::elements(keys, script));
        quote! {
            #script::EmbeddedElement {
                name: ::std::borrow::Cow::Borrowed(#name),
                attributes: ::std::borrow::Cow::Borrowed(&[#(#attributes),*]),
                body: #start..#end,
                keys: #keys,
            }
        }
    });
    quote!(::std::borrow::Cow::Borrowed(&[#(#each),*]))
}

/// Message, place inside of the literal, and what to do: the compiler can only point to the whole literal.
fn told(item: &Diagnostic, mistakes: &Diagnostics) -> String {
    let mut told = format!("{} [{}]", item.message, item.code);
    if !item.label.is_empty() {
        told.push_str(&format!(" ({})", item.label));
    }
    if let Some(place) = mistakes.location(item) {
        told.push_str(&format!("\nat line {}, column {}", place.line, place.column));
    }
    for (span, label) in &item.related {
        if let Some(place) = mistakes.files().get(span.file as usize).map(|file| file.location(*span)) {
            told.push_str(&format!("\n{label}: line {}, column {}", place.line, place.column));
        }
    }
    if let Some(help) = &item.help {
        told.push_str(&format!("\nhelp: {help}"));
    }
    told
}

#[derive(Default)]
struct Writer {
    text: String,
    places: Vec<Place>,
    spans: Vec<(usize, Span)>,
}

impl Writer {
    fn statement(&mut self, written: &Written, method: &Method) -> EmbeddedElement {
        let id = self.value(&method.id, method.id_span);
        let mut element = self.element(written);
        element.attributes.to_mut().insert(0, ("id".into(), id));
        element.keys = method.keys.iter().map(|key| self.element(key)).collect();
        element
    }

    fn element(&mut self, written: &Written) -> EmbeddedElement {
        let attributes = written
            .options
            .iter()
            .map(|Setting { attribute, value, span }| (Cow::Borrowed(*attribute), self.value(value, *span)));
        let attributes = attributes.collect();
        let body = self.literal(&written.body);
        EmbeddedElement { name: written.element.into(), attributes, body, keys: Cow::Borrowed(&[]) }
    }

    fn literal(&mut self, literal: &LitStr) -> Range<usize> {
        self.places.extend(literal::places(literal, self.text.len()));
        self.part(&literal.value(), literal.span())
    }

    fn value(&mut self, value: &str, span: Span) -> Range<usize> {
        let (at, begin) = (self.text.len(), span.start());
        self.places.push(literal::place(at, begin.line, begin.column));
        self.part(value, span)
    }

    fn part(&mut self, text: &str, span: Span) -> Range<usize> {
        let start = self.text.len();
        self.spans.push((start, span));
        self.text.push_str(text);
        let end = self.text.len();
        // So that no two parts are one text, and an empty one has a place.
        self.text.push('\n');
        start..end
    }
}
