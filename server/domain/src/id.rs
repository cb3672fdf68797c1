//! Opaque ids: UUIDv7, made in Rust, so that both databases and all nodes agree on their order.
use crate::Clock;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::{NoContext, Uuid};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, ordered by the clock's time.
            pub fn new(clock: &dyn Clock) -> Self {
                let micros = clock.now().micros().max(0).unsigned_abs();
                let seconds = micros / 1_000_000;
                let nanos = u32::try_from(micros % 1_000_000).unwrap_or_default() * 1_000;
                Self(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.as_simple())
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

id! {
    /// A person who signs in.
    AccountId,
    /// What a developer builds; owns keys and subscriptions.
    AppId,
    /// An API key, whatever its secret is at the moment.
    KeyId,
    /// An app's use of an API under a plan.
    SubscriptionId,
    /// A letter on its way.
    LetterId,
    /// A management token.
    TokenId,
    /// One uploaded document of an API.
    VersionId,
}
