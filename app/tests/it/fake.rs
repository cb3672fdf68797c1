//! A house of cards behind the pages: answers every question with a small view, remembers what it was asked to change, and
//! says no where a test wants it to.
use super::{
    changes, documents, guides,
    views::{api_page, app_page, audit_line, finding, request, starter, usage_page},
};
use portico_contract::{
    Brand, Caller, Listing, Moment, Portal, PortalError, PortalResult, Role, SignedIn, account, admin, apps, catalogue,
    guides as guide_views,
    settings::{PartPage, SettingsPart},
    traffic,
};
use std::sync::Mutex;

/// Remembers changes as "method argument argument", secrets and all: nothing here is real.
#[derive(Default)]
pub(crate) struct Fake {
    pub changes: Mutex<Vec<String>>,
    /// What the next change is answered with.
    pub refuse: Mutex<Option<PortalError>>,
    /// Nothing is published.
    pub empty: Mutex<bool>,
    pub progress: Mutex<apps::Progress>,
}

impl Fake {
    pub(crate) fn refusing(error: PortalError) -> Self {
        Self { refuse: Mutex::new(Some(error)), ..Self::default() }
    }
    pub(crate) fn changes(&self) -> Vec<String> {
        self.changes.lock().expect("a test's lock").clone()
    }
    fn change<T>(&self, what: String, done: T) -> PortalResult<T> {
        if let Some(error) = self.refuse.lock().expect("a test's lock").take() {
            return Err(error);
        }
        self.changes.lock().expect("a test's lock").push(what);
        Ok(done)
    }
}

pub(crate) fn someone(role: Role) -> SignedIn {
    SignedIn { id: "acc-1".into(), name: "Ingrid Solheim".into(), email: "ingrid@nordlys.example".into(), role }
}

pub(crate) fn moment() -> Moment {
    Moment { iso: "2026-11-23T14:05:00Z".into(), date: "23 Nov 2026, 14:05 UTC".into(), relative: "2 min ago".into() }
}

fn not_found<T>(what: &str) -> PortalResult<T> {
    Err(PortalError::not_found(what))
}

fn known(what: &str, name: &str, only: &str) -> PortalResult<()> {
    if name == only { Ok(()) } else { not_found(&format!("{what} {name}")) }
}

/// As the house does it: a developer does not learn that there is an administration.
fn staff(caller: &Caller, least: Role) -> PortalResult<()> {
    if caller.signed_in()?.role >= least { Ok(()) } else { not_found("such page") }
}

#[async_trait::async_trait]
impl Portal for Fake {
    async fn catalogue(&self, _: &Caller) -> PortalResult<catalogue::Catalogue> {
        Ok(if *self.empty.lock().expect("a test's lock") {
            catalogue::Catalogue::default()
        } else {
            documents::catalogue()
        })
    }
    async fn api(&self, caller: &Caller, api: &str, version: Option<&str>) -> PortalResult<catalogue::ApiPage> {
        known("API", api, "petstore").map(|()| documents::api(version, caller.account.is_some()))
    }
    async fn operation(
        &self,
        caller: &Caller,
        _: &str,
        version: Option<&str>,
        operation: &str,
    ) -> PortalResult<catalogue::OperationPage> {
        known("operation", operation, "pets/add").map(|()| documents::operation(version, caller.account.is_some()))
    }
    async fn schema(
        &self,
        _: &Caller,
        _: &str,
        version: Option<&str>,
        schema: &str,
    ) -> PortalResult<catalogue::SchemaPage> {
        known("schema", schema, "Pet/Öffentlich").map(|()| documents::schema(version))
    }
    async fn changes(&self, _: &Caller, api: &str, _: Option<&str>) -> PortalResult<catalogue::ChangesPage> {
        known("API", api, "petstore").map(|()| changes::page())
    }
    async fn version_changes(
        &self,
        _: &Caller,
        api: &str,
        version: &str,
    ) -> PortalResult<catalogue::VersionChangesPage> {
        known("API", api, "petstore").map(|()| changes::of_version(version))
    }
    async fn changes_feed(&self, _: &Caller, api: &str) -> PortalResult<catalogue::ChangesFeed> {
        known("API", api, "petstore").map(|()| changes::feed())
    }
    async fn search(
        &self,
        _: &Caller,
        query: &str,
        _: Option<catalogue::HitKind>,
    ) -> PortalResult<catalogue::SearchPage> {
        Ok(match query {
            "nothing" => catalogue::SearchPage { query: query.into(), ..catalogue::SearchPage::default() },
            _ => documents::search(query),
        })
    }

