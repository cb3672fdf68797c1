//! A cache between a caller and an upstream that answers by a script.
use super::*;
use crate::message::fields::Fields;
use http_body::{Body, Frame};
use portico_domain::{MockClock, Slug};
use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
};

const PATIENCE: Duration = Duration::from_secs(30);

struct House {
    cache: Arc<Cache>,
    clock: Arc<MockClock>,
    policy: Arc<Policy>,
    api: Slug,
}

/// A call, with what a test may vary.
#[derive(Clone, Copy)]
struct Call<'a> {
    method: &'a str,
    path: &'a str,
    app: &'a str,
    lines: &'a [(&'a str, &'a str)],
}

const GET: Call<'_> = Call { method: "GET", path: "/pets", app: "app", lines: &[] };

/// What the upstream answers.
#[derive(Clone, Copy)]
struct Says<'a> {
    status: u16,
    lines: &'a [(&'a str, &'a str)],
    body: &'a str,
}

const MINUTE: Says<'_> = Says { status: 200, lines: &[("cache-control", "max-age=60")], body: "one" };

/// What the caller got: the upstream's answer, or one from the cache.
#[derive(Debug, PartialEq, Eq)]
struct Got {
    asked_upstream: bool,
    status: u16,
    body: String,
    cache_status: String,
}

impl House {
    fn new(settings: serde_json::Value) -> Self {
        let clock = Arc::new(MockClock::at(Timestamp::parse("2026-12-02T12:00:00Z").unwrap()));
        let settings: portico_domain::Cache = serde_json::from_value(settings).unwrap();
        Self {
            cache: Arc::new(Cache::new(1 << 24, Arc::clone(&clock) as Arc<dyn Clock>)),
            policy: Arc::new(Policy::compile(&settings, None)),
            clock,
            api: "pets".parse().unwrap(),
        }
    }

    async fn step(&self, call: Call<'_>) -> (Step, Fields) {
        let fields = fields(call.lines);
        let method = Method::from_bytes(call.method.as_bytes()).unwrap();
        let place = Place {
            api: &self.api,
            path: call.path,
            query: None,
            host: b"api.example",
            app: self.policy.owner(call.app),
        };
        let credentials = Credentials::of(&fields);
        let asked = Asked { method: &method, place, fields: &fields, credentials, has_body: false };
        (look_up(&self.cache, &self.policy, asked, PATIENCE).await, fields)
    }

