use super::browser::fetch_text;
use leptos::{prelude::*, task::spawn_local};
use portico_contract::apps;
use std::time::Duration;

/// How often the server is asked: the promise is an answer within a second.
const EVERY: Duration = Duration::from_millis(800);
/// Whoever leaves the page open for longer finds the call under requests.
const AT_MOST: u32 = 2_000;

/// A light that turns green with the first call of a new key. `address` answers the contract's `FirstCall`.
#[island]
pub fn FirstCall(address: String) -> impl IntoView {
    let seen = RwSignal::new(None);
    Effect::new(move || ask(address.clone(), seen, 0));
    let class = move || match seen.get() {
        None => "light info waiting needs-script".to_owned(),
        Some(apps::FirstCallSeen { status: 0..400, .. }) => "light ok".to_owned(),
        Some(_) => "light warn".to_owned(),
    };
    let words = move || match seen.get() {
        None => "Waiting for the first call of this key".to_owned(),
        Some(call) => format!("{} answered {} in {} ms", call.call, call.status, call.milliseconds),
    };
    view! { <p class=class role="status">{words}</p> }.into_any()
}

fn ask(address: String, seen: RwSignal<Option<apps::FirstCallSeen>>, times: u32) {
    spawn_local(async move {
        let answer = fetch_text(&address).await;
        let answer = answer.and_then(|text| serde_json::from_str::<apps::FirstCall>(&text).ok());
        match answer.and_then(|answer| answer.seen) {
            Some(call) => seen.set(Some(call)),
            None if times < AT_MOST => set_timeout(move || ask(address, seen, times + 1), EVERY),
            None => {}
        }
    });
}
