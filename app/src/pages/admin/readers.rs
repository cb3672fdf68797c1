//! Who may read a private API.
use super::{
    pager::pager,
    parts::{self, Place},
};
use crate::{
    actions::admin as actions,
    cells,
    components::{Breadcrumb, Callout, Column, Confirm, Empty, ErrorSummary, Field, PostForm, Row, Table, Time, Tone},
    context,
    page::{Page, Section},
    pages::sidebar,
    server::{House, page as draw},
};
use axum::{Router, routing::post};
use leptos::prelude::*;
use portico_contract::{
    Listing, PortalResult,
    admin::{ReaderLine, ReadersPage},
    catalogue::Visibility,
};

pub(super) fn routes() -> Router<House> {
    Router::new()
        .route("/admin/apis/{api}/readers", draw(page).post(actions::add_reader))
        .route("/admin/apis/{api}/readers/{account}/remove", post(actions::remove_reader))
}

pub(crate) async fn page() -> PortalResult<Page> {
    let address = context::address();
    let after = Some(address.field("after")).filter(|after| !after.is_empty());
    let view = context::portal().readers(&context::caller(), address.param("api"), after).await?;
    let administration = sidebar::administration("/admin/apis").await;
    let sidebar = (administration, parts::links(&view.slug, &view.title, Place::Readers));
    let title = format!("Readers of {}", view.title);
    Ok(Page::console(Section::Admin, title, sidebar, content(view, after.is_none())))
}

fn content(mut view: ReadersPage, first: bool) -> impl IntoView {
    let root = format!("/admin/apis/{}", view.slug);
    let action = format!("{root}/readers");
    let without_effect = match view.visibility {
        Visibility::Private => None,
        Visibility::Public => Some("Everybody may read it"),
        Visibility::SignedIn => Some("Everybody with an account may read it"),
    };
    let notice = without_effect.map(|title| {
        let settings = root.clone();
        view! {
            <Callout tone=Tone::Info title>
                "The readers chosen here count once it is private. "<a href=settings>"Change who may read"</a>
            </Callout>
        }
    });
    let items = std::mem::take(&mut view.readers.items);
    view! {
        <Breadcrumb
            crumbs=vec![("APIs".to_owned(), "/admin/apis".to_owned()), (view.title.clone(), root)]
            current="Readers".to_owned()
        />
        <div class="intro">
            <h1>"Readers"</h1>
            <p class="lead">
                "Accounts that find and read this API while it is private, beside publishers and admins. Who is removed reads nothing of it from then on; subscriptions of their apps stay until you end them."
            </p>
        </div>
        <ErrorSummary/>
        {notice}
        <PostForm action=action.clone() class="stack">
            <Field
                name="email"
                label="E-mail address of the account"
                kind="email"
                autocomplete="off"
                help="They sign up first; then you choose them here."
            />
            <div class="row">
                <button class="button primary">"Add reader"</button>
            </div>
        </PostForm>
        {list(items, &view.readers, &action, first)}
    }
}

fn list(items: Vec<ReaderLine>, listing: &Listing<ReaderLine>, path: &str, first: bool) -> AnyView {
    if items.is_empty() {
        return view! {
            <section class="section">
                <Empty icon="user" title="No readers yet">
                    <p>"Only publishers and admins read this API while it is private."</p>
                </Empty>
            </section>
        }
        .into_any();
    }
    let columns = vec![Column::text("Reader"), Column::text("Since"), Column::ACTIONS];
    let rows = items.into_iter().map(|reader| row(reader, path)).collect();
    view! {
        <section class="section">
            <Table caption="Readers".to_owned() columns rows/>
        </section>
        {pager(listing, path, first, ("reader", "readers"))}
    }
    .into_any()
}

fn row(reader: ReaderLine, path: &str) -> Row {
    let question = format!("Remove {} from the readers?", reader.name);
    cells![
        view! { {reader.name.clone()}<span class="sub">{reader.email}</span> },
        view! { <Time moment=reader.since/> },
        view! {
            <Confirm
                ask="Remove"
                label=format!("Remove {}", reader.name)
                action=format!("{path}/{}/remove", reader.id)
                confirm="Remove this reader"
                class="small danger"
            >
                <p>{question}</p>
            </Confirm>
        },
    ]
}
