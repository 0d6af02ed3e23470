//! Evaluation of a tree against a parameter and bindings.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::error::BindErrorKind;
use crate::map::{Map, MapKind};
use crate::settings::Environment;
use crate::value::Value;

use super::ast::{Binary, Node, NodeKind, Selection};
use super::rules::Rules;
use super::{Expression, arith, convert, member, method, statics};

/// Why an expression has no value. One pointer, so that answers stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExprError(Box<Failure>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: BindErrorKind,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// The bytes of the expression's text it is about.
    pub(crate) place: Option<(u32, u32)>,
}

impl ExprError {
    #[cold]
    pub(crate) fn new(message: impl Into<String>) -> Self {
        let kind = BindErrorKind::Expression;
        Self(Box::new(Failure { kind, message: message.into(), help: None, place: None }))
    }

    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        let mut error = Self::new(message);
        error.kind = BindErrorKind::Parameter;
        error
    }

    pub(crate) fn into_failure(self) -> Failure {
        *self.0
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The innermost place wins.
    fn at(mut self, node: &Node) -> Self {
        self.place = self.place.or(Some((node.start, node.end)));
        self
    }
}

impl Deref for ExprError {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl DerefMut for ExprError {
    fn deref_mut(&mut self) -> &mut Failure {
        &mut self.0
    }
}

impl From<String> for ExprError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

pub(crate) type Evaluated<'a> = Result<Cow<'a, Value>, ExprError>;

/// What names mean: bindings first, then the parameter's properties.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) parameter: &'a Value,
    pub(crate) environment: &'a Environment,
    rules: &'static Rules,
    bindings: Vec<(&'a str, Cow<'a, Value>)>,
    /// `#name` of the expression that is being evaluated.
    variables: Vec<(&'a str, Cow<'a, Value>)>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(parameter: &'a Value, environment: &'a Environment) -> Self {
        let rules = Rules::of(environment.settings.dialect);
        Self { parameter, environment, rules, bindings: Vec::new(), variables: Vec::new() }
    }

    /// Sets a binding; a binding of the same name is replaced.
    pub(crate) fn bind(&mut self, name: &'a str, value: Cow<'a, Value>) {
        match self.bindings.iter_mut().find(|(known, _)| *known == name) {
            Some((_, slot)) => *slot = value,
            None => self.bindings.push((name, value)),
        }
    }

    pub(crate) fn unbind(&mut self, name: &str) {
        self.bindings.retain(|(known, _)| *known != name);
    }

    /// The binding of this name, the two given ones included.
    pub(crate) fn binding(&self, name: &str) -> Option<Cow<'a, Value>> {
        if let Some((_, value)) = self.bindings.iter().find(|(known, _)| *known == name) {
            return Some(value.clone());
        }
        match name {
            "_parameter" => Some(Cow::Borrowed(self.parameter)),
            "_databaseId" => Some(Cow::Borrowed(&self.environment.database_id)),
            _ => None,
        }
    }

    /// A name at the root of an expression.
    fn name(&self, name: &str) -> Evaluated<'a> {
        match self.binding(name) {
            Some(value) => Ok(value),
            None => property_of_parameter(self.parameter, name),
        }
    }

    /// All bindings as one map, for a bare `#root` or `#this`; the parameter's entries are not among them.
    fn as_map(&self) -> Value {
        let mut map = Map::new();
        map.insert("_parameter", self.parameter.clone());
        map.insert("_databaseId", self.environment.database_id.clone());
        self.bindings.iter().for_each(|(name, value)| map.insert(*name, value.as_ref().clone()));
        Value::from(map)
    }
}

/// A first name read from the parameter: nothing from null, itself from a single value, an entry from a map.
pub(crate) fn property_of_parameter<'a>(parameter: &'a Value, name: &str) -> Evaluated<'a> {
    match parameter {
        Value::Null => Ok(Cow::Owned(Value::Null)),
        Value::Map(map) => match map.get(name) {
            Some(value) => Ok(Cow::Borrowed(value)),
            None => missing(map, name).map(Cow::Owned),
        },
        Value::List(_) if matches!(name, "list" | "collection" | "array") => Ok(Cow::Borrowed(parameter)),
        Value::List(_) => Err(ExprError::parameter(format!(
            "parameter `{name}` was not found; the parameter is a list, named `list` and `collection`"
        ))),
        scalar => Ok(Cow::Borrowed(scalar)),
    }
}

/// What an absent key means: null, or an error that lists the names there are.
pub(crate) fn missing(map: &Map, name: &str) -> Result<Value, ExprError> {
    let what = match map.kind() {
        MapKind::Plain => return Ok(Value::Null),
        MapKind::Strict => "parameter",
        MapKind::Object | MapKind::Entry => "property",
    };
    let names: Vec<&str> = map.names().collect();
    let error = ExprError::parameter(format!("{what} `{name}` was not found; there are: [{}]", names.join(", ")));
    Err(match crate::diagnostic::did_you_mean(name, names.iter().copied()) {
        Some(help) => error.help(help),
        None => error,
    })
}