    async fn guides(&self, _: &Caller) -> PortalResult<guide_views::GuidesPage> {
        Ok(guide_views::GuidesPage { guides: guides::lines("/guides") })
    }
    async fn guide(&self, caller: &Caller, api: Option<&str>, guide: &str) -> PortalResult<guide_views::GuidePage> {
        known("guide", guide, "first-steps").map(|()| guides::page(api, caller.role() >= Some(Role::Publisher)))
    }
    async fn guide_image(&self, _: &Caller, _: Option<&str>, image: &str) -> PortalResult<guide_views::GuideImage> {
        let image = known("picture", image, "form.png");
        image.map(|()| guide_views::GuideImage { media_type: "image/png".into(), bytes: b"<script>".to_vec() })
    }
    async fn admin_guides(&self, caller: &Caller, api: Option<&str>) -> PortalResult<guide_views::GuidesAdmin> {
        staff(caller, Role::Publisher).map(|()| guides::admin(api))
    }
    async fn guide_editor(
        &self,
        caller: &Caller,
        api: Option<&str>,
        guide: Option<&str>,
    ) -> PortalResult<guide_views::GuideEditor> {
        staff(caller, Role::Publisher).map(|()| guides::editor(api, guide))
    }
    async fn preview_guide(
        &self,
        caller: &Caller,
        api: Option<&str>,
        guide: Option<&str>,
        form: guide_views::GuideForm,
    ) -> PortalResult<guide_views::GuideEditor> {
        staff(caller, Role::Publisher)?;
        let editor = guide_views::GuideEditor { form, ..guides::editor(api, guide) };
        if let Some(error) = self.refuse.lock().expect("a test's lock").take() { Err(error) } else { Ok(editor) }
    }
    async fn save_guide(
        &self,
        _: &Caller,
        api: Option<&str>,
        guide: Option<&str>,
        form: guide_views::GuideForm,
    ) -> PortalResult<String> {
        let guide_views::GuideForm { title, order, draft, text, .. } = form;
        let place = api.unwrap_or("portal");
        let said = format!("save_guide {place} {guide:?} {title} {order} {draft} {}", text.len());
        self.change(said, guide.unwrap_or("new-one").to_owned())
    }
    async fn set_guide_draft(&self, _: &Caller, api: Option<&str>, guide: &str, draft: bool) -> PortalResult<()> {
        self.change(format!("set_guide_draft {api:?} {guide} {draft}"), ())
    }
    async fn delete_guide(&self, _: &Caller, api: Option<&str>, guide: &str) -> PortalResult<()> {
        self.change(format!("delete_guide {api:?} {guide}"), ())
    }
    async fn add_guide_image(&self, _: &Caller, api: Option<&str>, name: &str, bytes: Vec<u8>) -> PortalResult<()> {
        self.change(format!("add_guide_image {api:?} {name} {}", bytes.len()), ())
    }
    async fn delete_guide_image(&self, _: &Caller, api: Option<&str>, image: &str) -> PortalResult<()> {
        self.change(format!("delete_guide_image {api:?} {image}"), ())
    }

