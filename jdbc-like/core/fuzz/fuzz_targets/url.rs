//! Any text as a URL: what is printed is parsed to the same, and shows no password.

#![no_main]

use batis_dbc::Url;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(url) = Url::parse(text) else { return };
    let printed = url.to_string();
    let again = Url::parse(&printed).expect("what is printed is a URL");
    assert_eq!(again.to_string(), printed);
    let parts = |url: &Url| {
        (url.scheme().to_owned(), url.user().map(str::to_owned), url.hosts().to_vec(), url.path().to_owned())
    };
    assert_eq!(parts(&again), parts(&url));
    assert_eq!(again.password(), url.password().map(|_| "***"));
});
