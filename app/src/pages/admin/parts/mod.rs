//! The settings of an API's calls: a page and a form for each part.
use crate::{
    actions::admin as actions,
    components::{Breadcrumb, Callout, Check, ErrorSummary, Field, Icon, NavLink, PostForm, Select, TextArea, Tone},
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::Router;
use leptos::prelude::*;
use portico_contract::{
    PortalError, PortalResult,
    settings::{PartLine, PartPage, SettingsPart},
};

pub(super) fn routes() -> Router<House> {
    Router::new().route("/admin/apis/{api}/settings/{part}", draw(page).post(actions::save_settings_part))
}

/// The part in the address.
pub(crate) fn named() -> PortalResult<SettingsPart> {
    let address = context::address();
    let part = address.param("part");
    SettingsPart::parse(part).ok_or_else(|| PortalError::not_found(format!("part of the settings {part}")))
}

pub(crate) async fn page() -> PortalResult<Page> {
    let address = context::address();
    let view = context::portal().settings_part(&context::caller(), address.param("api"), named()?).await?;
    let administration = sidebar::administration("/admin/apis").await;
    let sidebar = (administration, links(&view.slug, &view.title, Some(view.part)));
    let title = format!("{} of {}", words(view.part).0, view.title);
    Ok(Page::console(Section::Admin, title, sidebar, content(&view, address.field("saved") == "yes")))
}

/// Title and what the part is for.
const fn words(part: SettingsPart) -> (&'static str, &'static str) {
    match part {
        SettingsPart::Routing => (
            "Routing and upstreams",
            "Under which names callers find the API, and how its upstreams are chosen and reached.",
        ),
        SettingsPart::Resilience => (
            "Resilience",
            "What happens when an upstream is slow, fails or is away: health checks, ejection and retries.",
        ),
        SettingsPart::Limits => (
            "Limits and networks",
            "How much all callers together may ask for, and from which networks. Plans limit each subscription beside this.",
        ),
        SettingsPart::Cors => ("CORS", "Which web pages of other origins may call the API from a browser."),
        SettingsPart::Validation => {
            ("Validation and errors", "Whether calls and answers are held to the document, and how refusals look.")
        }
        SettingsPart::Caching => (
            "Cache and compression",
            "Answers that are kept for the next caller, and answers made smaller on their way.",
        ),
        SettingsPart::Headers => {
            ("Headers and query", "What is removed, set and added on the way to the upstream and back.")
        }
        SettingsPart::Maintenance => (
            "Mock and maintenance",
            "Answers that the gateway gives itself: examples from the document, or word that the API is closed.",
        ),
        SettingsPart::Advanced => (
            "Routes and operations",
            "Upstreams for parts of the paths, and what differs for single operations, written as JSON.",
        ),
    }
}

fn address(slug: &str, part: SettingsPart) -> String {
    format!("/admin/apis/{slug}/settings/{}", part.as_str())
}

/// The API's pages, beside each of them.
pub(super) fn links(slug: &str, title: &str, current: Option<SettingsPart>) -> impl IntoView + use<> {
    let parts = SettingsPart::ALL
        .into_iter()
        .map(|part| {
            view! { <NavLink href=address(slug, part) label=words(part).0 current=current == Some(part)/> }
        })
        .collect_view();
    view! {
        <nav class="nav" aria-label="Settings of the API">
            <h2>{title.to_owned()}</h2>
            <ul>
                <NavLink href=format!("/admin/apis/{slug}") label="Versions and access" current=current.is_none()/>
                {parts}
            </ul>
        </nav>
    }
}

/// On the API's own page: what each part is for, and what was set in it.
pub(super) fn overview(slug: &str, lines: Vec<PartLine>) -> impl IntoView + use<> {
    let slug = slug.to_owned();
    let lines = lines
        .into_iter()
        .map(|line| {
            let (title, what) = words(line.part);
            let set = if line.set.is_empty() {
                view! { <span class="note">"as by default"</span> }.into_any()
            } else {
                view! { <span class="note">{format!("set: {}", line.set.join(", "))}</span> }.into_any()
            };
            view! {
                <li>
                    <a class="item" href=address(&slug, line.part)>
                        <Icon name="gear"/>
                        <span class="what"><b>{title}</b>" "<span class="note">{what}</span></span>
                        {set}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="section">
            <div class="split">
                <h2>"Calls"</h2>
                <span class="note">"How the gateway treats them"</span>
            </div>
            <ul class="list">{lines}</ul>
        </section>
    }
}

fn content(view: &PartPage, saved: bool) -> impl IntoView + use<> {
    let (title, what) = words(view.part);
    let root = format!("/admin/apis/{}", view.slug);
    let form = Form(view);
    let fields = match view.part {
        SettingsPart::Routing => routing(form),
        SettingsPart::Resilience => resilience(form),
        SettingsPart::Limits => limits(form),
        SettingsPart::Cors => cors(form),
        SettingsPart::Validation => validation(form),
        SettingsPart::Caching => caching(form),
        SettingsPart::Headers => headers(form),
        SettingsPart::Maintenance => maintenance(form),
        SettingsPart::Advanced => advanced(form),
    };
    view! {
        <Breadcrumb
            crumbs=vec![("APIs".to_owned(), "/admin/apis".to_owned()), (view.title.clone(), root.clone())]
            current=title
        />
        <div class="intro">
            <h1>{title}</h1>
            <p class="lead">{what}</p>
        </div>
        {saved
            .then(|| {
                view! {
                    <div role="status">
                        <Callout tone=Tone::Ok title="The settings are saved">"They hold from the next call on."</Callout>
                    </div>
                }
            })}
        <ErrorSummary/>
        <PostForm action=address(&view.slug, view.part)>
            {fields}
            <div class="row">
                <button class="button primary">"Save"</button>
                <a class="button quiet" href=root>"Cancel"</a>
            </div>
        </PostForm>
    }
}

/// Inputs that know their value and say what an API has for which nothing was set.
#[derive(Clone, Copy)]
struct Form<'a>(&'a PartPage);

impl Form<'_> {
    fn help(self, name: &str, help: &str) -> String {
        match self.0.default_of(name) {
            "" => help.to_owned(),
            default => format!("{help} Default: {default}."),
        }
    }
    fn number(self, name: &'static str, label: &str, help: &str) -> AnyView {
        let optional = self.0.default_of(name).is_empty();
        view! {
            <Field
                name
                label=label
                value=self.0.value(name)
                help=self.help(name, help)
                inputmode="numeric"
                autocomplete="off"
                optional
            />
        }
        .into_any()
    }
    fn text(self, name: &'static str, label: &str, help: &str) -> AnyView {
        let help = self.help(name, help);
        let optional = self.0.default_of(name).is_empty();
        view! { <Field name label=label value=self.0.value(name) help mono=true autocomplete="off" optional/> }
            .into_any()
    }
    fn lines(self, name: &'static str, label: &str, rows: u32, help: &str) -> AnyView {
        let help = self.help(name, help);
        view! { <TextArea name label=label value=self.0.value(name) help mono=true rows optional=true/> }.into_any()
    }
    fn flag(self, name: &'static str, label: &str, note: &str) -> AnyView {
        view! { <Check name label=label checked=self.0.value(name) == "on" note=note/> }.into_any()
    }
    fn choice(self, name: &'static str, label: &str, options: &[(&str, &str)], help: &str) -> AnyView {
        let options = options.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned())).collect();
        view! { <Select name label=label options value=self.0.value(name) help=help/> }.into_any()
    }
}

