//! People: signing up and in, and what admins do with accounts.
use crate::{Control, ControlError, Fault, Page, Who, passwords::Passwords, permit::ManageAccounts, tries::Tried};
use portico_domain::{
    Account, AccountId, EmailAddress, KeyDigest, ManagementToken, Purpose, Role, SecretToken, Timestamp, TokenId,
    TokenKind,
};
use portico_store::{Link, LinkPurpose, StoreError, Unique};
use std::time::Duration;

/// How long the first administrator's link works.
const FIRST_LINK: Duration = Duration::from_mins(15);

/// What an account is made of. Without a password nobody can sign in to it until one is set.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password: Option<String>,
}

/// What to change; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    pub name: Option<String>,
    pub email: Option<String>,
    pub role: Option<Role>,
}

impl Control {
    /// The account behind a management token; `None` when there is none.
    pub async fn authenticate_token(&self, token: &str, client: &str) -> Result<Option<Who>, ControlError> {
        if !matches!(SecretToken::inspect(token), Ok((TokenKind::Management, _))) {
            return Ok(None);
        }
        let digest = self.secret.digest(Purpose::ManagementToken, token);
        let Some((token, account)) = self.store.token_by_digest(&digest).await? else { return Ok(None) };
        if token.expires_at.is_some_and(|end| end <= self.clock.now()) {
            return Ok(None);
        }
        Ok(Some(Who::Account { id: account.id, role: account.role, client: client.to_owned() }))
    }

    /// The account of a browser's session, as it is now.
    pub async fn who_is(&self, account: AccountId, client: &str) -> Result<Option<(Who, Account)>, ControlError> {
        let account = self.store.account(account).await?;
        Ok(account
            .map(|account| (Who::Account { id: account.id, role: account.role, client: client.to_owned() }, account)))
    }

