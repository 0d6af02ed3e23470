//! Findings as SARIF 2.1.0.

use std::io::Write;

use batis_script::{CODES, Code, Diagnostic, Diagnostics, Source, Span};
use serde_json::{Value, json};

/// One document with one run.
pub(crate) fn write(diagnostics: &Diagnostics, to: &mut impl Write) -> serde_json::Result<()> {
    let used = |code: &&Code| diagnostics.items().iter().any(|item| item.code == code.code);
    let rules: Vec<Value> = CODES
        .iter()
        .filter(used)
        .map(|code| json!({ "id": code.code, "shortDescription": { "text": code.title } }))
        .collect();
    let results: Vec<Value> = diagnostics.items().iter().map(|item| result(diagnostics, item)).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "batis",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *to, &document)?;
    writeln!(to).map_err(serde_json::Error::io)
}

fn result(diagnostics: &Diagnostics, item: &Diagnostic) -> Value {
    let file = |span: Span| diagnostics.files().get(span.file as usize).map(|file| (file, span));
    let text = match &item.help {
        Some(help) => format!("{}; {help}", item.message),
        None => item.message.clone(),
    };
    let related: Vec<Value> = item
        .related
        .iter()
        .filter_map(|(span, label)| file(*span).map(|(file, span)| (file, span, label)))
        .map(|(source, span, label)| {
            let mut place = location(source, span);
            place["message"] = json!({ "text": label });
            place
        })
        .collect();
    let mut result = json!({
        "ruleId": item.code,
        "level": item.severity.to_string(),
        "message": { "text": text },
        "locations": file(item.span).map(|(source, span)| location(source, span)).into_iter().collect::<Vec<_>>(),
    });
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    result
}

fn location(file: &Source, span: Span) -> Value {
    let (line, column) = file.line_column(span.start);
    let (end_line, end_column) = file.line_column(span.end);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": file.name().replace('\\', "/").replace(' ', "%20") },
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    } })
}
