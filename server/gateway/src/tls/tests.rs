use super::{pair::PairError, *};
use portico_domain::{Clock, SystemClock};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    client::{
        ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
    },
    crypto::ring,
    pki_types::{PrivateKeyDer, ServerName},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::{TlsConnector, client};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A directory that goes away with the test, and the authority that its certificates are from.
struct Folder {
    path: PathBuf,
    authority: Authority,
}

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("portico-tls-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self { path, authority: authority("servers") }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    /// A pair of files for these names.
    fn put(&self, name: &str, dns_names: &[&str]) {
        let names: Vec<_> = dns_names.iter().map(|name| (*name).to_owned()).collect();
        self.put_params(name, CertificateParams::new(names).unwrap());
    }

    fn put_params(&self, name: &str, params: CertificateParams) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        self.write(&format!("{name}.crt.pem"), &certificate.pem());
        self.write(&format!("{name}.key.pem"), &key.serialize_pem());
    }

    fn read(&self) -> Result<Arc<Certificates>, PairError> {
        Certificates::open(&self.path, Arc::new(SystemClock)).map(Arc::new)
    }

    fn problem(&self) -> String {
        self.read().err().map(|error| error.to_string()).unwrap_or_default()
    }

    /// A client that trusts this folder's authority and shows a certificate signed by that one.
    fn client(&self, shows: Option<&Authority>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let Some(signer) = shows else { return builder.with_no_client_auth() };
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "billing");
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, signer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

struct Met {
    client: client::TlsStream<DuplexStream>,
    server: TlsStream<DuplexStream>,
    secured: Secured,
}

impl Met {
    /// Has a byte go both ways, so that tickets arrive too.
    async fn speak(&mut self) {
        self.server.write_all(b"s").await.unwrap();
        assert_eq!(self.client.read_u8().await.unwrap(), b's');
        self.client.write_all(b"c").await.unwrap();
        assert_eq!(self.server.read_u8().await.unwrap(), b'c');
    }

    /// The names of the certificate that the client got.
    fn names(&self) -> Vec<String> {
        let certificate = &self.client.get_ref().1.peer_certificates().unwrap()[0];
        let (_, read) = x509_parser::parse_x509_certificate(certificate).unwrap();
        let names = read.subject_alternative_name().unwrap().unwrap();
        names.value.general_names.iter().map(ToString::to_string).collect()
    }
}

/// A handshake; the gateway's word on it counts.
async fn meet(certificates: &Certificates, client: ClientConfig, name: &str) -> Result<Met, HandshakeError> {
    let (near, far) = duplex(64 * 1024);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connecting = tokio::spawn(TlsConnector::from(Arc::new(client)).connect(name, near));
    let (server, secured) = certificates.accept(far, Duration::from_secs(10)).await?;
    Ok(Met { client: connecting.await.unwrap().unwrap(), server, secured })
}

#[tokio::test]
async fn the_name_asked_for_picks_the_certificate() {
    let folder = Folder::new();
    folder.put("a", &["a.example"]);
    folder.put("b", &["*.b.example", "b.example"]);
    folder.put("default", &["fallback.example"]);
    folder.put("exact", &["x.b.example"]);
    let certificates = folder.read().unwrap();
    let name = |asked: Option<&str>| certificates.current().for_name(asked).name.clone();
    for (asked, found) in [
        (Some("a.example"), "a"),
        (Some("A.EXAMPLE."), "a"),
        (Some("b.example"), "b"),
        (Some("y.b.example"), "b"),
        (Some("x.b.example"), "exact"),
        (Some("z.y.b.example"), "default"),
        (Some("unknown"), "default"),
        (None, "default"),
    ] {
        assert_eq!(name(asked), found, "{asked:?}");
    }
    let met = meet(&certificates, folder.client(None), "y.b.example").await.unwrap();
    assert_eq!(met.names(), ["DNSName(*.b.example)", "DNSName(b.example)"]);
    assert_eq!(met.secured.client, None);
}

#[tokio::test]
async fn without_a_default_the_first_one_is_it() {
    let folder = Folder::new();
    folder.put("b", &["b.example"]);
    folder.put("a", &["a.example"]);
    assert_eq!(folder.read().unwrap().current().for_name(None).name, "a");
}

#[tokio::test]
async fn the_client_chooses_the_protocol() {
    let folder = Folder::new();
    folder.put("a", &["a.example"]);
    let certificates = folder.read().unwrap();
    for (offered, http2) in
        [(&["h2", "http/1.1"][..], true), (&["http/1.1"], false), (&["http/1.1", "h2"], true), (&[], false)]
    {
        let mut client = folder.client(None);
        client.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let met = meet(&certificates, client, "a.example").await.unwrap();
        assert_eq!(met.secured.http2, http2, "{offered:?}");
    }
    let mut client = folder.client(None);
    client.alpn_protocols = vec![b"spdy/3".to_vec()];
    assert!(meet(&certificates, client, "a.example").await.is_err());
}

