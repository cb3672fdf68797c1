//! The one door between pages and the house.
use crate::{
    Caller, Listing, PortalResult, account, admin, apps, catalogue, guides,
    settings::{PartPage, SettingsPart},
    traffic,
};
use async_trait::async_trait;

/// Each method checks for itself what its caller may do. A thing the caller may not see is `NotFound`, not `Forbidden`.
#[async_trait]
pub trait Portal: Send + Sync + 'static {
    // What everybody may read. `version` is `None` for the published one.
    async fn catalogue(&self, caller: &Caller) -> PortalResult<catalogue::Catalogue>;
    async fn api(&self, caller: &Caller, api: &str, version: Option<&str>) -> PortalResult<catalogue::ApiPage>;
    async fn operation(
        &self,
        caller: &Caller,
        api: &str,
        version: Option<&str>,
        operation: &str,
    ) -> PortalResult<catalogue::OperationPage>;
    async fn schema(
        &self,
        caller: &Caller,
        api: &str,
        version: Option<&str>,
        schema: &str,
    ) -> PortalResult<catalogue::SchemaPage>;
    async fn changes(&self, caller: &Caller, api: &str, after: Option<&str>) -> PortalResult<catalogue::ChangesPage>;
    async fn version_changes(
        &self,
        caller: &Caller,
        api: &str,
        version: &str,
    ) -> PortalResult<catalogue::VersionChangesPage>;
    async fn changes_feed(&self, caller: &Caller, api: &str) -> PortalResult<catalogue::ChangesFeed>;
    /// `kind` narrows the hits; counts stay those of all kinds.
    async fn search(
        &self,
        caller: &Caller,
        query: &str,
        kind: Option<catalogue::HitKind>,
    ) -> PortalResult<catalogue::SearchPage>;

    // Guides. `api` is `None` for the portal's own.
    async fn guides(&self, caller: &Caller) -> PortalResult<guides::GuidesPage>;
    async fn guide(&self, caller: &Caller, api: Option<&str>, guide: &str) -> PortalResult<guides::GuidePage>;
    async fn guide_image(&self, caller: &Caller, api: Option<&str>, image: &str) -> PortalResult<guides::GuideImage>;
    async fn admin_guides(&self, caller: &Caller, api: Option<&str>) -> PortalResult<guides::GuidesAdmin>;
    /// `guide` is `None` for a new one.
    async fn guide_editor(
        &self,
        caller: &Caller,
        api: Option<&str>,
        guide: Option<&str>,
    ) -> PortalResult<guides::GuideEditor>;
    /// How the form would look as a page; keeps nothing.
    async fn preview_guide(
        &self,
        caller: &Caller,
        api: Option<&str>,
        guide: Option<&str>,
        form: guides::GuideForm,
    ) -> PortalResult<guides::GuideEditor>;
    /// Answers the guide's address. With `guide`, its name stays.
    async fn save_guide(
        &self,
        caller: &Caller,
        api: Option<&str>,
        guide: Option<&str>,
        form: guides::GuideForm,
    ) -> PortalResult<String>;
    /// Shows a guide to readers, or takes it back from them.
    async fn set_guide_draft(&self, caller: &Caller, api: Option<&str>, guide: &str, draft: bool) -> PortalResult<()>;
    async fn delete_guide(&self, caller: &Caller, api: Option<&str>, guide: &str) -> PortalResult<()>;
    async fn add_guide_image(&self, caller: &Caller, api: Option<&str>, name: &str, bytes: Vec<u8>)
    -> PortalResult<()>;
    async fn delete_guide_image(&self, caller: &Caller, api: Option<&str>, image: &str) -> PortalResult<()>;

    // Accounts. Those that sign in give the account back; the server makes the session.
    async fn sign_up(&self, caller: &Caller, input: account::SignUp) -> PortalResult<crate::SignedIn>;
    async fn sign_in(&self, caller: &Caller, input: account::SignIn) -> PortalResult<crate::SignedIn>;
    /// Whether the one-time link for the first administrator is good.
    async fn check_first_admin(&self, token: &str) -> PortalResult<()>;
    async fn create_first_admin(
        &self,
        caller: &Caller,
        token: &str,
        input: account::SignUp,
    ) -> PortalResult<crate::SignedIn>;
    async fn account(&self, caller: &Caller) -> PortalResult<account::AccountPage>;
    /// Whether letters about new versions come.
    async fn set_mail_versions(&self, caller: &Caller, on: bool) -> PortalResult<()>;
    /// What a link in a letter turns off.
    async fn check_turn_off(&self, token: &str) -> PortalResult<account::TurnOffPage>;
    async fn turn_mail_off(&self, token: &str) -> PortalResult<()>;
    async fn rename_account(&self, caller: &Caller, name: &str) -> PortalResult<()>;
    /// Ends all other sessions.
    async fn change_password(&self, caller: &Caller, input: account::PasswordChange) -> PortalResult<()>;

    // Apps, subscriptions, keys.
    async fn apps(&self, caller: &Caller) -> PortalResult<apps::AppsPage>;
    /// Answers the new app's id.
    async fn create_app(&self, caller: &Caller, name: &str) -> PortalResult<String>;
    async fn app(&self, caller: &Caller, app: &str) -> PortalResult<apps::AppPage>;
    async fn rename_app(&self, caller: &Caller, app: &str, name: &str) -> PortalResult<()>;
    async fn delete_app(&self, caller: &Caller, app: &str) -> PortalResult<()>;
    async fn subscribe(&self, caller: &Caller, app: &str, api: &str, plan: &str) -> PortalResult<()>;
    async fn unsubscribe(&self, caller: &Caller, app: &str, subscription: &str) -> PortalResult<()>;
    async fn new_key(&self, caller: &Caller, app: &str) -> PortalResult<apps::NewKeyPage>;
    async fn create_key(&self, caller: &Caller, app: &str, input: apps::NewKey) -> PortalResult<apps::KeyCreated>;
    async fn rename_key(&self, caller: &Caller, app: &str, key: &str, name: &str) -> PortalResult<()>;
    async fn revoke_key(&self, caller: &Caller, app: &str, key: &str) -> PortalResult<()>;
    async fn first_call(&self, caller: &Caller, app: &str, key: &str) -> PortalResult<apps::FirstCall>;

    // Traffic: of the caller's own apps; of everything for `/admin/analytics`.
    async fn usage(&self, caller: &Caller, query: traffic::UsageQuery) -> PortalResult<traffic::UsagePage>;
    async fn analytics(&self, caller: &Caller, query: traffic::UsageQuery) -> PortalResult<traffic::UsagePage>;
    async fn requests(&self, caller: &Caller, query: traffic::RequestsQuery) -> PortalResult<traffic::RequestsPage>;

    // Publishers and admins.
    async fn admin_overview(&self, caller: &Caller) -> PortalResult<admin::Overview>;
    async fn admin_apis(&self, caller: &Caller) -> PortalResult<Vec<admin::ApiLine>>;
    async fn admin_api(&self, caller: &Caller, api: &str) -> PortalResult<admin::ApiPage>;
    async fn upload(&self, caller: &Caller, input: admin::Upload) -> PortalResult<admin::Uploaded>;
    async fn save_api_settings(&self, caller: &Caller, api: &str, settings: admin::ApiSettings) -> PortalResult<()>;
    async fn settings_part(&self, caller: &Caller, api: &str, part: SettingsPart) -> PortalResult<PartPage>;
    /// Forgets what gateways keep of the API's answers; how many targets this node forgot.
    async fn purge_cache(&self, caller: &Caller, api: &str) -> PortalResult<u64>;
    /// `fields` are the form's, as sent: a box that is not checked is not there.
    async fn save_settings_part(
        &self,
        caller: &Caller,
        api: &str,
        part: SettingsPart,
        fields: Vec<(String, String)>,
    ) -> PortalResult<()>;
    async fn readers(&self, caller: &Caller, api: &str, after: Option<&str>) -> PortalResult<admin::ReadersPage>;
    async fn add_reader(&self, caller: &Caller, api: &str, email: &str) -> PortalResult<()>;
    async fn remove_reader(&self, caller: &Caller, api: &str, account: &str) -> PortalResult<()>;
    async fn publish(&self, caller: &Caller, api: &str, version: &str) -> PortalResult<()>;
    async fn unpublish(&self, caller: &Caller, api: &str) -> PortalResult<()>;
    async fn delete_api(&self, caller: &Caller, api: &str) -> PortalResult<()>;
    async fn plans(&self, caller: &Caller) -> PortalResult<Vec<admin::PlanLine>>;
    async fn create_plan(&self, caller: &Caller, plan: admin::PlanForm) -> PortalResult<()>;
    async fn save_plan(&self, caller: &Caller, slug: &str, plan: admin::PlanForm) -> PortalResult<()>;
    async fn delete_plan(&self, caller: &Caller, slug: &str) -> PortalResult<()>;
    /// `state` narrows: "", "pending", "active" or "rejected".
    async fn subscriptions(
        &self,
        caller: &Caller,
        state: &str,
        after: Option<&str>,
    ) -> PortalResult<Listing<admin::SubscriptionLine>>;
    async fn decide(&self, caller: &Caller, subscription: &str, approve: bool) -> PortalResult<()>;
    async fn accounts(&self, caller: &Caller, after: Option<&str>) -> PortalResult<Listing<admin::AccountLine>>;
    async fn set_role(&self, caller: &Caller, account: &str, role: crate::Role) -> PortalResult<()>;
    async fn delete_account(&self, caller: &Caller, account: &str) -> PortalResult<()>;
    async fn audit(&self, caller: &Caller, after: Option<&str>) -> PortalResult<Listing<admin::AuditLine>>;
    async fn settings(&self, caller: &Caller) -> PortalResult<admin::SettingsPage>;
    /// How the portal looks to everybody.
    async fn brand(&self) -> crate::Brand;
    /// Empty texts go back to Portico's own.
    async fn save_brand(&self, caller: &Caller, name: &str, accent: &str) -> PortalResult<()>;
    /// The bytes of a picture.
    async fn set_logo(&self, caller: &Caller, bytes: Vec<u8>) -> PortalResult<()>;
    async fn remove_logo(&self, caller: &Caller) -> PortalResult<()>;
}