/// The object that names and links work on.
#[derive(Debug, Clone)]
enum Current<'a> {
    Root,
    Value(Cow<'a, Value>),
}

/// The value of an expression.
pub(crate) fn evaluate<'a>(expression: &'a Expression, scope: &mut Scope<'a>) -> Evaluated<'a> {
    scope.variables.clear();
    eval(expression.root(), scope, &Current::Root)
}

/// The truth of an expression as a `test`.
pub(crate) fn is_true<'a>(expression: &'a Expression, scope: &mut Scope<'a>) -> Result<bool, ExprError> {
    let value = evaluate(expression, scope)?;
    (scope.rules.test)(&value).map_err(|message| ExprError::new(message).at(expression.root()))
}

fn eval<'a>(node: &'a Node, scope: &mut Scope<'a>, current: &Current<'a>) -> Evaluated<'a> {
    eval_kind(node, scope, current).map_err(|error| error.at(node))
}

fn owned<'a>(value: impl Into<Value>) -> Evaluated<'a> {
    Ok(Cow::Owned(value.into()))
}

fn eval_kind<'a>(node: &'a Node, scope: &mut Scope<'a>, current: &Current<'a>) -> Evaluated<'a> {
    match &node.kind {
        NodeKind::Const(value) => Ok(Cow::Borrowed(value)),
        NodeKind::Name(name) => match current {
            Current::Root => scope.name(name),
            Current::Value(value) => member::property(value.clone(), name),
        },
        NodeKind::Binary(operator, left, right) => binary(*operator, [left, right], scope, current),
        NodeKind::And(operands) => deciding(operands, scope, current, false),
        NodeKind::Or(operands) => deciding(operands, scope, current, true),
        NodeKind::Unary(operator, operand) => {
            let value = eval(operand, scope, current)?;
            owned(arith::unary(*operator, &value, scope.rules)?)
        }
        NodeKind::Index(index) => {
            let index = eval(index, scope, &Current::Root)?;
            match current {
                Current::Root => match &*index {
                    Value::Text(name) => scope.name(name),
                    other => Err(ExprError::new(format!("the parameters have no index {other}"))),
                },
                Current::Value(value) => member::index(value.clone(), &index),
            }
        }
        NodeKind::Subscript(which) => match current {
            Current::Root => Err(ExprError::new("the parameters have no positions")),
            Current::Value(value) => member::subscript(value, *which).map(Cow::Owned),
        },
        NodeKind::Call(name, arguments) => call(name, arguments, scope, current),
        NodeKind::StaticCall(name, arguments) => {
            let arguments = values(arguments, scope, &Current::Root)?;
            statics::call(name, &arguments, scope.environment).map(Cow::Owned)
        }
        NodeKind::StaticField(name) => statics::field(name, scope.environment).map(Cow::Owned),
        NodeKind::This => match current {
            Current::Root => owned(scope.as_map()),
            Current::Value(value) => Ok(value.clone()),
        },
        NodeKind::Root => owned(scope.as_map()),
        NodeKind::Chain(links) => chain(links, scope, current),
        NodeKind::Project(body) => project(body, scope, current),
        NodeKind::Select(which, body) => select(*which, body, scope, current),
        NodeKind::List(items) => owned(values(items, scope, current)?),
        NodeKind::Map(pairs) => map_literal(pairs, scope, current),
        NodeKind::Assign(name, value) => {
            let value = eval(value, scope, current)?;
            scope.bind(name, value.clone());
            Ok(value)
        }
        NodeKind::Variable(name) => {
            let found = scope.variables.iter().rev().find(|(known, _)| *known == &**name);
            Ok(found.map_or(Cow::Owned(Value::Null), |(_, value)| value.clone()))
        }
        NodeKind::SetVariable(name, value) => {
            let value = eval(value, scope, current)?;
            scope.variables.push((name, value.clone()));
            Ok(value)
        }
        NodeKind::Wrong(message) => Err(ExprError::new(&**message)),
        NodeKind::InstanceOf(value, class) => {
            let value = eval(value, scope, current)?;
            statics::instance_of(&value, class).map(|is| Cow::Owned(Value::Bool(is)))
        }
        NodeKind::Conditional(three) => {
            let test = eval(&three[0], scope, current)?;
            eval(&three[if (scope.rules.operand)(&test) { 1 } else { 2 }], scope, current)
        }
        NodeKind::Sequence(all) => {
            let mut last = Cow::Owned(Value::Null);
            for each in all {
                last = eval(each, scope, current)?;
            }
            Ok(last)
        }
    }
}

