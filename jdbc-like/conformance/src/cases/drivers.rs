//! The driver as a manager sees it.

use std::time::Instant;

use batis_dbc::driver::ConnectOptions;
use batis_dbc::{DataSource as _, block};

use crate::case::{Check, Context, Problem, fails, list, same};

list! {
    "drivers/schemes", "a driver serves at least one scheme, in lower case", schemes;
    "drivers/properties", "each option is named once and documented", properties;
    "drivers/product", "driver, data source and connection name the same product", product;
    "drivers/jdbc_prefix", "a URL with `jdbc:` before it is the same", jdbc_prefix;
    "drivers/unknown_option", "a URL with an unknown option makes no connection", unknown_option;
    "drivers/unknown_scheme", "a scheme that nobody serves is 08001, with the known ones as a hint", unknown_scheme;
    "drivers/no_scheme", "a text that is no URL is 08001, with an example", no_scheme;
    "drivers/passed_deadline", "connecting with a deadline that has passed ends at once", passed_deadline;
    "drivers/printed", "a data source is printed without a password", printed;
}

async fn schemes(cx: &mut Context) -> Check {
    let source = cx.source()?;
    let schemes = source.driver().schemes();
    same!(schemes.is_empty(), false);
    same!(schemes.iter().any(|s| s.chars().any(char::is_uppercase)), false);
    same!(schemes.contains(&source.url().scheme()), true);
    Ok(())
}

async fn properties(cx: &mut Context) -> Check {
    let source = cx.source()?;
    let mut names: Vec<&str> = source.driver().properties().iter().map(|p| p.name).collect();
    same!(source.driver().properties().iter().find(|p| p.doc.is_empty()).map(|p| p.name), None);
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    same!(names.len(), all);
    Ok(())
}

async fn product(cx: &mut Context) -> Check {
    let source = cx.source()?;
    same!(source.driver().product(), cx.dialect.product);
    same!(source.info().product, cx.dialect.product);
    same!(cx.conn.info().product, cx.dialect.product);
    Ok(())
}

async fn jdbc_prefix(cx: &mut Context) -> Check {
    let plain = cx.source()?;
    let prefixed = cx.source_of(&format!("jdbc:{}", cx.url()))?;
    same!(prefixed.url(), plain.url());
    Ok(())
}

async fn unknown_option(cx: &mut Context) -> Check {
    let mark = if cx.url().contains('?') { '&' } else { '?' };
    let error = fails!(cx.source_of(&format!("{}{mark}conf_no_such_option=1", cx.url())), "08001");
    same!(error.message().contains("`conf_no_such_option`"), true);
    same!(error.hint_text().is_some(), true);
    Ok(())
}

async fn unknown_scheme(cx: &mut Context) -> Check {
    let error = fails!(cx.source_of("conf-none:x"), "08001");
    same!(error.message(), "no driver for the scheme `conf-none`");
    let scheme = cx.source()?.url().scheme().to_owned();
    same!(error.hint_text().is_some_and(|hint| hint.contains(&scheme)), true);
    Ok(())
}

async fn no_scheme(cx: &mut Context) -> Check {
    for text in ["", "app.db", "/var/lib/app.db", ":memory:"] {
        let error = fails!(cx.source_of(text), "08001");
        same!(error.hint_text().is_some(), true);
    }
    Ok(())
}

async fn passed_deadline(cx: &mut Context) -> Check {
    let begun = Instant::now();
    let options = ConnectOptions::new(cx.mode()).deadline(Some(begun));
    let source = cx.source()?;
    let connected = match cx.mode() {
        batis_dbc::driver::Mode::Async => source.connect(&options).await,
        batis_dbc::driver::Mode::Blocking => block(None, None, source.connect(&options)),
    };
    if let Err(error) = connected {
        same!(matches!(error.sql_state().code(), "08001" | "57014"), true);
    }
    if begun.elapsed().as_secs() > 5 { Err(Problem::new("it waited")) } else { Ok(()) }
}

async fn printed(cx: &mut Context) -> Check {
    let url = cx.source()?.url().clone().with_credentials("conf", Some("open sesame"));
    let source = batis_dbc::DriverDataSource::new(cx.source()?.driver().clone(), url);
    same!(format!("{source:?} {:?} {}", source.url(), source.url()).contains("sesame"), false);
    same!(source.info().name.contains("sesame"), false);
    Ok(())
}
