//! Apps: what developers build.
use crate::{
    Control, ControlError, Page, Who,
    accounts::{checked_name, cursor},
    permit::ManageAllApps,
};
use portico_domain::{Account, AccountId, App, AppId, EmailAddress};

/// Apps that one account may have.
const APPS: usize = 100;

/// What to change; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppChange {
    pub name: Option<String>,
    /// Only admins hand an app over.
    pub owner: Option<EmailAddress>,
}

impl Control {
    /// The caller's own apps; all of them for admins.
    pub async fn list_apps(
        &self,
        who: &Who,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<(App, EmailAddress)>, ControlError> {
        let after: Option<AppId> = cursor(after)?;
        let apps = if who.may::<ManageAllApps>() {
            self.store.apps(after, limit + 1).await?
        } else {
            let mut own = self.store.apps_of(who.signed_in()?).await?;
            own.sort_by_key(|app| app.id);
            own.retain(|app| after.is_none_or(|after| app.id > after));
            own
        };
        let page = Page::cut(apps, limit, |app| app.id.to_string());
        let mut items = Vec::with_capacity(page.items.len());
        for app in page.items {
            let email = self.owner_of(&app).await?.email;
            items.push((app, email));
        }
        Ok(Page { items, next: page.next })
    }

    pub async fn find_app(&self, who: &Who, id: AppId) -> Result<(App, EmailAddress), ControlError> {
        let app = self.app_for(who, id).await?;
        let email = self.owner_of(&app).await?.email;
        Ok((app, email))
    }

    /// `owner` is the caller unless an admin names somebody else.
    pub async fn create_app(
        &self,
        who: &Who,
        name: &str,
        owner: Option<&EmailAddress>,
    ) -> Result<(App, EmailAddress), ControlError> {
        let owner = match owner {
            Some(email) => self.account_for(who, email).await?,
            None => self.own_account(who).await?,
        };
        let name = checked_name(name, "app")?;
        let own = self.store.apps_of(owner.id).await?;
        if own.len() >= APPS {
            return Err(ControlError::conflict(format!("An account has at most {APPS} apps; delete one first.")));
        }
        let app = App { id: AppId::new(&*self.clock), name, owner: owner.id, created_at: self.clock.now() };
        let mut tx = self.store.begin(who.actor()).await?;
        tx.add_app(&app).await?;
        tx.commit().await?;
        Ok((app, owner.email))
    }

    pub async fn change_app(
        &self,
        who: &Who,
        id: AppId,
        change: AppChange,
    ) -> Result<(App, EmailAddress), ControlError> {
        // Begun first, so that of two changes at once neither undoes the other.
        let mut tx = self.store.begin(who.actor()).await?;
        let mut app = self.app_for(who, id).await?;
        if let Some(name) = &change.name {
            app.name = checked_name(name, "app")?;
            tx.rename_app(id, &app.name).await?;
        }
        if let Some(email) = &change.owner {
            let owner = self.account_for(who, email).await?;
            if owner.id != app.owner {
                who.permit::<ManageAllApps>()?;
                app.owner = owner.id;
                tx.set_app_owner(id, owner.id).await?;
            }
        }
        tx.commit().await?;
        let email = self.owner_of(&app).await?.email;
        Ok((app, email))
    }

    /// Its keys stop with it.
    pub async fn remove_app(&self, who: &Who, id: AppId) -> Result<(), ControlError> {
        self.app_for(who, id).await?;
        let mut tx = self.store.begin(who.actor()).await?;
        tx.remove_app(id).await?;
        tx.commit().await?;
        self.catch_up().await
    }

    /// The app, if it is the caller's or the caller may see all.
    pub(crate) async fn app_for(&self, who: &Who, id: AppId) -> Result<App, ControlError> {
        let missing = || ControlError::not_found("such app");
        let own = if who.may::<ManageAllApps>() { None } else { Some(who.signed_in()?) };
        let app = self.store.app(id).await?.ok_or_else(missing)?;
        if own.is_some_and(|own: AccountId| own != app.owner) {
            return Err(missing());
        }
        Ok(app)
    }

    async fn account_for(&self, who: &Who, email: &EmailAddress) -> Result<Account, ControlError> {
        let account = self.store.account_by_email(email).await?;
        match account {
            Some(account) if who.account() == Some(account.id) || who.may::<ManageAllApps>() => Ok(account),
            // The same words whether the account exists or not.
            None | Some(_) => {
                Err(ControlError::invalid("owner", format!("There is no account {email} that you may make apps for.")))
            }
        }
    }

    async fn owner_of(&self, app: &App) -> Result<Account, ControlError> {
        self.store.account(app.owner).await?.ok_or_else(|| ControlError::not_found("such app"))
    }
}
