//! Letters to a mail server (RFC 5321).
use crate::{PostError, Undelivered};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use std::{net::IpAddr, time::Duration};
use url::{Host, Url};

/// For each step of a delivery.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

impl Smtp {
    /// `own_name` is how we greet the server.
    pub(crate) fn new(server: &Url, own_name: &str) -> Result<Self, PostError> {
        let wrong = |what: &str| PostError::Server(what.to_owned());
        let host = server.host_str().ok_or_else(|| wrong("its address names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let wrapped = server.scheme() == "smtps";
        let decoded = |text: &str| percent_decode(text).ok_or_else(|| wrong("its user name or password is no UTF-8"));
        let (user, password) = (decoded(server.username())?, decoded(server.password().unwrap_or_default())?);
        let tls = || TlsParameters::new(host.to_owned()).map_err(|error| wrong(&error.to_string()));
        let tls = match (wrapped, user.is_empty() || is_this_machine(server)) {
            (true, _) => Tls::Wrapper(tls()?),
            // A password goes over no open line.
            (false, false) => Tls::Required(tls()?),
            (false, true) => Tls::Opportunistic(tls()?),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(server.port().unwrap_or(if wrapped { 465 } else { 587 }))
            .tls(tls)
            .hello_name(ClientId::Domain(own_name.to_owned()))
            .timeout(Some(PATIENCE));
        if !user.is_empty() {
            transport = transport.credentials(Credentials::new(user, password));
        }
        Ok(Self(transport.build()))
    }

    pub(crate) async fn send(&self, message: Message) -> Result<(), Undelivered> {
        match self.0.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(Undelivered::Never(error.to_string())),
            Err(error) => Err(Undelivered::Later(error.to_string())),
        }
    }
}

fn is_this_machine(server: &Url) -> bool {
    match server.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// `smtp` is no special scheme, so a URL keeps its address as a name.
fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || (rest.next()? as char).to_digit(16);
        bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_are_decoded() {
        assert_eq!(percent_decode("me%40example.org").as_deref(), Some("me@example.org"));
        assert_eq!(percent_decode("%C3%A4").as_deref(), Some("ä"));
        assert_eq!([percent_decode("%4"), percent_decode("%FF")], [None, None]);
    }

    #[test]
    fn only_this_machine_gets_a_password_in_the_open() {
        for (url, own) in [
            ("smtp://127.0.0.1:25", true),
            ("smtp://[::1]:25", true),
            ("smtp://localhost", true),
            ("smtp://mail.example.org", false),
            ("smtp://192.0.2.1", false),
        ] {
            assert_eq!(is_this_machine(&url.parse().unwrap()), own, "{url}");
        }
    }
}
