//! What stands on the page of each part.
use super::form::{Form, group};
use crate::components::{Callout, Chips, Icon, Tone};
use leptos::prelude::*;

pub(super) fn routing(form: &Form<'_>) -> AnyView {
    let upstreams = vec![
        form.choice(
            "balance",
            "Choice among upstreams",
            &[("weighted", "weighted"), ("least_loaded", "least loaded"), ("sticky", "sticky")],
            "Weighted: by chance, in proportion to the weights. Least loaded: the one with the fewest calls under way. \
             Sticky: one caller keeps to one upstream.",
        ),
        form.choice(
            "connection.protocol",
            "Protocol to upstreams",
            &[("http1", "HTTP/1.1"), ("http2", "HTTP/2")],
            "HTTP/2, for gRPC, is agreed by ALPN over TLS, and taken for granted without TLS.",
        ),
        form.number(
            "connection.connect_timeout_ms",
            "Time to connect, in milliseconds",
            "Name look-up, TCP and TLS together.",
        ),
        form.number(
            "connection.idle_timeout_ms",
            "Longest pause in a body, in milliseconds",
            "Between two parts of a body, either way.",
        ),
        form.number(
            "connection.total_timeout_ms",
            "Longest call, in milliseconds",
            "From the call's first byte to the answer's last. Empty: no end, as streams need it.",
        ),
        form.number(
            "connection.upgrade_idle_seconds",
            "Longest silence of a WebSocket, in seconds",
            "Of other upgraded connections, too.",
        ),
        form.number(
            "connection.upgrade_lifetime_seconds",
            "Longest life of a WebSocket, in seconds",
            "It ends then whatever happens on it. Empty: never.",
        ),
    ];
    let tls = vec![
        form.text(
            "connection.ca",
            "Certificate authority",
            "The name of a file NAME.ca.pem in the folder PORTICO_UPSTREAM_TLS_DIR. Empty: the public ones are trusted.",
        ),
        form.text(
            "connection.client_certificate",
            "Client certificate",
            "Shown to upstreams that ask: the name of a pair NAME.crt.pem and NAME.key.pem there. Empty: none.",
        ),
        form.text(
            "connection.server_name",
            "Name in certificates",
            "E.g. pets.internal. Empty: the host in the upstream's address.",
        ),
    ];
    (
        group(
            "Names",
            "An API with host names of its own is served there at /, and no longer below the gateway's address.",
            vec![form.lines(
                "hosts",
                "Host names",
                "One a line, e.g. api.example.com. DNS must lead them to the gateway. Empty: none.",
            )],
        ),
        group(
            "Upstreams",
            "How they are chosen and reached. Their addresses stand on the API's first page.",
            upstreams,
        ),
        group("TLS to upstreams", "Certificates are checked in any case.", tls),
        group(
            "Shadow",
            "Sends a copy of calls elsewhere, e.g. to a new release, and forgets the answers.",
            vec![
                form.text(
                    "shadow.upstream",
                    "Upstream of the copies",
                    "E.g. https://next.example.com/v1. Empty: no copies.",
                ),
                form.number(
                    "shadow.percent",
                    "Share of calls, in per cent",
                    "Of calls without a body or with one of at most 64 KiB.",
                ),
            ],
        ),
    )
        .into_any()
}

pub(super) fn resilience(form: &Form<'_>) -> AnyView {
    (
        group(
            "Health checks",
            "Ask each upstream on its own account whether it is well, and leave out those that are not.",
            vec![
                form.switch("health", "Check the upstreams"),
                form.text("health.path", "Path", "Below the upstream's own path; a query may stand behind it."),
                form.number("health.interval_seconds", "Seconds between two checks", ""),
                form.number(
                    "health.timeout_ms",
                    "Time for an answer, in milliseconds",
                    "At most the time between two checks.",
                ),
                form.text("health.expect", "Good statuses", "First and last."),
                form.number("health.unhealthy_after", "Bad answers that take an upstream out", "In a row."),
                form.number("health.healthy_after", "Good answers that bring it back", "In a row."),
            ],
        ),
        group(
            "Ejection",
            "Takes an upstream out for a while when calls to it fail: no connection, no answer in time, a broken one, or \
             502, 503, 504. With every upstream out, calls are refused at once: a circuit breaker.",
            vec![
                form.number("ejection.failures", "Failures in a row", "0 never takes one out."),
                form.number(
                    "ejection.seconds",
                    "Seconds it stays out",
                    "Times the number of its ejections in a row, up to ten times.",
                ),
                form.number(
                    "ejection.max_percent",
                    "Out at once, in per cent at most",
                    "100 lets the last one out, too.",
                ),
            ],
        ),
        group(
            "Retries",
            "Only what may be repeated is sent once more, and never after a byte of an answer was passed on.",
            vec![
                form.number("retry.attempts", "Tries after the first", "0 for none."),
                form.text(
                    "retry.statuses",
                    "Statuses that count as failures",
                    "Of 429, 500, 502, 503 and 504, with commas between. Empty: none.",
                ),
                form.number(
                    "retry.budget_percent",
                    "Budget, in per cent of all calls",
                    "Retries are never more than this, so that they cannot drown an upstream; 20 at most.",
                ),
            ],
        ),
    )
        .into_any()
}

