//! Who asks, and what they may do. A use case that needs a right takes a [`Permit`], which only [`Who`] hands out.
use crate::ControlError;
use portico_contract::Caller;
use portico_domain::{Account, AccountId, Actor, Role};
use std::marker::PhantomData;

/// On whose behalf a use case runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Not signed in. `client` is their address.
    Visitor {
        client: String,
    },
    Account {
        id: AccountId,
        role: Role,
        client: String,
    },
    /// Somebody with a shell on the machine: may do everything.
    CommandLine,
}

impl Who {
    /// Somebody as they would come in now.
    pub(crate) fn of(account: &Account) -> Self {
        Self::Account { id: account.id, role: account.role, client: String::new() }
    }
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Visitor { .. } => None,
            Self::Account { role, .. } => Some(*role),
            Self::CommandLine => Some(Role::Admin),
        }
    }
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account { id, .. } => Some(*id),
            Self::Visitor { .. } | Self::CommandLine => None,
        }
    }
    pub fn client(&self) -> &str {
        match self {
            Self::Visitor { client } | Self::Account { client, .. } => client,
            Self::CommandLine => "command line",
        }
    }
    pub fn actor(&self) -> Actor {
        match self {
            Self::Visitor { .. } => Actor::Visitor,
            Self::Account { id, .. } => Actor::Account(*id),
            Self::CommandLine => Actor::CommandLine,
        }
    }
    pub(crate) fn signed_in(&self) -> Result<AccountId, ControlError> {
        self.account().ok_or(ControlError::SignInNeeded)
    }
    /// The one place where a role is compared with a right.
    pub(crate) fn permit<R: Right>(&self) -> Result<Permit<R>, ControlError> {
        match self.role() {
            None => Err(ControlError::SignInNeeded),
            Some(role) if role >= R::FROM => Ok(Permit { actor: self.actor(), right: PhantomData }),
            Some(_) => Err(ControlError::Forbidden { why: format!("{} may {}.", R::WHO, R::WHAT) }),
        }
    }
    pub(crate) fn may<R: Right>(&self) -> bool {
        self.role().is_some_and(|role| role >= R::FROM)
    }
}

/// A session's caller, as the server made it from the store.
impl From<&Caller> for Who {
    fn from(caller: &Caller) -> Self {
        let client = caller.client.clone();
        let account = caller.account.as_ref().and_then(|account| Some((account.id.parse().ok()?, role(account.role))));
        match account {
            Some((id, role)) => Self::Account { id, role, client },
            None => Self::Visitor { client },
        }
    }
}

fn role(role: portico_contract::Role) -> Role {
    match role {
        portico_contract::Role::Developer => Role::Developer,
        portico_contract::Role::Publisher => Role::Publisher,
        portico_contract::Role::Admin => Role::Admin,
    }
}

/// Proof that a right was checked.
pub(crate) struct Permit<R> {
    actor: Actor,
    right: PhantomData<R>,
}

impl<R> Permit<R> {
    pub(crate) fn actor(&self) -> Actor {
        self.actor.clone()
    }
}

/// A right: from which role on, and how to say that somebody lacks it.
pub(crate) trait Right {
    const FROM: Role;
    const WHO: &'static str;
    const WHAT: &'static str;
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident: $from:ident, $who:literal, $what:literal;)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;
        impl Right for $name {
            const FROM: Role = Role::$from;
            const WHO: &'static str = $who;
            const WHAT: &'static str = $what;
        }
    )+};
}

rights! {
    /// Upload, publish, withdraw, set up, remove APIs; see drafts and private ones.
    ManageApis: Publisher, "Publishers and admins", "manage APIs";
    /// See drafts of guides, too.
    WriteGuides: Publisher, "Publishers and admins", "write guides";
    ManagePlans: Publisher, "Publishers and admins", "manage plans";
    DecideSubscriptions: Publisher, "Publishers and admins", "decide on subscriptions";
    SeeAllTraffic: Publisher, "Publishers and admins", "see the traffic of all apps";
    ManageAccounts: Admin, "Admins", "manage accounts";
    /// Other people's apps, keys and subscriptions.
    ManageAllApps: Admin, "Admins", "manage other people's apps";
    ReadAudit: Admin, "Admins", "read the audit log";
    ReadSettings: Admin, "Admins", "read the installation's settings";
    ManageSettings: Admin, "Admins", "change the installation's settings";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_follow_roles() {
        let clock = portico_domain::SystemClock;
        let as_role = |role| Who::Account { id: AccountId::new(&clock), role, client: String::new() };
        let visitor = Who::Visitor { client: String::new() };
        assert_eq!(visitor.permit::<ManageApis>().err(), Some(ControlError::SignInNeeded));
        assert!(matches!(as_role(Role::Developer).permit::<ManageApis>(), Err(ControlError::Forbidden { .. })));
        assert!(as_role(Role::Publisher).permit::<ManageApis>().is_ok());
        assert!(as_role(Role::Publisher).permit::<ManageAccounts>().is_err());
        assert!(as_role(Role::Admin).permit::<ManageAccounts>().is_ok());
        assert!(Who::CommandLine.permit::<ReadAudit>().is_ok());
    }
}
