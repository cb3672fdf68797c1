//! What an app has: keys and subscriptions.
use super::day;
use crate::{
    cells,
    components::{Column, Confirm, Empty, Icon, Menu, Row, Status, Table, Time, Tone, chart::Meter, words::grouped},
    context,
};
use leptos::prelude::*;
use portico_contract::apps::{KeyLine, SubscriptionLine};

/// `root` is the app's address.
pub(super) fn keys(app: &str, root: &str, keys: Vec<KeyLine>) -> AnyView {
    if keys.is_empty() {
        return view! {
            <Empty icon="key" title="No keys yet">
                <p>"A key is what a program shows with each call. It is made here and shown once."</p>
            </Empty>
        }
        .into_any();
    }
    let columns = vec![
        Column::text("Key"),
        Column::text("Environment"),
        Column::text("Last used"),
        Column::text("Expires"),
        Column::text("Status"),
        Column::ACTIONS,
    ];
    let rows = keys.into_iter().map(|key| key_row(root, key)).collect();
    view! { <Table caption=format!("Keys of {app}") columns rows/> }.into_any()
}

fn key_row(root: &str, key: KeyLine) -> Row {
    let (status, tone) = match (key.status.as_str(), &key.revoked) {
        ("revoked", Some(moment)) => (format!("Revoked {}", day(moment)), Tone::Danger),
        ("revoked", None) => ("Revoked".to_owned(), Tone::Danger),
        ("expired", _) => ("Expired".to_owned(), Tone::Warn),
        _ if key.last_used.is_none() => ("Unused".to_owned(), Tone::Muted),
        _ => ("Active".to_owned(), Tone::Ok),
    };
    let last_used = match key.last_used.clone() {
        Some(moment) => view! { <Time moment/> }.into_any(),
        None => "never".into_any(),
    };
    let expires = match key.expires.clone() {
        Some(moment) => view! { {day(&moment)}<span class="sub">{moment.relative}</span> }.into_any(),
        None => if key.status == "revoked" { "—" } else { "never" }.into_any(),
    };
    let environment = if key.environment == "live" { "Live" } else { "Test" };
    let name = view! { {key.name.clone()}<span class="sub"><code>{key.shown.clone()}</code></span> };
    cells![name, environment, last_used, expires, view! { <Status text=status tone/> }, key_menu(root, key)]
}

fn key_menu(root: &str, key: KeyLine) -> impl IntoView + use<> {
    let id = context::next_id("name");
    let action = format!("{root}/keys/{}", key.id);
    let usable = key.status == "active";
    let name = key.name;
    let label = format!("Actions for {name}");
    let (rename, revoke) = (format!("Rename {name}"), format!("Revoke {name}"));
    let question = format!("{revoke}? The very next call with it is refused. This cannot be undone.");
    let face = view! { <Icon name="more"/> }.into_any();
    view! {
        <Menu label face>
            <a href=format!("/requests?key={}", key.id)>"See its requests"</a>
            {usable
                .then(|| {
                    view! {
                        <Confirm
                            ask="Rename"
                            label=rename
                            action=format!("{action}/rename")
                            confirm="Save name"
                            class=""
                            harmless=true
                        >
                            <div class="field">
                                <label for=id.clone()>"Name of the key"</label>
                                <input class="input" id=id.clone() name="name" value=name.clone() required autocomplete="off"/>
                            </div>
                        </Confirm>
                        <hr/>
                        <Confirm
                            ask="Revoke"
                            label=revoke
                            action=format!("{action}/revoke")
                            confirm="Revoke this key"
                            class="danger"
                        >
                            <p>{question}</p>
                        </Confirm>
                    }
                })}
        </Menu>
    }
}

/// `offers`: there is something more to subscribe to.
pub(super) fn subscriptions(root: &str, subscriptions: Vec<SubscriptionLine>, offers: bool) -> AnyView {
    if subscriptions.is_empty() {
        let words = if offers {
            "Subscribe to an API under one of its plans; then this app's keys may call it."
        } else {
            "There is no API with a plan yet that this app could subscribe to."
        };
        return view! {
            <Empty icon="layers" title="Nothing subscribed yet">
                <p>{words}</p>
            </Empty>
        }
        .into_any();
    }
    let columns = vec![
        Column::text("API"),
        Column::text("Plan"),
        Column::text("Used"),
        Column::number("Quota"),
        Column::text("State"),
        Column::ACTIONS,
    ];
    let rows = subscriptions.into_iter().map(|subscription| subscription_row(root, subscription)).collect();
    view! { <Table caption="Subscriptions".to_owned() columns rows/> }.into_any()
}

fn subscription_row(root: &str, subscription: SubscriptionLine) -> Row {
    let (state, tone) = match subscription.state.as_str() {
        "pending" => ("Waiting for approval", Tone::Warn),
        "rejected" => ("Rejected", Tone::Danger),
        _ => ("Active", Tone::Ok),
    };
    let (meter, quota) = match subscription.used {
        Some((used, limit)) => {
            (view! { <Meter used limit/> }.into_any(), format!("{} of {}", grouped(used), grouped(limit)))
        }
        None => ("—".into_any(), "—".to_owned()),
    };
    let title = subscription.api_title;
    let (ask, confirm, words) = match subscription.state.as_str() {
        "active" => (
            "Unsubscribe",
            "Unsubscribe",
            format!("Unsubscribe from {title}? This app's calls to it are refused from now on."),
        ),
        "rejected" => ("Remove", "Remove", format!("Remove this answer? The app can ask for {title} again.")),
        _ => ("Withdraw", "Withdraw", format!("Withdraw the request for {title}?")),
    };
    let face = view! { <Icon name="more"/> }.into_any();
    let action = format!("{root}/subscriptions/{}/delete", subscription.id);
    let label = format!("{ask}: {title}");
    let menu = view! {
        <Menu label=format!("Actions for {title}") face>
            <Confirm ask label action confirm class="danger">
                <p>{words}</p>
            </Confirm>
        </Menu>
    };
    cells![
        view! { <a href=format!("/apis/{}", subscription.api)>{title}</a> },
        view! { {subscription.plan}<span class="sub">{subscription.limits.rate}</span> },
        meter,
        quota,
        view! { <Status text=state tone/> },
        menu,
    ]
}
