//! Plans: how much a subscription may call.
use super::staff_only;
use crate::{
    actions::admin as actions,
    cells,
    components::{
        Badge, Breadcrumb, Check, Column, Confirm, Empty, ErrorSummary, Field, Icon, PostForm, Select, Table, TextArea,
        Tone,
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
        <ErrorSummary/>
        <PostForm action="/admin/plans" class="stack loose">
            <Field
                name="slug"
                label="Address"
                mono=true
                autocomplete="off"
                help="Its name for programs, e.g. gold: small letters, digits and hyphens. It stays."
            />
            {fields(fresh)}
            <div class="row">
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
        <ErrorSummary/>
        <PostForm action=root class="stack loose">
            {fields(plan.form)}
            <div class="row">
                <button class="button primary">"Save plan"</button>
                <a class="button quiet" href="/admin/plans">"Cancel"</a>
            </div>
        </PostForm>
    }
}

fn fields(plan: PlanForm) -> impl IntoView {
    let words = |values: [&str; 3]| values.map(|value| (value.to_owned(), format!("a {value}"))).to_vec();
    view! {
        <Field name="name" label="Name" value=plan.name autocomplete="off" help="As developers see it, e.g. Gold."/>
        <div class="field">
            <div class="choices">
                <Field
                    name="rate_limit"
                    label="Rate: calls"
                    value=plan.rate_limit
                    optional=true
                    inputmode="numeric"
                    autocomplete="off"
                    help="Empty: no limit."
                />
                <Select name="rate_per" label="Rate: time" options=words(["second", "minute", "hour"]) value=plan.rate_per/>
            </div>
        </div>
        <Field
            name="burst"
            label="Burst"
            value=plan.burst
            optional=true
            inputmode="numeric"
            autocomplete="off"
            help="How many calls may come at once. Empty: as many as the rate."
        />
        <div class="field">
            <div class="choices">
                <Field
                    name="quota_limit"
                    label="Quota: calls"
                    value=plan.quota_limit
                    optional=true
                    inputmode="numeric"
                    autocomplete="off"
                    help="Empty: no limit."
                />
                <Select name="quota_per" label="Quota: period" options=words(["day", "week", "month"]) value=plan.quota_per/>
            </div>
        </div>
        <Field
            name="concurrency"
            label="Calls at once"
            value=plan.concurrency
            optional=true
            inputmode="numeric"
            autocomplete="off"
            help="How many calls may be under way at the same time. Empty: no limit."
        />
        <div class="field">
            <div class="choices">
                <Field
                    name="key_limit"
                    label="Each key: calls"
                    value=plan.key_limit
                    optional=true
                    inputmode="numeric"
                    autocomplete="off"
                    help="A rate of each key's own, beside the one that all keys share. Empty: none."
                />
                <Select name="key_per" label="Each key: time" options=words(["second", "minute", "hour"]) value=plan.key_per/>
            </div>
        </div>
        <Field
            name="key_burst"
            label="Each key: burst"
            value=plan.key_burst
            optional=true
            inputmode="numeric"
            autocomplete="off"
            help="Empty: as many as the key's rate."
        />
        <TextArea
            name="operations"
            label="Rates of operations"
            value=plan.operations
            optional=true
            mono=true
            help="One a line, beside the rate that all operations share: getPet 10/minute, or getPet 10/minute burst 20."
        />
        <Check name="manual" label="A publisher approves each subscription" note="else it is active at once" checked=plan.manual/>
    }
}
