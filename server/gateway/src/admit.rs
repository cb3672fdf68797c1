//! Fourth phase: may this caller make this call now?
use crate::{
    account::Account,
    after::Standing,
    arrive::Arrival,
    find::Route,
    identify::Identity,
    keyring::{KeyRef, KeyScope},
    limit::{self, Caller, Over, Whose},
    plan::CompiledPlan,
    refusal::{RateLimit, Refusal, Scope},
    subscriptions::Entry,
    worker::Shared,
    world::{Operation, World},
};
use portico_domain::{KeyId, SubscriptionState};
use std::{net::IpAddr, sync::Arc};

/// The right to send one request to an upstream. Made here only.
pub(crate) struct Permit {
    pub(crate) route: Route,
    pub(crate) identity: Identity,
    _made_here: (),
}

impl Permit {
    /// For a second request on behalf of the same call.
    pub(crate) fn again(&self) -> Self {
        Self { route: self.route.clone(), identity: self.identity.clone(), _made_here: () }
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
    if identity.required {
        let key = identity.key.as_ref().ok_or(Refusal::KeyMissing)?;
        let scope = key.scope.as_ref().map_or(Ok(()), |scope| check_scope(scope, &route, account.client));
        let subscribed = match (subscribed(shared, world, key, &route), scope) {
            (Ok(subscribed), Err(refusal)) => {
                account.standing = Some(subscribed.standing(shared, &route, account));
                return Err(refusal);
            }
            (subscribed, scope) => scope.and(subscribed)?,
        };
        if let Err(refusal) = check_size(&route, arrival) {
            account.standing = Some(subscribed.standing(shared, &route, account));
            return Err(refusal);
        }
        spend(shared, Some(subscribed), &route, account)?;
    } else {
        check_size(&route, arrival)?;
        spend(shared, None, &route, account)?;
    }
    Ok(Permit { route, identity, _made_here: () })
}

/// The subscription by which a key's app may call the API, and its plan.
struct Subscribed {
    key: KeyId,
    subscription: Arc<Entry>,
    plan: Arc<CompiledPlan>,
}

impl Subscribed {
    fn caller(&self, operation: &Operation) -> Caller<'_> {
        let operation = self.plan.operation(operation).map(|own| (&*own.name, own.rate));
        Caller { counters: &self.subscription.counters, plan: &self.plan.plan, key: self.key, operation }
    }

    /// Where the caller stands, told on every answer although this call is not counted.
    fn standing(self, shared: &Shared, route: &Route, account: &Account) -> Standing {
        let caller = self.caller(&route.operation);
        let lefts = self.subscription.counters.left(caller, shared.nanos_at(account.started()), account.at);
        Standing { plan: self.plan, lefts }
    }
}

fn subscribed(shared: &Shared, world: &World, key: &KeyRef, route: &Route) -> Result<Subscribed, Refusal> {
    let api = &route.api.slug;
    let subscription = match shared.subscriptions.find(key.app, api) {
        Some(entry) if entry.state == SubscriptionState::Active => entry,
        Some(entry) if entry.state == SubscriptionState::Pending => {
            return Err(Refusal::SubscriptionPending { api: api.clone() });
        }
        other => return Err(Refusal::NotSubscribed { api: api.clone(), state: other.map(|entry| entry.state) }),
    };
    match world.plan(&subscription.plan) {
        Some(plan) => Ok(Subscribed { key: key.id, plan: Arc::clone(plan), subscription }),
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
    let limit = route.max_body_bytes();
    let declared = arrival.body.length().unwrap_or(0);
    if declared > limit { Err(Refusal::BodyTooLarge { limit }) } else { Ok(()) }
}

/// Takes one call from each limit, or none from any, and writes down where the caller stands.
fn spend(shared: &Shared, subscribed: Option<Subscribed>, route: &Route, account: &mut Account) -> Result<(), Refusal> {
    let served = [route.operation.limits.as_ref(), route.api.limits.as_ref()];
    let caller = subscribed.as_ref().map(|subscribed| subscribed.caller(&route.operation));
    if caller.is_none() && served.iter().all(Option::is_none) {
        return Ok(());
    }
    let (lefts, taken) = limit::take(caller, served, shared.nanos_at(account.started()), account.at);
    let taken = taken.map_err(|over| refusal(over, subscribed.as_ref(), route));
    let subscription = subscribed.map(|Subscribed { subscription, plan, .. }| {
        account.standing = Some(Standing { plan, lefts });
        subscription.id
    });
    let taken = taken?;
    account.places = taken.places;
    if let (Some(subscription), Some(period)) = (subscription, taken.period) {
        account.spent(subscription, period);
    }
    Ok(())
}

fn refusal(over: Over, subscribed: Option<&Subscribed>, route: &Route) -> Refusal {
    let api = || route.api.slug.clone();
    // Limits of a plan speak only where there is one.
    let plan = || subscribed.map_or_else(api, |subscribed| subscribed.plan.plan.slug.clone());
    let limit = |whose| match whose {
        Whose::Plan => RateLimit::Plan { plan: plan() },
        Whose::Key => RateLimit::Key { plan: plan() },
        Whose::PlanOperation => RateLimit::PlanOperation { plan: plan(), operation: route.operation.name.clone() },
        Whose::Operation => RateLimit::Operation { operation: route.operation.name.clone() },
        Whose::Api => RateLimit::Api { api: api() },
    };
    match over {
        Over::Rate { whose, rate, retry_after } => Refusal::RateLimited { limit: limit(whose), rate, retry_after },
        Over::AtOnce { whose, calls } => Refusal::TooManyAtOnce { limit: limit(whose), calls },
        Over::Quota { quota, retry_after } => {
            Refusal::QuotaExceeded { plan: plan(), limit: quota.limit, per: quota.per.as_str(), retry_after }
        }
    }
}
