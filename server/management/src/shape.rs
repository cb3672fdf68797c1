//! Values as the API's document describes them: each type here is a schema there, with the same limits.
use ipnet::IpNet;
use portico_domain::{EmailAddress, Upstream};
use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};
use std::fmt;
use url::Url;

/// Text that people read: 1 to 80 characters, not all of them white, none a control character.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(pub(crate) String);

impl TryFrom<String> for Name {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = text.chars().count() <= 80 && !text.chars().any(char::is_control) && !text.trim().is_empty();
        if fits { Ok(Self(text)) } else { Err("a name has 1 to 80 characters, none of them a control character") }
    }
}

/// An operation's name: 1 to 200 characters, none a control character.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct OperationName(pub(crate) String);

impl TryFrom<String> for OperationName {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text)) } else { Err("an operation's name has 1 to 200 characters, none a control character") }
    }
}

/// An e-mail address.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Email(pub(crate) EmailAddress);

/// 12 to 1,024 characters.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Password(pub(crate) String);

impl TryFrom<String> for Password {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (12..=256).contains(&text.chars().count());
        if fits { Ok(Self(text)) } else { Err("a password has 12 to 256 characters") }
    }
}

/// A network, or one address.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Network(pub(crate) IpNet);

impl TryFrom<String> for Network {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
        let wrong = |_: std::net::AddrParseError| "not an address or a network, e.g. 192.0.2.7 or 2001:db8::/32";
        network.map(|network| Self(network.trunc())).map_err(wrong)
    }
}

/// Where an API's calls go: http or https, a host, nothing behind the path.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct UpstreamUrl(pub(crate) Url);

impl TryFrom<String> for UpstreamUrl {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.host_str().is_some_and(|host| !host.is_empty())
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        let url = Url::parse(&text).ok().filter(|url| is_plain(&text) && fits(url));
        url.map(Self)
            .ok_or("not the address of an upstream, e.g. https://pets.example.com/v1, without user name, ? and #")
    }
}

/// Whether nothing in an address would be read otherwise than it is written: a URL parser drops, folds and escapes much.
fn is_plain(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    matches!(scheme, "http" | "https")
        && !authority.is_empty()
        && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:[]-_".contains(&byte))
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&()*+,;=:@/%".contains(&byte))
        && path.split('%').skip(1).all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUpstream {
    url: UpstreamUrl,
    #[serde(default, deserialize_with = "crate::input::given")]
    weight: Option<Between<0, 65_535>>,
}

impl From<NewUpstream> for Upstream {
    fn from(new: NewUpstream) -> Self {
        Self { url: new.url.0, weight: new.weight.map_or(1, |weight| weight.0 as u16) }
    }
}

/// A whole number between two ends. `1.0` is whole, too (JSON Schema 2020-12, validation, 6.1.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Between<const LOW: u64, const HIGH: u64>(pub(crate) u64);

impl<'de, const LOW: u64, const HIGH: u64> Deserialize<'de> for Between<LOW, HIGH> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Whole::<LOW, HIGH>)
    }
}

struct Whole<const LOW: u64, const HIGH: u64>;

impl<const LOW: u64, const HIGH: u64> Visitor<'_> for Whole<LOW, HIGH> {
    type Value = Between<LOW, HIGH>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {LOW} to {HIGH}")
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let wrong = || E::invalid_value(Unexpected::Unsigned(number), &self);
        if (LOW..=HIGH).contains(&number) { Ok(Between(number)) } else { Err(wrong()) }
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        let wrong = || E::invalid_value(Unexpected::Signed(number), &self);
        u64::try_from(number).map_err(|_| wrong()).and_then(|number| self.visit_u64(number))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // Every end is far below 2^53, up to which doubles hold whole numbers exactly.
        let whole = number.fract() == 0.0 && (LOW as f64..=HIGH as f64).contains(&number);
        if whole { Ok(Between(number as u64)) } else { Err(E::invalid_value(Unexpected::Float(number), &self)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_are_taken_as_they_are_written() {
        let taken = |text: &str| UpstreamUrl::try_from(text.to_owned()).is_ok();
        for good in [
            "https://pets.example.com/v1",
            "http://127.0.0.1:9000",
            "http://[::1]:8080/a*b/%C3%A4",
            "http://pet_store:80",
            "https://Pets.Example",
        ] {
            assert!(taken(good), "{good}");
        }
        for bad in [
            "https:/a.example",
            " https://a.example",
            "HTTPS://a.example",
            "https://a.example/?q",
            "https://a.example/#f",
            "https://u@a.example",
            "https://a.example\\b",
            "https://a.example/b\\c",
            "https://a.example/ b",
            "https://a.example/|",
            "https://a.example/%2",
            "https://a.example/%zz",
            "https://ä.example",
            "https://a%2eexample",
            "https://",
            "https:///a",
            "http://1.2.3.256",
            "http://a:70000",
        ] {
            assert!(!taken(bad), "{bad}");
        }
    }

    #[test]
    fn whole_numbers_are_whole_however_written() {
        let read = |text| serde_json::from_str::<Between<1, 100>>(text).map(|number| number.0).ok();
        assert_eq!([read("1"), read("100"), read("7.0"), read("1e1")], [Some(1), Some(100), Some(7), Some(10)]);
        for wrong in ["0", "101", "-1", "7.5", "1e3", "\"7\"", "null", "true"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