    /// A new management token for an account. Shown once.
    pub async fn create_token(
        &self,
        who: &Who,
        email: &EmailAddress,
        name: &str,
        expires_in: Option<Duration>,
    ) -> Result<SecretToken, ControlError> {
        let permit = who.permit::<ManageAccounts>()?;
        let name = checked_name(name, "token")?;
        let account = self.store.account_by_email(email).await?;
        let account = account.ok_or_else(|| ControlError::not_found(format!("account of {email}")))?;
        let secret = SecretToken::generate(TokenKind::Management, &mut rand::rng());
        let now = self.clock.now();
        let token = ManagementToken {
            id: TokenId::new(&*self.clock),
            account: account.id,
            name,
            digest: self.secret.digest(Purpose::ManagementToken, secret.reveal()),
            expires_at: expires_in.map(|span| now.plus(span)),
            created_at: now,
        };
        let mut tx = self.store.begin(permit.actor()).await?;
        tx.add_token(&token).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// Makes a developer's account for a visitor.
    pub(crate) async fn sign_up_visitor(&self, who: &Who, new: NewAccount) -> Result<Account, ControlError> {
        let tried = [Tried::sign_up_from(who.client())];
        self.tries.check(&*self.clock, &tried)?;
        let account = self.checked_account(new).await?;
        // Every account counts, since making many is what has to be slowed down.
        self.tries.count(&*self.clock, &tried);
        let mut tx = self.store.begin(who.actor()).await?;
        tx.add_account(&account).await.map_err(email_taken)?;
        tx.commit().await?;
        Ok(account)
    }

    pub(crate) async fn sign_in_with_password(
        &self,
        who: &Who,
        email: &str,
        password: String,
    ) -> Result<Account, ControlError> {
        let tried = [Tried::account(email), Tried::sign_in_from(who.client())];
        self.tries.check(&*self.clock, &tried)?;
        let account = match email.parse::<EmailAddress>() {
            Ok(email) => self.store.account_by_email(&email).await?,
            Err(_) => None,
        };
        let stored = account.as_ref().map(|account| account.password.clone());
        let right = self.passwords.verify(password, stored).await?;
        match account {
            Some(account) if right => {
                self.tries.forget(&tried[0]);
                Ok(account)
            }
            _ => {
                self.tries.count(&*self.clock, &tried);
                // The same words whether the account exists or not.
                Err(ControlError::invalid("password", "E-mail and password do not belong together."))
            }
        }
    }

    /// A one-time link on which the first administrator is made; `None` once there is one. Others may have signed up
    /// before: they must not lock the owner out.
    pub async fn first_admin_link(&self) -> Result<Option<String>, ControlError> {
        if self.store.has_admin().await? {
            return Ok(None);
        }
        let token = SecretToken::generate(TokenKind::Management, &mut rand::rng()).reveal()[4..].to_owned();
        let now = self.clock.now();
        let mut tx = self.store.begin(portico_domain::Actor::System).await?;
        tx.add_link(&Link {
            digest: self.link_digest(&token),
            purpose: LinkPurpose::FirstAdministrator,
            account: None,
            created_at: now,
            expires_at: now.plus(FIRST_LINK),
        })
        .await?;
        tx.commit().await?;
        let base = self.portal_url.as_str().trim_end_matches('/');
        Ok(Some(format!("{base}/setup?token={token}")))
    }

    pub(crate) async fn check_first_admin_link(&self, token: &str) -> Result<(), ControlError> {
        let link = self.store.usable_link(LinkPurpose::FirstAdministrator, &self.link_digest(token)).await?;
        if link.is_none() || self.store.has_admin().await? {
            return Err(spent_link());
        }
        Ok(())
    }

    pub(crate) async fn make_first_admin(
        &self,
        who: &Who,
        token: &str,
        new: NewAccount,
    ) -> Result<Account, ControlError> {
        self.check_first_admin_link(token).await?;
        let account = self.checked_account(NewAccount { role: Role::Admin, ..new }).await?;
        let mut tx = self.store.begin(who.actor()).await?;
        // The transaction holds the log's head: of two who race, one finds the link used.
        if tx.use_link(LinkPurpose::FirstAdministrator, &self.link_digest(token)).await?.is_none() {
            return Err(spent_link());
        }
        tx.add_account(&account).await.map_err(email_taken)?;
        tx.commit().await?;
        Ok(account)
    }

    fn link_digest(&self, token: &str) -> KeyDigest {
        self.secret.digest(Purpose::Link, token)
    }

    pub(crate) async fn rename_own_account(&self, who: &Who, name: &str) -> Result<(), ControlError> {
        let mut account = self.own_account(who).await?;
        account.name = checked_name(name, "account")?;
        let mut tx = self.store.begin(who.actor()).await?;
        tx.change_account(&account).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends all sessions; the server starts a new one for the caller.
    pub(crate) async fn change_own_password(
        &self,
        who: &Who,
        current: String,
        password: String,
    ) -> Result<(), ControlError> {
        let account = self.own_account(who).await?;
        let tried = [Tried::account(account.email.as_str())];
        self.tries.check(&*self.clock, &tried)?;
        if !self.passwords.verify(current, Some(account.password.clone())).await? {
            self.tries.count(&*self.clock, &tried);
            return Err(ControlError::invalid("current", "That is not your present password."));
        }
        Passwords::check(&password, account.email.as_str(), &account.name)
            .map_err(|message| ControlError::invalid("password", message))?;
        let hash = self.passwords.hash(password).await?;
        let mut tx = self.store.begin(who.actor()).await?;
        tx.change_password(account.id, &hash).await?;
        tx.commit().await?;
        self.store.sessions(&self.secret).sign_out_everywhere(account.id).await?;
        Ok(())
    }

    pub(crate) async fn own_account(&self, who: &Who) -> Result<Account, ControlError> {
        self.store.account(who.signed_in()?).await?.ok_or(ControlError::SignInNeeded)
    }

    pub async fn list_accounts(
        &self,
        who: &Who,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Account>, ControlError> {
        who.permit::<ManageAccounts>()?;
        let accounts = self.store.accounts(cursor(after)?, limit + 1).await?;
        Ok(Page::cut(accounts, limit, |account| account.id.to_string()))
    }

    pub async fn find_account(&self, who: &Who, id: AccountId) -> Result<Account, ControlError> {
        if who.account() != Some(id) {
            who.permit::<ManageAccounts>()?;
        }
        self.store.account(id).await?.ok_or_else(|| ControlError::not_found("such account"))
    }

    pub async fn create_account(&self, who: &Who, new: NewAccount) -> Result<Account, ControlError> {
        let permit = who.permit::<ManageAccounts>()?;
        let account = self.checked_account(new).await?;
        let mut tx = self.store.begin(permit.actor()).await?;
        tx.add_account(&account).await.map_err(email_taken)?;
        tx.commit().await?;
        Ok(account)
    }

    pub async fn change_account(
        &self,
        who: &Who,
        id: AccountId,
        change: AccountChange,
    ) -> Result<Account, ControlError> {
        let permit = who.permit::<ManageAccounts>()?;
        let mut account = self.find_account(who, id).await?;
        if let Some(name) = &change.name {
            account.name = checked_name(name, "account")?;
        }
        if let Some(email) = &change.email {
            account.email = email.parse().map_err(|error| ControlError::invalid("email", format!("{error}.")))?;
        }
        let mut tx = self.store.begin(permit.actor()).await?;
        if let Some(role) = change.role
            && role != account.role
        {
            let last_admin = account.role == Role::Admin && tx.count_accounts_with(Role::Admin).await? <= 1;
            if last_admin {
                return Err(ControlError::conflict("This is the only admin; make another one first."));
            }
            account.role = role;
        }
        tx.change_account(&account).await.map_err(email_taken)?;
        tx.commit().await?;
        Ok(account)
    }

    pub async fn remove_account(&self, who: &Who, id: AccountId) -> Result<(), ControlError> {
        let permit = who.permit::<ManageAccounts>()?;
        let account = self.find_account(who, id).await?;
        let mut tx = self.store.begin(permit.actor()).await?;
        if account.role == Role::Admin && tx.count_accounts_with(Role::Admin).await? <= 1 {
            return Err(ControlError::conflict("This is the only admin; make another one first."));
        }
        tx.remove_account(id).await?;
        tx.commit().await?;
        self.catch_up().await
    }

    async fn checked_account(&self, new: NewAccount) -> Result<Account, ControlError> {
        let mut faults = Vec::new();
        let mut fault = |field: &str, message: String| {
            faults.push(Fault { pointer: format!("/{field}"), field: field.to_owned(), message });
        };
        let name = checked_name(&new.name, "account");
        if let Err(ControlError::Invalid(wrong)) = &name {
            for wrong in wrong {
                fault("name", wrong.message.clone());
            }
        }
        let email = new.email.parse::<EmailAddress>();
        if let Err(error) = &email {
            fault("email", format!("This is {error}."));
        }
        if let Some(password) = &new.password
            && let Err(message) = Passwords::check(password, &new.email, &new.name)
        {
            fault("password", message);
        }
        let (Ok(name), Ok(email), true) = (name, email, faults.is_empty()) else {
            return Err(ControlError::Invalid(faults));
        };
        let password = match new.password {
            Some(password) => self.passwords.hash(password).await?,
            // Not a PHC string, so no password fits it.
            None => "none".to_owned(),
        };
        Ok(Account {
            id: AccountId::new(&*self.clock),
            email,
            name,
            role: new.role,
            password,
            created_at: self.clock.now(),
        })
    }
}

fn spent_link() -> ControlError {
    ControlError::not_found(
        "administrator to be made with this link: it was used, is older than 15 minutes, or there is an administrator. Restart Portico for a new one, or use `portico account create`",
    )
}

fn email_taken(error: StoreError) -> ControlError {
    match error {
        StoreError::Taken { what: Unique::Email } => {
            ControlError::invalid("email", "There is an account with this address already. Sign in instead.")
        }
        other => other.into(),
    }
}

/// A name of a thing that people give: 1 to 80 characters, no control characters.
pub(crate) fn checked_name(name: &str, what: &str) -> Result<String, ControlError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        let article = if what.starts_with('a') { "An" } else { "A" };
        return Err(ControlError::invalid("name", format!("{article} {what} needs a name of 1 to 80 characters.")));
    }
    Ok(name.to_owned())
}

/// Reads the cursor of a list back.
pub(crate) fn cursor<T: std::str::FromStr>(after: Option<&str>) -> Result<Option<T>, ControlError> {
    let wrong = |_| ControlError::invalid("after", "This is not a cursor that a list gave out as next.");
    after.map(|after| after.parse().map_err(wrong)).transpose()
}

/// When a span from now ends.
pub(crate) fn days_from(now: Timestamp, days: u32) -> Timestamp {
    now.plus(Duration::from_secs(u64::from(days) * 86_400))
}
