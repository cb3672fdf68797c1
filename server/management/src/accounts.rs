//! `/accounts`: people and what they may do. For admins.
use crate::{
    House,
    input::{Body, NoQuery, Patch, Path, Query, given, name},
    list::{List, Part, list},
    problem::Problem,
    shape::{Email, Name, Password},
};
use axum::{Extension, Json, Router, extract::State, routing::get};
use http::StatusCode;
use portico_control::{AccountChange, NewAccount, Who};
use portico_domain::{Account, AccountId, EmailAddress, Role, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/accounts", get(index).post(create))
        .route("/accounts/{account}", get(show).patch(change).delete(remove))
}

#[derive(Serialize)]
struct AccountView {
    id: String,
    email: EmailAddress,
    name: String,
    role: Role,
    created_at: Timestamp,
}

impl From<Account> for AccountView {
    fn from(Account { id, email, name, role, created_at, password: _ }: Account) -> Self {
        Self { id: id.to_string(), email, name, role, created_at }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccountBody {
    email: Email,
    /// The part of the address before the @ unless given.
    name: Option<Name>,
    role: Role,
    password: Option<Password>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountPatch {
    #[serde(default, deserialize_with = "given")]
    email: Option<Email>,
    #[serde(default, deserialize_with = "given")]
    name: Option<Name>,
    #[serde(default, deserialize_with = "given")]
    role: Option<Role>,
}

async fn index(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Query(part): Query<Part>,
) -> Result<Json<List<AccountView>>, Problem> {
    let page = house.list_accounts(&who, part.after.as_deref(), part.limit.0).await.map_err(Problem::of_query)?;
    Ok(list(page, AccountView::from))
}

async fn create(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Body(NewAccountBody { email, name, role, password }): Body<NewAccountBody>,
) -> Result<(StatusCode, Json<AccountView>), Problem> {
    let email = email.0.to_string();
    let name = name.map_or_else(|| email.split('@').next().unwrap_or_default().to_owned(), |name| name.0);
    let password = password.map(|password| password.0);
    let account = house.create_account(&who, NewAccount { email, name, role, password }).await?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

async fn show(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([account]): Path<1>,
) -> Result<Json<AccountView>, Problem> {
    Ok(Json(house.find_account(&who, id(&account)?).await?.into()))
}

async fn change(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([account]): Path<1>,
    Patch(AccountPatch { email, name, role }): Patch<AccountPatch>,
) -> Result<Json<AccountView>, Problem> {
    let change = AccountChange { name: name.map(|name| name.0), email: email.map(|email| email.0.to_string()), role };
    Ok(Json(house.change_account(&who, id(&account)?, change).await?.into()))
}

async fn remove(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([account]): Path<1>,
) -> Result<StatusCode, Problem> {
    house.remove_account(&who, id(&account)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn id(text: &str) -> Result<AccountId, Problem> {
    name(text, "such account")
}
