//! The house behind [`Portal`]: each page's question becomes use cases, each answer a view.
//!
//! One more page is one more method here, three lines long, and the making of its view in the file of its part.
mod account;
mod admin;
mod apps;
mod brand;
mod catalogue;
mod changes;
mod guides;
mod plans;
mod readers;
mod search;
mod settings;
mod traffic;
mod try_form;
mod words;

use crate::{AccountChange, Control, ControlError, Who, portal::words::moment};
use async_trait::async_trait;
use portico_contract::{
    Caller, Listing, Moment, Portal, PortalError, PortalResult, Role, SignedIn, account as account_views,
    admin as admin_views, apps as app_views, catalogue as catalogue_views, guides as guide_views,
    settings as settings_views, traffic as traffic_views,
};
use portico_domain::{Account, MailKind, Slug, Timestamp};

/// A name or id from a URL; what does not even look like one names nothing.
fn named<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, ControlError> {
    text.parse().map_err(|_| ControlError::not_found(format!("{what} {}", text.chars().take(80).collect::<String>())))
}

impl Control {
    fn moment(&self, at: Timestamp) -> Moment {
        moment(at, self.clock.now())
    }
}

fn contract_role(role: portico_domain::Role) -> Role {
    match role {
        portico_domain::Role::Developer => Role::Developer,
        portico_domain::Role::Publisher => Role::Publisher,
        portico_domain::Role::Admin => Role::Admin,
    }
}

fn domain_role(role: Role) -> portico_domain::Role {
    match role {
        Role::Developer => portico_domain::Role::Developer,
        Role::Publisher => portico_domain::Role::Publisher,
        Role::Admin => portico_domain::Role::Admin,
    }
}

/// The account as a session's caller.
pub fn signed_in(account: &Account) -> SignedIn {
    SignedIn {
        id: account.id.to_string(),
        name: account.name.clone(),
        email: account.email.to_string(),
        role: contract_role(account.role),
    }
}

#[async_trait]
impl Portal for Control {
    async fn catalogue(&self, caller: &Caller) -> PortalResult<catalogue_views::Catalogue> {
        Ok(self.show_catalogue(&Who::from(caller)).await?)
    }
    async fn api(&self, caller: &Caller, api: &str, version: Option<&str>) -> PortalResult<catalogue_views::ApiPage> {
        Ok(self.show_api(&Who::from(caller), api, version).await?)
    }
    async fn operation(
        &self,
        caller: &Caller,
        api: &str,
        version: Option<&str>,
        operation: &str,
    ) -> PortalResult<catalogue_views::OperationPage> {
        Ok(self.show_operation(&Who::from(caller), api, version, operation).await?)
    }
    async fn schema(
        &self,
        caller: &Caller,
        api: &str,
        version: Option<&str>,
        schema: &str,
    ) -> PortalResult<catalogue_views::SchemaPage> {
        Ok(self.show_schema(&Who::from(caller), api, version, schema).await?)
    }
    async fn changes(
        &self,
        caller: &Caller,
        api: &str,
        after: Option<&str>,
    ) -> PortalResult<catalogue_views::ChangesPage> {
        Ok(self.show_changes(&Who::from(caller), api, after).await?)
    }
    async fn version_changes(
        &self,
        caller: &Caller,
        api: &str,
        version: &str,
    ) -> PortalResult<catalogue_views::VersionChangesPage> {
        Ok(self.show_version_changes(&Who::from(caller), api, version).await?)
    }
    async fn changes_feed(&self, caller: &Caller, api: &str) -> PortalResult<catalogue_views::ChangesFeed> {
        Ok(self.show_changes_feed(&Who::from(caller), api).await?)
    }
    async fn search(
        &self,
        caller: &Caller,
        query: &str,
        kind: Option<catalogue_views::HitKind>,
    ) -> PortalResult<catalogue_views::SearchPage> {
        Ok(self.show_search(&Who::from(caller), query, kind).await?)
    }