pub(super) fn limits(form: &Form<'_>) -> AnyView {
    (
        group(
            "Of all callers together",
            "Protects what is behind the API; each gateway node counts for itself. Calls beyond are refused with 429.",
            vec![
                form.number("limits.rate.limit", "Calls per period", "Empty: no limit."),
                form.choice(
                    "limits.rate.per",
                    "Period",
                    &[("second", "a second"), ("minute", "a minute"), ("hour", "an hour")],
                    "Counts where there is a number of calls.",
                ),
                form.number(
                    "limits.rate.burst",
                    "Calls in a burst",
                    "That may come together. Empty: as many as per period.",
                ),
                form.number(
                    "limits.concurrency",
                    "Calls under way at once",
                    "That are not answered yet. Empty: no limit.",
                ),
            ],
        ),
        group(
            "Sizes",
            "How large a request may be stands on the API's first page.",
            vec![form.number(
                "max_answer_bytes",
                "Largest answer, in bytes",
                "A larger one is not passed on; the caller gets 502. Empty: any size.",
            )],
        ),
        group(
            "Networks",
            "Clients by address or network, e.g. 192.0.2.7 or 2001:db8::/32, one a line. Others are refused with 403.",
            vec![
                form.lines("allow_ips", "Only from", "Empty: from everywhere."),
                form.lines("deny_ips", "Never from", "Whatever the other list says. Empty: no exception."),
            ],
        ),
    )
        .into_any()
}

pub(super) fn cors(form: &Form<'_>) -> AnyView {
    group(
        "Cross-origin calls",
        "The gateway answers preflights itself and puts the CORS headers on every answer, refusals too. While this is \
         off, the upstream's own are passed on.",
        vec![
            form.switch("cors", "Answer cross-origin calls"),
            form.lines(
                "cors.origins",
                "Origins",
                "One a line, e.g. https://app.example.com, or https://*.example.com for all subdomains; * for all.",
            ),
            form.text("cors.methods", "Methods", "With commas between. Empty: those of the path that is called."),
            form.text("cors.headers", "Request headers", "With commas between; * for all."),
            form.text(
                "cors.expose",
                "Headers that scripts may read",
                "With commas between, beside those that they always may. Empty: no others.",
            ),
            form.number("cors.max_age_seconds", "Seconds that browsers remember", "What a preflight was answered."),
            form.flag(
                "cors.credentials",
                "Allow credentials",
                "cookies and the browser's sign-in; not together with * as an origin",
            ),
        ],
    )
}

pub(super) fn validation(form: &Form<'_>) -> AnyView {
    (
        group(
            "Against the document",
            "Parameters and JSON bodies are checked against the schemas of the version that callers see.",
            vec![
                form.flag(
                    "validate.request",
                    "Refuse calls that do not fit",
                    "with 400, and every fault with its place",
                ),
                form.choice(
                    "validate.response",
                    "Answers that do not fit",
                    &[("off", "are not looked for"), ("report", "are passed on and noted in the log")],
                    "",
                ),
            ],
        ),
        group(
            "Errors",
            "How the gateway's own refusals look to callers.",
            vec![form.choice(
                "errors",
                "Shape",
                &[("problem", "problem details (RFC 9457)"), ("aws", "as Amazon API Gateway answers")],
                "",
            )],
        ),
    )
        .into_any()
}

pub(super) fn caching(form: &Form<'_>) -> AnyView {
    (
        group(
            "Cache",
            "Keeps answers by the rules of HTTP (RFC 9111), on each gateway node for itself.",
            vec![
                form.switch("cache", "Keep answers"),
                form.number(
                    "cache.ttl_seconds",
                    "Seconds of freshness",
                    "For answers that say nothing of it themselves; 0 keeps only those that do.",
                ),
                form.text(
                    "cache.vary",
                    "Request headers that tell answers apart",
                    "With commas between, beside those in Vary. Empty: no others.",
                ),
                form.number("cache.max_answer_bytes", "Largest answer, in bytes", "Larger ones are not kept."),
                form.flag(
                    "cache.shared",
                    "Share answers between callers",
                    "only where an answer does not depend on who asks",
                ),
            ],
        ),
        group(
            "Compression",
            "By zstd, br or gzip, whichever the client asks for.",
            vec![form.flag("compress", "Compress answers that the upstream sent plain", "")],
        ),
    )
        .into_any()
}

