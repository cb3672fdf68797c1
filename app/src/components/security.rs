//! How callers make themselves known to the service behind the gateway, and where that is, as the document has it.
use super::{
    Badge, Path, Tone,
    link::{Root, segment},
};
use leptos::prelude::*;
use portico_contract::reference::{Flow, SchemeUse, SecurityAlternative, SecurityScheme, Server, ServerVariable};

/// What the document asks for: each alternative is enough, all schemes of one are needed.
pub fn asked(security: Vec<SecurityAlternative>, root: &Root) -> Option<AnyView> {
    if security.iter().all(|alternative| alternative.schemes.is_empty()) {
        return None;
    }
    let words = match security.len() {
        1 => "The document asks for:",
        _ => "The document asks for one of these:",
    };
    let alternatives = security
        .into_iter()
        .map(|alternative| {
            if alternative.schemes.is_empty() {
                return view! { <li>"Nothing: the call works without, too."</li> }.into_any();
            }
            let together = alternative.schemes.len();
            let schemes = alternative.schemes.into_iter().map(|scheme| scheme_use(scheme, root)).collect_view();
            let all = (together > 1).then(|| view! { <p class="note">{format!("All {together} together:")}</p> });
            view! { <li>{all}{schemes}</li> }.into_any()
        })
        .collect_view();
    Some(view! { <p class="prose">{words}</p><ul class="alternatives">{alternatives}</ul> }.into_any())
}

fn scheme_use(scheme: SchemeUse, root: &Root) -> AnyView {
    let name = if scheme.anchor.is_empty() {
        view! { <code>{scheme.name}</code>" "<span class="note">"not described"</span> }.into_any()
    } else {
        let href = format!("{}#{}", root.0, segment(&scheme.anchor));
        view! { <a href=href><code>{scheme.name}</code></a>" "<span class="note">{scheme.kind}</span> }.into_any()
    };
    let summary = (!scheme.summary.is_empty()).then(|| view! { <p dir="auto">{scheme.summary}</p> });
    let scopes = (!scheme.scopes.is_empty()).then(|| scopes(scheme.scopes));
    view! { <div class="scheme"><p>{name}</p>{summary}{scopes}</div> }.into_any()
}

fn scopes(scopes: Vec<(String, String)>) -> AnyView {
    let scopes = scopes
        .into_iter()
        .map(|(scope, words)| view! { <dt><code>{scope}</code></dt><dd dir="auto">{words}</dd> })
        .collect_view();
    view! { <dl class="enum">{scopes}</dl> }.into_any()
}

/// All schemes, with their flows and scopes.
pub fn schemes(schemes: Vec<SecurityScheme>) -> AnyView {
    let schemes = schemes
        .into_iter()
        .map(|scheme| {
            let description = (!scheme.description_html.is_empty())
                .then(|| view! { <div class="prose" dir="auto" inner_html=scheme.description_html></div> });
            let deprecated = scheme.deprecated.then(|| view! { <Badge text="Deprecated" tone=Tone::Warn/> });
            let flows = scheme.flows.into_iter().map(flow).collect_view();
            view! {
                <li class="param" id=scheme.anchor>
                    <div class="name"><code>{scheme.name}</code><div class="kind">{deprecated}</div></div>
                    <div class="about"><p>{scheme.kind}</p>{description}{addresses(scheme.addresses)}{flows}</div>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="schema">{schemes}</ul> }.into_any()
}

fn flow(flow: Flow) -> AnyView {
    let scopes = (!flow.scopes.is_empty()).then(|| {
        let count = flow.scopes.len();
        let words = if count == 1 { "1 scope".to_owned() } else { format!("{count} scopes") };
        view! {
            <details class="children">
                <summary class="button small"><super::Icon name="right"/>{words}</summary>{self::scopes(flow.scopes)}
            </details>
        }
    });
    view! { <div><p><strong>{flow.kind}</strong></p>{addresses(flow.addresses)}{scopes}</div> }.into_any()
}

fn addresses(addresses: Vec<(String, String)>) -> Option<AnyView> {
    let lines = addresses
        .into_iter()
        .map(|(words, address)| view! { <dt>{words}</dt><dd><code>{address}</code></dd> })
        .collect::<Vec<_>>();
    (!lines.is_empty()).then(|| view! { <dl class="enum">{lines}</dl> }.into_any())
}

/// Where the document serves the API.
pub fn servers(servers: Vec<Server>) -> AnyView {
    let servers = servers
        .into_iter()
        .map(|server| {
            let description = (!server.description_html.is_empty())
                .then(|| view! { <div class="prose" dir="auto" inner_html=server.description_html></div> });
            let name = (!server.name.is_empty()).then(|| view! { <Badge text=server.name/>" " });
            let variables = server.variables.into_iter().map(variable).collect::<Vec<_>>();
            let variables = (!variables.is_empty()).then(|| view! { <ul class="schema">{variables}</ul> });
            view! { <li>{name}<Path path=server.url/>{description}{variables}</li> }
        })
        .collect_view();
    view! { <ul class="alternatives">{servers}</ul> }.into_any()
}

fn variable(variable: ServerVariable) -> AnyView {
    let description = (!variable.description_html.is_empty())
        .then(|| view! { <div class="prose" dir="auto" inner_html=variable.description_html></div> });
    let default =
        (!variable.default.is_empty()).then(|| view! { <li class="chip"><b>"default"</b>{variable.default}</li> });
    let values = variable.values.into_iter().map(|value| view! { <li class="chip">{value}</li> }).collect_view();
    view! {
        <li class="param">
            <div class="name"><code>{variable.name}</code></div>
            <div class="about">{description}<ul class="chips" aria-label="Values">{default}{values}</ul></div>
        </li>
    }
    .into_any()
}
