//! Fourth phase: may this caller make this call now? What one limit refuses does not spend another.
use crate::{
    account::Account,
    after::Standing,
    arrive::Arrival,
    find::Route,
    identify::Identity,
    keyring::KeyScope,
    refusal::{Refusal, Scope},
    subscriptions::Counters,
    worker::Shared,
    world::{CompiledPlan, World},
};
use http_body::Body as _;
use portico_domain::{SubscriptionId, SubscriptionState};
use std::{net::IpAddr, sync::Arc};

/// The right to send one request to an upstream. Made here only.
pub(crate) struct Permit {
    pub(crate) route: Route,
    pub(crate) identity: Identity,
    /// The plan under which the call was counted.
    pub(crate) plan: Option<Arc<CompiledPlan>>,
    _made_here: (),
}

pub(crate) fn admit(
    shared: &Shared,
    world: &World,
    route: Route,
    identity: Identity,
    arrival: &Arrival,
    account: &mut Account,
) -> Result<Permit, Refusal> {
    let mut plan = None;
    if identity.required {
        let key = identity.key.as_ref().ok_or(Refusal::KeyMissing)?;
        if let Some(scope) = &key.scope {
            check_scope(scope, &route, account.client)?;
        }
        let api = &route.api.slug;
        let subscription = shared.subscriptions.find(key.app, api);
        let subscription = match subscription {
            Some(entry) if entry.state == SubscriptionState::Active => entry,
            Some(entry) if entry.state == SubscriptionState::Pending => {
                return Err(Refusal::SubscriptionPending { api: api.clone() });
            }
            other => return Err(Refusal::NotSubscribed { api: api.clone(), state: other.map(|entry| entry.state) }),
        };
        let found =
            world.plan(&subscription.plan).ok_or_else(|| Refusal::PlanGone { plan: subscription.plan.clone() })?;
        let found = plan.insert(Arc::clone(found));
        check_size(&route, arrival)
            .inspect_err(|_| account.standing = Some(standing(shared, found, &subscription.counters, account)))?;
        spend(shared, found, subscription.id, &subscription.counters, account)?;
    } else {
        check_size(&route, arrival)?;
    }
    Ok(Permit { route, identity, plan, _made_here: () })
}

fn check_scope(scope: &KeyScope, route: &Route, client: IpAddr) -> Result<(), Refusal> {
    let client = client.to_canonical();
    if !scope.allow_ips.is_empty() && !scope.allow_ips.iter().any(|net| net.contains(&client)) {
        let allowed = scope.allow_ips.iter().map(ToString::to_string).collect();
        return Err(Refusal::IpDenied { client, allowed });
    }
    if !scope.apis.is_empty() && !scope.apis.contains(&route.api.slug) {
        let allowed = scope.apis.iter().map(ToString::to_string).collect();
        return Err(Refusal::ScopeDenied { scope: Scope::Api, asked: route.api.slug.to_string(), allowed });
    }
    if !scope.operations.is_empty() && !scope.operations.iter().any(|name| **name == *route.operation.name) {
        let asked = route.operation.name.to_string();
        return Err(Refusal::ScopeDenied { scope: Scope::Operation, asked, allowed: scope.operations.clone() });
    }
    Ok(())
}

/// A declared size; one that only shows while the body comes is watched over by the dispatch.
fn check_size(route: &Route, arrival: &Arrival) -> Result<(), Refusal> {
    let limit = route.api.max_body_bytes;
    let declared = arrival.body.as_ref().map_or(0, |body| body.size_hint().lower());
    if declared > limit { Err(Refusal::BodyTooLarge { limit }) } else { Ok(()) }
}

/// Takes one call from the rate and one from the quota, or neither.
fn spend(
    shared: &Shared,
    plan: &Arc<CompiledPlan>,
    subscription: SubscriptionId,
    counters: &Counters,
    account: &mut Account,
) -> Result<(), Refusal> {
    let now = shared.monotonic_nanos();
    let slug = &plan.plan.slug;
    let quota_exceeded = |limit, per: portico_domain::Period, retry_after| Refusal::QuotaExceeded {
        plan: slug.clone(),
        limit,
        per: per.as_str(),
        retry_after,
    };
    let mut new = Standing { plan: Arc::clone(plan), rate: None, quota: None };
    // A used-up quota is seen before the rate is touched. The rate is spent first: then a unit of quota is never given
    // back, so that nobody is refused for one that another holds in vain.
    if let Some(quota) = plan.plan.quota {
        let left = counters.quota.left(quota, account.at);
        new.quota = Some(left);
        if left.calls == 0 {
            new.rate = plan.plan.rate.map(|rate| counters.rate.left(rate, now));
            account.standing = Some(new);
            return Err(quota_exceeded(quota.limit, quota.per, left.reset_seconds));
        }
    }
    if let Some(rate) = plan.plan.rate {
        match counters.rate.take(rate, now) {
            Ok(left) => new.rate = Some(left),
            Err(exhausted) => {
                new.rate = Some(counters.rate.left(rate, now));
                account.standing = Some(new);
                return Err(Refusal::RateLimited {
                    plan: slug.clone(),
                    limit: rate.limit,
                    per: rate.per.as_str(),
                    retry_after: exhausted.retry_after,
                });
            }
        }
    }
    if let Some(quota) = plan.plan.quota {
        match counters.quota.take(quota, account.at) {
            Ok((left, period)) => {
                new.quota = Some(left);
                account.spent(subscription, period);
            }
            Err(exhausted) => {
                if let Some(rate) = plan.plan.rate {
                    counters.rate.give_back(rate);
                    new.rate = Some(counters.rate.left(rate, now));
                }
                new.quota = Some(counters.quota.left(quota, account.at));
                account.standing = Some(new);
                return Err(quota_exceeded(quota.limit, quota.per, exhausted.retry_after));
            }
        }
    }
    account.standing = Some(new);
    Ok(())
}

/// Where the caller stands without spending anything.
fn standing(shared: &Shared, plan: &Arc<CompiledPlan>, counters: &Counters, account: &Account) -> Standing {
    Standing {
        plan: Arc::clone(plan),
        rate: plan.plan.rate.map(|rate| counters.rate.left(rate, shared.monotonic_nanos())),
        quota: plan.plan.quota.map(|quota| counters.quota.left(quota, account.at)),
    }
}