/// Settings that belong together, with a sentence about them.
fn group(title: &'static str, about: &'static str, fields: Vec<AnyView>) -> AnyView {
    view! {
        <section class="section">
            <h2>{title}</h2>
            <p class="note">{about}</p>
            <div class="fields">{fields}</div>
        </section>
    }
    .into_any()
}

fn routing(form: Form<'_>) -> AnyView {
    let upstreams = vec![
        form.choice(
            "balance",
            "Choice among upstreams",
            &[
                ("weighted", "Weighted: by chance, in proportion to the weights"),
                ("least_loaded", "Least loaded: the one with the fewest calls under way"),
                ("sticky", "Sticky: one caller keeps to one upstream"),
            ],
            "Counts where the API has several upstreams. By default weighted.",
        ),
        form.choice(
            "connection.protocol",
            "Protocol to upstreams",
            &[("http1", "HTTP/1.1"), ("http2", "HTTP/2, for gRPC")],
            "HTTP/2 is agreed by ALPN over TLS, and taken for granted without TLS. By default HTTP/1.1.",
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
            "From the call's first byte to the answer's last. Leave it empty for streams without end.",
        ),
        form.number(
            "connection.upgrade_idle_seconds",
            "Longest silence of a WebSocket, in seconds",
            "Of other upgraded connections, too.",
        ),
        form.number(
            "connection.upgrade_lifetime_seconds",
            "Longest life of a WebSocket, in seconds",
            "It ends then whatever happens on it. Empty for never.",
        ),
    ];
    let tls = vec![
        form.text(
            "connection.ca",
            "Certificate authority",
            "Trusted instead of the public ones: the name of a file NAME.ca.pem in the folder PORTICO_UPSTREAM_TLS_DIR.",
        ),
        form.text(
            "connection.client_certificate",
            "Client certificate",
            "Shown to upstreams that ask for one: the name of a pair NAME.crt.pem and NAME.key.pem there.",
        ),
        form.text("connection.server_name", "Name in certificates", "Where it is not the host in the upstream's address, e.g. pets.internal."),
    ];
    (
        group(
            "Names",
            "An API with host names of its own is served there at /, and no longer below the gateway's address.",
            vec![form.lines(
                "hosts",
                "Host names",
                2,
                "One a line, e.g. api.example.com. DNS must lead them to the gateway.",
            )],
        ),
        group("Upstreams", "The addresses themselves stand on the API's first page.", upstreams),
        group("TLS to upstreams", "Certificates are checked in any case.", tls),
        group(
            "Shadow",
            "Sends a copy of calls elsewhere, e.g. to a new release, and forgets the answers.",
            vec![
                form.text("shadow.upstream", "Upstream of the copies", "Empty for no copies."),
                form.number(
                    "shadow.percent",
                    "Share of calls in per cent",
                    "Of calls without a body or with one of at most 64 KiB.",
                ),
            ],
        ),
    )
        .into_any()
}

