//! `sslmode` and what belongs to it.

use batis_dbc::Result;

use crate::secure::Security;
use crate::settings::Settings;

const MODES: &str = "disable, allow, prefer, require, verify-ca or verify-full";

/// How a connection to this host is begun, and how else if that fails.
///
/// Source: libpq: `allow` goes without TLS first, `prefer` without it at last, and what is stricter has one way only.
#[cfg(not(feature = "tls"))]
pub(crate) fn of(settings: &Settings<'_>, _host: &str) -> Result<Vec<Security>> {
    match settings.get("sslmode") {
        None | Some("disable" | "allow" | "prefer") => Ok(vec![Security::Plain]),
        Some(asked @ ("require" | "verify-ca" | "verify-full")) => {
            let error = batis_dbc::SqlError::url(format!("`sslmode={asked}`: TLS is not built in"));
            Err(error.hint("build with the feature `tls`, or use `sslmode=disable` on networks that you trust"))
        }
        Some(_) => Err(settings.wrong("sslmode", MODES)),
    }
}

/// How a connection to this host is begun, and how else if that fails.
///
/// Source: libpq: `allow` goes without TLS first, `prefer` without it at last, and what is stricter has one way only.
#[cfg(feature = "tls")]
pub(crate) fn of(settings: &Settings<'_>, host: &str) -> Result<Vec<Security>> {
    use crate::tls::{self, Proof, Tls, TlsOptions};
    let roots = roots(settings);
    let by_default = if settings.get("sslrootcert") == Some("system") { "verify-full" } else { "prefer" };
    let mode = settings.get("sslmode").unwrap_or(by_default);
    let proof = match mode {
        "disable" => return Ok(vec![Security::Plain]),
        // Who names authorities wants to be sure, even with a mode from before there were stricter ones.
        "require" if roots.is_some() => Proof::Authority,
        "allow" | "prefer" | "require" => Proof::None,
        "verify-ca" => Proof::Authority,
        "verify-full" => Proof::Host,
        _ => return Err(settings.wrong("sslmode", MODES)),
    };
    if settings.get("sslrootcert") == Some("system") && proof != Proof::Host {
        let wanted = "verify-full with `sslrootcert=system`, where anybody can have a certificate";
        return Err(settings.wrong("sslmode", wanted));
    }
    let options = TlsOptions { proof, roots: roots.unwrap_or(tls::Roots::System), identity: identity(settings) };
    let tls = Tls::to(host, &tls::config(&options)?)?;
    Ok(match mode {
        "allow" => vec![Security::Plain, Security::Require(tls)],
        "prefer" => vec![Security::Prefer(tls), Security::Plain],
        _ => vec![Security::Require(tls)],
    })
}

/// The authorities, if there are some beside the system's.
#[cfg(feature = "tls")]
fn roots(settings: &Settings<'_>) -> Option<crate::tls::Roots> {
    match settings.get("sslrootcert") {
        Some("system") => Some(crate::tls::Roots::System),
        _ => settings.file("sslrootcert", ".postgresql/root.crt").map(crate::tls::Roots::File),
    }
}

/// The files of the client's certificate and key, if there are some.
#[cfg(feature = "tls")]
fn identity(settings: &Settings<'_>) -> Option<(std::path::PathBuf, std::path::PathBuf)> {
    let certificate = settings.file("sslcert", ".postgresql/postgresql.crt")?;
    // Without a key of its own the certificate's file may hold it as well.
    let key = settings.file("sslkey", ".postgresql/postgresql.key").unwrap_or_else(|| certificate.clone());
    Some((certificate, key))
}
