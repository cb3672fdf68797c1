//! `/plans`: what publishers offer.
use crate::{
    House,
    input::{Body, NoQuery, Patch, Path, Query, given, name},
    list::{List, Part, list},
    problem::Problem,
    shape::{Between, Name, OperationName},
};
use axum::{Extension, Json, Router, extract::State, routing::get};
use http::StatusCode;
use portico_control::{ControlError, Who};
use portico_domain::{Approval, Period, Plan, Quota, Rate, RatePeriod, Slug};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_key: Option<RateView>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    operations: BTreeMap<String, RateView>,
}

#[derive(Serialize)]
struct RateView {
    limit: u32,
    per: RatePeriod,
    /// As it works: the limit, unless it was set.
    burst: u32,
}

impl From<Plan> for PlanView {
    fn from(Plan { slug, name, rate, quota, approval, concurrency, per_key, operations }: Plan) -> Self {
        Self {
            plan: slug,
            name,
            rate: rate.map(RateView::from),
            quota,
            approval,
            concurrency,
            per_key: per_key.map(RateView::from),
            operations: operations.into_iter().map(|(name, rate)| (name, rate.into())).collect(),
        }
    }
}

impl From<Rate> for RateView {
    fn from(rate: Rate) -> Self {
        Self { limit: rate.limit, per: rate.per, burst: rate.burst() }
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
    concurrency: Option<RateLimit>,
    per_key: Option<NewRate>,
    operations: Option<BTreeMap<OperationName, NewRate>>,
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
    #[serde(default, deserialize_with = "given")]
    concurrency: Option<Option<RateLimit>>,
    #[serde(default, deserialize_with = "given")]
    per_key: Option<Option<RatePatch>>,
    /// `null` takes all of them away.
    #[serde(default, deserialize_with = "given")]
    operations: Option<Option<BTreeMap<OperationName, Option<RatePatch>>>>,
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
            plan.rate = rate.map(|patch| patch.apply(plan.rate, "rate")).transpose()?;
        }
        if let Some(quota) = self.quota {
            plan.quota = quota.map(|patch| patch.apply(plan.quota)).transpose()?;
        }
        plan.approval = self.approval.unwrap_or(plan.approval);
        if let Some(calls) = self.concurrency {
            plan.concurrency = calls.map(number);
        }
        if let Some(rate) = self.per_key {
            plan.per_key = rate.map(|patch| patch.apply(plan.per_key, "per_key")).transpose()?;
        }
        match self.operations {
            None => {}
            Some(None) => plan.operations.clear(),
            Some(Some(patches)) => {
                for (OperationName(name), patch) in patches {
                    let old = plan.operations.remove(&name);
                    if let Some(patch) = patch {
                        plan.operations.insert(name, patch.apply(old, "operations")?);
                    }
                }
            }
        }
        Ok(plan)
    }
}

impl RatePatch {
    /// `field` is what the rate is called.
    fn apply(self, rate: Option<Rate>, field: &str) -> Result<Rate, ControlError> {
        let limit = self.limit.map(number).or(rate.map(|rate| rate.limit));
        let per = self.per.or(rate.map(|rate| rate.per));
        let burst = self.burst.map_or(rate.and_then(|rate| rate.burst), |burst| burst.map(number));
        match (limit, per) {
            (Some(limit), Some(per)) => Ok(Rate { limit, per, burst }),
            _ => Err(ControlError::invalid(field, "There is no such rate in this plan yet: say both limit and per.")),
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
        Self {
            name: new.name.map_or_else(|| new.plan.to_string(), |name| name.0),
            slug: new.plan,
            rate: new.rate.map(Rate::from),
            quota: new.quota.map(|new| Quota { limit: new.limit.0, per: new.per }),
            approval: new.approval.unwrap_or(Approval::Auto),
            concurrency: new.concurrency.map(number),
            per_key: new.per_key.map(Rate::from),
            operations: new.operations.into_iter().flatten().map(|(name, rate)| (name.0, rate.into())).collect(),
        }
    }
}

impl From<NewRate> for Rate {
    fn from(new: NewRate) -> Self {
        Self { limit: number(new.limit), per: new.per, burst: new.burst.map(number) }
    }
}

fn number(limit: RateLimit) -> u32 {
    limit.0 as u32
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
