//! A directory of certificates, and clients that trust them.
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use std::{
    fs,
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::PrivateKeyDer};

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Goes away with the test.
pub(crate) struct Certificates {
    folder: PathBuf,
    authority: Authority,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("portico-certificates-{}-{number}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self { folder, authority: authority("servers") }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    /// A new certificate for these names, with its key.
    pub(crate) fn put(&self, name: &str, dns_names: &[&str]) {
        let names: Vec<_> = dns_names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.authority).unwrap();
        self.write(&format!("{name}.crt.pem"), &certificate.pem());
        self.write(&format!("{name}.key.pem"), &key.serialize_pem());
    }

    /// A client that trusts this directory's authority, and shows a certificate that the given one signed.
    pub(crate) fn client(&self, shows: Option<&Authority>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let Some(signer) = shows else { return builder.with_no_client_auth() };
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "billing");
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, signer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
