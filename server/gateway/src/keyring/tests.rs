use super::*;
use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};
use uuid::Uuid;

fn key(number: u128) -> KeyId {
    KeyId(Uuid::from_u128(number))
}

fn entry(number: u128, public_id: &str, digest: u8) -> KeyEntry {
    KeyEntry {
        id: key(number),
        app: AppId(Uuid::from_u128(number % 3)),
        public_id: public_id.parse().unwrap(),
        digest: KeyDigest([digest; 32]),
        previous: None,
        expires_at: None,
        revoked_at: None,
        scope: None,
    }
}

fn find(keyring: &Keyring, id: &str, digest: u8) -> Option<Found> {
    keyring.find(id.parse().unwrap(), &KeyDigest([digest; 32]))
}

fn finds(keyring: &Keyring, id: &str, digest: u8) -> Option<KeyId> {
    find(keyring, id, digest).map(|found| found.key.id)
}

#[test]
fn a_key_is_found_by_both_its_secrets_until_it_is_put_without_the_old_one() {
    let keyring = Keyring::default();
    let at = Timestamp::from_micros;
    let mut rotated = entry(1, "aaaaaaaa", 1);
    keyring.put(rotated.clone());
    (rotated.public_id, rotated.digest) = ("bbbbbbbb".parse().unwrap(), KeyDigest([2; 32]));
    rotated.previous = Some(("aaaaaaaa".parse().unwrap(), KeyDigest([1; 32]), at(9)));
    keyring.put(rotated.clone());
    assert_eq!(find(&keyring, "aaaaaaaa", 1).unwrap().ends_at, Some(at(9)));
    assert_eq!(find(&keyring, "bbbbbbbb", 2).unwrap().ends_at, None);
    assert_eq!(finds(&keyring, "bbbbbbbb", 1), None);
    (rotated.expires_at, rotated.revoked_at) = (Some(at(5)), Some(at(4)));
    keyring.put(rotated.clone());
    for found in [find(&keyring, "aaaaaaaa", 1).unwrap(), find(&keyring, "bbbbbbbb", 2).unwrap()] {
        assert_eq!((found.ends_at, found.revoked_at), (Some(at(5)), Some(at(4))));
    }
    rotated.previous = None;
    keyring.put(rotated.clone());
    assert_eq!(finds(&keyring, "aaaaaaaa", 1), None);
    keyring.remove(rotated.id);
    assert_eq!(finds(&keyring, "bbbbbbbb", 2), None);
    assert!(keyring.is_empty());
}

#[test]
fn what_narrows_a_key_comes_with_it() {
    let keyring = Keyring::default();
    let scope = KeyScope { operations: vec!["getPet".to_owned()], ..KeyScope::default() };
    keyring.put(KeyEntry { scope: Some(Box::new(scope.clone())), ..entry(1, "aaaaaaaa", 1) });
    assert_eq!(find(&keyring, "aaaaaaaa", 1).unwrap().key.scope.as_deref(), Some(&scope));
    keyring.put(entry(1, "aaaaaaaa", 1));
    assert_eq!(find(&keyring, "aaaaaaaa", 1).unwrap().key.scope, None);
}

#[test]
fn keys_go_with_their_apps() {
    let keyring = Keyring::default();
    for number in 0..9 {
        keyring.put(entry(number, "aaaaaaaa", number as u8));
    }
    keyring.remove_of(&[AppId(Uuid::from_u128(0)), AppId(Uuid::from_u128(2))]);
    let left: Vec<_> = (0..9).filter(|number| finds(&keyring, "aaaaaaaa", *number).is_some()).collect();
    assert_eq!(left, [1, 4, 7]);
    assert_eq!(keyring.len(), 3);
}

#[test]
fn a_replacement_that_is_given_up_forgets_nothing() {
    let keyring = Keyring::default();
    keyring.put(entry(1, "aaaaaaaa", 1));
    let mut replacement = keyring.replacement();
    replacement.put(entry(2, "bbbbbbbb", 2));
    drop(replacement);
    assert_eq!((finds(&keyring, "aaaaaaaa", 1), finds(&keyring, "bbbbbbbb", 2)), (Some(key(1)), Some(key(2))));
}

