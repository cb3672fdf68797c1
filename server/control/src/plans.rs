//! Plans: what publishers offer.
use crate::{Control, ControlError, Fault, Page, Who, permit::ManagePlans};
use portico_domain::{Actor, InvalidPlan, InvalidRate, Plan, Slug};
use portico_store::{StoreError, Unique};

impl Control {
    /// Makes the plan that every installation starts with, once.
    pub async fn add_starter_plan(&self) -> Result<(), ControlError> {
        const MADE: &str = "starter plan made";
        if self.store.setting(MADE).await?.is_some() {
            return Ok(());
        }
        let mut tx = self.store.begin(Actor::System).await?;
        if self.store.setting(MADE).await?.is_none() {
            tx.add_plan(&Plan::starter()).await?;
            tx.put_setting(MADE, &true.into()).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// For everybody signed in: a plan is chosen when subscribing.
    pub async fn list_plans(&self, who: &Who, after: Option<&str>, limit: u32) -> Result<Page<Plan>, ControlError> {
        who.role().ok_or(ControlError::SignInNeeded)?;
        let mut plans = self.store.plans().await?;
        plans.sort_by(|a, b| a.slug.cmp(&b.slug));
        let after: Option<Slug> = crate::accounts::cursor(after)?;
        plans.retain(|plan| after.as_ref().is_none_or(|after| plan.slug > *after));
        Ok(Page::cut(plans, limit, |plan| plan.slug.to_string()))
    }

    pub async fn find_plan(&self, who: &Who, slug: &Slug) -> Result<Plan, ControlError> {
        who.role().ok_or(ControlError::SignInNeeded)?;
        self.store.plan(slug).await?.ok_or_else(|| ControlError::not_found(format!("plan {slug}")))
    }

    pub async fn create_plan(&self, who: &Who, plan: Plan) -> Result<Plan, ControlError> {
        let permit = who.permit::<ManagePlans>()?;
        plan.validate().map_err(|error| invalid(&error))?;
        let mut tx = self.store.begin(permit.actor()).await?;
        tx.add_plan(&plan).await.map_err(|error| match error {
            StoreError::Taken { what: Unique::Plan } => {
                ControlError::conflict(format!("There is a plan {} already.", plan.slug))
            }
            other => other.into(),
        })?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok(plan)
    }

    pub async fn change_plan(
        &self,
        who: &Who,
        slug: &Slug,
        change: impl FnOnce(Plan) -> Result<Plan, ControlError> + Send,
    ) -> Result<Plan, ControlError> {
        let permit = who.permit::<ManagePlans>()?;
        let mut tx = self.store.begin(permit.actor()).await?;
        let plan = self.store.plan(slug).await?.ok_or_else(|| ControlError::not_found(format!("plan {slug}")))?;
        let plan = Plan { slug: slug.clone(), ..change(plan)? };
        plan.validate().map_err(|error| invalid(&error))?;
        tx.replace_plan(&plan).await?;
        tx.commit().await?;
        self.catch_up().await?;
        Ok(plan)
    }

    pub async fn remove_plan(&self, who: &Who, slug: &Slug) -> Result<(), ControlError> {
        let permit = who.permit::<ManagePlans>()?;
        let mut tx = self.store.begin(permit.actor()).await?;
        let offering = self.store.apis().await?.into_iter().filter(|api| api.settings.plans.contains(slug)).count();
        if offering > 0 {
            let apis = if offering == 1 { "1 API offers".to_owned() } else { format!("{offering} APIs offer") };
            return Err(ControlError::conflict(format!(
                "{apis} the plan {slug}; take it out of their settings first."
            )));
        }
        tx.remove_plan(slug).await.map_err(|error| match error {
            StoreError::Missing { .. } => ControlError::not_found(format!("plan {slug}")),
            StoreError::InUse { count: 1, .. } => {
                ControlError::conflict(format!("1 subscription uses the plan {slug}; end it first."))
            }
            StoreError::InUse { count, .. } => {
                ControlError::conflict(format!("{count} subscriptions use the plan {slug}; end them first."))
            }
            other => other.into(),
        })?;
        tx.commit().await?;
        self.catch_up().await
    }
}

fn invalid(error: &InvalidPlan) -> ControlError {
    let field = match error {
        InvalidPlan::Name => "name",
        InvalidPlan::Rate(InvalidRate::Limit(_)) => "rate_limit",
        InvalidPlan::Rate(InvalidRate::Burst(_)) => "burst",
        InvalidPlan::PerKey(InvalidRate::Limit(_)) => "key_limit",
        InvalidPlan::PerKey(InvalidRate::Burst(_)) => "key_burst",
        InvalidPlan::Operation(..) | InvalidPlan::OperationName(_) | InvalidPlan::Operations(_) => "operations",
        InvalidPlan::Concurrency(_) => "concurrency",
        InvalidPlan::QuotaLimit(_) => "quota_limit",
    };
    let mut message = error.to_string();
    message[..1].make_ascii_uppercase();
    ControlError::Invalid(vec![Fault { pointer: error.pointer(), field: field.into(), message: message + "." }])
}