    async fn guides(&self, caller: &Caller) -> PortalResult<guide_views::GuidesPage> {
        Ok(self.show_guides(&Who::from(caller)).await?)
    }
    async fn guide(&self, caller: &Caller, api: Option<&str>, guide: &str) -> PortalResult<guide_views::GuidePage> {
        Ok(self.show_guide(&Who::from(caller), guides::place(api)?, &named(guide, "guide")?).await?)
    }
    async fn guide_image(
        &self,
        caller: &Caller,
        api: Option<&str>,
        image: &str,
    ) -> PortalResult<guide_views::GuideImage> {
        let image = self.find_guide_image(&Who::from(caller), &guides::place(api)?, &named(image, "picture")?).await?;
        Ok(guide_views::GuideImage { media_type: image.name.kind().media_type().to_owned(), bytes: image.bytes })
    }
    async fn admin_guides(&self, caller: &Caller, api: Option<&str>) -> PortalResult<guide_views::GuidesAdmin> {
        Ok(self.show_admin_guides(&Who::from(caller), guides::place(api)?).await?)
    }
    async fn guide_editor(
        &self,
        caller: &Caller,
        api: Option<&str>,
        guide: Option<&str>,
    ) -> PortalResult<guide_views::GuideEditor> {
        let guide = guide.map(|guide| named(guide, "guide")).transpose()?;
        Ok(self.show_guide_editor(&Who::from(caller), guides::place(api)?, guide.as_ref()).await?)
    }
    async fn preview_guide(
        &self,
        caller: &Caller,
        api: Option<&str>,
        guide: Option<&str>,
        form: guide_views::GuideForm,
    ) -> PortalResult<guide_views::GuideEditor> {
        let guide = guide.map(|guide| named(guide, "guide")).transpose()?;
        Ok(self.show_guide_preview(&Who::from(caller), guides::place(api)?, guide, form).await?)
    }
    async fn save_guide(
        &self,
        caller: &Caller,
        api: Option<&str>,
        guide: Option<&str>,
        form: guide_views::GuideForm,
    ) -> PortalResult<String> {
        let guide = guide.map(|guide| named(guide, "guide")).transpose()?;
        Ok(self.save_guide_by_form(&Who::from(caller), guides::place(api)?, guide, form).await?)
    }
    async fn set_guide_draft(&self, caller: &Caller, api: Option<&str>, guide: &str, draft: bool) -> PortalResult<()> {
        let (who, place) = (Who::from(caller), guides::place(api)?);
        let guide = self.find_guide(&who, &place, &named(guide, "guide")?).await?;
        let head = portico_domain::GuideHead { draft, ..guide.head };
        self.write_guide(&who, &place, crate::GuideDraft { head, text: guide.text }).await?;
        Ok(())
    }
    async fn delete_guide(&self, caller: &Caller, api: Option<&str>, guide: &str) -> PortalResult<()> {
        Ok(self.remove_guide(&Who::from(caller), &guides::place(api)?, &named(guide, "guide")?).await?)
    }
    async fn add_guide_image(
        &self,
        caller: &Caller,
        api: Option<&str>,
        name: &str,
        bytes: Vec<u8>,
    ) -> PortalResult<()> {
        let name = guides::image_name(name)?;
        Self::put_guide_image(self, &Who::from(caller), &guides::place(api)?, &name, bytes).await?;
        Ok(())
    }
    async fn delete_guide_image(&self, caller: &Caller, api: Option<&str>, image: &str) -> PortalResult<()> {
        Ok(self.remove_guide_image(&Who::from(caller), &guides::place(api)?, &named(image, "picture")?).await?)
    }

