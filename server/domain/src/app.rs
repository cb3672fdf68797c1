//! Apps and their subscriptions.
use crate::{AccountId, AppId, Slug, SubscriptionId, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    pub id: AppId,
    pub name: String,
    pub owner: AccountId,
    pub created_at: Timestamp,
}

/// An app's use of one API under one plan; rate and quota are counted here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub app: AppId,
    pub api: Slug,
    pub plan: Slug,
    pub state: SubscriptionState,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionState {
    Pending,
    Active,
    Rejected,
}

impl SubscriptionState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Rejected => "rejected",
        }
    }
}