#[test]
fn keys_that_stay_are_never_missing() {
    let keyring = Keyring::default();
    let ids: Vec<String> = (0..2_000).map(|number| format!("{number:08}")).collect();
    let all = |digest: u8| ids.iter().zip(1..).map(move |(id, number)| entry(number, id, digest)).collect::<Vec<_>>();
    keyring.replace_all(all(1));
    let done = AtomicBool::new(false);
    let looks = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut looks = 0_u64;
            while !done.load(Ordering::Relaxed) || looks == 0 {
                for id in &ids {
                    assert!(finds(&keyring, id, 1).or_else(|| finds(&keyring, id, 2)).is_some(), "{id}");
                    looks += 1;
                }
            }
            looks
        });
        for _ in 0..10 {
            keyring.replace_all(all(1));
            // Others come and go, so that slabs and tables grow meanwhile.
            for number in 10_000..12_000_u128 {
                keyring.put(entry(number, &format!("{number:08}"), 3));
            }
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(looks > 0);
    assert_eq!(keyring.len(), 4_000);
}

/// A step in the life of a keyring. Few names, so that they meet.
#[derive(Clone, Debug)]
enum Step {
    Put(Model),
    Remove(u8),
    RemoveOf(u8),
    ReplaceAll(Vec<Model>),
}

/// A key as the simple model keeps it; a secret's public id and digest are two small numbers.
#[derive(Clone, Debug)]
struct Model {
    key: u8,
    app: u8,
    present: (u8, u8),
    previous: Option<(u8, u8)>,
    revoked: bool,
}

fn secret((id, digest): (u8, u8)) -> (PublicKeyId, KeyDigest) {
    (format!("{id:08}").parse().unwrap(), KeyDigest([digest; 32]))
}

impl Model {
    fn entry(&self) -> KeyEntry {
        let (public_id, digest) = secret(self.present);
        KeyEntry {
            id: key(self.key.into()),
            app: AppId(Uuid::from_u128(self.app.into())),
            public_id,
            digest,
            previous: self.previous.map(secret).map(|(id, digest)| (id, digest, Timestamp::from_micros(7))),
            expires_at: None,
            revoked_at: self.revoked.then_some(Timestamp::from_micros(3)),
            scope: None,
        }
    }
}

fn model() -> impl Strategy<Value = Model> {
    let number = (0..12_u8, 0..3_u8, 0..4_u8, 0..2_u8, proptest::option::of((0..4_u8, 0..2_u8)), any::<bool>());
    number.prop_map(|(key, app, id, digest, previous, revoked)| Model {
        key,
        app,
        // No two keys share a secret, as the store sees to; they do share public ids.
        present: (id, digest * 100 + key),
        previous: previous.map(|(id, digest)| (id, digest * 100 + key)),
        revoked,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => model().prop_map(Step::Put),
        3 => (0..12_u8).prop_map(Step::Remove),
        1 => (0..3_u8).prop_map(Step::RemoveOf),
        1 => proptest::collection::vec(model(), 0..12).prop_map(Step::ReplaceAll),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn it_finds_what_a_list_of_keys_would(steps in proptest::collection::vec(step(), 1..40)) {
        let (keyring, mut keys) = (Keyring::default(), BTreeMap::new());
        for step in steps {
            match step {
                Step::Put(model) => {
                    keyring.put(model.entry());
                    keys.insert(model.key, model);
                }
                Step::Remove(number) => {
                    keyring.remove(key(number.into()));
                    keys.remove(&number);
                }
                Step::RemoveOf(app) => {
                    keyring.remove_of(&[AppId(Uuid::from_u128(app.into()))]);
                    keys.retain(|_, model| model.app != app);
                }
                Step::ReplaceAll(models) => {
                    keyring.replace_all(models.iter().map(Model::entry));
                    keys = models.into_iter().map(|model| (model.key, model)).collect();
                }
            }
            prop_assert_eq!(keyring.len(), keys.len());
            for (id, digest) in (0..4).flat_map(|id| (0..12).chain(100..112).map(move |digest| (id, digest))) {
                let (public_id, bytes) = secret((id, digest));
                let found = keyring.find(public_id, &bytes).map(|found| {
                    (found.key.id, found.key.app, found.revoked_at.is_some(), found.ends_at.is_some())
                });
                let expected = keys.values().find_map(|model: &Model| {
                    let present = model.present == (id, digest);
                    let owner = (key(model.key.into()), AppId(Uuid::from_u128(model.app.into())));
                    (present || model.previous == Some((id, digest)))
                        .then_some((owner.0, owner.1, model.revoked, !present))
                });
                prop_assert_eq!(found, expected, "{} {}", id, digest);
            }
        }
    }
}