    async fn sign_up(&self, _: &Caller, input: account::SignUp) -> PortalResult<SignedIn> {
        self.change(format!("sign_up {} {} {}", input.name, input.email, input.password), someone(Role::Developer))
    }
    async fn sign_in(&self, _: &Caller, input: account::SignIn) -> PortalResult<SignedIn> {
        self.change(format!("sign_in {} {}", input.email, input.password), someone(Role::Developer))
    }
    async fn check_first_admin(&self, token: &str) -> PortalResult<()> {
        if token == "good" { Ok(()) } else { not_found("such link, or it was used already") }
    }
    async fn create_first_admin(&self, _: &Caller, token: &str, input: account::SignUp) -> PortalResult<SignedIn> {
        self.change(format!("create_first_admin {token} {}", input.email), someone(Role::Admin))
    }
    async fn account(&self, caller: &Caller) -> PortalResult<account::AccountPage> {
        let account = caller.signed_in()?;
        Ok(account::AccountPage {
            name: account.name.clone(),
            email: account.email.clone(),
            role: account.role.as_str().into(),
            created: moment(),
            sessions: 2,
            mail_versions: true,
        })
    }
    async fn set_mail_versions(&self, _: &Caller, on: bool) -> PortalResult<()> {
        self.change(format!("set_mail_versions {on}"), ())
    }
    async fn check_turn_off(&self, token: &str) -> PortalResult<account::TurnOffPage> {
        known("link", token, "good").map(|()| account::TurnOffPage { address: "i…@nordlys.example".into() })
    }
    async fn turn_mail_off(&self, token: &str) -> PortalResult<()> {
        known("link", token, "good")?;
        self.change(format!("turn_mail_off {token}"), ())
    }
    async fn rename_account(&self, _: &Caller, name: &str) -> PortalResult<()> {
        self.change(format!("rename_account {name}"), ())
    }
    async fn change_password(&self, _: &Caller, input: account::PasswordChange) -> PortalResult<()> {
        self.change(format!("change_password {} {}", input.current, input.password), ())
    }

    async fn apps(&self, caller: &Caller) -> PortalResult<apps::AppsPage> {
        caller.signed_in()?;
        let progress = *self.progress.lock().expect("a test's lock");
        let line = apps::AppLine {
            id: "app-1".into(),
            name: "Fleet <Scheduler>".into(),
            owner: "Ingrid Solheim".into(),
            keys: 2,
            subscriptions: 1,
            calls_today: 8_214,
            created: moment(),
        };
        Ok(apps::AppsPage { apps: if progress.app { vec![line] } else { Vec::new() }, progress })
    }
    async fn create_app(&self, _: &Caller, name: &str) -> PortalResult<String> {
        self.change(format!("create_app {name}"), "app-9".to_owned())
    }
    async fn app(&self, caller: &Caller, app: &str) -> PortalResult<apps::AppPage> {
        caller.signed_in()?;
        if matches!(app, "app-1" | "app-9") { Ok(app_page()) } else { not_found(&format!("app {app}")) }
    }
    async fn rename_app(&self, _: &Caller, app: &str, name: &str) -> PortalResult<()> {
        self.change(format!("rename_app {app} {name}"), ())
    }
    async fn delete_app(&self, _: &Caller, app: &str) -> PortalResult<()> {
        self.change(format!("delete_app {app}"), ())
    }
    async fn subscribe(&self, _: &Caller, app: &str, api: &str, plan: &str) -> PortalResult<()> {
        self.change(format!("subscribe {app} {api} {plan}"), ())
    }
    async fn unsubscribe(&self, _: &Caller, app: &str, subscription: &str) -> PortalResult<()> {
        self.change(format!("unsubscribe {app} {subscription}"), ())
    }
    async fn new_key(&self, caller: &Caller, app: &str) -> PortalResult<apps::NewKeyPage> {
        caller.signed_in()?;
        Ok(apps::NewKeyPage {
            app: app.into(),
            app_name: "Fleet <Scheduler>".into(),
            apis: vec![("petstore".into(), "Petstore".into()), ("tides".into(), "Tides".into())],
            once: "once-1".into(),
        })
    }
    async fn create_key(&self, _: &Caller, app: &str, input: apps::NewKey) -> PortalResult<apps::KeyCreated> {
        let what = format!(
            "create_key {app} {} {} {} {} {} {}",
            input.name,
            input.environment,
            input.expires,
            input.apis.join("+"),
            input.allow_ips.replace('\n', "+"),
            input.once
        );
        let done = apps::KeyCreated {
            app: app.into(),
            app_name: "Fleet <Scheduler>".into(),
            key: "key-9".into(),
            name: input.name,
            description: "test, all subscribed APIs, until 20 February 2027".into(),
            secret: "ptk_test_9fK2mQ7xVb3TqL0sWz8RkYp5NdEhJ6cUa1GoXiMf4vBtS2w".into(),
            first_call: None,
        };
        self.change(what, done)
    }
    async fn rename_key(&self, _: &Caller, app: &str, key: &str, name: &str) -> PortalResult<()> {
        self.change(format!("rename_key {app} {key} {name}"), ())
    }
    async fn revoke_key(&self, _: &Caller, app: &str, key: &str) -> PortalResult<()> {
        self.change(format!("revoke_key {app} {key}"), ())
    }
    async fn first_call(&self, _: &Caller, _: &str, _: &str) -> PortalResult<apps::FirstCall> {
        Ok(apps::FirstCall::default())
    }

