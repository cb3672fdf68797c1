//! API keys and their secrets.
//!
//! `ptk_<live|test>_<id8><secret32><crc6>` in base62: the id is public and finds the key, the 32 characters are 190 bits
//! from the operating system's generator, the checksum lets a mistyped key be told from an unknown one without a look-up.
//! Only HMAC-SHA-256 under the installation's secret is kept. Not argon2: 2^190 guesses need no slowing down, and a slow
//! hash on every call would be a denial of service of our own making.
use crate::{AppId, KeyId, Slug, Timestamp};
use hmac::{Hmac, Mac};
use ipnet::IpNet;
use rand::{CryptoRng, Rng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use subtle::ConstantTimeEq;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID: usize = 8;
const SECRET: usize = 32;
const CHECKSUM: usize = 6;

/// A key as the store and the gateway know it: never with its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub app: AppId,
    pub name: KeyName,
    pub environment: Environment,
    /// The part of the present secret that may be shown.
    pub public_id: PublicKeyId,
    pub digest: KeyDigest,
    /// The secret before the last rotation, valid until then.
    pub previous: Option<(PublicKeyId, KeyDigest, Timestamp)>,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// Only these APIs; all of the app's subscriptions when empty.
    pub apis: Vec<Slug>,
    /// Only these operations (by name); all when empty.
    pub operations: Vec<String>,
    /// Only from these networks; from anywhere when empty.
    pub allow_ips: Vec<IpNet>,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    Active,
    Expired,
    Revoked,
}

impl Key {
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => KeyStatus::Revoked,
            (None, Some(end)) if end <= now => KeyStatus::Expired,
            _ => KeyStatus::Active,
        }
    }
}

/// 1 to 80 characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyName(String);

impl KeyName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl TryFrom<String> for KeyName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > 80 || text.chars().any(char::is_control) {
            return Err("a key needs a name of 1 to 80 characters".into());
        }
        Ok(Self(text.to_owned()))
    }
}
impl From<KeyName> for String {
    fn from(name: KeyName) -> Self {
        name.0
    }
}

/// Told apart in lists and statistics; both call the same upstreams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Live,
    Test,
}

impl Environment {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// The part of a secret that may be shown, logged and looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKeyId([u8; ID]);

impl PublicKeyId {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
    /// The id of an imported secret: the first characters of its digest, since its own might give it away.
    pub fn of_imported(digest: &KeyDigest) -> Self {
        Self(std::array::from_fn(|n| BASE62[usize::from(digest.0[n]) % 62]))
    }
}
impl FromStr for PublicKeyId {
    type Err = MalformedKey;
    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let bytes: [u8; ID] = text.as_bytes().try_into().map_err(|_| MalformedKey::Shape)?;
        if bytes.iter().all(u8::is_ascii_alphanumeric) { Ok(Self(bytes)) } else { Err(MalformedKey::Shape) }
    }
}
impl fmt::Display for PublicKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for PublicKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for PublicKeyId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for PublicKeyId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a secret opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `ptk_live_`, `ptk_test_`: the gateway.
    ApiKey(Environment),
    /// `ptm_`: the management API.
    Management,
}

impl TokenKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::ApiKey(Environment::Live) => "ptk_live_",
            Self::ApiKey(Environment::Test) => "ptk_test_",
            Self::Management => "ptm_",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKey {
    #[error("it does not look like a key of this installation")]
    Shape,
    #[error("its checksum is wrong: a character was lost or changed")]
    Checksum,
}

/// A secret on its way to the one person who may see it. Shows only its public part when printed for debugging.
pub struct SecretToken {
    text: String,
    kind: TokenKind,
}