fn resilience(form: Form<'_>) -> AnyView {
    (
        group(
            "Health checks",
            "Ask each upstream on its own account whether it is well, and leave out those that are not.",
            vec![
                form.flag("health", "Check the upstreams", ""),
                form.text("health.path", "Path", "Below the upstream's own path."),
                form.number("health.interval_seconds", "Seconds between two checks", ""),
                form.number("health.timeout_ms", "Time for an answer, in milliseconds", "At most the time between two checks."),
                form.text("health.expect", "Good statuses", "First and last."),
                form.number("health.unhealthy_after", "Bad answers that take an upstream out", "In a row."),
                form.number("health.healthy_after", "Good answers that bring it back", "In a row."),
            ],
        ),
        group(
            "Ejection",
            "Takes an upstream out for a while when calls to it fail: no connection, no answer in time, a broken one, or 502, 503, 504. With every upstream out, calls are refused at once: a circuit breaker.",
            vec![
                form.number("ejection.failures", "Failures in a row", "0 never takes one out."),
                form.number("ejection.seconds", "Seconds it stays out", "Times the number of its ejections in a row, up to ten times."),
                form.number("ejection.max_percent", "At most so many out at once, in per cent", "100 lets the last one out, too."),
            ],
        ),
        group(
            "Retries",
            "Only what may be repeated is sent once more, and never after a byte of an answer was passed on.",
            vec![
                form.number("retry.attempts", "Tries after the first", "0 for none."),
                form.text("retry.statuses", "Statuses that count as failures", "Of 429, 500, 502, 503 and 504, with commas between."),
                form.number("retry.budget_percent", "Budget in per cent of all calls", "Retries are never more than this, so that they cannot drown an upstream; 20 at most."),
            ],
        ),
    )
        .into_any()
}

