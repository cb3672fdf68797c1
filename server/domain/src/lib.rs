//! The nouns and rules of Portico, without I/O.
//!
//! Everything here is plain data with its invariants: what an API, a plan, an app, a key, an account is, and what may
//! be said of them. Nothing opens a socket, reads a clock or asks for randomness: a [`Clock`] and an rng are parameters.
//! One more noun is one more file, named after it, with its id in [`id`].

mod account;
mod api;
mod app;
mod audit;
mod brand;
mod check;
mod clock;
mod document;
mod guide;
mod id;
mod key;
mod mail;
mod patch;
mod plan;
mod policy;
mod rules;
mod slug;
mod traffic;

pub use account::{Account, EmailAddress, InvalidEmail, ManagementToken, Reader, Role};
pub use api::{Access, Api, ApiSettings, ApiVersion, Upstream, VersionState, Visibility};
pub use app::{App, Subscription, SubscriptionState};
pub use audit::{Actor, Change, Subject};
pub use brand::{
    Accent, Brand, BrandName, InvalidAccent, InvalidBrandName, InvalidLogo, Logo, LogoType, Shade, Shades,
};
pub use check::{InvalidSettings, SettingsFaults, read_upstream_url};
pub use clock::{Clock, MockClock, SystemClock, Timestamp};
pub use document::{Deprecation, Format, KeyPlace, RouteSpec, fingerprint};
pub use guide::{Guide, GuideHead, GuideImage, GuideImageLine, GuidePlace, ImageKind, ImageName, InvalidImageName};
pub use id::{AccountId, AppId, KeyId, LetterId, SubscriptionId, TokenId, VersionId};
pub use key::{Digester, InstallationSecret, Purpose};
pub use key::{Environment, Key, KeyDigest, KeyName, KeyStatus, MalformedKey, PublicKeyId, SecretToken, TokenKind};
pub use mail::MailKind;
pub use patch::SettingsPatch;
pub use plan::{Approval, InvalidPlan, InvalidRate, Period, Plan, Quota, Rate, RatePeriod};
pub use policy::{
    Balance, Cache, Connection, Cors, Ejection, ErrorStyle, FieldRules, HealthCheck, Limits, Maintenance, Mock,
    OperationCache, OperationSettings, Policies, Protocol, QueryRules, Retry, Shadow, Transform, UpstreamRoute,
    Validate, ValidateResponse,
};
pub use rules::{
    AnswerRule, AnswerStatus, BodyRule, DocumentRules, MediaRule, MockAnswer, OperationRules, ParameterLocation,
    ParameterRule, ParameterStyle, RuleNote, Scalar, ValueKind,
};
pub use slug::{InvalidSlug, Slug};
pub use traffic::{
    ApiObservation, CertificateExpiry, Explanation, Histogram, LATENCY_BUCKETS, Mismatch, Observations, Phase,
    RefusalCount, RequestRecord, UpstreamConnections, UpstreamHealth, UsageBatch, UsageRow, latency_bucket,
    latency_bucket_edge, quantile_ms,
};
