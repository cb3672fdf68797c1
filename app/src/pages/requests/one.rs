//! One call: what it passed, what refused it, how long each phase took.
use super::tone;
use crate::{
    components::{Callout, Fact, Facts, Icon, Method, Path, Status, Tone, link::Root, words},
    context,
};
use leptos::prelude::*;
use portico_contract::{
    Role,
    traffic::{Phase, Refusal, RequestDetail},
};

pub(super) fn detail(request: RequestDetail, close: String) -> impl IntoView {
    let line = &request.line;
    let title = match &request.refusal {
        Some(refusal) if refusal.phase == Phase::Upstream => "Failed upstream".to_owned(),
        Some(refusal) => format!("Refused: {}", refusal.check),
        None => format!("{} {}", line.status, line.result),
    };
    let asked = request.upstream_ms.is_some();
    let upstream = request.upstream_ms.as_ref().map_or_else(|| "not asked".to_owned(), |ms| format!("{ms} ms"));
    let phases = vec![
        Fact::new("Checks", format!("{} ms", request.checks_ms)),
        Fact::new("Upstream", upstream),
        Fact::new("Transfer", format!("{} ms", request.transfer_ms)),
        Fact::new("In all", format!("{} ms", request.total_ms)),
    ];
    let way = request.refusal.as_ref().map(|refusal| {
        view! {
            <ol class="steps">
                {passed(&request, refusal)}
                {failed(refusal)}
                {(!asked && refusal.phase < Phase::Upstream).then(not_reached)}
            </ol>
            {advice(refusal, &request.api)
                .map(|words| view! { <Callout tone=Tone::Info title="What to do">{words}</Callout> })}
        }
    });
    let code =
        request.refusal.as_ref().map(|refusal| view! { <span class="note"><code>{refusal.code.clone()}</code></span> });
    view! {
        <div class="stack loose" id="request">
            <header class="stack tight">
                <div class="split">
                    <span class="note">{request.moment.clone()}</span>
                    <a class="button quiet small square" href=close aria-label="Close"><Icon name="x"/></a>
                </div>
                <h2>{title}</h2>
                <div class="row tight">
                    <Status text=format!("{} {}", line.status, line.result) tone=tone(line)/>
                    {code}
                </div>
                <div class="row tight"><Method method=line.method.clone()/><Path path=line.path.clone()/></div>
            </header>
            {way}
            <Facts facts=phases class="narrow"/>
            <Facts facts=facts(&request)/>
            <p class="note">"Request id "<code>{line.id.clone()}</code></p>
        </div>
    }
}

fn facts(request: &RequestDetail) -> Vec<Fact> {
    let root = Root(format!("/apis/{}", request.api));
    let mut facts = Vec::new();
    if !request.api.is_empty() {
        facts.push(Fact::new("API", view! { <a href=root.0.clone()>{request.api.clone()}</a> }));
    }
    if !request.operation.is_empty() {
        let href = root.operation(&request.operation);
        facts.push(Fact::new("Operation", view! { <a href=href>{request.operation.clone()}</a> }));
    }
    let named = request.refusal.as_ref().map_or("", |refusal| &refusal.named_key);
    match (request.key.as_str(), named) {
        ("", "") => facts.push(Fact::new("Key", "none")),
        ("", named) => facts.push(Fact::new("Key named", view! { <code>{named.to_owned()}</code> })),
        (key, _) => {
            facts.push(Fact::new("Key", key.to_owned()));
            facts.push(Fact::new("App", request.app.clone()));
        }
    }
    facts.push(Fact::new("Client", request.client.clone()));
    let bytes = format!("{} in, {} out", words::bytes(request.bytes_in), words::bytes(request.bytes_out));
    facts.push(Fact::new("Bodies", bytes));
    facts
}

fn step(class: &'static str, icon: &'static str, title: String, content: AnyView) -> impl IntoView {
    view! {
        <li class=class>
            <span class="mark"><Icon name=icon/></span>
            <div>
                <h3>{title}</h3>
                {content}
            </div>
        </li>
    }
}

