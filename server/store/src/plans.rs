//! Plans.
use crate::{Store, StoreError, Tx, row};
use portico_domain::{Plan, Slug, Subject};
use serde_json::json;

statements! {
    ADD = "INSERT INTO plans (slug, name, rate, quota, approval, concurrency, per_key, operations) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    REPLACE = "UPDATE plans SET name = $2, rate = $3, quota = $4, approval = $5, concurrency = $6, per_key = $7, operations = $8 WHERE slug = $1";
    REMOVE = "DELETE FROM plans WHERE slug = $1";
    COUNT_USES = "SELECT COUNT(*) FROM subscriptions WHERE plan = $1";
    LIST = "SELECT slug, name, rate, quota, approval, concurrency, per_key, operations FROM plans";
    BY_SLUG = "SELECT slug, name, rate, quota, approval, concurrency, per_key, operations FROM plans WHERE slug = $1";
}

#[derive(sqlx::FromRow)]
struct PlanRow {
    slug: String,
    name: String,
    rate: Option<String>,
    quota: Option<String>,
    approval: String,
    concurrency: Option<i64>,
    per_key: Option<String>,
    operations: String,
}

impl PlanRow {
    fn read(self) -> Result<Plan, StoreError> {
        Ok(Plan {
            slug: row::word(&self.slug, "plan name")?,
            name: self.name,
            rate: self.rate.map(|text| row::json(&text, "rate")).transpose()?,
            quota: self.quota.map(|text| row::json(&text, "quota")).transpose()?,
            approval: row::word(&self.approval, "approval")?,
            // Never above a million.
            concurrency: self.concurrency.and_then(|calls| u32::try_from(calls).ok()),
            per_key: self.per_key.map(|text| row::json(&text, "rate of a key")).transpose()?,
            operations: row::json(&self.operations, "rates of operations")?,
        })
    }
}

fn approval(plan: &Plan) -> &'static str {
    match plan.approval {
        portico_domain::Approval::Auto => "auto",
        portico_domain::Approval::Manual => "manual",
    }
}

impl Store {
    /// All, by slug.
    pub async fn plans(&self) -> Result<Vec<Plan>, StoreError> {
        let rows = read!(&self.readers, fetch_all, PlanRow, LIST)?;
        let mut plans = rows.into_iter().map(PlanRow::read).collect::<Result<Vec<_>, _>>()?;
        // Sorted here, since the engines' collations differ.
        plans.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(plans)
    }

    pub async fn plan(&self, slug: &Slug) -> Result<Option<Plan>, StoreError> {
        read!(&self.readers, fetch_optional, PlanRow, BY_SLUG, slug.as_str())?.map(PlanRow::read).transpose()
    }
}

impl Tx {
    pub async fn add_plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        self.write_plan(ADD, plan).await?;
        self.record("created", Subject::Plan, &plan.slug, json!({"plan": plan})).await
    }

    pub async fn replace_plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        let touched = self.write_plan(REPLACE, plan).await?;
        self.found(touched, "plan")?;
        self.record("changed", Subject::Plan, &plan.slug, json!({"plan": plan})).await
    }

    async fn write_plan(&mut self, sql: &'static str, plan: &Plan) -> Result<u64, StoreError> {
        let rate = plan.rate.map(|rate| row::to_json(&rate)).transpose()?;
        let quota = plan.quota.map(|quota| row::to_json(&quota)).transpose()?;
        let per_key = plan.per_key.map(|rate| row::to_json(&rate)).transpose()?;
        change!(
            self,
            sql,
            plan.slug.as_str(),
            row::without_nul(&plan.name).as_ref(),
            rate,
            quota,
            approval(plan),
            plan.concurrency.map(i64::from),
            per_key,
            row::to_json(&plan.operations)?,
        )
    }

    /// [`StoreError::InUse`] while subscriptions, in whatever state, hold it.
    pub async fn remove_plan(&mut self, slug: &Slug) -> Result<(), StoreError> {
        let (uses,) = read_in!(&mut self.connection, fetch_one, (i64,), COUNT_USES, slug.as_str())?;
        if uses > 0 {
            return Err(StoreError::InUse { what: "plan", by: "subscriptions", count: row::count(uses) });
        }
        let touched = change!(self, REMOVE, slug.as_str())?;
        self.found(touched, "plan")?;
        self.record("removed", Subject::Plan, slug, json!({})).await
    }
}
