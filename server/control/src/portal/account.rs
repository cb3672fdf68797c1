//! Views and inputs of people.
use crate::{Control, ControlError, NewAccount, Who};
use portico_contract::account::{AccountPage, SignUp, TurnOffPage};
use portico_domain::{MailKind, Role};

pub(super) fn developer(input: SignUp) -> NewAccount {
    NewAccount { email: input.email, name: input.name, role: Role::Developer, password: Some(input.password) }
}

impl Control {
    pub(super) async fn show_account(&self, who: &Who) -> Result<AccountPage, ControlError> {
        let account = self.own_account(who).await?;
        let sessions = self.store.sessions(&self.secret).count(account.id).await?;
        Ok(AccountPage {
            name: account.name,
            email: account.email.to_string(),
            role: account.role.as_str().to_owned(),
            created: self.moment(account.created_at),
            sessions: sessions as u32,
            mail_versions: !self.store.is_mail_off(account.id, MailKind::Versions).await?,
        })
    }

    pub(super) async fn show_turn_off(&self, token: &str) -> Result<TurnOffPage, ControlError> {
        let (account, _) = self.check_turn_off_link(token).await?;
        let address = account.email.as_str();
        let (name, host) = address.split_once('@').unwrap_or((address, ""));
        Ok(TurnOffPage { address: format!("{}…@{host}", name.chars().take(1).collect::<String>()) })
    }
}
