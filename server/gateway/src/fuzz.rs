//! What reads hostile bytes, fed with them: a few rounds in each test run, and as long as `make fuzz-gateway` says.
use crate::{
    http1::{decode_for_test, parse_for_test},
    message::Fields,
    mutation::{Mutator, fuzz},
    path::{canonical, canonical_literal},
    policy::transform::Transform,
    router::Router,
    world::Operation,
};
use portico_domain::SecretToken;
use std::sync::Arc;

#[test]
fn paths() {
    const PIECES: &[&[u8]] = &[
        b"/",
        b"//",
        b".",
        b"..",
        b"%2e",
        b"%2F",
        b"%5c",
        b"\\",
        b";",
        b"%3b",
        b"%25",
        b"%",
        b"\0",
        b"\xc3\xa9",
        b"%c3%a9",
        b"|",
        b"?",
    ];
    let mut mutator = Mutator::new(1, PIECES);
    fuzz("paths", || {
        let bytes = mutator.mutate(&[b"/pets/7", b"/a/b;c=d/e.json", b"/%7Euser/a%20b/", b"/"], 8);
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(form) = canonical(&text) {
            assert_eq!(canonical(&form).as_deref(), Ok(&*form), "{text:?}");
            assert!(form.bytes().all(|byte| byte.is_ascii_graphic()) && !form.contains("//"), "{form:?}");
            assert!(form.split('/').all(|segment| !matches!(segment, "." | "..")), "{form:?}");
            assert_eq!(canonical_literal(&form), form);
        }
    });
}

#[test]
fn keys() {
    const PIECES: &[&[u8]] = &[b"ptk_live_", b"ptk_test_", b"ptm_", b"_", b"A", b"0", b"\xc3\xa9", b"\0", b" "];
    let mut rng = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(2);
    let key = SecretToken::generate(portico_domain::TokenKind::ApiKey(portico_domain::Environment::Live), &mut rng);
    let mut mutator = Mutator::new(2, PIECES);
    fuzz("keys", || {
        let bytes = mutator.mutate(&[key.reveal().as_bytes(), b"ptm_", b""], 4);
        let text = String::from_utf8_lossy(&bytes);
        if SecretToken::inspect(&text).is_ok() {
            assert!(text.is_ascii() && text.len() <= key.reveal().len(), "{text:?}");
            assert!(text == key.reveal() || bytes != key.reveal().as_bytes());
        }
    });
}

#[test]
fn routes() {
    const PIECES: &[&[u8]] = &[
        b"/",
        b"{",
        b"}",
        b"{a}",
        b"{a+}",
        b"{*a}",
        b"...",
        b"%",
        b"%2f",
        b"?",
        b"#",
        b";",
        b"\xc3\xa9",
        b" ",
        b"a",
        b"{}{}",
    ];
    const SEEDS: &[&[u8]] = &[b"/pets/{id}", b"/{a}/{b}.json", b"/files/{path+}", b"/a/b", b"/v1/{n}:cancel"];
    let mut mutator = Mutator::new(3, PIECES);
    fuzz("routes", || {
        let mut router = Router::default();
        let templates: Vec<_> =
            (0..=mutator.below(6)).map(|_| String::from_utf8_lossy(&mutator.mutate(SEEDS, 6)).into_owned()).collect();
        let mut plain_paths = Vec::new();
        for template in &templates {
            let operation = Arc::new(Operation::named(template));
            if router.add("GET", template, operation).is_err() {
                continue;
            }
            // A path without parameters finds some operation, unless what it says is no path.
            let plain = template.split(['?', '#']).next().unwrap_or_default();
            let form = canonical_literal(plain);
            if form.starts_with('/') && !plain.contains(['{', ';']) && !form.contains("%3B") && canonical(&form).is_ok()
            {
                plain_paths.push(form);
            }
        }
        let asked = String::from_utf8_lossy(&mutator.mutate(SEEDS, 6)).into_owned();
        let asked = canonical(&asked);
        let found = |router: &Router, path: &str| {
            let operation = router.find(path).and_then(|methods| methods.get(&http::Method::GET));
            operation.map(|operation| operation.name.clone())
        };
        let before = asked.as_ref().ok().and_then(|path| found(&router, path));
        let router = router.straightened();
        for path in plain_paths {
            assert!(found(&router, &path).is_some(), "{path:?} of {templates:?}");
        }
        if let Ok(path) = asked {
            assert_eq!(found(&router, &path), before, "{path:?} of {templates:?}");
        }
    });
}

