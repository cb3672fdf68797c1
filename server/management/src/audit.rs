//! `/audit`: what was changed, when and by whom. For admins.
use crate::{
    House,
    input::{Limit, Query},
    list::{List, list},
    problem::Problem,
};
use axum::{Extension, Json, Router, extract::State, routing::get};
use portico_control::{AuditQuery, Who};
use portico_domain::{AccountId, Actor, Change, Subject, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) fn router() -> Router<House> {
    Router::new().route("/audit", get(index))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default)]
    limit: Limit,
    after: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    actor: Option<ActorName>,
    subject: Option<Subject>,
    target: Option<Word>,
    action: Option<Word>,
}

/// `system`, `command_line`, `visitor`, or the id of an account.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ActorName(Actor);

impl TryFrom<String> for ActorName {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let account = || text.parse::<AccountId>().map(Actor::Account);
        let wrong = "system, command_line, visitor or the id of an account";
        match text.as_str() {
            "system" => Ok(Self(Actor::System)),
            "command_line" => Ok(Self(Actor::CommandLine)),
            "visitor" => Ok(Self(Actor::Visitor)),
            _ => account().map(Self).map_err(|_| wrong),
        }
    }
}

/// What ids, slugs and verbs are made of.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Word(String);

impl TryFrom<String> for Word {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=200).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if fits { Ok(Self(text)) } else { Err("1 to 200 visible ASCII characters") }
    }
}

#[derive(Serialize)]
struct ChangeView {
    id: String,
    at: Timestamp,
    actor: String,
    action: String,
    subject: Subject,
    target: String,
    detail: serde_json::Value,
}

impl From<Change> for ChangeView {
    fn from(Change { seq, at, actor, action, subject, target, detail }: Change) -> Self {
        let actor = match actor {
            Actor::System => "system".to_owned(),
            Actor::CommandLine => "command_line".to_owned(),
            Actor::Visitor => "visitor".to_owned(),
            Actor::Account(id) => id.to_string(),
        };
        Self { id: seq.to_string(), at, actor, action, subject, target, detail }
    }
}

async fn index(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Query(asked): Query<Parameters>,
) -> Result<Json<List<ChangeView>>, Problem> {
    let query = AuditQuery {
        actor: asked.actor.map(|actor| actor.0),
        subject: asked.subject,
        target: asked.target.map(|target| target.0),
        action: asked.action.map(|action| action.0),
        from: asked.from,
        to: asked.to,
    };
    let page = house.list_audit(&who, &query, asked.after.as_deref(), asked.limit.0).await;
    Ok(list(page.map_err(Problem::of_query)?, ChangeView::from))
}
