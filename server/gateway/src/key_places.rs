//! Where an operation's document lets callers put their key, beside `X-API-Key` and `Authorization: Bearer`.
//!
//! A document may describe a key that is its upstream's own business. So what stands in such a place is ours only if it
//! is a key of ours, and then it is taken out of the request: nobody behind the gateway sees it.
use crate::{
    dispatch::fields,
    message::{Fields, Target},
};
use percent_encoding::percent_decode;
use portico_domain::{KeyPlace, ParameterLocation};
use std::borrow::Cow;

#[derive(Debug)]
pub(crate) struct KeyPlaces {
    /// In lower case.
    fields: Box<[Box<str>]>,
    parameters: Box<[Box<str>]>,
    cookies: Box<[Box<str>]>,
}

impl KeyPlaces {
    /// `None` where the usual fields are all. Fields that never reach an upstream as they came are no places of a key.
    pub(crate) fn compile(places: &[KeyPlace]) -> Option<Box<Self>> {
        let of = |location, fits: fn(&str) -> bool| {
            let here = places.iter().filter(move |place| place.location == location && fits(&place.name));
            here.map(|place| place.name.as_str())
        };
        let names = of(ParameterLocation::Header, |name| fields::may_pass(name.as_bytes()));
        let compiled = Self {
            fields: names.map(|name| name.to_ascii_lowercase().into()).collect(),
            parameters: of(ParameterLocation::Query, |_| true).map(Into::into).collect(),
            cookies: of(ParameterLocation::Cookie, |name| !fields::is_reserved(name.as_bytes()))
                .map(Into::into)
                .collect(),
        };
        let is_empty = compiled.fields.is_empty() && compiled.parameters.is_empty() && compiled.cookies.is_empty();
        (!is_empty).then(|| Box::new(compiled))
    }

    /// What stands in the places, empty values left out.
    pub(crate) fn values<'a>(&'a self, target: &'a Target, sent: &'a Fields) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let of_fields = self.fields.iter().flat_map(|name| sent.get_all(name));
        let parameters = target.query().into_iter().flat_map(|query| query.split('&'));
        let parameters = parameters.filter_map(|pair| self.of_parameter(pair));
        let cookies = sent.get_all("cookie").flat_map(|line| line.split(|byte| *byte == b';'));
        let cookies = cookies.filter_map(|pair| self.of_cookie(pair));
        let values = of_fields.map(|value| Cow::Borrowed(of_field(value))).chain(parameters).chain(cookies);
        values.filter(|value| !value.is_empty())
    }

    /// Takes out of a request what stands in the places and is a key of ours.
    pub(crate) fn strip(&self, target: &mut Target, sent: &mut Fields, is_ours: impl Fn(&[u8]) -> bool) {
        sent.retain(|name, value| {
            !self.fields.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name)) || !is_ours(of_field(value))
        });
        let of_parameter = |pair: &str| self.of_parameter(pair).is_some_and(|value| is_ours(&value));
        if let Some(query) = target.query().filter(|query| query.split('&').any(of_parameter)) {
            let kept: Vec<&str> = query.split('&').filter(|pair| !of_parameter(pair)).collect();
            let mark = if kept.is_empty() { "" } else { "?" };
            *target = Target::new(format!("{}{mark}{}", target.path(), kept.join("&")));
        }
        let of_cookie = |pair: &[u8]| self.of_cookie(pair).is_some_and(|value| is_ours(&value));
        let pairs = |line: &[u8]| line.split(|byte| *byte == b';').any(of_cookie);
        if !self.cookies.is_empty() && sent.get_all("cookie").any(pairs) {
            let all = sent.get_all("cookie").flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
            let kept: Vec<&[u8]> = all.filter(|pair| !pair.is_empty() && !of_cookie(pair)).collect();
            let kept = kept.join(&b"; "[..]);
            sent.remove("cookie");
            if !kept.is_empty() {
                sent.push("cookie", kept);
            }
        }
    }

    /// The value of `name=value`, where the parameter is a place. A key holds no space: a plus is a plus.
    fn of_parameter<'a>(&self, pair: &'a str) -> Option<Cow<'a, [u8]>> {
        let (name, value) = pair.split_once('=')?;
        let spaced = name.replace('+', " ");
        let name = Cow::<[u8]>::from(percent_decode(spaced.as_bytes()));
        let is_place = self.parameters.iter().any(|known| known.as_bytes() == &*name);
        is_place.then(|| percent_decode(value.as_bytes()).into())
    }

    /// The same of a cookie, whose value may stand in quotes (RFC 6265 4.1.1).
    fn of_cookie<'a>(&self, pair: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
        let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        self.cookies.iter().any(|known| known.as_bytes() == name).then(|| percent_decode(value).into())
    }
}

