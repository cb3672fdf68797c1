//! `/plans`: what publishers offer.
use crate::{
    House,
    input::{Body, NoQuery, Patch, Path, Query, given, name},
    list::{List, Part, list},
    problem::Problem,
    shape::{Between, Name},
};
use axum::{Extension, Json, Router, extract::State, routing::get};
use http::StatusCode;
use portico_control::{ControlError, Who};
use portico_domain::{Approval, Period, Plan, Quota, Rate, RatePeriod, Slug};
use serde::{Deserialize, Serialize};

pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/plans", get(index).post(create))
        .route("/plans/{plan}", get(show).patch(change).delete(remove))
}

#[derive(Serialize)]
struct PlanView {
    plan: Slug,
    name: String,
    rate: Option<RateView>,
    quota: Option<Quota>,
    approval: Approval,
}

#[derive(Serialize)]
struct RateView {
    limit: u32,
    per: RatePeriod,
    /// As it works: the limit, unless it was set.
    burst: u32,
}

impl From<Plan> for PlanView {
    fn from(Plan { slug, name, rate, quota, approval }: Plan) -> Self {
        let rate = rate.map(|rate| RateView { limit: rate.limit, per: rate.per, burst: rate.burst() });
        Self { plan: slug, name, rate, quota, approval }
    }
}

type RateLimit = Between<1, 1_000_000>;
type QuotaLimit = Between<1, 1_000_000_000_000>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPlan {
    plan: Slug,
    /// The plan's slug unless given.
    name: Option<Name>,
    rate: Option<NewRate>,
    quota: Option<NewQuota>,
    approval: Option<Approval>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRate {
    limit: RateLimit,
    per: RatePeriod,
    burst: Option<RateLimit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewQuota {
    limit: QuotaLimit,
    per: Period,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanPatch {
    #[serde(default, deserialize_with = "given")]
    name: Option<Name>,
    #[serde(default, deserialize_with = "given")]
    rate: Option<Option<RatePatch>>,
    #[serde(default, deserialize_with = "given")]
    quota: Option<Option<QuotaPatch>>,
    #[serde(default, deserialize_with = "given")]
    approval: Option<Approval>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RatePatch {
    #[serde(default, deserialize_with = "given")]
    limit: Option<RateLimit>,
    #[serde(default, deserialize_with = "given")]
    per: Option<RatePeriod>,
    #[serde(default, deserialize_with = "given")]
    burst: Option<Option<RateLimit>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaPatch {
    #[serde(default, deserialize_with = "given")]
    limit: Option<QuotaLimit>,
    #[serde(default, deserialize_with = "given")]
    per: Option<Period>,
}

impl PlanPatch {
    fn apply(self, mut plan: Plan) -> Result<Plan, ControlError> {
        if let Some(Name(name)) = self.name {
            plan.name = name;
        }
        if let Some(rate) = self.rate {
            plan.rate = rate.map(|patch| patch.apply(plan.rate)).transpose()?;
        }
        if let Some(quota) = self.quota {
            plan.quota = quota.map(|patch| patch.apply(plan.quota)).transpose()?;
        }
        plan.approval = self.approval.unwrap_or(plan.approval);
        Ok(plan)
    }
}

impl RatePatch {
    fn apply(self, rate: Option<Rate>) -> Result<Rate, ControlError> {
        let limit = self.limit.map(|limit| limit.0 as u32).or(rate.map(|rate| rate.limit));
        let per = self.per.or(rate.map(|rate| rate.per));
        let burst = self.burst.map_or(rate.and_then(|rate| rate.burst), |burst| burst.map(|burst| burst.0 as u32));
        match (limit, per) {
            (Some(limit), Some(per)) => Ok(Rate { limit, per, burst }),
            _ => Err(ControlError::invalid("rate", "This plan has no rate yet: say both limit and per.")),
        }
    }
}

impl QuotaPatch {
    fn apply(self, quota: Option<Quota>) -> Result<Quota, ControlError> {
        let limit = self.limit.map(|limit| limit.0).or(quota.map(|quota| quota.limit));
        match (limit, self.per.or(quota.map(|quota| quota.per))) {
            (Some(limit), Some(per)) => Ok(Quota { limit, per }),
            _ => Err(ControlError::invalid("quota", "This plan has no quota yet: say both limit and per.")),
        }
    }
}

impl From<NewPlan> for Plan {
    fn from(new: NewPlan) -> Self {
        let number = |limit: RateLimit| limit.0 as u32;
        Self {
            name: new.name.map_or_else(|| new.plan.to_string(), |name| name.0),
            slug: new.plan,
            rate: new.rate.map(|new| Rate { limit: number(new.limit), per: new.per, burst: new.burst.map(number) }),
            quota: new.quota.map(|new| Quota { limit: new.limit.0, per: new.per }),
            approval: new.approval.unwrap_or(Approval::Auto),
        }
    }
}

async fn index(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    Query(part): Query<Part>,
) -> Result<Json<List<PlanView>>, Problem> {
    let page = house.list_plans(&who, part.after.as_deref(), part.limit.0).await.map_err(Problem::of_query)?;
    Ok(list(page, PlanView::from))
}

async fn create(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Body(new): Body<NewPlan>,
) -> Result<(StatusCode, Json<PlanView>), Problem> {
    let plan = house.create_plan(&who, new.into()).await?;
    Ok((StatusCode::CREATED, Json(plan.into())))
}

async fn show(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([plan]): Path<1>,
) -> Result<Json<PlanView>, Problem> {
    Ok(Json(house.find_plan(&who, &slug(&plan)?).await?.into()))
}

async fn change(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([plan]): Path<1>,
    Patch(patch): Patch<PlanPatch>,
) -> Result<Json<PlanView>, Problem> {
    Ok(Json(house.change_plan(&who, &slug(&plan)?, |plan| patch.apply(plan)).await?.into()))
}

async fn remove(
    State(house): State<House>,
    Extension(who): Extension<Who>,
    _: NoQuery,
    Path([plan]): Path<1>,
) -> Result<StatusCode, Problem> {
    house.remove_plan(&who, &slug(&plan)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn slug(text: &str) -> Result<Slug, Problem> {
    name(text, "such plan")
}