    /// The whole way of a call; the upstream says this if it is asked.
    async fn call(&self, call: Call<'_>, says: Says<'_>) -> Got {
        match self.step(call).await {
            (Step::Answer(ready), _) => got(false, &ready),
            (Step::AnswerAndRefresh(ready, pass), mut request) => {
                pass.prepare(&mut request);
                drop(finish(pass, says));
                got(false, &ready)
            }
            (Step::Forward(pass), mut request) => {
                pass.prepare(&mut request);
                finish(pass, says)
            }
            (Step::Refuse, _) => {
                Got { asked_upstream: false, status: 504, body: String::new(), cache_status: String::new() }
            }
        }
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

fn fields(lines: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in lines {
        fields.push(name, value);
    }
    fields
}

fn got(asked_upstream: bool, ready: &Ready) -> Got {
    Got {
        asked_upstream,
        status: ready.status.as_u16(),
        body: String::from_utf8_lossy(&ready.body).into_owned(),
        cache_status: cache_status(&ready.fields),
    }
}

fn cache_status(fields: &Fields) -> String {
    String::from_utf8_lossy(fields.get("cache-status").unwrap_or_default()).into_owned()
}

fn finish(pass: Pass, says: Says<'_>) -> Got {
    let mut answer = fields(says.lines);
    let status = StatusCode::from_u16(says.status).unwrap();
    match pass.answered(status, &mut answer, None) {
        Outcome::Kept(ready) => got(true, &ready),
        Outcome::Passed(recording) => {
            if let Some(recording) = recording {
                let halves = says.body.split_at(says.body.len() / 2);
                drain(&mut Recorded::new(Script::of(&[halves.0, halves.1]), recording));
            }
            Got {
                asked_upstream: true,
                status: says.status,
                body: says.body.to_owned(),
                cache_status: cache_status(&answer),
            }
        }
    }
}

struct Script(VecDeque<io::Result<Frame<Bytes>>>);

impl Script {
    fn of(parts: &[&str]) -> Self {
        Self(parts.iter().map(|part| Ok(Frame::data(Bytes::copy_from_slice(part.as_bytes())))).collect())
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(self.0.pop_front())
    }
}

fn drain(body: &mut Recorded<Script>) {
    while let Poll::Ready(Some(Ok(_))) = Pin::new(&mut *body).poll_frame(&mut Context::from_waker(Waker::noop())) {}
}

fn hit(body: &str, cache_status: &str) -> Got {
    Got { asked_upstream: false, status: 200, body: body.into(), cache_status: cache_status.into() }
}

#[tokio::test]
async fn a_fresh_answer_is_used_again_until_it_is_stale() {
    let house = House::new(serde_json::json!({}));
    let first = house.call(GET, MINUTE).await;
    assert_eq!((first.asked_upstream, &*first.cache_status), (true, "portico; fwd=miss; stored"));
    house.wait(59);
    assert_eq!(house.call(GET, MINUTE).await, hit("one", "portico; hit; ttl=1"));
    house.wait(1);
    let again = house.call(GET, Says { body: "two", ..MINUTE }).await;
    assert_eq!((again.body.as_str(), &*again.cache_status), ("two", "portico; fwd=stale; stored"));
    assert_eq!(house.call(GET, MINUTE).await.body, "two");
}

#[tokio::test]
async fn what_may_not_be_kept_is_not() {
    for (says, call) in [
        (Says { lines: &[], ..MINUTE }, GET),
        (Says { lines: &[("cache-control", "max-age=60, no-store")], ..MINUTE }, GET),
        (Says { lines: &[("cache-control", "max-age=60, private")], ..MINUTE }, GET),
        (Says { lines: &[("cache-control", "max-age=0")], ..MINUTE }, GET),
        (Says { lines: &[("cache-control", "max-age=60"), ("set-cookie", "a=b")], ..MINUTE }, GET),
        (Says { lines: &[("cache-control", "max-age=60"), ("vary", "*")], ..MINUTE }, GET),
        (Says { lines: &[("cache-control", "max-age=60"), ("content-type", "text/event-stream")], ..MINUTE }, GET),
        (Says { status: 206, ..MINUTE }, GET),
        (Says { status: 500, ..MINUTE }, GET),
        (MINUTE, Call { method: "HEAD", ..GET }),
        (MINUTE, Call { method: "POST", ..GET }),
        (MINUTE, Call { lines: &[("cache-control", "no-store")], ..GET }),
        (MINUTE, Call { lines: &[("range", "bytes=0-1")], ..GET }),
        (MINUTE, Call { lines: &[("authorization", "Basic eA==")], ..GET }),
        (MINUTE, Call { lines: &[("cookie", "a=b")], ..GET }),
    ] {
        let house = House::new(serde_json::json!({}));
        house.call(call, says).await;
        assert!(house.call(GET, says).await.asked_upstream, "{:?} {:?} {}", says.lines, call.lines, says.status);
    }
}

#[tokio::test]
async fn settings_speak_where_the_answer_does_not() {
    let house = House::new(serde_json::json!({"ttl_seconds": 10}));
    let silent = Says { lines: &[], ..MINUTE };
    house.call(GET, silent).await;
    assert_eq!(house.call(GET, silent).await, hit("one", "portico; hit; ttl=10"));
    house.call(Call { path: "/302", ..GET }, Says { status: 302, ..silent }).await;
    assert!(house.call(Call { path: "/302", ..GET }, silent).await.asked_upstream);
    house.call(Call { path: "/404", ..GET }, Says { status: 404, ..silent }).await;
    assert_eq!(house.call(Call { path: "/404", ..GET }, silent).await.status, 404);

    let settings: portico_domain::Cache = serde_json::from_value(serde_json::json!({"ttl_seconds": 10})).unwrap();
    let own = |enabled, ttl_seconds| Policy::compile(&settings, Some(OperationCache { enabled, ttl_seconds }));
    assert_eq!((own(true, Some(3)).ttl, own(true, None).ttl, own(false, None).enabled), (3, 10, false));
}

#[tokio::test]
async fn no_caller_gets_the_answer_of_another() {
    let house = House::new(serde_json::json!({}));
    house.call(GET, MINUTE).await;
    for app in ["other", ""] {
        assert!(house.call(Call { app, ..GET }, MINUTE).await.asked_upstream);
    }
    let shared = House::new(serde_json::json!({"shared": true}));
    shared.call(GET, MINUTE).await;
    assert!(!shared.call(Call { app: "other", ..GET }, MINUTE).await.asked_upstream);
}

#[tokio::test]
async fn credentials_need_the_upstreams_word() {
    for (control, line, kept) in [
        ("max-age=60", ("authorization", "Basic eA=="), false),
        ("max-age=60, public", ("authorization", "Basic eA=="), true),
        ("s-maxage=60", ("authorization", "Basic eA=="), true),
        ("max-age=60, must-revalidate", ("authorization", "Basic eA=="), true),
        ("max-age=60", ("cookie", "a=b"), false),
        ("max-age=60, public", ("cookie", "a=b"), true),
    ] {
        let house = House::new(serde_json::json!({}));
        let lines = [("cache-control", control)];
        let says = Says { lines: &lines, ..MINUTE };
        let own = [line];
        let call = Call { lines: &own, ..GET };
        // Neither is it kept of such a request, nor is an answer of another used for one.
        house.call(call, says).await;
        assert_eq!(!house.call(call, says).await.asked_upstream, kept, "{control} {line:?}");
        let house = House::new(serde_json::json!({}));
        house.call(GET, says).await;
        assert_eq!(!house.call(call, says).await.asked_upstream, kept, "{control} {line:?}");
    }
    let house = House::new(serde_json::json!({}));
    let says = Says { lines: &[("cache-control", "max-age=60"), ("vary", "Cookie")], ..MINUTE };
    let call = Call { lines: &[("cookie", "a=b")], ..GET };
    house.call(call, says).await;
    assert!(!house.call(call, says).await.asked_upstream);
    assert!(house.call(Call { lines: &[("cookie", "a=c")], ..GET }, says).await.asked_upstream);
}

#[tokio::test]
async fn a_caller_says_how_fresh_it_wants_it() {
    for (control, age, outcome) in [
        ("no-cache", 0, "fwd=request"),
        ("max-age=0", 1, "fwd=request"),
        ("max-age=10", 10, "hit"),
        ("max-age=10", 11, "fwd=request"),
        ("min-fresh=20", 40, "hit"),
        ("min-fresh=21", 40, "fwd=stale"),
        ("max-stale", 100, "hit"),
        ("max-stale=40", 100, "hit"),
        ("max-stale=39", 100, "fwd=stale"),
        ("only-if-cached", 0, "hit"),
        ("only-if-cached", 100, ""),
        ("only-if-cached, no-cache", 0, ""),
    ] {
        let house = House::new(serde_json::json!({}));
        house.call(GET, MINUTE).await;
        house.wait(age);
        let lines = [("cache-control", control)];
        let got = house.call(Call { lines: &lines, ..GET }, MINUTE).await;
        let status = got.cache_status.strip_prefix("portico; ").unwrap_or_default();
        assert_eq!(status.split(';').next().unwrap(), outcome, "{control} at {age}");
        assert_eq!(got.status, if outcome.is_empty() { 504 } else { 200 });
    }
}

#[tokio::test]
async fn strict_answers_are_never_used_stale() {
    for control in ["max-age=60, must-revalidate", "s-maxage=60", "no-cache"] {
        let house = House::new(serde_json::json!({}));
        let lines = [("cache-control", control), ("etag", "\"1\"")];
        house.call(GET, Says { lines: &lines, ..MINUTE }).await;
        house.wait(61);
        let stale = Call { lines: &[("cache-control", "max-stale, stale-if-error=500")], ..GET };
        assert!(house.call(stale, Says { status: 503, lines: &[], body: "" }).await.status == 503, "{control}");
    }
}

#[tokio::test]
async fn a_stale_answer_is_confirmed() {
    let house = House::new(serde_json::json!({}));
    let lines = [("cache-control", "max-age=60"), ("etag", "\"1\""), ("x-old", "1")];
    house.call(GET, Says { lines: &lines, ..MINUTE }).await;
    house.wait(61);
    let (Step::Forward(pass), mut request) = house.step(GET).await else { panic!("it is stale") };
    pass.prepare(&mut request);
    assert_eq!(request.get("if-none-match"), Some(&b"\"1\""[..]));
    let told = Says { status: 304, lines: &[("cache-control", "max-age=60"), ("x-new", "1")], body: "" };
    let confirmed = finish(pass, told);
    assert_eq!((confirmed.status, confirmed.body.as_str()), (200, "one"));
    assert_eq!(confirmed.cache_status, "portico; fwd=stale; fwd-status=304; ttl=60");
    assert_eq!(house.call(GET, MINUTE).await, hit("one", "portico; hit; ttl=60"));
}

#[tokio::test]
async fn a_caller_that_has_it_is_told_so() {
    let house = House::new(serde_json::json!({}));
    let lines = [("cache-control", "max-age=60"), ("ETag", "\"1\""), ("content-type", "text/plain")];
    house.call(GET, Says { lines: &lines, ..MINUTE }).await;
    let (Step::Answer(ready), _) = house.step(Call { lines: &[("if-none-match", "W/\"1\"")], ..GET }).await else {
        panic!("it is fresh")
    };
    let shown: Vec<_> = ready.fields.iter().map(|(name, _)| name).collect();
    assert_eq!((ready.status.as_u16(), ready.body.len()), (304, 0));
    assert_eq!(shown, ["cache-control", "ETag", "age", "cache-status"]);
    // Its own question goes to the upstream where nothing is kept.
    let (Step::Forward(pass), mut request) =
        house.step(Call { path: "/other", lines: &[("if-none-match", "\"9\"")], ..GET }).await
    else {
        panic!("nothing is kept")
    };
    pass.prepare(&mut request);
    assert_eq!(request.get("if-none-match"), Some(&b"\"9\""[..]));
    assert_eq!(finish(pass, Says { status: 304, lines: &[], body: "" }).status, 304);
}

#[tokio::test]
async fn head_is_answered_by_get() {
    let house = House::new(serde_json::json!({}));
    house.call(GET, MINUTE).await;
    let (Step::Answer(ready), _) = house.step(Call { method: "HEAD", ..GET }).await else { panic!("it is fresh") };
    assert_eq!((ready.fields.get("content-length"), ready.body.len()), (Some(&b"3"[..]), 0));
}

#[tokio::test]
async fn a_change_makes_what_is_kept_old() {
    for (method, status, old) in
        [("POST", 201, true), ("PUT", 204, true), ("DELETE", 302, true), ("PATCH", 400, false), ("OPTIONS", 200, false)]
    {
        let house = House::new(serde_json::json!({}));
        house.call(GET, MINUTE).await;
        house.call(Call { app: "other", method, ..GET }, Says { status, ..MINUTE }).await;
        assert_eq!(house.call(GET, MINUTE).await.asked_upstream, old, "{method} {status}");
    }
}

#[tokio::test]
async fn a_failure_is_covered_for_as_long_as_it_was_said() {
    let lines = [("cache-control", "max-age=60, stale-if-error=30")];
    let broken = Says { status: 503, lines: &[], body: "broken" };
    for (age, status, body) in [(61, 200, "one"), (90, 200, "one"), (91, 503, "broken")] {
        let house = House::new(serde_json::json!({}));
        house.call(GET, Says { lines: &lines, ..MINUTE }).await;
        house.wait(age);
        let got = house.call(GET, broken).await;
        assert_eq!((got.status, got.body.as_str()), (status, body), "{age}");
    }
    let house = House::new(serde_json::json!({}));
    house.call(GET, Says { lines: &lines, ..MINUTE }).await;
    house.wait(61);
    let (Step::Forward(pass), _) = house.step(GET).await else { panic!("it is stale") };
    assert_eq!(pass.failed().unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn a_stale_answer_serves_while_one_caller_fetches() {
    let house = House::new(serde_json::json!({}));
    let lines = [("cache-control", "max-age=60, stale-while-revalidate=30")];
    let says = Says { lines: &lines, ..MINUTE };
    house.call(GET, says).await;
    house.wait(70);
    let (Step::AnswerAndRefresh(ready, pass), _) = house.step(GET).await else { panic!("nobody fetches yet") };
    assert_eq!(got(false, &ready), hit("one", "portico; hit; ttl=-10"));
    let (Step::Answer(_), _) = house.step(GET).await else { panic!("somebody fetches already") };
    finish(pass, Says { body: "two", ..says });
    assert_eq!(house.call(GET, says).await, hit("two", "portico; hit; ttl=60"));
    house.wait(91);
    assert!(house.call(GET, says).await.asked_upstream);
}

#[tokio::test]
async fn callers_wait_for_the_one_that_fetches() {
    let house = House::new(serde_json::json!({}));
    let (Step::Forward(pass), _) = house.step(GET).await else { panic!("nothing is kept") };
    let waiting = house.call(GET, Says { body: "wrong", ..MINUTE });
    let leading = async {
        tokio::task::yield_now().await;
        finish(pass, MINUTE)
    };
    let (waited, _) = tokio::join!(waiting, leading);
    assert_eq!(waited, hit("one", "portico; fwd=miss; collapsed; ttl=60"));
}

#[tokio::test]
async fn who_waited_goes_on_when_there_is_nothing_to_share() {
    let silent = Says { lines: &[], ..MINUTE };
    let house = House::new(serde_json::json!({}));
    let (Step::Forward(pass), _) = house.step(GET).await else { panic!("nothing is kept") };
    let leading = async {
        tokio::task::yield_now().await;
        finish(pass, silent)
    };
    let (waited, _) = tokio::join!(house.call(GET, Says { body: "mine", ..silent }), leading);
    assert_eq!((waited.asked_upstream, waited.body.as_str()), (true, "mine"));

    // One whose caller has gone leaves its place to the next.
    let house = House::new(serde_json::json!({}));
    let (Step::Forward(pass), _) = house.step(GET).await else { panic!("nothing is kept") };
    let leaving = async {
        tokio::task::yield_now().await;
        drop(pass);
    };
    let (waited, ()) = tokio::join!(house.call(GET, MINUTE), leaving);
    assert!(waited.asked_upstream);
    assert!(!house.call(GET, MINUTE).await.asked_upstream);
}

#[tokio::test]
async fn only_whole_answers_are_kept() {
    let house = House::new(serde_json::json!({"max_answer_bytes": 5}));
    house.call(GET, Says { body: "123456", ..MINUTE }).await;
    assert!(house.call(GET, MINUTE).await.asked_upstream);

    let house = House::new(serde_json::json!({}));
    for last in [Some(io::ErrorKind::UnexpectedEof), None] {
        let (Step::Forward(pass), _) = house.step(GET).await else { panic!("nothing is kept") };
        let Outcome::Passed(Some(recording)) = pass.answered(StatusCode::OK, &mut fields(MINUTE.lines), None) else {
            panic!("it may be kept")
        };
        let mut script = Script::of(&["half"]);
        script.0.extend(last.map(|kind| Err(kind.into())));
        let mut body = Recorded::new(script, recording);
        let _ = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
        if last.is_some() {
            drain(&mut body);
        }
        drop(body);
        assert!(matches!(house.step(GET).await.0, Step::Forward(_)));
    }
}
