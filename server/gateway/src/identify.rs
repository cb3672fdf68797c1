//! Third phase: who calls?
use crate::{
    account::Account,
    arrive::Arrival,
    find::Route,
    keyring::{Found, KeyRef},
    message::Fields,
    refusal::{Refusal, UnknownKey},
    worker::Shared,
};
use portico_domain::{MalformedKey, PublicKeyId, SecretToken, Timestamp, TokenKind};

/// Keys that other gateways made have these lengths.
const IMPORTED: std::ops::RangeInclusive<usize> = 20..=128;

/// Who calls, as far as the operation asks for it.
#[derive(Clone)]
pub(crate) struct Identity {
    /// A valid key. Always there when `required` is.
    pub(crate) key: Option<KeyRef>,
    /// Whether the operation is for keys only.
    pub(crate) required: bool,
    /// Whether `Authorization` carried a key of ours, which the upstream must not see.
    pub(crate) in_authorization: bool,
}

pub(crate) fn identify(
    shared: &Shared,
    route: &Route,
    arrival: &Arrival,
    account: &mut Account,
) -> Result<Identity, Refusal> {
    let presented = Presented::read(&arrival.fields)?;
    let required = route.api.needs_key(&route.operation);
    let in_authorization = presented.in_authorization;
    let key = match check(shared, presented.key, account) {
        Ok(key) => Some(key),
        Err(refusal) if required => return Err(refusal),
        // Nobody needs a key here, so nobody is kept out by a bad one, and nothing is counted for it.
        Err(_) => {
            account.key = None;
            None
        }
    };
    Ok(Identity { key, required, in_authorization })
}

struct Presented<'a> {
    key: Option<&'a [u8]>,
    in_authorization: bool,
}

impl<'a> Presented<'a> {
    fn read(fields: &'a Fields) -> Result<Self, Refusal> {
        let mut presented = Self { key: None, in_authorization: false };
        for key in fields.get_all("x-api-key").filter(|key| !key.is_empty()) {
            presented.take(key)?;
        }
        for key in fields.get_all("authorization").filter_map(bearer) {
            presented.in_authorization = true;
            presented.take(key)?;
        }
        Ok(presented)
    }

    fn take(&mut self, key: &'a [u8]) -> Result<(), Refusal> {
        match self.key.replace(key) {
            Some(other) if other != key => {
                Err(Refusal::BadRequest("it carries several API keys that differ: send one"))
            }
            _ => Ok(()),
        }
    }
}

/// A key in an `Authorization` field. Other credentials there are the upstream's business.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(7)?;
    let key = rest.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && key.starts_with(b"ptk_")).then_some(key)
}

fn check(shared: &Shared, presented: Option<&[u8]>, account: &mut Account) -> Result<KeyRef, Refusal> {
    let Some(bytes) = presented else { return Err(Refusal::KeyMissing) };
    let unknown = Refusal::KeyUnknown;
    let text = std::str::from_utf8(bytes).map_err(|_| unknown(UnknownKey::Shape))?;
    let (id, digest) = match SecretToken::inspect(text) {
        Ok((TokenKind::ApiKey(_), id)) => (id, shared.digester.digest(text)),
        Ok((TokenKind::Management, _)) => return Err(unknown(UnknownKey::Management)),
        Err(MalformedKey::Checksum) => return Err(unknown(UnknownKey::Checksum)),
        Err(MalformedKey::Shape) if IMPORTED.contains(&text.len()) => {
            let digest = shared.digester.digest(text);
            (PublicKeyId::of_imported(&digest), digest)
        }
        Err(MalformedKey::Shape) => return Err(unknown(UnknownKey::Shape)),
    };
    account.named_key = Some(id);
    let found = shared.keyring.find(id, &digest).ok_or_else(|| unknown(UnknownKey::NotFound))?;
    // The secret is right: whatever is wrong with the key, its owner may read of it.
    account.key = Some(found.key.clone());
    is_valid(&found, account.at)?;
    Ok(found.key)
}

fn is_valid(found: &Found, now: Timestamp) -> Result<(), Refusal> {
    if let Some(at) = found.revoked_at {
        return Err(Refusal::KeyRevoked(at));
    }
    match found.ends_at {
        Some(end) if end <= now => Err(Refusal::KeyExpired(end)),
        _ => Ok(()),
    }
}
