//! Third phase: who calls?
use crate::{
    account::Account,
    arrive::Arrival,
    find::Route,
    key_places::KeyPlaces,
    keyring::{Found, KeyRef},
    message::Fields,
    peer::Peer,
    refusal::{Refusal, UnknownKey},
    worker::Shared,
};
use portico_domain::{MalformedKey, PublicKeyId, SecretToken, TokenKind};

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
    arrival: &mut Arrival,
    account: &mut Account,
) -> Result<Identity, Refusal> {
    let elsewhere = match &route.operation.key_places {
        None => None,
        Some(places) => take_out(shared, places, arrival)?,
    };
    let mut presented = Presented::read(&arrival.fields)?;
    match &elsewhere {
        Some(Elsewhere::Ours(key)) => presented.take(key)?,
        // Beside a key of ours it is the upstream's.
        Some(Elsewhere::Other(key)) if presented.key.is_none() => presented.key = Some(key),
        _ => {}
    }
    let required = route.api.needs_key(&route.operation);
    let in_authorization = presented.in_authorization;
    let key = match guest_key(shared, &arrival.peer, account).unwrap_or_else(|| check(shared, presented.key, account)) {
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

/// Notes whose request it is that was refused before anybody asked for its key, so that the key's owner can read why.
pub(crate) fn note_key(shared: &Shared, peer: &Peer, fields: &Fields, account: &mut Account) {
    let known = match guest_key(shared, peer, account) {
        Some(key) => key.is_ok(),
        None => Presented::read(fields).is_ok_and(|presented| check(shared, presented.key, account).is_ok()),
    };
    if !known {
        account.key = None;
    }
}

/// What stood where the document lets keys stand.
enum Elsewhere {
    /// A key of ours, which the request has no longer.
    Ours(Vec<u8>),
    /// Something else, which may be the upstream's business.
    Other(Vec<u8>),
}

fn take_out(shared: &Shared, places: &KeyPlaces, arrival: &mut Arrival) -> Result<Option<Elsewhere>, Refusal> {
    let is_ours = |value: &[u8]| value.starts_with(b"ptk_") || is_imported(shared, value);
    let (mut ours, mut other) = (Presented::default(), None);
    let values: Vec<_> = places.values(&arrival.target, &arrival.fields).collect();
    for value in &values {
        if is_ours(value) {
            ours.take(value)?;
        } else {
            other = other.or(Some(value));
        }
    }
    let Some(key) = ours.key else { return Ok(other.map(|value| Elsewhere::Other(value.to_vec()))) };
    let key = key.to_vec();
    drop(values);
    places.strip(&mut arrival.target, &mut arrival.fields, is_ours);
    Ok(Some(Elsewhere::Ours(key)))
}

/// Whether it is a key that another gateway made, and that is known here.
fn is_imported(shared: &Shared, value: &[u8]) -> bool {
    let text = std::str::from_utf8(value).ok().filter(|text| IMPORTED.contains(&text.len()));
    text.is_some_and(|text| {
        let digest = shared.digester.digest(text);
        shared.keyring.find(PublicKeyId::of_imported(&digest), &digest).is_some()
    })
}

#[derive(Default)]
struct Presented<'a> {
    key: Option<&'a [u8]>,
    in_authorization: bool,
}

impl<'a> Presented<'a> {
    fn read(fields: &'a Fields) -> Result<Self, Refusal> {
        let mut presented = Self::default();
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

/// The key of whom the house brought in, if it is with a key.
fn guest_key(shared: &Shared, peer: &Peer, account: &mut Account) -> Option<Result<KeyRef, Refusal>> {
    let key = peer.guest.as_ref()?.key?;
    Some(match shared.keyring.of_id(key) {
        Some(found) => valid(found, account),
        None => Err(Refusal::KeyUnknown(UnknownKey::NotFound)),
    })
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
    valid(found, account)
}

/// Of a key whose secret is right, or need not be shown.
fn valid(found: Found, account: &mut Account) -> Result<KeyRef, Refusal> {
    // Whatever is wrong with it, its owner may read of it.
    account.key = Some(found.key.clone());
    if let Some(at) = found.revoked_at {
        return Err(Refusal::KeyRevoked(at));
    }
    match found.ends_at {
        Some(end) if end <= account.at => Err(Refusal::KeyExpired(end)),
        _ => Ok(found.key),
    }
}