impl SecretToken {
    pub fn generate(kind: TokenKind, rng: &mut (impl Rng + CryptoRng + ?Sized)) -> Self {
        let mut text = kind.prefix().to_owned();
        for _ in 0..ID + SECRET {
            text.push(char::from(BASE62[rng.random_range(0..62)]));
        }
        let sum = checksum(text.as_bytes());
        text.push_str(&sum);
        Self { text, kind }
    }
    pub fn reveal(&self) -> &str {
        &self.text
    }
    pub fn public_id(&self) -> PublicKeyId {
        let start = self.kind.prefix().len();
        PublicKeyId(std::array::from_fn(|n| self.text.as_bytes()[start + n]))
    }
    /// Reads a secret that a client sent, without allocating: its kind and public id, once its checksum fits.
    pub fn inspect(text: &str) -> Result<(TokenKind, PublicKeyId), MalformedKey> {
        let kinds = [TokenKind::ApiKey(Environment::Live), TokenKind::ApiKey(Environment::Test), TokenKind::Management];
        let kind = kinds.into_iter().find(|kind| text.starts_with(kind.prefix())).ok_or(MalformedKey::Shape)?;
        let start = kind.prefix().len();
        let bytes = text.as_bytes();
        if bytes.len() != start + ID + SECRET + CHECKSUM || !bytes[start..].iter().all(u8::is_ascii_alphanumeric) {
            return Err(MalformedKey::Shape);
        }
        let (body, sum) = bytes.split_at(bytes.len() - CHECKSUM);
        if checksum(body).as_bytes() != sum {
            return Err(MalformedKey::Checksum);
        }
        Ok((kind, PublicKeyId(std::array::from_fn(|n| bytes[start + n]))))
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretToken({}{}…)", self.kind.prefix(), self.public_id())
    }
}

/// CRC-32 (IEEE 802.3) in six base62 digits.
fn checksum(bytes: &[u8]) -> String {
    let mut crc = !0_u32;
    for byte in bytes {
        crc = CRC_TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ (crc >> 8);
    }
    let mut rest = !crc;
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0_u32; 256];
    let mut n = 0;
    while n < 256 {
        let mut value = n as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[n] = value;
        n += 1;
    }
    table
};

/// HMAC-SHA-256 of a secret. Compared in constant time.
#[derive(Clone, Copy)]
pub struct KeyDigest(pub [u8; 32]);

impl PartialEq for KeyDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}
impl Eq for KeyDigest {}
impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(…)")
    }
}

/// The installation's secret: 32 random bytes in a file of their own. Each purpose has its own key, derived by HMAC.
#[derive(Clone)]
pub struct InstallationSecret([u8; 32]);

/// What a derived key is for; one purpose can never stand in for another.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    ApiKey,
    ManagementToken,
    Session,
    /// One-time links: first administrator, verification, reset.
    Link,
    /// Sealing of remembered answers.
    Idempotency,
    /// Sealing of letters on their way.
    Letter,
    /// Links in letters that turn their kind off.
    TurnOff,
    /// Proves that a database belongs to this secret.
    Fingerprint,
}

impl InstallationSecret {
    pub fn generate(rng: &mut (impl Rng + CryptoRng + ?Sized)) -> Self {
        Self(rng.random())
    }
    /// Reads the file's content: 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (n, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[n * 2..n * 2 + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
    pub fn to_hex(&self) -> String {
        self.0.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }
    /// The key of one purpose.
    pub fn derive(&self, purpose: Purpose) -> [u8; 32] {
        let label: &[u8] = match purpose {
            Purpose::ApiKey => b"api key",
            Purpose::ManagementToken => b"management token",
            Purpose::Session => b"session",
            Purpose::Link => b"link",
            Purpose::Idempotency => b"idempotency",
            Purpose::Letter => b"letter",
            Purpose::TurnOff => b"turn off",
            Purpose::Fingerprint => b"fingerprint",
        };
        hmac(&self.0, label)
    }
    pub fn digest(&self, purpose: Purpose, secret: &str) -> KeyDigest {
        KeyDigest(hmac(&self.derive(purpose), secret.as_bytes()))
    }
    /// What digests secrets of one purpose again and again, with its key derived and set up once.
    pub fn digester(&self, purpose: Purpose) -> Digester {
        Digester(keyed(&self.derive(purpose)))
    }
    /// Eight hexadecimal digits that name this secret without giving it away.
    pub fn fingerprint(&self) -> String {
        self.derive(Purpose::Fingerprint)[..4].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }
}

