//! TLS by rustls: which certificates are trusted, who we are, and what binds a login to the channel.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use batis_dbc::{Result, SqlError};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

/// TLS over a socket of either host.
pub(crate) type TlsSocket<S> = tokio_rustls::client::TlsStream<S>;

/// What a server must prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Nothing: what is said is encrypted, but nobody knows to whom.
    None,
    /// That its certificate was signed by a trusted authority.
    Authority,
    /// That, and that the certificate is for the host that was asked for.
    Host,
}

/// The certificate authorities that are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those of the operating system.
    System,
    File(PathBuf),
}

/// What a URL says of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsOptions {
    pub(crate) proof: Proof,
    pub(crate) roots: Roots,
    /// The files of the client's own certificate and key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

/// TLS to one host.
#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.name).finish()
    }
}

impl Tls {
    /// TLS to this host (a name or an address).
    pub(crate) fn to(host: &str, config: &Arc<ClientConfig>) -> Result<Self> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| SqlError::url(format!("`{host}` is no name that a certificate can be for")))?;
        Ok(Self { config: Arc::clone(config), name })
    }

    pub(crate) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(&self, socket: S) -> io::Result<TlsSocket<S>> {
        TlsConnector::from(Arc::clone(&self.config)).connect(self.name.clone(), socket).await
    }
}

/// Reads the certificates that the options name.
pub(crate) fn config(options: &TlsOptions) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(options, &provider)?;
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|e| wrong(&e))?.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match &options.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            check_mode(key)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable("sslkey", key, &e))?;
            builder.with_client_auth_cert(chain, key).map_err(|e| wrong(&e))?
        }
    };
    // Servers from version 17 on look at it.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(Arc::new(config))
}

fn verifier(options: &TlsOptions, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let provider = Arc::clone(provider);
    Ok(match options.proof {
        Proof::None => Arc::new(AnyHost { roots: None, provider }),
        Proof::Authority => Arc::new(AnyHost { roots: Some(roots(&options.roots)?), provider }),
        Proof::Host => {
            let roots = Arc::new(roots(&options.roots)?);
            WebPkiServerVerifier::builder_with_provider(roots, provider).build().map_err(|e| wrong(&e))?
        }
    })
}

fn roots(from: &Roots) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    match from {
        Roots::File(path) => {
            for certificate in certificates(path)? {
                store.add(certificate).map_err(|e| unreadable("sslrootcert", path, &e))?;
            }
        }
        Roots::System => {
            let found = rustls_native_certs::load_native_certs();
            let (added, _) = store.add_parsable_certificates(found.certs);
            if added == 0 {
                let why: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
                let text = format!("the system has no trusted certificates ({})", why.join("; "));
                return Err(SqlError::url(text).hint("name a file of them by `sslrootcert`"));
            }
        }
    }
    Ok(store)
}

/// The certificates of a PEM file; at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|e| unreadable("certificate", path, &e))?;
    match read.is_empty() {
        true => Err(unreadable("certificate", path, &"it holds no certificate")),
        false => Ok(read),
    }
}

/// Refuses a key that others can read.
///
/// Source: libpq's `initialize_SSL`: 0600, or 0640 if it belongs to root.
fn check_mode(key: &Path) -> Result<()> {
    let data = fs::metadata(key).map_err(|e| unreadable("sslkey", key, &e))?;
    let forbidden = if data.uid() == 0 { 0o037 } else { 0o077 };
    if data.mode() & forbidden == 0 {
        return Ok(());
    }
    Err(SqlError::url(format!("the key file {} can be read by others", key.display()))
        .hint("`chmod 600` it, or 640 if it belongs to root"))
}

fn unreadable(what: &str, path: &Path, why: &dyn fmt::Display) -> SqlError {
    SqlError::url(format!("the {what} file {} cannot be used: {why}", path.display()))
}

fn wrong(why: &dyn fmt::Display) -> SqlError {
    SqlError::url(format!("TLS cannot be set up: {why}"))
}

/// Takes a certificate for any host: one that a trusted authority signed, or without authorities any. That the server has the
/// certificate's key is looked at in either case.
#[derive(Debug)]
struct AnyHost {
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyHost {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let parsed = ParsedCertificate::try_from(certificate)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The hash of the server's certificate, by the hash function of its signature.
pub(crate) fn end_point<S>(stream: &TlsSocket<S>) -> Option<Vec<u8>> {
    let (_, connection) = stream.get_ref();
    hash(connection.peer_certificates()?.first()?)
}

/// None where the signature has no hash function of its own (Ed25519): RFC 5929 says nothing then.
fn hash(certificate: &[u8]) -> Option<Vec<u8>> {
    let algorithm = signature_algorithm(certificate)?;
    // 1.2.840.113549.1.1 (RSA) and 1.2.840.10045.4.3 (ECDSA); MD5 and SHA-1 count as SHA-256.
    const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01];
    const ECDSA: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03];
    const ECDSA_SHA1: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01];
    let last = algorithm.strip_prefix(RSA).map(|n| (true, n)).or(algorithm.strip_prefix(ECDSA).map(|n| (false, n)));
    match last {
        Some((true, [4 | 5 | 11]) | (false, [2])) => Some(Sha256::digest(certificate).to_vec()),
        Some((true, [12]) | (false, [3])) => Some(Sha384::digest(certificate).to_vec()),
        Some((true, [13]) | (false, [4])) => Some(Sha512::digest(certificate).to_vec()),
        _ if algorithm == ECDSA_SHA1 => Some(Sha256::digest(certificate).to_vec()),
        _ => None,
    }
}

/// Certificate: sequence of (what is signed, sequence of (algorithm, ..), signature). The algorithm's object identifier.
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const OBJECT: u8 = 0x06;
    let (whole, _) = element(certificate, SEQUENCE)?;
    let (_, after) = element(whole, SEQUENCE)?;
    let (algorithm, _) = element(after, SEQUENCE)?;
    element(algorithm, OBJECT).map(|(identifier, _)| identifier)
}

/// The content of a DER element of this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    (found == tag).then_some(())?;
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_hash_is_that_of_the_signature() {
        let made = |algorithm: &'static rcgen::SignatureAlgorithm| {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let certificate =
                rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
            hash(certificate.der())
        };
        assert_eq!(made(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap().len(), 32);
        assert_eq!(made(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap().len(), 48);
        assert_eq!(made(&rcgen::PKCS_ED25519), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), deep in any::<bool>()) {
            let nested = [&[0x30, 0x82, 0, 60, 0x30, 2, 5, 5, 0x30][..], &bytes].concat();
            let _ = hash(if deep { &nested } else { &bytes });
        }
    }
}
