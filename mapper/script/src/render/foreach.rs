//! `<foreach>`.

use std::borrow::Cow;

use crate::error::{BindError, BindErrorKind};
use crate::expr::evaluate;
use crate::map::MapKind;
use crate::node::ForEach;
use crate::value::Value;

use super::context::Context;
use super::output::{Frame, Output};

/// Runs the body once for each element. Item and index are bindings while it runs and gone afterwards, even when a
/// binding of that name was there before; `#{}` of the body holds on to the value of its own round.
pub(super) fn apply<'a>(
    context: &mut Context<'a>,
    each: &'a ForEach,
    output: &mut Output<'a>,
) -> Result<(), BindError> {
    let collection =
        evaluate(&each.collection, &mut context.scope).map_err(|error| context.failed(error, &each.collection))?;
    let entries = match collection {
        Cow::Borrowed(Value::List(items)) => {
            return run(context, each, output, numbered(items.iter().map(Cow::Borrowed)));
        }
        Cow::Owned(Value::List(items)) => {
            let items: Vec<Value> = items.to_vec();
            return run(context, each, output, numbered(items.into_iter().map(Cow::Owned)));
        }
        Cow::Borrowed(Value::Map(map)) => {
            map.iter().map(|(key, value)| (Cow::Borrowed(key), Cow::Borrowed(value))).collect()
        }
        Cow::Owned(Value::Map(map)) => {
            map.iter().map(|(key, value)| (Cow::Owned(key.clone()), Cow::Owned(value.clone()))).collect()
        }
        other => match &*other {
            Value::Null => return null(context, each),
            Value::Bytes(bytes) => {
                numbered(bytes.iter().map(|byte| Cow::Owned(Value::Int((*byte).cast_signed().into())))).collect()
            }
            value => {
                let message =
                    format!("`{}` is a value of type {} and no collection", each.collection.text(), value.type_name());
                return Err(context.statement.error(BindErrorKind::Foreach, message, each.collection.span()));
            }
        },
    };
    let entries: Vec<(Cow<'a, Value>, Cow<'a, Value>)> = entries;
    run(context, each, output, entries.into_iter())
}

/// The number of an element and the element; of an entry of a map its key and value.
fn pair<'a>(at: usize, item: Cow<'a, Value>) -> (Cow<'a, Value>, Cow<'a, Value>) {
    if let Value::Map(map) = &*item
        && map.kind() == MapKind::Entry
    {
        let part = |name| Cow::Owned(map.get_exact(name).cloned().unwrap_or_default());
        return (part("key"), part("value"));
    }
    (Cow::Owned(Value::Int(i32::try_from(at).unwrap_or(i32::MAX))), item)
}

fn numbered<'a>(items: impl Iterator<Item = Cow<'a, Value>>) -> impl Iterator<Item = (Cow<'a, Value>, Cow<'a, Value>)> {
    items.enumerate().map(|(at, item)| pair(at, item))
}

fn null(context: &Context<'_>, each: &ForEach) -> Result<(), BindError> {
    if each.nullable.unwrap_or(context.statement.environment.settings.nullable_on_foreach) {
        return Ok(());
    }
    let message = format!("the collection `{}` is null", each.collection.text());
    let help = "pass an empty list, or write nullable=\"true\"".to_owned();
    Err(context.statement.error(BindErrorKind::Foreach, message, each.collection.span()).help(Some(help)))
}

fn run<'a>(
    context: &mut Context<'a>,
    each: &'a ForEach,
    output: &mut Output<'a>,
    entries: impl Iterator<Item = (Cow<'a, Value>, Cow<'a, Value>)>,
) -> Result<(), BindError> {
    let (mut ran, mut first) = (false, true);
    output.expect_elements(entries.size_hint().0, each.room);
    for (index, item) in entries {
        if !ran && let Some(open) = &each.open {
            output.append_node(open, &context.frames);
        }
        ran = true;
        if each.asks {
            if let Some(name) = &each.names.index {
                context.scope.bind(name, index.clone());
            }
            if let Some(name) = &each.names.item {
                context.scope.bind(name, item.clone());
            }
        }
        output.push_prefix(if first { None } else { each.separator.as_ref() });
        context.frames.push(Frame { item, index });
        let result = context.apply_all(&each.body, output);
        context.frames.pop();
        let applied = output.pop_prefix();
        result?;
        first = first && !applied;
    }
    if ran {
        if let Some(close) = &each.close {
            output.append_node(close, &context.frames);
        }
        for name in [&each.names.item, &each.names.index].into_iter().flatten() {
            context.scope.unbind(name);
        }
    }
    Ok(())
}
