use super::house::key;
use portico_domain::{Key, KeyDigest, PublicKeyId};
use portico_store::ImportedKeys;
use rand::{SeedableRng, rngs::StdRng};

on_both! {
    async fn an_import_adds_what_is_new_and_names_the_rest(house) {
        let (_, app, _) = house.furnish().await;
        let mut rng = StdRng::seed_from_u64(7);
        let mut keys: Vec<Key> = (0..1_203).map(|_| key(&*house.clock, app.id, &mut rng)).collect();
        let mut tx = house.begin().await;
        tx.add_key(&keys[700].clone()).await.unwrap();
        tx.commit().await.unwrap();
        // The same secret under another id: as in the database, and as further up in the file.
        keys[700].id = house.key(app.id, 1).id;
        keys[1_202].public_id = keys[3].public_id;

        let mut tx = house.begin().await;
        let outcome = tx.import_keys(app.id, &keys).await.unwrap();
        assert_eq!(outcome, ImportedKeys { added: 1_201, taken: vec![700, 1_202] });
        tx.commit().await.unwrap();

        let (mut read, mut after) = (0, None);
        loop {
            let page = house.store.keys(after, 500).await.unwrap();
            assert_eq!(house.store.keys_of_behind(app.id, after, 500).await.unwrap(), page);
            let Some(last) = page.last() else { break };
            assert!(page.is_sorted_by_key(|key| key.id));
            (read, after) = (read + page.len(), Some(last.id));
        }
        assert_eq!(read, 1_202);
        let last = house.store.changes_after(0, 100).await.unwrap().pop().unwrap();
        assert_eq!((last.action.as_str(), &last.detail["added"], &last.detail["taken"]), ("imported", &1_201.into(), &2.into()));
    }
}

on_both! {
    async fn a_rotation_without_overlap_ends_both_old_secrets(house) {
        let (_, app, _) = house.furnish().await;
        let [first, second, third] = [1, 2, 3].map(|seed| house.key(app.id, seed));
        let until = portico_domain::Timestamp::from_micros(i64::MAX);
        let rotate = async |to: &Key, overlap| {
            let mut tx = house.begin().await;
            tx.rotate_key(first.id, to.public_id, &to.digest, overlap).await.unwrap();
            tx.commit().await.unwrap();
        };
        let mut tx = house.begin().await;
        tx.add_key(&first).await.unwrap();
        tx.commit().await.unwrap();
        rotate(&second, Some(until)).await;
        rotate(&third, None).await;
        let found = async |id: PublicKeyId| house.store.key_by_public_id(id).await.unwrap();
        assert!(found(first.public_id).await.is_none() && found(second.public_id).await.is_none());
        let key = found(third.public_id).await.unwrap();
        assert_eq!((key.id, key.digest, key.previous), (first.id, third.digest, None));

        let mut tx = house.begin().await;
        tx.revoke_key(first.id).await.unwrap();
        tx.commit().await.unwrap();
        let digest = KeyDigest([0; 32]);
        assert!(house.begin().await.rotate_key(first.id, second.public_id, &digest, None).await.is_err(), "a revoked key stays so");
        assert!(house.begin().await.revoke_key(first.id).await.is_err());
    }
}