fn limits(form: Form<'_>) -> AnyView {
    (
        group(
            "Of all callers together",
            "Protects the upstream; each gateway node counts for itself. Calls above are refused with 429 or 503.",
            vec![
                form.number("limits.rate.limit", "Calls per period", "Empty for no limit."),
                form.choice(
                    "limits.rate.per",
                    "Period",
                    &[("second", "Second"), ("minute", "Minute"), ("hour", "Hour")],
                    "",
                ),
                form.number(
                    "limits.rate.burst",
                    "At once",
                    "How many may come together; as many as per period unless set.",
                ),
                form.number(
                    "limits.concurrency",
                    "Under way at once",
                    "Calls that are not answered yet. Empty for no limit.",
                ),
            ],
        ),
        group(
            "Networks",
            "Addresses of clients, e.g. 192.0.2.7 or 2001:db8::/32, one a line.",
            vec![
                form.lines("allow_ips", "Only from", 3, "Empty for everywhere."),
                form.lines("deny_ips", "Never from", 3, "Whatever stands above."),
            ],
        ),
    )
        .into_any()
}

fn cors(form: Form<'_>) -> AnyView {
    group(
        "Cross-origin calls",
        "The gateway answers preflights itself and puts the CORS headers on every answer, refusals too. While this is off, the upstream's own are passed on.",
        vec![
            form.flag("cors", "Answer cross-origin calls", ""),
            form.lines(
                "cors.origins",
                "Origins",
                3,
                "One a line: *, https://app.example.com, or https://*.example.com for all subdomains.",
            ),
            form.text("cors.methods", "Methods", "With commas between; empty for those of the path that is called."),
            form.text("cors.headers", "Request headers", "With commas between; * for all."),
            form.text(
                "cors.expose",
                "Headers that scripts may read",
                "With commas between, beside those that they always may.",
            ),
            form.flag(
                "cors.credentials",
                "Allow credentials",
                "Cookies and sign-in of the browser; not together with * as an origin",
            ),
            form.number("cors.max_age_seconds", "Seconds that browsers remember", ""),
        ],
    )
}

fn validation(form: Form<'_>) -> AnyView {
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
                    &[("off", "Are not looked at"), ("report", "Are passed on and noted")],
                    "By default not looked at.",
                ),
            ],
        ),
        group(
            "Errors",
            "How the gateway's own refusals look to callers.",
            vec![form.choice(
                "errors",
                "Shape",
                &[("problem", "Problem details (RFC 9457)"), ("aws", "As Amazon API Gateway answers")],
                "By default problem details.",
            )],
        ),
    )
        .into_any()
}

fn caching(form: Form<'_>) -> AnyView {
    (
        group(
            "Cache",
            "Keeps answers by the rules of HTTP (RFC 9111), on each gateway node for itself.",
            vec![
                form.flag("cache", "Keep answers", ""),
                form.number(
                    "cache.ttl_seconds",
                    "Seconds for answers that say nothing of their freshness",
                    "0 keeps only those that do.",
                ),
                form.flag(
                    "cache.shared",
                    "Share answers between callers",
                    "only where the answer does not depend on who asks",
                ),
                form.text(
                    "cache.vary",
                    "Request headers that tell answers apart",
                    "With commas between, beside those in Vary.",
                ),
                form.number("cache.max_answer_bytes", "Largest answer in bytes", ""),
            ],
        ),
        group(
            "Compression",
            "zstd, br or gzip, as the client asks for.",
            vec![form.flag("compress", "Compress answers that the upstream sent plain", "")],
        ),
    )
        .into_any()
}