    async fn sign_up(&self, caller: &Caller, input: account_views::SignUp) -> PortalResult<SignedIn> {
        let account = self.sign_up_visitor(&Who::from(caller), account::developer(input)).await?;
        Ok(signed_in(&account))
    }
    async fn sign_in(&self, caller: &Caller, input: account_views::SignIn) -> PortalResult<SignedIn> {
        let account = self.sign_in_with_password(&Who::from(caller), &input.email, input.password).await?;
        Ok(signed_in(&account))
    }
    async fn check_first_admin(&self, token: &str) -> PortalResult<()> {
        Ok(self.check_first_admin_link(token).await?)
    }
    async fn create_first_admin(
        &self,
        caller: &Caller,
        token: &str,
        input: account_views::SignUp,
    ) -> PortalResult<SignedIn> {
        let account = self.make_first_admin(&Who::from(caller), token, account::developer(input)).await?;
        Ok(signed_in(&account))
    }
    async fn account(&self, caller: &Caller) -> PortalResult<account_views::AccountPage> {
        Ok(self.show_account(&Who::from(caller)).await?)
    }
    async fn set_mail_versions(&self, caller: &Caller, on: bool) -> PortalResult<()> {
        Ok(self.set_own_mail(&Who::from(caller), MailKind::Versions, on).await?)
    }
    async fn check_turn_off(&self, token: &str) -> PortalResult<account_views::TurnOffPage> {
        Ok(self.show_turn_off(token).await?)
    }
    async fn turn_mail_off(&self, token: &str) -> PortalResult<()> {
        Ok(self.turn_mail_off_by(token).await?)
    }
    async fn rename_account(&self, caller: &Caller, name: &str) -> PortalResult<()> {
        Ok(self.rename_own_account(&Who::from(caller), name).await?)
    }
    async fn change_password(&self, caller: &Caller, input: account_views::PasswordChange) -> PortalResult<()> {
        Ok(self.change_own_password(&Who::from(caller), input.current, input.password).await?)
    }

    async fn apps(&self, caller: &Caller) -> PortalResult<app_views::AppsPage> {
        Ok(self.show_apps(&Who::from(caller)).await?)
    }
    async fn create_app(&self, caller: &Caller, name: &str) -> PortalResult<String> {
        let (app, _) = Self::create_app(self, &Who::from(caller), name, None).await?;
        Ok(app.id.to_string())
    }
    async fn app(&self, caller: &Caller, app: &str) -> PortalResult<app_views::AppPage> {
        Ok(self.show_app(&Who::from(caller), named(app, "app")?).await?)
    }
    async fn rename_app(&self, caller: &Caller, app: &str, name: &str) -> PortalResult<()> {
        let change = crate::AppChange { name: Some(name.to_owned()), owner: None };
        self.change_app(&Who::from(caller), named(app, "app")?, change).await?;
        Ok(())
    }
    async fn delete_app(&self, caller: &Caller, app: &str) -> PortalResult<()> {
        Ok(self.remove_app(&Who::from(caller), named(app, "app")?).await?)
    }
    async fn subscribe(&self, caller: &Caller, app: &str, api: &str, plan: &str) -> PortalResult<()> {
        let wrong =
            |field: &'static str, what: &'static str| move |_| PortalError::field(field, format!("Choose {what}."));
        let app = app.parse().map_err(|_| PortalError::field("app", "Choose an app."))?;
        let api: Slug = api.parse().map_err(wrong("api", "an API"))?;
        let plan: Slug = plan.parse().map_err(wrong("plan", "a plan"))?;
        self.add_subscription(&Who::from(caller), app, &api, &plan).await?;
        Ok(())
    }
    async fn unsubscribe(&self, caller: &Caller, app: &str, subscription: &str) -> PortalResult<()> {
        Ok(self
            .end_subscription_of(&Who::from(caller), named(app, "app")?, named(subscription, "subscription")?)
            .await?)
    }
    async fn new_key(&self, caller: &Caller, app: &str) -> PortalResult<app_views::NewKeyPage> {
        Ok(self.show_new_key(&Who::from(caller), named(app, "app")?).await?)
    }
    async fn create_key(
        &self,
        caller: &Caller,
        app: &str,
        input: app_views::NewKey,
    ) -> PortalResult<app_views::KeyCreated> {
        Ok(self.create_key_by_form(&Who::from(caller), named(app, "app")?, input).await?)
    }
    async fn rename_key(&self, caller: &Caller, app: &str, key: &str, name: &str) -> PortalResult<()> {
        let who = Who::from(caller);
        let key = self.key_of(&who, named(app, "app")?, named(key, "key")?).await?;
        let change = crate::KeyChange { name: Some(name.to_owned()), ..crate::KeyChange::default() };
        self.change_key(&who, key.id, change).await?;
        Ok(())
    }
    async fn revoke_key(&self, caller: &Caller, app: &str, key: &str) -> PortalResult<()> {
        let who = Who::from(caller);
        let key = self.key_of(&who, named(app, "app")?, named(key, "key")?).await?;
        Self::revoke_key(self, &who, key.id).await?;
        Ok(())
    }
    async fn first_call(&self, caller: &Caller, app: &str, key: &str) -> PortalResult<app_views::FirstCall> {
        let who = Who::from(caller);
        let key = self.key_of(&who, named(app, "app")?, named(key, "key")?).await?;
        Ok(self.show_first_call(&key))
    }

