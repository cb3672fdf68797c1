//! One certificate with its key: three files that belong together, read and checked.
//!
//! `<name>.crt.pem` holds the certificate, and behind it those that lead to its root; `<name>.key.pem` the private key;
//! `<name>.clients.pem`, where there is one, the authorities that must have signed a client's certificate.
use super::{H2, HTTP11, set::ClientAuthority};
use portico_domain::Timestamp;
use rustls::{
    InconsistentKeys, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{Error as PemError, PemObject},
    },
    server::WebPkiClientVerifier,
    sign::{CertifiedKey, SingleCertAndKey},
};
use sha2::{Digest as _, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

/// Ends of the names of the files that are looked at; others in the directory are left alone.
pub(super) const CERTIFICATE: &str = ".crt.pem";
pub(super) const KEY: &str = ".key.pem";
pub(super) const CLIENTS: &str = ".clients.pem";

/// What is wrong with which file, and what would be right.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct PairError {
    /// The file, or the directory where a file is missing.
    pub path: PathBuf,
    pub problem: String,
}

/// A certificate, ready to be served.
pub(super) struct Pair {
    /// The part of the file names before the endings.
    pub(super) name: String,
    /// Lower case; with `*.` in front for all names one label below.
    pub(super) dns_names: Vec<String>,
    pub(super) not_after: Timestamp,
    pub(super) authority: Option<ClientAuthority>,
    /// Of all the bytes it was read from.
    pub(super) digest: [u8; 32],
    pub(super) config: Arc<ServerConfig>,
}

impl Pair {
    /// Reads `<name>` in this directory. Where the files say what `known` was read from, that one is kept, and with it
    /// the sessions that its clients may resume.
    pub(super) fn read(
        directory: &Path,
        name: &str,
        now: Timestamp,
        known: Option<&Arc<Self>>,
    ) -> Result<Arc<Self>, PairError> {
        let path = |ending| directory.join(format!("{name}{ending}"));
        let (certificate_path, key_path, clients_path) = (path(CERTIFICATE), path(KEY), path(CLIENTS));
        let certificate = read_file(&certificate_path)?;
        let key = read_file(&key_path)?;
        let clients = match fs::read(&clients_path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            other => Some(other.map_err(|error| wrong(&clients_path, format!("it cannot be read: {error}")))?),
        };
        let digest = digest_of(&[Some(&certificate), Some(&key), clients.as_deref()]);
        if let Some(known) = known.filter(|known| known.digest == digest) {
            return Ok(Arc::clone(known));
        }

        let chain = read_certificates(&certificate_path, &certificate)?;
        let (dns_names, not_after) = examine(&certificate_path, &chain[0], now)?;
        let key = read_key(&key_path, &key)?;
        let provider = Arc::new(ring::default_provider());
        let certified = CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => wrong(
                &key_path,
                format!(
                    "this key does not fit the certificate in {name}{CERTIFICATE}: put the key there that the \
                     certificate was asked for with"
                ),
            ),
            error => wrong(&key_path, format!("this key cannot be used ({error}): take an RSA, ECDSA or Ed25519 key")),
        })?;
        let roots = clients.as_deref().map(|bytes| read_authorities(&clients_path, bytes)).transpose()?;
        let authority = clients.as_deref().map(|bytes| ClientAuthority(digest_of(&[Some(bytes)])));
        let config = configure(certified, roots, provider)
            .map_err(|error| wrong(&certificate_path, format!("TLS cannot be set up with it: {error}")))?;
        let name = name.to_owned();
        Ok(Arc::new(Self { name, dns_names, not_after, authority, digest, config: Arc::new(config) }))
    }
}

fn configure(
    certified: CertifiedKey,
    clients: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
) -> Result<ServerConfig, String> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(roots) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| error.to_string())?)
        }
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![H2.to_vec(), HTTP11.to_vec()];
    config.ticketer = ring::Ticketer::new().map_err(|error| error.to_string())?;
    // One is enough to come back with, and half the bytes.
    config.send_tls13_tickets = 1;
    Ok(config)
}

fn read_file(path: &Path) -> Result<Vec<u8>, PairError> {
    fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            wrong(path, format!("it is missing: a certificate is two files, <name>{CERTIFICATE} and <name>{KEY}"))
        }
        io::ErrorKind::PermissionDenied => wrong(path, "it may not be read: give Portico's user the right".to_owned()),
        _ => wrong(path, format!("it cannot be read: {error}")),
    })
}

fn read_certificates(path: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, PairError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let chain = chain.map_err(|error| wrong(path, format!("it is broken PEM: {error}")))?;
    if chain.is_empty() {
        return Err(wrong(
            path,
            "there is no certificate in it: it begins with a line -----BEGIN CERTIFICATE-----".into(),
        ));
    }
    Ok(chain)
}

fn read_key(path: &Path, bytes: &[u8]) -> Result<PrivateKeyDer<'static>, PairError> {
    PrivateKeyDer::from_pem_slice(bytes).map_err(|error| match error {
        PemError::NoItemsFound => wrong(
            path,
            "there is no private key in it that can be read: it begins with a line -----BEGIN PRIVATE KEY----- and is \
             not encrypted"
                .into(),
        ),
        error => wrong(path, format!("it is broken PEM: {error}")),
    })
}

fn read_authorities(path: &Path, bytes: &[u8]) -> Result<RootCertStore, PairError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(path, bytes)? {
        roots.add(certificate).map_err(|error| {
            wrong(path, format!("one of its certificates cannot be an authority for clients: {error}"))
        })?;
    }
    Ok(roots)
}

/// The names that a certificate is for, and when it ends.
fn examine(path: &Path, der: &[u8], now: Timestamp) -> Result<(Vec<String>, Timestamp), PairError> {
    let (_, certificate) =
        parse_x509_certificate(der).map_err(|error| wrong(path, format!("it is no X.509 certificate: {error}")))?;
    let moment = |seconds: i64| Timestamp::from_micros(seconds.saturating_mul(1_000_000));
    let not_before = moment(certificate.validity().not_before.timestamp());
    let not_after = moment(certificate.validity().not_after.timestamp());
    if not_after < now {
        return Err(wrong(path, format!("it has expired at {not_after}: renew it")));
    }
    if now < not_before {
        return Err(wrong(path, format!("it is valid from {not_before} only, and it is {now}: check the clock")));
    }
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let names = alternatives.iter().flat_map(|names| &names.value.general_names);
    let dns_names = names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    Ok((dns_names.collect(), not_after))
}

fn digest_of(parts: &[Option<&[u8]>]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        // A part that is missing differs from one that is empty.
        digest.update(part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
        digest.update(part.unwrap_or_default());
    }
    digest.finalize().into()
}

pub(super) fn wrong(path: &Path, problem: String) -> PairError {
    PairError { path: path.to_owned(), problem }
}
