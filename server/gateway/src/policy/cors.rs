//! Cross-origin calls (Fetch standard, CORS protocol), answered for a whole API at once.
//!
//! Where an API has this policy, an upstream's own CORS fields are replaced: two of them would be none to a browser.
use super::vary;
use crate::message::fields::{Fields, is_token};
use http::Method;

/// What scripts may always read: the gateway's own fields.
const OWN_FIELDS: [&str; 8] =
    ["x-request-id", "ratelimit", "ratelimit-policy", "retry-after", "deprecation", "sunset", "link", "cache-status"];
/// Longer lists of request fields are not repeated to the client.
const MAX_ASKED: usize = 4 * 1024;

#[derive(Debug)]
pub(crate) struct Cors {
    origins: Origins,
    /// `None` for those of the path that is asked for.
    methods: Option<Box<str>>,
    /// `None` for whatever is asked for: `*` itself would leave `Authorization` out.
    headers: Option<Box<str>>,
    expose: Box<str>,
    credentials: bool,
    max_age: Box<str>,
}

#[derive(Debug)]
enum Origins {
    Any,
    Listed {
        exact: Vec<Box<str>>,
        /// What stands before and behind the `*`.
        under: Vec<(Box<str>, Box<str>)>,
    },
}

/// Whether a browser asks with this whether it may send the call that it really wants to.
pub(crate) fn is_preflight(method: &Method, fields: &Fields) -> bool {
    *method == Method::OPTIONS && fields.contains("origin") && fields.contains("access-control-request-method")
}

impl Cors {
    pub(crate) fn compile(settings: &portico_domain::Cors) -> Self {
        let all = |names: &[String]| names.iter().any(|name| name == "*");
        let origins = if all(&settings.origins) {
            Origins::Any
        } else {
            let (mut exact, mut under) = (Vec::new(), Vec::new());
            for origin in &settings.origins {
                match origin.split_once('*') {
                    Some((before, behind)) => under.push((before.into(), behind.into())),
                    None => exact.push(origin.as_str().into()),
                }
            }
            Origins::Listed { exact, under }
        };
        let mut expose: Vec<&str> = OWN_FIELDS.to_vec();
        expose.extend(settings.expose.iter().map(String::as_str).filter(|name| !OWN_FIELDS.contains(name)));
        Self {
            origins,
            methods: (!settings.methods.is_empty()).then(|| settings.methods.join(", ").into()),
            headers: (!all(&settings.headers)).then(|| settings.headers.join(", ").into()),
            // Beside `*`, names would mean nothing more.
            expose: if all(&settings.expose) { "*".into() } else { expose.join(", ").into() },
            credentials: settings.credentials,
            max_age: settings.max_age_seconds.to_string().into(),
        }
    }