    async fn usage(&self, caller: &Caller, query: traffic::UsageQuery) -> PortalResult<traffic::UsagePage> {
        caller.signed_in()?;
        Ok(usage_page(query))
    }
    async fn analytics(&self, caller: &Caller, query: traffic::UsageQuery) -> PortalResult<traffic::UsagePage> {
        staff(caller, Role::Publisher)?;
        Ok(usage_page(query))
    }
    async fn requests(&self, caller: &Caller, query: traffic::RequestsQuery) -> PortalResult<traffic::RequestsPage> {
        caller.signed_in()?;
        let selected = (query.id == request().id).then(|| traffic::RequestDetail {
            line: request(),
            api: "Petstore".into(),
            operation: "Order a pilot".into(),
            key: "nightly".into(),
            app: "Harbour".into(),
            client: "10.4.18.7".into(),
            checks_ms: "0.3".into(),
            transfer_ms: "0".into(),
            refusal: Some(traffic::Refusal {
                code: "rate_limited".into(),
                phase: traffic::Phase::Limits,
                check: "rate of the plan".into(),
                expected: "60 calls a minute at most".into(),
                found: "the 61st".into(),
                ..traffic::Refusal::default()
            }),
            ..traffic::RequestDetail::default()
        });
        Ok(traffic::RequestsPage {
            query,
            keys: vec![("key-1".into(), "nightly".into())],
            requests: vec![request()],
            total: 48_334,
            selected,
        })
    }

