//! Tells callers that an operation ends: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link`.
use crate::message::fields::Fields;
use portico_domain::Timestamp;
use std::time::{Duration, UNIX_EPOCH};

/// The fields of an operation's answers, written once.
#[derive(Debug)]
pub(crate) struct Lifecycle(Vec<(&'static str, Box<str>)>);

/// What is known of an operation's end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts<'a> {
    /// RFC 9745 knows no deprecation without a date.
    pub(crate) deprecated_since: Option<Timestamp>,
    pub(crate) sunset: Option<Timestamp>,
    /// Where more is said; absolute.
    pub(crate) link: Option<&'a str>,
}

impl Lifecycle {
    /// `None` where there is nothing to tell.
    pub(crate) fn compile(facts: Facts<'_>) -> Option<Self> {
        let mut fields: Vec<(&'static str, Box<str>)> = Vec::new();
        if let Some(since) = facts.deprecated_since {
            fields.push(("deprecation", format!("@{}", since.seconds()).into()));
        }
        if let Some(sunset) = facts.sunset {
            // RFC 8594 has an HTTP date, which begins with 1970.
            let seconds = u64::try_from(sunset.seconds()).unwrap_or(0);
            fields.push(("sunset", httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds)).into()));
        }
        if let Some(link) = facts.link.filter(|link| link.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'>')) {
            // Of an operation that has an end already, the page is about that.
            let rel = if facts.sunset.is_some() { "deprecation sunset" } else { "deprecation" };
            fields.push(("link", format!("<{link}>; rel=\"{rel}\"").into()));
        }
        (!fields.is_empty()).then_some(Self(fields))
    }

    /// What the upstream itself says of its end counts more.
    pub(crate) fn complete(&self, answer: &mut Fields) {
        for (name, value) in &self.0 {
            if *name == "link" || !answer.contains(name) {
                answer.push(name, &**value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(facts: Facts<'_>) -> Vec<String> {
        let mut fields = Fields::new();
        if let Some(lifecycle) = Lifecycle::compile(facts) {
            lifecycle.complete(&mut fields);
        }
        fields.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect()
    }

    #[test]
    fn the_fields_are_those_of_the_rfcs() {
        let facts = Facts {
            // The example of RFC 9745 2.1.
            deprecated_since: Timestamp::parse("2023-06-30T23:59:59Z"),
            // The example of RFC 8594 3.
            sunset: Timestamp::parse("2018-12-31T23:59:59Z"),
            link: Some("https://developer.example.com/deprecation"),
        };
        assert_eq!(
            written(facts),
            [
                "deprecation: @1688169599",
                "sunset: Mon, 31 Dec 2018 23:59:59 GMT",
                "link: <https://developer.example.com/deprecation>; rel=\"deprecation sunset\"",
            ]
        );
        assert!(Lifecycle::compile(Facts::default()).is_none());
        assert!(written(Facts { link: Some("https://a.example/\"> <"), ..Facts::default() }).is_empty());
    }

    #[test]
    fn the_upstreams_word_counts() {
        let facts = Facts { deprecated_since: Some(Timestamp::from_micros(1_000_000)), ..Facts::default() };
        let mut fields = Fields::new();
        fields.push("Deprecation", "@7");
        Lifecycle::compile(facts).unwrap().complete(&mut fields);
        assert_eq!(fields.get_all("deprecation").collect::<Vec<_>>(), [b"@7"]);
    }
}
