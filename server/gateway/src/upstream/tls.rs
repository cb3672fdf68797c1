//! How upstreams prove who they are to us, and we to them. Verification cannot be turned off.
use foldhash::quality::FixedState;
use portico_domain::{Connection, InvalidSettings, Protocol};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use std::{
    collections::HashMap,
    fs,
    hash::BuildHasher as _,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use url::Host;

/// Larger files are refused: they are no certificates.
const MAX_FILE: u64 = 1024 * 1024;

/// The TLS side of an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    /// Remembers sessions, so that later connections begin faster.
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) server_name: ServerName<'static>,
    /// Of everything that makes it what it is.
    pub(crate) fingerprint: u64,
}

/// Certificates in a folder of the operator's. They are read again for each World; where one has changed, new
/// connections use it.
#[derive(Debug, Default)]
pub(crate) struct TlsFiles {
    dir: Option<PathBuf>,
    configs: Mutex<HashMap<u64, Weak<ClientConfig>>>,
}

/// What is behind the names in a [`Connection`].
#[derive(Default, Hash)]
struct Contents {
    ca: Option<Vec<u8>>,
    certificate: Option<(Vec<u8>, Vec<u8>)>,
    is_http2: bool,
}

impl TlsFiles {
    pub(crate) fn new(dir: Option<PathBuf>) -> Self {
        Self { dir, configs: Mutex::default() }
    }

    pub(crate) fn tls(&self, connection: &Connection, host: &Host) -> Result<Tls, InvalidSettings> {
        let server_name = match (&connection.server_name, host) {
            (Some(name), _) | (None, Host::Domain(name)) => ServerName::try_from(name.clone()).map_err(|_| {
                wrong(
                    "server_name",
                    format!("{name:?} is not a name that a certificate can have, such as pets.example.com"),
                )
            })?,
            (None, Host::Ipv4(ip)) => IpAddr::from(*ip).into(),
            (None, Host::Ipv6(ip)) => IpAddr::from(*ip).into(),
        };
        let mut contents = Contents { is_http2: connection.protocol == Protocol::Http2, ..Contents::default() };
        if let Some(name) = &connection.ca {
            contents.ca = Some(self.read("ca", name, "ca.pem")?);
        }
        if let Some(name) = &connection.client_certificate {
            let read = |end| self.read("client_certificate", name, end);
            contents.certificate = Some((read("crt.pem")?, read("key.pem")?));
        }
        let state = FixedState::default();
        let print = state.hash_one(&contents);
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        let config = if let Some(config) = configs.get(&print).and_then(Weak::upgrade) {
            config
        } else {
            let config = Arc::new(contents.config()?);
            configs.retain(|_, config| config.strong_count() > 0);
            configs.insert(print, Arc::downgrade(&config));
            config
        };
        let fingerprint = state.hash_one((print, server_name.to_str()));
        Ok(Tls { config, server_name, fingerprint })
    }

    fn read(&self, setting: &str, name: &str, end: &str) -> Result<Vec<u8>, InvalidSettings> {
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if !is_plain || name.starts_with('.') || !(1..=100).contains(&name.len()) {
            let message = format!("{name:?} is not the name of a file: letters, digits, -, _ and ., e.g. partner");
            return Err(wrong(setting, message));
        }
        let Some(dir) = &self.dir else {
            let message = "files for TLS to upstreams need a folder: set PORTICO_UPSTREAM_TLS_DIR".to_owned();
            return Err(wrong(setting, message));
        };
        let file = format!("{name}.{end}");
        let unread = |why: String| {
            let message = format!("{file} cannot be read from the folder in PORTICO_UPSTREAM_TLS_DIR: {why}");
            wrong(setting, message)
        };
        let path = dir.join(&file);
        let length = fs::metadata(&path).map_err(|error| unread(error.to_string()))?.len();
        if length > MAX_FILE {
            return Err(unread(format!("it has {length} bytes, which is no certificate")));
        }
        fs::read(&path).map_err(|error| unread(error.to_string()))
    }
}

impl Contents {
    fn config(&self) -> Result<ClientConfig, InvalidSettings> {
        let roots = match &self.ca {
            None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
            Some(pem) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates("ca", pem)? {
                    let add = roots.add(certificate);
                    add.map_err(|error| wrong("ca", format!("a certificate in it cannot be trusted: {error}")))?;
                }
                roots
            }
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong("protocol", error.to_string()))?
            .with_root_certificates(roots);
        let mut config = match &self.certificate {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let unfit = |error: &dyn std::fmt::Display| {
                    wrong("client_certificate", format!("its pair of files cannot be used: {error}"))
                };
                let chain = certificates("client_certificate", chain)?;
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| unfit(&error))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| unfit(&error))?
            }
        };
        config.alpn_protocols = vec![if self.is_http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        Ok(config)
    }
}

fn certificates(setting: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, InvalidSettings> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(|error| wrong(setting, format!("its file holds no certificates as PEM: {error}")))?;
    if read.is_empty() {
        return Err(wrong(setting, "its file holds no certificate as PEM".to_owned()));
    }
    Ok(read)
}

fn wrong(setting: &str, message: String) -> InvalidSettings {
    InvalidSettings { pointer: format!("/connection/{setting}"), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(files: &TlsFiles, connection: &Connection) -> (String, String) {
        let error = files.tls(connection, &Host::Domain("pets.example.com".to_owned())).unwrap_err();
        (error.pointer, error.message)
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let dir = std::env::temp_dir().join(format!("portico-tls-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("empty.ca.pem"), "").unwrap();
        let files = TlsFiles::new(Some(dir.clone()));
        let with_ca = |name: &str| Connection { ca: Some(name.to_owned()), ..Connection::default() };
        for (name, words) in [
            ("../secret", "is not the name of a file"),
            ("", "is not the name of a file"),
            ("missing", "missing.ca.pem cannot be read"),
            ("empty", "holds no certificate"),
        ] {
            let (pointer, message) = error(&files, &with_ca(name));
            assert!(pointer == "/connection/ca" && message.contains(words), "{name}: {message}");
        }
        let (_, message) = error(&TlsFiles::default(), &with_ca("any"));
        assert!(message.contains("PORTICO_UPSTREAM_TLS_DIR"), "{message}");
        let unnamed = Connection { server_name: Some("a b".to_owned()), ..Connection::default() };
        assert_eq!(error(&files, &unnamed).0, "/connection/server_name");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn one_configuration_serves_all_who_ask_for_the_same() {
        let files = TlsFiles::default();
        let tls = |connection: &Connection, host: &str| files.tls(connection, &Host::Domain(host.to_owned())).unwrap();
        let plain = Connection::default();
        let (one, other) = (tls(&plain, "a.example"), tls(&plain, "b.example"));
        assert!(Arc::ptr_eq(&one.config, &other.config) && one.fingerprint != other.fingerprint);
        let http2 = tls(&Connection { protocol: Protocol::Http2, ..plain }, "a.example");
        assert_eq!(http2.config.alpn_protocols, [b"h2"]);
        assert_ne!(http2.fingerprint, one.fingerprint);
    }
}
