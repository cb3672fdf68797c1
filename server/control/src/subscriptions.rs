//! Subscriptions: an app's use of an API under a plan.
use crate::{
    Control, ControlError, Page, Who,
    accounts::cursor,
    permit::{DecideSubscriptions, ManageAllApps},
};
use portico_domain::{AppId, Approval, Slug, Subscription, SubscriptionId, SubscriptionState};
use portico_store::{StoreError, Unique};

impl Control {
    pub async fn list_subscriptions(
        &self,
        who: &Who,
        app: AppId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Subscription>, ControlError> {
        self.app_for(who, app).await?;
        let after: Option<SubscriptionId> = cursor(after)?;
        let mut all = self.store.subscriptions_of(app).await?;
        all.sort_by_key(|subscription| subscription.id);
        all.retain(|subscription| after.is_none_or(|after| subscription.id > after));
        Ok(Page::cut(all, limit, |subscription| subscription.id.to_string()))
    }

    pub async fn find_subscription(&self, who: &Who, id: SubscriptionId) -> Result<Subscription, ControlError> {
        let missing = || ControlError::not_found("such subscription");
        who.role().ok_or(ControlError::SignInNeeded)?;
        let subscription = self.store.subscription(id).await?.ok_or_else(missing)?;
        if !who.may::<DecideSubscriptions>() {
            self.app_for(who, subscription.app).await.map_err(|_| missing())?;
        }
        Ok(subscription)
    }

    /// Subscribes; active at once, or pending, as the plan says.
    pub async fn add_subscription(
        &self,
        who: &Who,
        app: AppId,
        api: &Slug,
        plan: &Slug,
    ) -> Result<Subscription, ControlError> {
        let app = self.app_for(who, app).await?;
        let no_api = || ControlError::invalid("api", format!("There is no API {api} to subscribe to."));
        let found = match self.store.api(api).await? {
            Some(found) if self.may_see(who, &found).await? => found,
            _ => return Err(no_api()),
        };
        if !found.settings.plans.contains(plan) {
            return Err(ControlError::invalid(
                "plan",
                format!("{} is not offered under the plan {plan}.", found.title),
            ));
        }
        let offered = self.store.plan(plan).await?;
        let offered = offered.ok_or_else(|| ControlError::invalid("plan", format!("There is no plan {plan}.")))?;
        let state = match offered.approval {
            Approval::Auto => SubscriptionState::Active,
            Approval::Manual if who.may::<DecideSubscriptions>() => SubscriptionState::Active,
            Approval::Manual => SubscriptionState::Pending,
        };
        let subscription = Subscription {
            id: SubscriptionId::new(&*self.clock),
            app: app.id,
            api: api.clone(),
            plan: plan.clone(),
            state,
            created_at: self.clock.now(),
        };
        let mut tx = self.store.begin(who.actor()).await?;
        tx.add_subscription(&subscription).await.map_err(|error| match error {
            StoreError::Taken { what: Unique::Subscription } => ControlError::conflict(format!(
                "{} is subscribed to {} already. End that subscription first to change the plan.",
                app.name, found.title
            )),
            other => other.into(),
        })?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok(subscription)
    }

    pub async fn decide_subscription(
        &self,
        who: &Who,
        id: SubscriptionId,
        approve: bool,
    ) -> Result<Subscription, ControlError> {
        let permit = who.permit::<DecideSubscriptions>()?;
        let mut subscription = self.find_subscription(who, id).await?;
        subscription.state = if approve { SubscriptionState::Active } else { SubscriptionState::Rejected };
        let mut tx = self.store.begin(permit.actor()).await?;
        tx.set_subscription_state(id, subscription.state).await?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok(subscription)
    }

    pub async fn remove_subscription(&self, who: &Who, id: SubscriptionId) -> Result<(), ControlError> {
        let subscription = self.find_subscription(who, id).await?;
        if !who.may::<ManageAllApps>() {
            self.app_for(who, subscription.app).await?;
        }
        let mut tx = self.store.begin(who.actor()).await?;
        tx.remove_subscription(id).await?;
        tx.commit().await?;
        self.catch_up().await
    }
}