    async fn usage(&self, caller: &Caller, query: traffic_views::UsageQuery) -> PortalResult<traffic_views::UsagePage> {
        Ok(self.show_usage(&Who::from(caller), query).await?)
    }
    async fn analytics(
        &self,
        caller: &Caller,
        query: traffic_views::UsageQuery,
    ) -> PortalResult<traffic_views::UsagePage> {
        Ok(self.show_analytics(&Who::from(caller), query).await?)
    }
    async fn requests(
        &self,
        caller: &Caller,
        query: traffic_views::RequestsQuery,
    ) -> PortalResult<traffic_views::RequestsPage> {
        Ok(self.show_requests(&Who::from(caller), query).await?)
    }

    async fn admin_overview(&self, caller: &Caller) -> PortalResult<admin_views::Overview> {
        Ok(self.show_admin_overview(&Who::from(caller)).await?)
    }
    async fn admin_apis(&self, caller: &Caller) -> PortalResult<Vec<admin_views::ApiLine>> {
        Ok(self.show_admin_apis(&Who::from(caller)).await?)
    }
    async fn admin_api(&self, caller: &Caller, api: &str) -> PortalResult<admin_views::ApiPage> {
        Ok(self.show_admin_api(&Who::from(caller), &named(api, "API")?).await?)
    }
    async fn upload(&self, caller: &Caller, input: admin_views::Upload) -> PortalResult<admin_views::Uploaded> {
        Ok(self.upload_by_form(&Who::from(caller), input).await?)
    }
    async fn save_api_settings(
        &self,
        caller: &Caller,
        api: &str,
        settings: admin_views::ApiSettings,
    ) -> PortalResult<()> {
        Ok(self.save_settings_by_form(&Who::from(caller), &named(api, "API")?, settings).await?)
    }
    async fn settings_part(
        &self,
        caller: &Caller,
        api: &str,
        part: settings_views::SettingsPart,
    ) -> PortalResult<settings_views::PartPage> {
        Ok(self.show_settings_part(&Who::from(caller), &named(api, "API")?, part).await?)
    }
    async fn save_settings_part(
        &self,
        caller: &Caller,
        api: &str,
        part: settings_views::SettingsPart,
        fields: Vec<(String, String)>,
    ) -> PortalResult<()> {
        Ok(self.save_settings_part_by_form(&Who::from(caller), &named(api, "API")?, part, &fields).await?)
    }
    async fn purge_cache(&self, caller: &Caller, api: &str) -> PortalResult<u64> {
        let forgotten = Self::purge_cache(self, &Who::from(caller), &named(api, "API")?, None).await?;
        Ok(forgotten as u64)
    }
    async fn readers(&self, caller: &Caller, api: &str, after: Option<&str>) -> PortalResult<admin_views::ReadersPage> {
        Ok(self.show_readers(&Who::from(caller), &named(api, "API")?, after).await?)
    }
    async fn add_reader(&self, caller: &Caller, api: &str, email: &str) -> PortalResult<()> {
        Ok(self.add_reader_by_form(&Who::from(caller), &named(api, "API")?, email).await?)
    }
    async fn remove_reader(&self, caller: &Caller, api: &str, account: &str) -> PortalResult<()> {
        let (api, account) = (named(api, "API")?, named(account, "reader")?);
        Ok(Self::remove_reader(self, &Who::from(caller), &api, account).await?)
    }
    async fn publish(&self, caller: &Caller, api: &str, version: &str) -> PortalResult<()> {
        self.publish_version(&Who::from(caller), &named(api, "API")?, Some(version)).await?;
        Ok(())
    }
    async fn unpublish(&self, caller: &Caller, api: &str) -> PortalResult<()> {
        self.unpublish_api(&Who::from(caller), &named(api, "API")?).await?;
        Ok(())
    }
    async fn delete_api(&self, caller: &Caller, api: &str) -> PortalResult<()> {
        Ok(self.remove_api(&Who::from(caller), &named(api, "API")?).await?)
    }
    async fn plans(&self, caller: &Caller) -> PortalResult<Vec<admin_views::PlanLine>> {
        Ok(self.show_plans(&Who::from(caller)).await?)
    }
    async fn create_plan(&self, caller: &Caller, plan: admin_views::PlanForm) -> PortalResult<()> {
        let plan = plans::read(plan)?;
        Self::create_plan(self, &Who::from(caller), plan).await?;
        Ok(())
    }
    async fn save_plan(&self, caller: &Caller, slug: &str, plan: admin_views::PlanForm) -> PortalResult<()> {
        let slug: Slug = named(slug, "plan")?;
        let plan = plans::read(admin_views::PlanForm { slug: slug.to_string(), ..plan })?;
        self.change_plan(&Who::from(caller), &slug, |_| Ok(plan)).await?;
        Ok(())
    }
    async fn delete_plan(&self, caller: &Caller, slug: &str) -> PortalResult<()> {
        Ok(self.remove_plan(&Who::from(caller), &named(slug, "plan")?).await?)
    }
    async fn subscriptions(
        &self,
        caller: &Caller,
        state: &str,
        after: Option<&str>,
    ) -> PortalResult<Listing<admin_views::SubscriptionLine>> {
        Ok(self.show_subscriptions(&Who::from(caller), state, after).await?)
    }
    async fn decide(&self, caller: &Caller, subscription: &str, approve: bool) -> PortalResult<()> {
        self.decide_subscription(&Who::from(caller), named(subscription, "subscription")?, approve).await?;
        Ok(())
    }
    async fn accounts(&self, caller: &Caller, after: Option<&str>) -> PortalResult<Listing<admin_views::AccountLine>> {
        Ok(self.show_accounts(&Who::from(caller), after).await?)
    }
    async fn set_role(&self, caller: &Caller, account: &str, role: Role) -> PortalResult<()> {
        let change = AccountChange { role: Some(domain_role(role)), ..AccountChange::default() };
        self.change_account(&Who::from(caller), named(account, "account")?, change).await?;
        Ok(())
    }
    async fn delete_account(&self, caller: &Caller, account: &str) -> PortalResult<()> {
        Ok(self.remove_account(&Who::from(caller), named(account, "account")?).await?)
    }
    async fn audit(&self, caller: &Caller, after: Option<&str>) -> PortalResult<Listing<admin_views::AuditLine>> {
        Ok(self.show_audit(&Who::from(caller), after).await?)
    }
    async fn brand(&self) -> portico_contract::Brand {
        self.show_brand().await
    }
    async fn save_brand(&self, caller: &Caller, name: &str, accent: &str) -> PortalResult<()> {
        Ok(self.save_brand_by_form(&Who::from(caller), name, accent).await?)
    }
    async fn set_logo(&self, caller: &Caller, bytes: Vec<u8>) -> PortalResult<()> {
        Self::set_logo(self, &Who::from(caller), bytes).await?;
        Ok(())
    }
    async fn remove_logo(&self, caller: &Caller) -> PortalResult<()> {
        Self::remove_logo(self, &Who::from(caller)).await?;
        Ok(())
    }
    async fn settings(&self, caller: &Caller) -> PortalResult<admin_views::SettingsPage> {
        Ok(self.show_settings(&Who::from(caller)).await?)
    }
}