#[tokio::test]
async fn clients_of_a_host_show_a_certificate_of_its_authority() {
    let folder = Folder::new();
    let (partners, others) = (authority("partners"), authority("others"));
    folder.put("open", &["open.example"]);
    folder.put("closed", &["closed.example"]);
    folder.write("closed.clients.pem", &partners.pem());
    folder.put("also", &["also.example"]);
    folder.write("also.clients.pem", &others.pem());
    let certificates = folder.read().unwrap();

    assert!(meet(&certificates, folder.client(None), "closed.example").await.is_err());
    assert!(meet(&certificates, folder.client(Some(&others)), "closed.example").await.is_err());
    let met = meet(&certificates, folder.client(Some(&partners)), "closed.example").await.unwrap();
    assert_eq!(met.secured.client.as_ref().unwrap().subject, "CN=billing");
    for (host, elsewhere) in
        [("closed.example", false), ("CLOSED.example:8443", false), ("open.example", false), ("also.example", true)]
    {
        assert_eq!(certificates.misdirected(&met.secured, host), elsewhere, "{host}");
    }

    let met = meet(&certificates, folder.client(Some(&partners)), "open.example").await.unwrap();
    assert_eq!(met.secured.client, None, "nobody asked for it");
    assert!(certificates.misdirected(&met.secured, "closed.example"));
    assert!(certificates.misdirected(&met.secured, "closed.example."));
    assert!(!certificates.misdirected(&met.secured, "open.example"));
}

#[tokio::test]
async fn a_host_that_begins_to_ask_for_certificates_asks_open_connections_too() {
    let folder = Folder::new();
    folder.put("a", &["a.example"]);
    let certificates = folder.read().unwrap();
    let met = meet(&certificates, folder.client(None), "a.example").await.unwrap();
    assert!(!certificates.misdirected(&met.secured, "a.example"));
    folder.write("a.clients.pem", &authority("partners").pem());
    certificates.reload().unwrap();
    assert!(certificates.misdirected(&met.secured, "a.example"));
}

/// Keeps sessions without regard to the host, as an attacker would.
#[derive(Debug)]
struct OnePocket(ClientSessionMemoryCache);

fn pocket() -> ServerName<'static> {
    ServerName::try_from("pocket").unwrap()
}

impl ClientSessionStore for OnePocket {
    fn set_kx_hint(&self, _: ServerName<'static>, group: rustls::NamedGroup) {
        self.0.set_kx_hint(pocket(), group);
    }
    fn kx_hint(&self, _: &ServerName<'_>) -> Option<rustls::NamedGroup> {
        self.0.kx_hint(&pocket())
    }
    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(pocket(), value);
    }
    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(&pocket())
    }
    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.0.remove_tls12_session(&pocket());
    }
    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(pocket(), value);
    }
    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.take_tls13_ticket(&pocket())
    }
}

#[tokio::test]
async fn a_session_of_one_host_opens_no_other() {
    let folder = Folder::new();
    folder.put("open", &["open.example"]);
    folder.put("closed", &["closed.example"]);
    folder.write("closed.clients.pem", &authority("partners").pem());
    let certificates = folder.read().unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut roots = RootCertStore::empty();
        roots.add(folder.authority.der().clone()).unwrap();
        let mut client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.resumption = Resumption::store(Arc::new(OnePocket(ClientSessionMemoryCache::new(8))));
        meet(&certificates, client.clone(), "open.example").await.unwrap().speak().await;
        let mut again = meet(&certificates, client.clone(), "open.example").await.unwrap();
        assert_eq!(again.server.get_ref().1.handshake_kind(), Some(rustls::HandshakeKind::Resumed), "{version:?}");
        again.speak().await;
        assert!(meet(&certificates, client, "closed.example").await.is_err(), "{version:?}");
    }
}

#[tokio::test]
async fn new_files_are_for_new_connections() {
    let folder = Folder::new();
    folder.put("a", &["a.example"]);
    folder.put("b", &["b.example"]);
    let certificates = folder.read().unwrap();
    let mut before = meet(&certificates, folder.client(None), "a.example").await.unwrap();
    let kept = Arc::clone(&certificates.current().for_name(Some("b.example")).config);

    folder.put("a", &["a.example", "new.example"]);
    certificates.reload().unwrap();
    let after = meet(&certificates, folder.client(None), "a.example").await.unwrap();
    assert_eq!(after.names(), ["DNSName(a.example)", "DNSName(new.example)"]);
    before.speak().await;
    let still = Arc::clone(&certificates.current().for_name(Some("b.example")).config);
    assert!(Arc::ptr_eq(&kept, &still), "what did not change keeps its sessions");
}

#[tokio::test]
async fn a_faulty_set_changes_nothing() {
    let folder = Folder::new();
    folder.put("a", &["a.example"]);
    let certificates = folder.read().unwrap();
    folder.put("b", &["b.example"]);
    folder.write("b.key.pem", "half a fi");
    assert!(certificates.reload().unwrap_err().path.ends_with("b.key.pem"));
    folder.put("a", &["a.example", "new.example"]);
    assert!(certificates.reload().is_err());
    let met = meet(&certificates, folder.client(None), "a.example").await.unwrap();
    assert_eq!(met.names(), ["DNSName(a.example)"]);
    folder.put("b", &["b.example"]);
    certificates.reload().unwrap();
    meet(&certificates, folder.client(None), "b.example").await.unwrap();
}