    /// The fields of the 204 that answers a preflight. `allow` lists the methods of the path that is asked for. A caller
    /// that may not is told by what is missing; so the browser says why.
    pub(crate) fn preflight(&self, request: &Fields, allow: &str) -> Fields {
        let mut fields = Fields::with_capacity(512, 8);
        fields.push("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
        if !self.push_origin(&mut fields, request.get("origin")) {
            return fields;
        }
        fields.push("access-control-allow-methods", self.methods.as_deref().unwrap_or(allow));
        match &self.headers {
            Some(names) if names.is_empty() => {}
            Some(names) => fields.push("access-control-allow-headers", &**names),
            None => {
                if let Some(asked) = request.get("access-control-request-headers")
                    && asked.len() <= MAX_ASKED
                    && asked.iter().all(|byte| is_token(*byte) || matches!(byte, b',' | b' ' | b'\t'))
                {
                    fields.push("access-control-allow-headers", asked);
                }
            }
        }
        fields.push("access-control-max-age", &*self.max_age);
        fields
    }

    /// Completes an answer, whoever made it.
    pub(crate) fn complete(&self, origin: Option<&[u8]>, answer: &mut Fields) {
        answer.retain(|name, _| !is_cors(name));
        if !matches!(self.origins, Origins::Any) {
            vary::add(answer, "Origin");
        }
        if self.push_origin(answer, origin) {
            answer.push("access-control-expose-headers", &*self.expose);
        }
    }

    /// Answers whether the origin may call.
    fn push_origin(&self, answer: &mut Fields, origin: Option<&[u8]>) -> bool {
        match (&self.origins, origin) {
            (Origins::Any, _) => answer.push("access-control-allow-origin", "*"),
            (Origins::Listed { exact, under }, Some(origin)) if is_among(origin, exact, under) => {
                answer.push("access-control-allow-origin", origin);
            }
            _ => return false,
        }
        if self.credentials {
            answer.push("access-control-allow-credentials", "true");
        }
        true
    }
}

fn is_cors(name: &[u8]) -> bool {
    const PREFIX: &[u8] = b"access-control-";
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// Browsers write origins in one form, so bytes are compared. What stands for the `*` is labels of a host and no more.
fn is_among(origin: &[u8], exact: &[Box<str>], under: &[(Box<str>, Box<str>)]) -> bool {
    exact.iter().any(|known| known.as_bytes() == origin)
        || under.iter().any(|(before, behind)| {
            let labels = origin
                .strip_prefix(before.as_bytes())
                .and_then(|rest| rest.strip_suffix(behind.as_bytes()))
                .filter(|labels| !labels.is_empty() && !labels.starts_with(b"."));
            labels.is_some_and(|labels| {
                labels.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::Cors as Settings;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in lines {
            fields.push(name, value);
        }
        fields
    }

    fn shown(fields: &Fields) -> Vec<String> {
        fields.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect()
    }

    fn listed(origins: &[&str]) -> Settings {
        Settings { origins: origins.iter().map(ToString::to_string).collect(), ..Settings::default() }
    }

    #[test]
    fn a_preflight_is_told_from_a_plain_options() {
        let whole = fields(&[("Origin", "https://a.example"), ("Access-Control-Request-Method", "PUT")]);
        assert!(is_preflight(&Method::OPTIONS, &whole));
        assert!(!is_preflight(&Method::GET, &whole));
        assert!(!is_preflight(&Method::OPTIONS, &fields(&[("Origin", "https://a.example")])));
    }

    #[test]
    fn an_open_api_repeats_what_is_asked_for() {
        let asked = fields(&[
            ("origin", "https://a.example"),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "authorization,x-api-key"),
        ]);
        assert_eq!(
            shown(&Cors::compile(&Settings::default()).preflight(&asked, "GET, PUT")),
            [
                "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
                "access-control-allow-origin: *",
                "access-control-allow-methods: GET, PUT",
                "access-control-allow-headers: authorization,x-api-key",
                "access-control-max-age: 600",
            ]
        );
    }

    #[test]
    fn only_listed_origins_get_fields() {
        let cors = Cors::compile(&Settings {
            methods: vec!["GET".into(), "PATCH".into()],
            headers: vec!["x-api-key".into()],
            credentials: true,
            max_age_seconds: 5,
            ..listed(&["https://app.example", "https://*.apps.example:8443"])
        });
        for (origin, may) in [
            ("https://app.example", true),
            ("https://app.example.evil.example", false),
            ("http://app.example", false),
            ("https://APP.example", false),
            ("https://a.apps.example:8443", true),
            ("https://a.b.apps.example:8443", true),
            ("https://apps.example:8443", false),
            ("https://.apps.example:8443", false),
            ("https://a.apps.example", false),
            ("https://evil.example/.apps.example:8443", false),
            ("https://evil.example:1@x.apps.example:8443", false),
            ("null", false),
        ] {
            let asked = fields(&[("origin", origin)]);
            let answer = cors.preflight(&asked, "GET");
            assert_eq!(answer.contains("access-control-allow-origin"), may, "{origin}");
            assert_eq!(answer.contains("access-control-allow-methods"), may, "{origin}");
            let mut answer = Fields::new();
            cors.complete(Some(origin.as_bytes()), &mut answer);
            assert_eq!(answer.get("access-control-allow-origin"), may.then_some(origin.as_bytes()));
            assert_eq!(answer.get("vary"), Some(&b"Origin"[..]));
        }
        let asked = fields(&[("origin", "https://app.example"), ("access-control-request-headers", "x-other")]);
        assert_eq!(
            shown(&cors.preflight(&asked, "GET"))[1..],
            [
                "access-control-allow-origin: https://app.example",
                "access-control-allow-credentials: true",
                "access-control-allow-methods: GET, PATCH",
                "access-control-allow-headers: x-api-key",
                "access-control-max-age: 5",
            ]
        );
    }

    #[test]
    fn what_the_upstream_said_is_replaced() {
        let cors = Cors::compile(&Settings { expose: vec!["etag".into(), "link".into()], ..Settings::default() });
        let mut answer = fields(&[
            ("Access-Control-Allow-Origin", "https://other.example"),
            ("ACCESS-CONTROL-ALLOW-CREDENTIALS", "true"),
            ("content-type", "text/plain"),
        ]);
        cors.complete(None, &mut answer);
        assert_eq!(
            shown(&answer),
            [
                "content-type: text/plain",
                "access-control-allow-origin: *",
                "access-control-expose-headers: x-request-id, ratelimit, ratelimit-policy, retry-after, deprecation, sunset, link, cache-status, etag",
            ]
        );
    }

    #[test]
    fn what_is_no_list_of_names_is_not_repeated() {
        let cors = Cors::compile(&Settings::default());
        for asked in ["a b\u{7f}", "a\"b", "a:b", "a;b"] {
            let mut request = fields(&[("origin", "https://a.example")]);
            request.push("access-control-request-headers", asked);
            assert!(!cors.preflight(&request, "GET").contains("access-control-allow-headers"), "{asked:?}");
        }
    }
}
