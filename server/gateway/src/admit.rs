//! Fourth phase: may this caller make this call now? What one limit refuses does not spend another.
use crate::{
    account::Account,
    after::Standing,
    arrive::Arrival,
    find::Route,
    identify::Identity,
    keyring::{KeyRef, KeyScope},
    refusal::{Refusal, Scope},
    subscriptions::{Counters, Entry},
    worker::Shared,
    world::{CompiledPlan, World},
};
use portico_domain::{Quota, SubscriptionState};
use std::{net::IpAddr, sync::Arc};

/// The right to send one request to an upstream. Made here only.
pub(crate) struct Permit {
    pub(crate) route: Route,
    pub(crate) identity: Identity,
    /// The plan under which the call was counted.
    pub(crate) plan: Option<Arc<CompiledPlan>>,
    _made_here: (),
}

impl Permit {
    /// For a second request on behalf of the same call.
    pub(crate) fn again(&self) -> Self {
        Self { route: self.route.clone(), identity: self.identity.clone(), plan: self.plan.clone(), _made_here: () }
    }
}

pub(crate) fn admit(
    shared: &Shared,
    world: &World,
    route: Route,
    identity: Identity,
    arrival: &Arrival,
    account: &mut Account,
) -> Result<Permit, Refusal> {
    let plan = if identity.required {
        let key = identity.key.as_ref().ok_or(Refusal::KeyMissing)?;
        if let Some(scope) = &key.scope {
            check_scope(scope, &route, account.client)?;
        }
        let (subscription, plan) = subscribed(shared, world, key, &route)?;
        let admitted = check_size(&route, arrival).and_then(|()| spend(shared, &plan, &subscription, account));
        account.standing = Some(standing(shared, &plan, &subscription.counters, account));
        admitted?;
        Some(plan)
    } else {
        check_size(&route, arrival)?;
        None
    };
    Ok(Permit { route, identity, plan, _made_here: () })
}

/// The subscription by which the key's app may call the API, and its plan.
fn subscribed(
    shared: &Shared,
    world: &World,
    key: &KeyRef,
    route: &Route,
) -> Result<(Arc<Entry>, Arc<CompiledPlan>), Refusal> {
    let api = &route.api.slug;
    let subscription = match shared.subscriptions.find(key.app, api) {
        Some(entry) if entry.state == SubscriptionState::Active => entry,
        Some(entry) if entry.state == SubscriptionState::Pending => {
            return Err(Refusal::SubscriptionPending { api: api.clone() });
        }
        other => return Err(Refusal::NotSubscribed { api: api.clone(), state: other.map(|entry| entry.state) }),
    };
    match world.plan(&subscription.plan) {
        Some(plan) => Ok((subscription, Arc::clone(plan))),
        None => Err(Refusal::PlanGone { plan: subscription.plan.clone() }),
    }
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
    let mut asked = std::iter::once(&route.operation.name).chain(&route.operation.also);
    let denied = asked.find(|asked| scope.operations.iter().all(|name| **name != ***asked));
    if let (Some(denied), false) = (denied, scope.operations.is_empty()) {
        let asked = denied.to_string();
        return Err(Refusal::ScopeDenied { scope: Scope::Operation, asked, allowed: scope.operations.clone() });
    }
    Ok(())
}

/// A declared size; one that only shows while the body comes is watched over by the dispatch.
fn check_size(route: &Route, arrival: &Arrival) -> Result<(), Refusal> {
    let limit = route.api.max_body_bytes;
    let declared = arrival.body.length().unwrap_or(0);
    if declared > limit { Err(Refusal::BodyTooLarge { limit }) } else { Ok(()) }
}

/// Takes one call from the rate and one from the quota, or neither.
fn spend(shared: &Shared, plan: &Arc<CompiledPlan>, subscription: &Entry, account: &Account) -> Result<(), Refusal> {
    let (counters, slug) = (&subscription.counters, &plan.plan.slug);
    let quota_exceeded = |quota: Quota, retry_after| Refusal::QuotaExceeded {
        plan: slug.clone(),
        limit: quota.limit,
        per: quota.per.as_str(),
        retry_after,
    };
    // A used-up quota is seen before the rate is touched. The rate is spent first: then a unit of quota is never given
    // back, so that nobody is refused for one that another holds in vain.
    if let Some(quota) = plan.plan.quota {
        let left = counters.quota.left(quota, account.at);
        if left.calls == 0 {
            return Err(quota_exceeded(quota, left.reset_seconds));
        }
    }
    if let Some(rate) = plan.plan.rate {
        counters.rate.take(rate, shared.monotonic_nanos()).map_err(|exhausted| Refusal::RateLimited {
            plan: slug.clone(),
            limit: rate.limit,
            per: rate.per.as_str(),
            retry_after: exhausted.retry_after,
        })?;
    }
    if let Some(quota) = plan.plan.quota {
        match counters.quota.take(quota, account.at) {
            Ok(period) => account.spent(subscription.id, period),
            Err(exhausted) => {
                if let Some(rate) = plan.plan.rate {
                    counters.rate.give_back(rate);
                }
                return Err(quota_exceeded(quota, exhausted.retry_after));
            }
        }
    }
    Ok(())
}

/// Where the caller stands.
fn standing(shared: &Shared, plan: &Arc<CompiledPlan>, counters: &Counters, account: &Account) -> Standing {
    Standing {
        plan: Arc::clone(plan),
        rate: plan.plan.rate.map(|rate| counters.rate.left(rate, shared.monotonic_nanos())),
        quota: plan.plan.quota.map(|quota| counters.quota.left(quota, account.at)),
    }
}
