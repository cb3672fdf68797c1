//! Subscriptions.
use crate::{Store, StoreError, Tx, row};
use portico_domain::{AppId, Slug, Subject, Subscription, SubscriptionId, SubscriptionState, Timestamp};
use serde_json::json;
use uuid::Uuid;

statements! {
    ADD = "INSERT INTO subscriptions (id, app, api, plan, state, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    SET_STATE = "UPDATE subscriptions SET state = $2 WHERE id = $1";
    SET_PLAN = "UPDATE subscriptions SET plan = $2 WHERE id = $1";
    REMOVE = "DELETE FROM subscriptions WHERE id = $1";
    BY_ID = "SELECT id, app, api, plan, state, created_at FROM subscriptions WHERE id = $1";
    OF_APP = "SELECT id, app, api, plan, state, created_at FROM subscriptions WHERE app = $1 ORDER BY id";
    IN_STATE = "SELECT id, app, api, plan, state, created_at FROM subscriptions WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3";
    LIST = "SELECT id, app, api, plan, state, created_at FROM subscriptions WHERE id > $1 ORDER BY id LIMIT $2";
    APPS_OF_API = "SELECT app FROM subscriptions WHERE api = $1 AND state = 'active'";
    COUNT_IN_STATE = "SELECT COUNT(*) FROM subscriptions WHERE state = $1";
    COUNT_OF_API = "SELECT COUNT(*) FROM subscriptions WHERE api = $1";
    COUNT_OF_PLAN = "SELECT COUNT(*) FROM subscriptions WHERE plan = $1";
}

#[derive(sqlx::FromRow)]
struct SubscriptionRow {
    id: Uuid,
    app: Uuid,
    api: String,
    plan: String,
    state: String,
    created_at: i64,
}

impl SubscriptionRow {
    fn read(self) -> Result<Subscription, StoreError> {
        Ok(Subscription {
            id: SubscriptionId(self.id),
            app: AppId(self.app),
            api: row::word(&self.api, "API name")?,
            plan: row::word(&self.plan, "plan name")?,
            state: row::word(&self.state, "subscription state")?,
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}

impl Store {
    pub async fn subscription(&self, id: SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        read!(&self.readers, fetch_optional, SubscriptionRow, BY_ID, id.0)?.map(SubscriptionRow::read).transpose()
    }

    /// Apps with an active subscription to an API, in no order.
    pub async fn apps_subscribed_to(&self, api: &Slug) -> Result<Vec<AppId>, StoreError> {
        let rows = read!(&self.readers, fetch_all, (Uuid,), APPS_OF_API, api.as_str())?;
        Ok(rows.into_iter().map(|(app,)| AppId(app)).collect())
    }

    /// Oldest first.
    pub async fn subscriptions_of(&self, app: AppId) -> Result<Vec<Subscription>, StoreError> {
        let rows = read!(&self.readers, fetch_all, SubscriptionRow, OF_APP, app.0)?;
        rows.into_iter().map(SubscriptionRow::read).collect()
    }

    /// Everybody's in one state, oldest first, behind `after`.
    pub async fn subscriptions_in(
        &self,
        state: SubscriptionState,
        after: Option<SubscriptionId>,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError> {
        let after = after.map_or(Uuid::nil(), |id| id.0);
        let rows = read!(&self.readers, fetch_all, SubscriptionRow, IN_STATE, state.as_str(), after, i64::from(limit))?;
        rows.into_iter().map(SubscriptionRow::read).collect()
    }

    /// Everybody's, oldest first, behind `after`.
    pub async fn subscriptions(
        &self,
        after: Option<SubscriptionId>,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError> {
        let after = after.map_or(Uuid::nil(), |id| id.0);
        let rows = read!(&self.readers, fetch_all, SubscriptionRow, LIST, after, i64::from(limit))?;
        rows.into_iter().map(SubscriptionRow::read).collect()
    }

    pub async fn count_subscriptions_in(&self, state: SubscriptionState) -> Result<u64, StoreError> {
        Ok(row::count(read!(&self.readers, fetch_one, (i64,), COUNT_IN_STATE, state.as_str())?.0))
    }

    pub async fn count_subscriptions_of_api(&self, api: &Slug) -> Result<u64, StoreError> {
        Ok(row::count(read!(&self.readers, fetch_one, (i64,), COUNT_OF_API, api.as_str())?.0))
    }

    pub async fn count_subscriptions_of_plan(&self, plan: &Slug) -> Result<u64, StoreError> {
        Ok(row::count(read!(&self.readers, fetch_one, (i64,), COUNT_OF_PLAN, plan.as_str())?.0))
    }
}

impl Tx {
    /// [`StoreError::Taken`] when the app has a subscription to that API already.
    pub async fn add_subscription(&mut self, subscription: &Subscription) -> Result<(), StoreError> {
        let added = change!(
            self,
            ADD,
            subscription.id.0,
            subscription.app.0,
            subscription.api.as_str(),
            subscription.plan.as_str(),
            subscription.state.as_str(),
            subscription.created_at.micros(),
        );
        added.map_err(|error| error.missing("app, API or plan"))?;
        let detail = json!({
            "app": subscription.app.to_string(),
            "api": subscription.api,
            "plan": subscription.plan,
            "state": subscription.state,
        });
        self.record("created", Subject::Subscription, subscription.id, detail).await
    }

    pub async fn set_subscription_state(
        &mut self,
        id: SubscriptionId,
        state: SubscriptionState,
    ) -> Result<(), StoreError> {
        let touched = change!(self, SET_STATE, id.0, state.as_str())?;
        self.found(touched, "subscription")?;
        let action = match state {
            SubscriptionState::Active => "approved",
            SubscriptionState::Rejected => "rejected",
            SubscriptionState::Pending => "suspended",
        };
        self.record(action, Subject::Subscription, id, json!({"state": state})).await
    }

    pub async fn set_subscription_plan(&mut self, id: SubscriptionId, plan: &Slug) -> Result<(), StoreError> {
        let touched = change!(self, SET_PLAN, id.0, plan.as_str()).map_err(|error| error.missing("plan"))?;
        self.found(touched, "subscription")?;
        self.record("plan_changed", Subject::Subscription, id, json!({"plan": plan})).await
    }

    pub async fn remove_subscription(&mut self, id: SubscriptionId) -> Result<(), StoreError> {
        let touched = change!(self, REMOVE, id.0)?;
        self.found(touched, "subscription")?;
        self.record("removed", Subject::Subscription, id, json!({})).await
    }
}
