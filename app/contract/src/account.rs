//! People: who they are and how they sign in.
use crate::Moment;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUp {
    pub name: String,
    pub email: String,
    pub password: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChange {
    pub current: String,
    pub password: String,
}

/// `/account`
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountPage {
    pub name: String,
    pub email: String,
    pub role: String,
    pub created: Moment,
    /// How many devices are signed in, this one included.
    pub sessions: u32,
    /// Letters about new versions of APIs that one's apps are subscribed to.
    pub mail_versions: bool,
}

/// `/mail/off`, behind a link in a letter.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TurnOffPage {
    /// Whose letters; only a part of the address, since anybody may have got hold of the link.
    pub address: String,
}
