//! Plans: how much a subscription may call.
use super::staff_only;
use crate::{
    actions::admin as actions,
    cells,
    components::{
        Badge, Breadcrumb, Check, Column, Confirm, Empty, ErrorSummary, Field, FieldGroup, Icon, Mark, PostForm,
        Select, Table, TextArea, Tone,
        words::{counted, grouped},
    },
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page},
};
use axum::{Router, routing::post};
use leptos::prelude::*;
use portico_contract::{
    PortalError, PortalResult,
    admin::{PlanForm, PlanLine},
};

pub(super) fn routes() -> Router<House> {
    Router::new()
        .route("/admin/plans", page(list).post(actions::create_plan))
        .route("/admin/plans/new", page(new))
        .route("/admin/plans/{plan}", page(edit).post(actions::save_plan))
        .route("/admin/plans/{plan}/delete", post(actions::delete_plan))
}

fn crumbs() -> Vec<(String, String)> {
    vec![("Plans".to_owned(), "/admin/plans".to_owned())]
}

async fn list() -> PortalResult<Page> {
    let plans = context::portal().plans(&context::caller()).await?;
    let sidebar = sidebar::administration("/admin/plans").await;
    Ok(Page::console(Section::Admin, "Plans", sidebar, table(plans)))
}

fn table(plans: Vec<PlanLine>) -> impl IntoView {
    let body = if plans.is_empty() {
        view! {
            <Empty icon="list" title="No plans">
                <p>"Without a plan nobody can subscribe to an API that needs a key."</p>
            </Empty>
        }
        .into_any()
    } else {
        let columns = vec![
            Column::text("Plan"),
            Column::text("Rate"),
            Column::text("Quota"),
            Column::text("Approval"),
            Column::number("APIs"),
            Column::number("Subscriptions"),
        ];
        let rows = plans
            .into_iter()
            .map(|plan| {
                let approval = if plan.form.manual {
                    view! { <Badge text="By hand" tone=Tone::Warn/> }.into_any()
                } else {
                    "automatic".into_any()
                };
                cells![
                    view! {
                        <a href=format!("/admin/plans/{}", plan.form.slug)>{plan.form.name}</a>
                        <span class="sub"><code>{plan.form.slug.clone()}</code></span>
                    },
                    plan.limits.rate,
                    plan.limits.quota,
                    approval,
                    grouped(plan.apis),
                    grouped(plan.subscriptions),
                ]
            })
            .collect();
        view! { <Table caption="Plans".to_owned() columns rows/> }.into_any()
    };
    view! {
        <div class="intro">
            <div class="split">
                <h1>"Plans"</h1>
                <a class="button primary" href="/admin/plans/new"><Icon name="plus"/>"New plan"</a>
            </div>
            <p class="lead">"A plan's rate, quota and calls at once count per subscription: all keys of an app share them."</p>
        </div>
        {body}
    }
}

pub(crate) async fn new() -> PortalResult<Page> {
    staff_only()?;
    let fresh = PlanForm {
        rate_limit: "60".to_owned(),
        rate_per: "minute".to_owned(),
        quota_limit: "10000".to_owned(),
        quota_per: "day".to_owned(),
        key_per: "second".to_owned(),
        ..PlanForm::default()
    };
    let content = view! {
        <Breadcrumb crumbs=crumbs() current="New plan"/>
        <div class="intro">
            <h1>"New plan"</h1>
        </div>
        <ErrorSummary labels=labels()/>
        <PostForm action="/admin/plans" class="settings">
            <div class="fields">
                {name_field(String::new())}
                <Field
                    name="slug"
                    label="Address"
                    mono=true
                    autocomplete="off"
                    help="Its name for programs, e.g. gold: small letters, digits and hyphens. It stays."
                />
            </div>
            {fields(fresh)}
            <div class="row save">
                <button class="button primary">"Create plan"</button>
                <a class="button quiet" href="/admin/plans">"Cancel"</a>
            </div>
        </PostForm>
    };
    let sidebar = sidebar::administration("/admin/plans").await;
    Ok(Page::console(Section::Admin, "New plan", sidebar, content))
}

pub(crate) async fn edit() -> PortalResult<Page> {
    let slug = context::address().param("plan").to_owned();
    let plans = context::portal().plans(&context::caller()).await?;
    let Some(plan) = plans.into_iter().find(|plan| plan.form.slug == slug) else {
        return Err(PortalError::not_found(format!("plan {slug}")));
    };
    let title = plan.form.name.clone();
    let sidebar = sidebar::administration("/admin/plans").await;
    Ok(Page::console(Section::Admin, title, sidebar, editor(plan)))
}