/// What the call had behind it, as far as there is something to say of it.
fn passed(request: &RequestDetail, refusal: &Refusal) -> impl IntoView + use<> {
    let mut steps = Vec::new();
    if refusal.phase > Phase::Address {
        let words = match (request.api.as_str(), request.operation.as_str()) {
            (api, "") => api.to_owned(),
            (api, operation) => format!("{operation} of {api}"),
        };
        steps.push(("Address", words));
    }
    if refusal.phase > Phase::Key {
        let words = if request.key.is_empty() {
            "None is needed.".to_owned()
        } else {
            format!("{} of {}", request.key, request.app)
        };
        steps.push(("Key", words));
    }
    if refusal.phase > Phase::Subscription && !request.key.is_empty() {
        steps.push(("Subscription", "Active, and the key may make this call.".to_owned()));
    }
    if refusal.phase > Phase::Limits {
        steps.push(("Limits", "Within all of them.".to_owned()));
    }
    steps
        .into_iter()
        .map(|(title, words)| step("ok", "check", title.to_owned(), view! { <p>{words}</p> }.into_any()))
        .collect_view()
}

fn failed(refusal: &Refusal) -> impl IntoView + use<> {
    let mut found = view! { {refusal.found.clone()} }.into_any();
    if !refusal.errors.is_empty() {
        let errors = refusal
            .errors
            .iter()
            .map(|(pointer, message)| view! { <li><code>{pointer.clone()}</code>" "{message.clone()}</li> })
            .collect_view();
        found = view! { <ul class="faults">{errors}</ul> }.into_any();
    }
    let (expected, check) = (refusal.expected.clone(), capitalised(&refusal.check));
    let compare = view! {
        <dl class="compare">
            <dt>"expected"</dt>
            <dd>{expected}</dd>
            <dt>"found"</dt>
            <dd>{found}</dd>
        </dl>
    };
    step("danger", "x", check, compare.into_any())
}

fn not_reached() -> impl IntoView {
    let words = view! { <p>"Not reached. The upstream never saw this call."</p> };
    step("muted", "minus", "Upstream".to_owned(), words.into_any())
}

fn capitalised(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What the reader can do about it; nothing where that is not known.
fn advice(refusal: &Refusal, api: &str) -> Option<AnyView> {
    let staff = context::caller().role() >= Some(Role::Publisher);
    if staff && !api.is_empty() && refusal.code.starts_with("upstream_") {
        let href = format!("/admin/apis/{api}");
        return Some(view! { "Look after the upstreams: "<a href=href>"settings of the API"</a>"." }.into_any());
    }
    callers_advice(refusal).map(IntoAny::into_any)
}

fn callers_advice(refusal: &Refusal) -> Option<&'static str> {
    Some(match (refusal.code.as_str(), refusal.phase) {
        ("key_missing", _) => "Send the key in the header X-API-Key, or in Authorization behind Bearer.",
        ("key_unknown", _) => "Copy the whole key again. Lost keys are not shown a second time: make another one.",
        ("key_expired" | "key_revoked", _) => "Make another key for the app, and let the program use that.",
        ("not_subscribed", _) => "Subscribe the key's app to the API.",
        ("subscription_pending", _) => "Wait until a publisher has approved the subscription.",
        ("scope_denied", _) => "Use a key that is not narrowed to other APIs or operations.",
        ("ip_denied", Phase::Subscription) => "Call from one of the key's networks, or make a key for this one.",
        ("ip_denied", _) => "The API is closed to this address. Its publishers can let it in.",
        ("rate_limited", _) => "Wait as long as Retry-After says, and space calls out.",
        ("quota_exceeded", _) => "Wait until the period is over, or choose a plan with a larger quota.",
        ("no_such_operation" | "no_such_api" | "method_not_allowed", _) => {
            "Compare method and path with the documentation: it shows the whole address of each operation."
        }
        ("invalid_parameters" | "invalid_body" | "unsupported_media_type", _) => {
            "Change the call at each place named: the operation's page describes what fits."
        }
        ("body_too_large", _) => "Send less at once.",
        ("upstream_unavailable", Phase::Address) => {
            "The API is closed for now. Retry-After says how long, if that is known."
        }
        ("upstream_unavailable" | "upstream_failed" | "upstream_timeout", Phase::Upstream) => {
            "Try again later. It is not the call's fault; where it goes on, tell the API's publishers this request's id."
        }
        _ => return None,
    })
}