pub(super) fn headers(form: &Form<'_>) -> AnyView {
    (
        group(
            "To the upstream",
            "First comes remove, then set, then add. Values may hold {request_id}, {app}, {plan}, {operation}, {client_ip} \
             and {path.NAME} for a path parameter. Headers that frame messages and the gateway's own cannot be touched. \
             This is no place for secrets: all publishers read it.",
            vec![
                form.lines(
                    "transform.request.set",
                    "Set on requests",
                    "In place of what was there, one a line, e.g. x-tenant: {app}.",
                ),
                form.lines("transform.request.add", "Add to requests", "Beside what is there, one a line."),
                form.text("transform.request.remove", "Remove from requests", "Names, with commas between."),
            ],
        ),
        group(
            "To the caller",
            "The same for answers, but for the gateway's own refusals.",
            vec![
                form.lines("transform.response.set", "Set on answers", "One a line, e.g. x-frame-options: DENY."),
                form.lines("transform.response.add", "Add to answers", "One a line."),
                form.text(
                    "transform.response.remove",
                    "Remove from answers",
                    "Names, with commas between, e.g. server, x-powered-by.",
                ),
            ],
        ),
        group(
            "Query",
            "Parameters behind the ? on the way to the upstream.",
            vec![
                form.lines("transform.query.set", "Set in the query", "One a line, e.g. units=metric."),
                form.lines("transform.query.remove", "Remove from the query", "Names, one a line."),
            ],
        ),
    )
        .into_any()
}

pub(super) fn maintenance(form: &Form<'_>) -> AnyView {
    (
        group(
            "Mock",
            "Answers from the document's examples, e.g. for an API that is not built yet.",
            vec![form.choice(
                "mock",
                "Answer from examples",
                &[("off", "never"), ("missing", "where there is no upstream"), ("always", "always")],
                "Calls need their keys all the same, and count.",
            )],
        ),
        group(
            "Maintenance",
            "While the API is closed, calls are answered 503 and no upstream is asked.",
            vec![
                form.switch("maintenance", "Closed for maintenance"),
                form.text("maintenance.message", "Message", "Told to callers, e.g. Back at 14:00 UTC."),
                form.number(
                    "maintenance.retry_after_seconds",
                    "Try again after, in seconds",
                    "Told in Retry-After. Empty: nothing is told.",
                ),
                form.lines(
                    "maintenance.except_ips",
                    "Let through",
                    "Clients that may call meanwhile, one address or network a line. Empty: nobody.",
                ),
            ],
        ),
    )
        .into_any()
}

pub(super) fn advanced(form: &Form<'_>) -> AnyView {
    let strays = &form.page.strays;
    let strays = (!strays.is_empty()).then(|| {
        let words = format!(
            "The version that callers see has no {}. What is set for it waits until a version has it again.",
            strays.join(", ")
        );
        view! { <Callout tone=Tone::Warn title="Settings without an operation">{words}</Callout> }
    });
    (
        strays,
        group(
            "Upstreams by path",
            "Calls whose path begins with a prefix go to upstreams of their own; the longest prefix wins.",
            vec![
                form.json("routes", "Routes, as a JSON list", "Empty: all calls go to the API's upstreams."),
                example("[{\"prefix\": \"/orders\", \"upstreams\": [{\"url\": \"https://orders.example.com\"}]}]"),
            ],
        ),
        group(
            "Operations",
            "What differs for single operations: upstreams, timeout_ms, max_body_bytes, max_answer_bytes, limits, \
             validate, cache, mock, transform. What is not said is as for the API.",
            vec![
                form.json(
                    "operation_settings",
                    "Settings of operations, as a JSON object",
                    "By the operations' names. Empty: all are as the API. Beyond 64 KiB it is for the management API.",
                ),
                example(
                    "{\"listPets\": {\"timeout_ms\": 2000}, \"addPet\": {\"limits\": {\"rate\": {\"limit\": 10, \"per\": \"second\"}}}}",
                ),
                operations(&form.page.operations),
            ],
        ),
    )
        .into_any()
}

fn example(json: &str) -> AnyView {
    view! { <p class="help wide">"For example "<code>{json.to_owned()}</code></p> }.into_any()
}

/// Their names are not always those of their `operationId`.
fn operations(names: &[String]) -> AnyView {
    if names.is_empty() {
        return ().into_any();
    }
    let chips = names.iter().map(|name| (String::new(), name.clone())).collect();
    view! {
        <details class="children wide">
            <summary class="button small"><Icon name="right"/>{format!("Names of the {} operations", names.len())}</summary>
            <Chips label="Operations" chips/>
        </details>
    }
    .into_any()
}