impl fmt::Debug for InstallationSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstallationSecret({})", self.fingerprint())
    }
}

/// Makes the digests of one purpose, as [`InstallationSecret::digest`] does, without deriving its key each time.
#[derive(Clone)]
pub struct Digester(Hmac<Sha256>);

impl Digester {
    pub fn digest(&self, secret: &str) -> KeyDigest {
        let mut mac = self.0.clone();
        mac.update(secret.as_bytes());
        KeyDigest(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digester(…)")
    }
}

fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // A block-sized key is always taken; HMAC hashes longer ones itself (RFC 2104).
    Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"))
}

impl KeyDigest {
    /// Plain SHA-256, for naming what is not a secret, e.g. the body of a repeated request.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn a_secret_has_the_published_shape() {
        let mut rng = StdRng::seed_from_u64(7);
        for environment in [Environment::Live, Environment::Test] {
            let secret = SecretToken::generate(TokenKind::ApiKey(environment), &mut rng);
            let body = secret.reveal().strip_prefix(&format!("ptk_{}_", environment.as_str())).unwrap();
            assert_eq!(body.len(), 46);
            assert!(body.bytes().all(|b| b.is_ascii_alphanumeric()));
            assert_eq!(SecretToken::inspect(secret.reveal()), Ok((TokenKind::ApiKey(environment), secret.public_id())));
            assert!(!format!("{secret:?}").contains(&body[8..40]));
        }
        let token = SecretToken::generate(TokenKind::Management, &mut rng);
        assert!(token.reveal().starts_with("ptm_"));
        assert_eq!(SecretToken::inspect(token.reveal()).unwrap().0, TokenKind::Management);
    }

    #[test]
    fn one_changed_character_is_noticed_without_a_look_up() {
        let secret = SecretToken::generate(TokenKind::ApiKey(Environment::Live), &mut StdRng::seed_from_u64(1));
        let text = secret.reveal();
        for place in 9..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(SecretToken::inspect(&changed), Err(MalformedKey::Checksum), "{place}");
        }
        for odd in ["", "ptk_", "ptk_live_", "ptk_live_é", &text[1..], &format!("{text}x"), "ptk_live_\u{0}"] {
            assert_eq!(SecretToken::inspect(odd), Err(MalformedKey::Shape), "{odd:?}");
        }
    }

    #[test]
    fn the_checksum_is_the_usual_crc32() {
        // "123456789" is the check value of every CRC catalogue: cbf43926.
        let mut rest = 0xcbf4_3926_u32;
        let mut expected = [0_u8; 6];
        for digit in expected.iter_mut().rev() {
            *digit = BASE62[(rest % 62) as usize];
            rest /= 62;
        }
        assert_eq!(checksum(b"123456789").as_bytes(), expected);
    }

    #[test]
    fn purposes_never_share_a_digest() {
        let secret = InstallationSecret::generate(&mut StdRng::seed_from_u64(3));
        let again = InstallationSecret::from_hex(&secret.to_hex()).unwrap();
        assert_eq!(secret.digest(Purpose::ApiKey, "a"), again.digest(Purpose::ApiKey, "a"));
        assert_ne!(secret.digest(Purpose::ApiKey, "a"), secret.digest(Purpose::ManagementToken, "a"));
        assert_eq!(secret.digest(Purpose::ApiKey, "a"), secret.digester(Purpose::ApiKey).digest("a"));
        assert!(InstallationSecret::from_hex("00").is_none());
    }
}