fn editor(plan: PlanLine) -> impl IntoView {
    let root = format!("/admin/plans/{}", plan.form.slug);
    let name = plan.form.name.clone();
    let used = plan.subscriptions;
    view! {
        <Breadcrumb crumbs=crumbs() current=name.clone()/>
        <div class="intro">
            <div class="split">
                <h1>{name.clone()}</h1>
                <Confirm ask="Delete plan" action=format!("{root}/delete") confirm="Delete this plan" class="danger">
                    <p>{format!("Delete {name}? It can go once no API offers it and no subscription uses it. This cannot be undone.")}</p>
                </Confirm>
            </div>
            <p class="lead">
                <code>{plan.form.slug.clone()}</code>
                {format!(", {}. Changes hold from the next call on.", counted(used, "subscription", "subscriptions"))}
            </p>
        </div>
        <ErrorSummary labels=labels()/>
        <PostForm action=root class="settings">
            <div class="fields">{name_field(plan.form.name.clone())}</div>
            {fields(plan.form)}
            <div class="row save">
                <button class="button primary">"Save plan"</button>
                <a class="button quiet" href="/admin/plans">"Cancel"</a>
            </div>
        </PostForm>
    }
}

fn name_field(value: String) -> AnyView {
    view! { <Field name="name" label="Name" value autocomplete="off" help="As developers see it, e.g. Gold."/> }
        .into_any()
}

/// (name, label) of the inputs that are alike.
const LABELS: [(&str, &str); 9] = [
    ("rate_limit", "Rate: calls"),
    ("rate_per", "Rate: per"),
    ("burst", "Rate: calls in a burst"),
    ("quota_limit", "Quota: calls"),
    ("quota_per", "Quota: per"),
    ("concurrency", "Calls under way at once"),
    ("key_limit", "Rate of a key: calls"),
    ("key_per", "Rate of a key: per"),
    ("key_burst", "Rate of a key: calls in a burst"),
];

fn label(name: &str) -> &'static str {
    LABELS.iter().find(|(known, _)| *known == name).map_or("", |(_, label)| label)
}

fn labels() -> Vec<(&'static str, String)> {
    LABELS.into_iter().map(|(name, label)| (name, label.to_owned())).collect()
}

/// A number; empty for none.
fn number(name: &'static str, value: String, help: &'static str) -> AnyView {
    let label = label(name);
    view! { <Field name label value mark=Mark::Preset inputmode="numeric" autocomplete="off" help/> }.into_any()
}

fn period(name: &'static str, value: String, periods: [(&str, &str); 3]) -> AnyView {
    let options = periods.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    let label = label(name);
    view! { <Select name label options value/> }.into_any()
}

fn fields(plan: PlanForm) -> impl IntoView {
    const RATES: [(&str, &str); 3] = [("second", "a second"), ("minute", "a minute"), ("hour", "an hour")];
    const QUOTAS: [(&str, &str); 3] = [("day", "a day"), ("week", "a week"), ("month", "a month")];
    view! {
        <FieldGroup
            title="Each subscription"
            about="All keys of an app share these. A rate evens calls out; a quota is used up until its period is over."
        >
            {number("rate_limit", plan.rate_limit, "Empty: no limit.")}
            {period("rate_per", plan.rate_per, RATES)}
            {number("burst", plan.burst, "That may come together. Empty: as many as the rate.")}
            {number("quota_limit", plan.quota_limit, "Empty: no limit.")}
            {period("quota_per", plan.quota_per, QUOTAS)}
            {number(
                "concurrency",
                plan.concurrency,
                "That are not answered yet. Empty: no limit.",
            )}
        </FieldGroup>
        <FieldGroup title="Each key" about="A rate of its own, beside the one that all keys of the app share.">
            {number("key_limit", plan.key_limit, "Empty: no limit.")}
            {period("key_per", plan.key_per, RATES)}
            {number("key_burst", plan.key_burst, "Empty: as many as the key's rate.")}
        </FieldGroup>
        <FieldGroup title="Single operations" about="Rates of their own, beside the one that all operations share.">
            <TextArea
                name="operations"
                label="Rates of operations"
                value=plan.operations
                mark=Mark::Preset
                mono=true
                wide=true
                help="One a line: getPet 10/minute, or getPet 10/minute burst 20. Empty: none."
            />
        </FieldGroup>
        <FieldGroup title="Approval" about="Whether an app that subscribes may call at once.">
            <Check name="manual" label="A publisher approves each subscription" note="else it is active at once" checked=plan.manual/>
        </FieldGroup>
    }
}