#[tokio::test]
async fn changes_are_noticed() {
    let folder = Folder::new();
    folder.put("a", &["a.example"]);
    let certificates = folder.read().unwrap();
    let mut seen = None;
    certificates.look(&mut seen);
    folder.put("c", &["c.example"]);
    certificates.look(&mut seen);
    assert_eq!(certificates.current().for_name(Some("c.example")).name, "c");
    // As container platforms replace files: a link goes over to another one.
    let other = Folder::new();
    other.put("c", &["moved.example"]);
    for file in ["c.crt.pem", "c.key.pem"] {
        fs::remove_file(folder.path(file)).unwrap();
        std::os::unix::fs::symlink(other.path(file), folder.path(file)).unwrap();
    }
    certificates.look(&mut seen);
    assert_eq!(certificates.current().for_name(Some("moved.example")).name, "c");
    drop(certificates.watch().unwrap());
}

#[tokio::test]
async fn faults_are_named_with_what_would_be_right() {
    let folder = Folder::new();
    assert!(folder.problem().contains("there is no certificate in it"), "{}", folder.problem());
    folder.put("a", &["a.example"]);
    let certificate = fs::read_to_string(folder.path("a.crt.pem")).unwrap();
    let key = fs::read_to_string(folder.path("a.key.pem")).unwrap();
    let check = |file: &str, text: &str, says: &str| {
        let path = folder.path(file);
        let before = fs::read(&path).ok();
        folder.write(file, text);
        let problem = folder.problem();
        assert!(problem.contains(file) & problem.contains(says), "{file}: {problem}");
        match before {
            Some(before) => fs::write(path, before).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        assert_eq!(folder.problem(), "");
    };
    check("a.crt.pem", "", "no certificate in it");
    check("a.crt.pem", &key, "no certificate in it");
    check("a.crt.pem", "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n", "broken PEM");
    check("a.crt.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no X.509 certificate");
    check("a.key.pem", &certificate, "no private key in it");
    check("a.key.pem", &KeyPair::generate().unwrap().serialize_pem(), "does not fit the certificate in a.crt.pem");
    check("a.clients.pem", &key, "no certificate in it");
    check("b.key.pem", &key, "there is no b.crt.pem");
    check("b.clients.pem", &certificate, "there is no b.crt.pem");

    let moment = |year| rcgen::date_time_ymd(year, 1, 1);
    let mut old = CertificateParams::new(["old.example".to_owned()]).unwrap();
    (old.not_before, old.not_after) = (moment(2001), moment(2002));
    folder.put_params("old", old);
    assert!(folder.problem().contains("old.crt.pem: it has expired at 2002-01-01T00:00:00Z: renew it"));
    let mut early = CertificateParams::new(["early.example".to_owned()]).unwrap();
    (early.not_before, early.not_after) = (moment(2901), moment(2902));
    folder.put_params("old", early);
    assert!(folder.problem().contains("old.crt.pem: it is valid from 2901-01-01T00:00:00Z only"));
    folder.put("old", &["a.example"]);
    assert!(folder.problem().contains("old.crt.pem: it is for a.example, and so is a.crt.pem"));
    folder.write("old.crt.pem", &certificate);
    folder.write("old.key.pem", &key);
    assert_eq!(folder.problem(), "", "the same pair twice contradicts nothing");
    fs::remove_file(folder.path("old.key.pem")).unwrap();
    assert!(folder.problem().contains("old.key.pem: it is missing"));

    let nowhere = Certificates::open(Path::new("/nowhere/at/all"), Arc::new(SystemClock)).err().unwrap();
    assert!(nowhere.to_string().contains("correct PORTICO_GATEWAY_TLS_DIR"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_cut_off() {
    let folder = Folder::new();
    folder.put("a", &["a.example"]);
    let certificates = folder.read().unwrap();
    let (_near, far) = duplex(1024);
    let patience = Duration::from_secs(10);
    assert!(matches!(certificates.accept(far, patience).await, Err(HandshakeError::Timeout(_))));
}

#[tokio::test]
async fn what_is_not_tls_is_closed() {
    let folder = Folder::new();
    folder.put("a", &["a.example"]);
    let certificates = folder.read().unwrap();
    let (mut near, far) = duplex(1024);
    near.write_all(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").await.unwrap();
    assert!(matches!(certificates.accept(far, Duration::from_secs(10)).await, Err(HandshakeError::Failed(_))));
}

#[test]
fn ends_are_known_in_order() {
    let folder = Folder::new();
    let mut params = CertificateParams::new(["b.example".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2900, 1, 1);
    folder.put_params("b", params);
    folder.put("a", &["a.example"]);
    let expiries = certificate_expiries(&folder.path, SystemClock.now()).unwrap();
    let names: Vec<_> = expiries.iter().map(|expiry| expiry.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(expiries[1].at.to_string(), "2900-01-01T00:00:00Z");
    assert_eq!(folder.read().unwrap().expiries(), expiries);
}