fn headers(form: Form<'_>) -> AnyView {
    let fields = "Values may hold {request_id}, {app}, {plan}, {operation}, {client_ip} and {path.NAME} for a path parameter. First comes remove, then set, then add. Headers that frame messages and the gateway's own cannot be touched. These settings are no place for secrets: publishers read them.";
    (
        group(
            "To the upstream",
            fields,
            vec![
                form.text("transform.request.remove", "Remove", "Names, with commas between."),
                form.lines(
                    "transform.request.set",
                    "Set",
                    3,
                    "In place of what was there, one a line, e.g. x-tenant: {app}.",
                ),
                form.lines("transform.request.add", "Add", 3, "Beside what is there, one a line."),
            ],
        ),
        group(
            "To the caller",
            "The same for answers.",
            vec![
                form.text(
                    "transform.response.remove",
                    "Remove",
                    "Names, with commas between, e.g. server, x-powered-by.",
                ),
                form.lines("transform.response.set", "Set", 3, "One a line, e.g. x-frame-options: DENY."),
                form.lines("transform.response.add", "Add", 3, "One a line."),
            ],
        ),
        group(
            "Query",
            "Parameters behind the ? on the way to the upstream.",
            vec![
                form.lines("transform.query.remove", "Remove", 2, "Names, one a line."),
                form.lines("transform.query.set", "Set", 3, "One a line, e.g. units=metric."),
            ],
        ),
    )
        .into_any()
}

fn maintenance(form: Form<'_>) -> AnyView {
    (
        group(
            "Mock",
            "Answers from the document's examples, for an API that is not built yet.",
            vec![form.choice(
                "mock",
                "Answer from examples",
                &[("off", "Never"), ("missing", "Where there is no upstream"), ("always", "Always")],
                "By default never.",
            )],
        ),
        group(
            "Maintenance",
            "Every call is answered 503, and no upstream is asked.",
            vec![
                form.flag("maintenance", "Closed for maintenance", ""),
                form.text("maintenance.message", "Message", "Told to callers, e.g. Back at 14:00 UTC."),
                form.number("maintenance.retry_after_seconds", "Try again after, in seconds", "Told in Retry-After."),
                form.lines(
                    "maintenance.except_ips",
                    "Let through",
                    2,
                    "Clients that may call meanwhile, one address or network a line.",
                ),
            ],
        ),
    )
        .into_any()
}

fn advanced(form: Form<'_>) -> AnyView {
    let strays = (!form.0.strays.is_empty()).then(|| {
        let names = form.0.strays.join(", ");
        view! {
            <Callout tone=Tone::Warn title="Settings without an operation">
                {format!("The version that callers see has no {names}. What is set for it waits until a version has it again.")}
            </Callout>
        }
    });
    (
        strays,
        group(
            "Upstreams by path",
            "Calls whose path begins with a prefix go to upstreams of their own; the longest prefix wins.",
            vec![form.lines(
                "routes",
                "Routes",
                8,
                "A list, e.g. [{\"prefix\": \"/orders\", \"upstreams\": [{\"url\": \"https://orders.example.com\"}]}].",
            )],
        ),
        group(
            "Operations",
            "What differs for single operations, by their names: upstreams, timeout_ms, max_body_bytes, limits, validate, cache, mock, transform. What is not said is as for the API.",
            vec![form.lines(
                "operation_settings",
                "Operations",
                12,
                "An object, e.g. {\"listPets\": {\"timeout_ms\": 2000, \"limits\": {\"concurrency\": 5}}}. More than 64 KiB is a matter for the management API.",
            )],
        ),
    )
        .into_any()
}
