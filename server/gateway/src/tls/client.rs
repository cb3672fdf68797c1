//! The certificate that a client showed.
use portico_domain::Timestamp;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use x509_parser::parse_x509_certificate;

/// What upstreams are told of it, and what decides whether it is still good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    /// As people write it, e.g. `CN=billing, O=Example`; any characters.
    pub(crate) subject: String,
    /// Hexadecimal, without separators.
    pub(crate) serial: String,
    /// Of the whole certificate.
    pub(crate) sha256: [u8; 32],
    pub(crate) not_after: Timestamp,
}

impl ClientCertificate {
    /// From the DER form, which a certificate authority has signed already.
    pub(crate) fn read(der: &[u8]) -> Result<Self, &'static str> {
        let (_, certificate) = parse_x509_certificate(der).map_err(|_| "it cannot be read")?;
        Ok(Self {
            subject: certificate.subject().to_string(),
            serial: hexadecimal(certificate.raw_serial()),
            sha256: Sha256::digest(der).into(),
            not_after: Timestamp::from_micros(certificate.validity().not_after.timestamp().saturating_mul(1_000_000)),
        })
    }

    /// The value of `X-Portico-Client-Certificate`: quoted strings, in which everything but visible ASCII and spaces is
    /// percent-encoded, and `"`, `\` and `%` too. So whatever a certificate says stays within its quotes.
    pub(crate) fn field_value(&self) -> String {
        let mut value = String::from("subject=\"");
        for byte in self.subject.bytes() {
            match byte {
                b'"' | b'\\' | b'%' => _ = write!(value, "%{byte:02X}"),
                b' '..=b'~' => value.push(char::from(byte)),
                _ => _ = write!(value, "%{byte:02X}"),
            }
        }
        let _ = write!(value, "\";serial=\"{}\";sha256=\"{}\"", self.serial, hexadecimal(&self.sha256));
        value
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    #[test]
    fn what_a_certificate_says_stays_within_quotes() {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "ü\";sha256=\"00\r\nX-Portico-Plan: gold\\%");
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let read = ClientCertificate::read(made.der()).unwrap();
        let value = read.field_value();
        assert!(value.starts_with("subject=\"CN=%C3%BC%22;sha256=%2200%0D%0AX-Portico-Plan: gold%5C%25\";serial=\""));
        assert_eq!(value.matches('"').count(), 6);
        assert!(value.ends_with(&format!(";sha256=\"{}\"", hexadecimal(&Sha256::digest(made.der())))));
        assert!(ClientCertificate::read(b"nothing").is_err());
    }
}