/// A key in a field may have the scheme of `Authorization` before it.
fn of_field(value: &[u8]) -> &[u8] {
    match value.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer ") => rest.trim_ascii(),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(all: &[(ParameterLocation, &str)]) -> Option<Box<KeyPlaces>> {
        let place =
            |(location, name): &(ParameterLocation, &str)| KeyPlace { location: *location, name: (*name).into() };
        KeyPlaces::compile(&all.iter().map(place).collect::<Vec<_>>())
    }

    fn some() -> KeyPlaces {
        let all = [
            (ParameterLocation::Header, "X-Token"),
            (ParameterLocation::Header, "Authorization"),
            (ParameterLocation::Query, "api key"),
            (ParameterLocation::Cookie, "sid"),
        ];
        *places(&all).unwrap()
    }

    fn sent() -> (Target, Fields) {
        let mut fields = Fields::new();
        for (name, value) in [
            ("x-TOKEN", "ours"),
            ("authorization", "Bearer ours"),
            ("cookie", "a=1; sid=\"o%75rs\"; SID=ours"),
            ("cookie", "sid=theirs; sid=; b"),
        ] {
            fields.push(name, value);
        }
        (Target::new("/a?x=1&api+key=ours&api%20key=our%73&api+key=%2B+&api_key=ours&api+key"), fields)
    }

    #[test]
    fn values_are_found_however_they_are_written() {
        let (target, fields) = sent();
        let places = some();
        let values: Vec<_> =
            places.values(&target, &fields).map(|value| String::from_utf8_lossy(&value).into_owned()).collect();
        assert_eq!(values, ["ours", "ours", "ours", "ours", "++", "ours", "theirs"]);
    }

    #[test]
    fn only_our_keys_are_taken_out() {
        let (mut target, mut fields) = sent();
        some().strip(&mut target, &mut fields, |value| value == b"ours");
        assert_eq!((target.path(), target.query()), ("/a", Some("x=1&api+key=%2B+&api_key=ours&api+key")));
        let mut text = Vec::new();
        fields.write_to(&mut text);
        assert_eq!(String::from_utf8_lossy(&text), "cookie: a=1; SID=ours; sid=theirs; sid=; b\r\n");
        let mut target = Target::new("/a?api+key=ours");
        some().strip(&mut target, &mut Fields::new(), |value| value == b"ours");
        assert_eq!(target.query(), None);
        let (mut target, mut fields) = sent();
        some().strip(&mut target, &mut fields, |_| false);
        assert_eq!((target.query_suffix(), fields.get_all("cookie").count()), (sent().0.query_suffix(), 2));
    }

    #[test]
    fn usual_fields_and_our_own_are_no_further_places() {
        let none = ["X-API-Key", "Host", "Content-Length", "X-Portico-App", "Cookie", "Connection"];
        for name in none {
            assert!(places(&[(ParameterLocation::Header, name)]).is_none(), "{name}");
        }
        assert!(places(&[(ParameterLocation::Cookie, "portico")]).is_none());
        assert!(places(&[]).is_none());
    }
}