#[test]
fn rules() {
    const PIECES: &[&[u8]] = &[
        b"{",
        b"}",
        b"{path.id}",
        b"{app}",
        b"{client_ip}",
        b"\\r\\n",
        b"\\u0000",
        b"\"",
        b",",
        b":",
        b"host",
        b"content-length",
        b"x-a",
        b"remove",
        b"add",
        b"set",
        b"\xc3\xa9",
        b"\\",
        b"request",
        b"response",
        b"query",
        b"$",
    ];
    const SEEDS: &[&[u8]] = &[
        br#"{"request":{"remove":["x-a"],"set":{"x-b":"{app} b"},"add":{"x-c":"{path.id}"}}}"#,
        br#"{"response":{"set":{"x-b":"a"}},"query":{"set":{"a":"{path.id}"},"remove":["b"]}}"#,
    ];
    let mut mutator = Mutator::new(4, PIECES);
    fuzz("rules", || {
        let bytes = mutator.mutate(SEEDS, 5);
        let Ok(rules) = serde_json::from_slice::<portico_domain::Transform>(&bytes) else { return };
        let _ = Transform::compile(&rules, None, "/a/{id}");
        let mut fields = Fields::new();
        let name = mutator.pick(&["x-a", "x-\r\na", "", "a:b", "\u{e9}", "a b"]);
        let mut value = mutator.mutate(SEEDS, 3);
        value.insert(0, mutator.pick(b"a\r\n\0\t"));
        fields.push(name, &value);
        let mut out = Vec::new();
        fields.write_to(&mut out);
        assert_eq!(memchr::memchr_iter(b'\n', &out).count(), fields.len(), "{out:?}");
    });
}

#[test]
fn heads() {
    const PIECES: &[&[u8]] = &[
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b":",
        b"\0",
        b",",
        b"\r\n ",
        b"Host: a\r\n",
        b"Content-Length: 1\r\n",
        b"Transfer-Encoding: chunked\r\n",
    ];
    const SEEDS: &[&[u8]] = &[
        b"GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
        b"POST http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n",
        b"PUT /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];
    let mut mutator = Mutator::new(5, PIECES);
    fuzz("heads", || {
        let bytes = mutator.mutate(SEEDS, 6);
        let Some((head, _)) = parse_for_test(&bytes) else { return };
        let mut fields = [httparse::EMPTY_HEADER; 128];
        let mut other = httparse::Request::new(&mut fields);
        let bytes = bytes.strip_prefix(b"\r\n").unwrap_or(&bytes);
        assert!(other.parse(bytes).unwrap().is_complete(), "{:?}", String::from_utf8_lossy(bytes));
        assert_eq!(other.method, Some(head.method.as_str()));
        assert!(other.headers.iter().map(|field| (field.name, field.value)).eq(head.fields.iter()));
    });
}

#[test]
fn chunks() {
    const PIECES: &[&[u8]] = &[
        b"\r",
        b"\n",
        b"\r\n",
        b"0",
        b"1",
        b"f",
        b";",
        b"\0",
        b"0\r\n\r\n",
        b"1\r\na\r\n",
        b"X: y\r\n",
        b"ffffffffffffffff",
    ];
    const SEEDS: &[&[u8]] =
        &[b"3\r\nabc\r\n0\r\n\r\n", b"1;a=b\r\na\r\n00A\r\n0123456789\r\n0\r\nX: y\r\n\r\n", b"0\r\n\r\nGET /"];
    let mut mutator = Mutator::new(6, PIECES);
    fuzz("chunks", || {
        let bytes = mutator.mutate(SEEDS, 6);
        let whole = decode_for_test(&bytes, bytes.len().max(1));
        let size = 1 + mutator.below(5);
        assert_eq!(decode_for_test(&bytes, size), whole, "in pieces of {size}: {:?}", String::from_utf8_lossy(&bytes));
        let Ok((body, _)) = whole else { return };
        assert!(body.len() <= bytes.len());
    });
}