    async fn admin_overview(&self, caller: &Caller) -> PortalResult<admin::Overview> {
        staff(caller, Role::Publisher)?;
        Ok(admin::Overview {
            calls_today: 2_184,
            errors_today: 12,
            p95_ms: Some("38".into()),
            developers: 412,
            apis: 9,
            pending: vec![admin::PendingSubscription {
                id: "sub-7".into(),
                app: "kaiplan".into(),
                owner: "Port of Bodø".into(),
                api: "Quay Cameras".into(),
                plan: "Gold".into(),
                since: moment(),
            }],
            pending_total: 1,
            health: vec![admin::HealthLine {
                part: "Database".into(),
                state: "In step".into(),
                tone: "ok".into(),
                detail: "SQLite".into(),
            }],
            latest: vec![audit_line()],
            hours: (0..24).collect(),
        })
    }
    async fn admin_apis(&self, caller: &Caller) -> PortalResult<Vec<admin::ApiLine>> {
        staff(caller, Role::Publisher)?;
        Ok(vec![admin::ApiLine {
            slug: "petstore".into(),
            title: "Petstore".into(),
            version: Some("1.0.0".into()),
            draft: Some("1.1.0".into()),
            operations: 3,
            access: catalogue::Access::Key,
            visibility: catalogue::Visibility::Public,
            upstreams: 1,
            calls_today: 17,
            changed: moment(),
        }])
    }
    async fn admin_api(&self, caller: &Caller, api: &str) -> PortalResult<admin::ApiPage> {
        staff(caller, Role::Publisher)?;
        if api == "petstore" { Ok(api_page()) } else { not_found(&format!("API {api}")) }
    }
    async fn upload(&self, _: &Caller, input: admin::Upload) -> PortalResult<admin::Uploaded> {
        let document = String::from_utf8_lossy(&input.document).into_owned();
        if document.contains("broken") {
            return Ok(admin::Uploaded {
                title: "Petstore".into(),
                findings: vec![finding(portico_contract::reference::Severity::Error)],
                ..admin::Uploaded::default()
            });
        }
        let what = format!(
            "upload {} {} {} {}",
            input.slug,
            document.trim(),
            input.upstream,
            if input.publish { "publish" } else { "keep" }
        );
        let slug = if input.slug.is_empty() { "petstore".to_owned() } else { input.slug };
        self.change(what, admin::Uploaded { slug: Some(slug), ..admin::Uploaded::default() })
    }
    async fn save_api_settings(&self, _: &Caller, api: &str, settings: admin::ApiSettings) -> PortalResult<()> {
        let what = format!(
            "save_api_settings {api} {} {:?} {:?} {} {} {} {}",
            settings.upstreams,
            settings.access,
            settings.visibility,
            settings.base_path,
            settings.plans.join("+"),
            settings.timeout_ms,
            settings.max_body_bytes
        );
        self.change(what, ())
    }
    async fn settings_part(&self, caller: &Caller, api: &str, part: SettingsPart) -> PortalResult<PartPage> {
        staff(caller, Role::Publisher)?;
        let defaults = part.fields().iter().map(|field| ((*field).to_owned(), "7".to_owned())).collect();
        let values = part.fields().iter().map(|field| ((*field).to_owned(), format!("<{field}>"))).collect();
        let strays = vec!["gone<Operation>".to_owned()];
        let operations = vec!["getPet".to_owned()];
        Ok(PartPage { slug: api.to_owned(), title: "Petstore".into(), part, values, defaults, operations, strays })
    }
    async fn save_settings_part(
        &self,
        _: &Caller,
        api: &str,
        part: SettingsPart,
        fields: Vec<(String, String)>,
    ) -> PortalResult<()> {
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.change(format!("save_settings_part {api} {} {}", part.as_str(), fields.join(" ")), ())
    }
    async fn purge_cache(&self, _: &Caller, api: &str) -> PortalResult<u64> {
        self.change(format!("purge_cache {api}"), 12)
    }
    async fn publish(&self, _: &Caller, api: &str, version: &str) -> PortalResult<()> {
        self.change(format!("publish {api} {version}"), ())
    }
    async fn unpublish(&self, _: &Caller, api: &str) -> PortalResult<()> {
        self.change(format!("unpublish {api}"), ())
    }
    async fn delete_api(&self, _: &Caller, api: &str) -> PortalResult<()> {
        self.change(format!("delete_api {api}"), ())
    }
    async fn plans(&self, caller: &Caller) -> PortalResult<Vec<admin::PlanLine>> {
        staff(caller, Role::Publisher)?;
        Ok(vec![starter()])
    }
    async fn create_plan(&self, _: &Caller, plan: admin::PlanForm) -> PortalResult<()> {
        let extras = [plan.concurrency, plan.key_limit, plan.key_per, plan.key_burst, plan.operations];
        self.change(format!("create_plan {} {} {}", plan.slug, plan.manual, extras.join(" ")).trim().to_owned(), ())
    }
    async fn save_plan(&self, _: &Caller, slug: &str, plan: admin::PlanForm) -> PortalResult<()> {
        self.change(format!("save_plan {slug} {}", plan.name), ())
    }
    async fn delete_plan(&self, _: &Caller, slug: &str) -> PortalResult<()> {
        self.change(format!("delete_plan {slug}"), ())
    }
    async fn subscriptions(
        &self,
        caller: &Caller,
        state: &str,
        _: Option<&str>,
    ) -> PortalResult<Listing<admin::SubscriptionLine>> {
        staff(caller, Role::Publisher)?;
        let items = vec![admin::SubscriptionLine {
            id: "sub-7".into(),
            app: "kaiplan".into(),
            owner: "Port of Bodø".into(),
            api: "Quay Cameras".into(),
            plan: "Gold".into(),
            state: "pending".into(),
            since: moment(),
        }];
        Ok(if state == "rejected" {
            Listing::default()
        } else {
            Listing { items, next: Some("cursor+1".into()), total: 90 }
        })
    }
    async fn decide(&self, _: &Caller, subscription: &str, approve: bool) -> PortalResult<()> {
        self.change(format!("decide {subscription} {approve}"), ())
    }
    async fn readers(&self, caller: &Caller, api: &str, _: Option<&str>) -> PortalResult<admin::ReadersPage> {
        staff(caller, Role::Publisher)?;
        let (slug, title) = (api.to_owned(), "Pet <Store>".to_owned());
        let line = |id: &str, name: &str| admin::ReaderLine {
            id: id.into(),
            name: name.into(),
            email: format!("{id}@example.org"),
            since: moment(),
        };
        let items = vec![line("acc-3", "Åse <b>Bakken</b>")];
        let readers = Listing { items, next: None, total: 1 };
        Ok(admin::ReadersPage { slug, title, visibility: catalogue::Visibility::Private, readers })
    }
    async fn add_reader(&self, _: &Caller, api: &str, email: &str) -> PortalResult<()> {
        self.change(format!("add_reader {api} {email}"), ())
    }
    async fn remove_reader(&self, _: &Caller, api: &str, account: &str) -> PortalResult<()> {
        self.change(format!("remove_reader {api} {account}"), ())
    }
    async fn accounts(&self, caller: &Caller, _: Option<&str>) -> PortalResult<Listing<admin::AccountLine>> {
        staff(caller, Role::Admin)?;
        let line = |id: &str, name: &str, role, you| admin::AccountLine {
            id: id.into(),
            name: name.into(),
            email: format!("{id}@example.org"),
            role,
            apps: 1,
            created: moment(),
            you,
        };
        let items = vec![
            line("acc-1", "Ingrid Solheim", Role::Admin, true),
            line("acc-2", "Per <Lund>", Role::Publisher, false),
        ];
        Ok(Listing { items, next: None, total: 2 })
    }
    async fn set_role(&self, _: &Caller, account: &str, role: Role) -> PortalResult<()> {
        self.change(format!("set_role {account} {}", role.as_str()), ())
    }
    async fn delete_account(&self, _: &Caller, account: &str) -> PortalResult<()> {
        self.change(format!("delete_account {account}"), ())
    }
    async fn audit(&self, caller: &Caller, _: Option<&str>) -> PortalResult<Listing<admin::AuditLine>> {
        staff(caller, Role::Admin)?;
        Ok(Listing { items: vec![audit_line()], next: None, total: 1 })
    }
    async fn settings(&self, caller: &Caller) -> PortalResult<admin::SettingsPage> {
        staff(caller, Role::Admin)?;
        let drawn = Some(("#3b4fd9".to_owned(), "#8ea2ff".to_owned()));
        let accent = "#3b4fd9".to_owned();
        Ok(admin::SettingsPage {
            brand: admin::BrandForm { name: "Nord <wind>".into(), accent, drawn, logo: Some("/brand/logo?v=1".into()) },
            settings: vec![("PORTICO_LOG".into(), "info".into(), "default".into())],
            version: "0.1.0".into(),
        })
    }
    async fn brand(&self) -> Brand {
        Brand { name: "Portico".into(), stylesheet: None, logo: None }
    }
    async fn save_brand(&self, _: &Caller, name: &str, accent: &str) -> PortalResult<()> {
        self.change(format!("save_brand {name} {accent}"), ())
    }
    async fn set_logo(&self, _: &Caller, bytes: Vec<u8>) -> PortalResult<()> {
        self.change(format!("set_logo {}", bytes.len()), ())
    }
    async fn remove_logo(&self, _: &Caller) -> PortalResult<()> {
        self.change("remove_logo".to_owned(), ())
    }
}
