//! People and their roles; for admins.
use super::pager::pager;
use crate::{
    actions::admin as actions,
    cells,
    components::{Badge, Column, Confirm, ErrorSummary, Row, Table, Time, words::grouped},
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::{Router, routing::post};
use leptos::prelude::*;
use portico_contract::{Listing, PortalResult, Role, admin::AccountLine};

pub(super) fn routes() -> Router<House> {
    Router::new()
        .route("/admin/accounts", draw(page))
        .route("/admin/accounts/{account}/role", post(actions::set_role))
        .route("/admin/accounts/{account}/delete", post(actions::delete_account))
}

pub(crate) async fn page() -> PortalResult<Page> {
    let address = context::address();
    let after = Some(address.field("after")).filter(|after| !after.is_empty());
    let listing = context::portal().accounts(&context::caller(), after).await?;
    let sidebar = sidebar::administration("/admin/accounts").await;
    Ok(Page::console(Section::Admin, "Accounts", sidebar, content(listing, after.is_none())))
}

const fn role_words(role: Role) -> &'static str {
    match role {
        Role::Developer => "Developer",
        Role::Publisher => "Publisher",
        Role::Admin => "Admin",
    }
}

fn content(mut listing: Listing<AccountLine>, first: bool) -> impl IntoView {
    let columns = vec![
        Column::text("Account"),
        Column::text("Role"),
        Column::text("Since"),
        Column::number("Apps"),
        Column::ACTIONS,
    ];
    let rows = std::mem::take(&mut listing.items).into_iter().map(row).collect();
    view! {
        <div class="intro">
            <h1>"Accounts"</h1>
            <p class="lead">"Developers use APIs, publishers also publish them, admins also look after accounts."</p>
        </div>
        <ErrorSummary/>
        <Table caption="Accounts".to_owned() columns rows/>
        {pager(&listing, "/admin/accounts", first, ("account", "accounts"))}
    }
}

fn row(account: AccountLine) -> Row {
    let name = account.name;
    let you = account.you.then(|| view! { " "<Badge text="You"/> });
    // Nobody changes their own role: the last admin would lock the door from outside.
    let (role, delete) = if account.you {
        (role_words(account.role).into_any(), None)
    } else {
        let question = format!("Delete {name} with all apps and keys? This cannot be undone.");
        let delete = view! {
            <Confirm
                ask="Delete"
                label=format!("Delete {name}")
                action=format!("/admin/accounts/{}/delete", account.id)
                confirm="Delete this account"
                class="small danger"
            >
                <p>{question}</p>
            </Confirm>
        };
        (role_form(&account.id, &name, account.role).into_any(), Some(delete))
    };
    cells![
        view! { {name}{you}<span class="sub">{account.email}</span> },
        role,
        view! { <Time moment=account.created/> },
        grouped(account.apps),
        delete,
    ]
}

fn role_form(id: &str, name: &str, present: Role) -> impl IntoView + use<> {
    let select = context::next_id("role");
    let options = Role::ALL
        .into_iter()
        .map(|role| view! { <option value=role.as_str() selected=role == present>{role_words(role)}</option> })
        .collect_view();
    view! {
        <form class="row tight" method="post" action=format!("/admin/accounts/{id}/role")>
            <label class="visually-hidden" for=select.clone()>{format!("Role of {name}")}</label>
            <select class="input small auto" id=select name="role">{options}</select>
            <button class="button small" aria-label=format!("Change role of {name}")>"Change"</button>
        </form>
    }
}