fn binary<'a>(operator: Binary, sides: [&'a Node; 2], scope: &mut Scope<'a>, current: &Current<'a>) -> Evaluated<'a> {
    let [left, right] = sides;
    let left = eval(left, scope, current)?;
    // Most tests ask for null, and nothing but null equals it.
    if let (Binary::Equal | Binary::NotEqual, NodeKind::Const(Value::Null)) = (operator, &right.kind) {
        return owned(left.is_null() == (operator == Binary::Equal));
    }
    let right = eval(right, scope, current)?;
    owned(arith::binary(operator, &left, &right, scope.rules)?)
}

/// `and`, `or`: the operand that decides, not a truth value.
fn deciding<'a>(operands: &'a [Node], scope: &mut Scope<'a>, current: &Current<'a>, until: bool) -> Evaluated<'a> {
    let mut result = Cow::Owned(Value::Null);
    for (nth, operand) in operands.iter().enumerate() {
        result = eval(operand, scope, current)?;
        if nth + 1 < operands.len() && (scope.rules.operand)(&result) == until {
            break;
        }
    }
    Ok(result)
}

fn values<'a>(nodes: &'a [Node], scope: &mut Scope<'a>, current: &Current<'a>) -> Result<Vec<Value>, ExprError> {
    nodes.iter().map(|node| eval(node, scope, current).map(Cow::into_owned)).collect()
}

fn call<'a>(name: &'a Arc<str>, arguments: &'a [Node], scope: &mut Scope<'a>, current: &Current<'a>) -> Evaluated<'a> {
    let arguments = values(arguments, scope, &Current::Root)?;
    match current {
        Current::Root => method::call(Cow::Owned(scope.as_map()), name, &arguments),
        Current::Value(value) => method::call(value.clone(), name, &arguments),
    }
}

/// A null before a property makes the whole chain null; a null before a method is an error.
fn chain<'a>(links: &'a [Node], scope: &mut Scope<'a>, current: &Current<'a>) -> Evaluated<'a> {
    let reads = matches!(
        links.first().map(|link| &link.kind),
        Some(NodeKind::Name(_) | NodeKind::Index(_) | NodeKind::Subscript(_))
    );
    if reads && matches!(current, Current::Value(value) if value.is_null()) {
        return owned(Value::Null);
    }
    let mut at = current.clone();
    for link in links {
        match (&link.kind, &at) {
            (NodeKind::Root, _) => {
                at = Current::Root;
                continue;
            }
            (NodeKind::This, Current::Root) => continue,
            _ => {}
        }
        let property = matches!(&link.kind, NodeKind::Name(_) | NodeKind::Index(_) | NodeKind::Subscript(_));
        if property && matches!(&at, Current::Value(value) if value.is_null()) {
            return owned(Value::Null);
        }
        at = Current::Value(eval(link, scope, &at)?);
    }
    match at {
        Current::Value(value) => Ok(value),
        Current::Root => owned(scope.as_map()),
    }
}

/// What a projection or selection runs over.
fn elements(current: &Current<'_>, scope: &Scope<'_>) -> Result<Vec<Value>, ExprError> {
    let value = match current {
        Current::Root => Cow::Owned(scope.as_map()),
        Current::Value(value) => value.clone(),
    };
    Ok(match &*value {
        Value::Null => return Err(ExprError::new("null has no elements")),
        Value::List(items) => items.to_vec(),
        Value::Map(map) => map.iter().map(|(_, value)| value.clone()).collect(),
        number @ (Value::Int(_)
        | Value::Long(_)
        | Value::Float(_)
        | Value::Double(_)
        | Value::BigInt(_)
        | Value::Decimal(_)) => {
            let end = convert::long(number)?;
            if end > 1_000_000 {
                return Err(ExprError::new(format!("{number} has too many elements")));
            }
            let kind = super::number::Kind::of(number);
            (0..end).map(|item| arith::integer(kind, item)).collect()
        }
        other => vec![other.clone()],
    })
}

fn project<'a>(body: &'a Node, scope: &mut Scope<'a>, current: &Current<'a>) -> Evaluated<'a> {
    let mut results = Vec::new();
    for item in elements(current, scope)? {
        results.push(eval(body, scope, &Current::Value(Cow::Owned(item)))?.into_owned());
    }
    owned(results)
}

fn select<'a>(which: Selection, body: &'a Node, scope: &mut Scope<'a>, current: &Current<'a>) -> Evaluated<'a> {
    let mut results = Vec::new();
    for item in elements(current, scope)? {
        let wanted = eval(body, scope, &Current::Value(Cow::Owned(item.clone())))?;
        if (scope.rules.operand)(&wanted) {
            if which == Selection::Last {
                results.clear();
            }
            results.push(item);
            if which == Selection::First {
                break;
            }
        }
    }
    owned(results)
}

fn map_literal<'a>(pairs: &'a [(Node, Node)], scope: &mut Scope<'a>, current: &Current<'a>) -> Evaluated<'a> {
    let mut map = Map::with_capacity(pairs.len());
    for (key, value) in pairs {
        let key = eval(key, scope, current)?.into_owned();
        map.insert(key, eval(value, scope, current)?.into_owned());
    }
    owned(map)
}
