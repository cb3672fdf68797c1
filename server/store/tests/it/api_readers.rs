use portico_store::StoreError;
use std::collections::BTreeSet;

on_both! {
    async fn readers_are_chosen_once_listed_and_forgotten_with_their_account_or_api(house) {
        let (account, _, api) = house.furnish().await;
        let mut tx = house.begin().await;
        tx.add_api_reader(&api.slug, account.id).await.unwrap();
        tx.commit().await.unwrap();
        let readers = house.store.api_readers(&api.slug, None, 10).await.unwrap();
        assert_eq!(readers.iter().map(|reader| &reader.email).collect::<Vec<_>>(), [&account.email]);
        assert_eq!(house.store.api_reader(&api.slug, account.id).await.unwrap().as_ref(), readers.first());
        assert_eq!(house.store.api_readers(&api.slug, Some(account.id), 10).await, Ok(vec![]), "behind the last");
        assert_eq!(house.store.apis_read_by(account.id).await, Ok(BTreeSet::from([api.slug.clone()])));

        let mut tx = house.begin().await;
        let twice = tx.add_api_reader(&api.slug, account.id).await;
        assert!(matches!(twice, Err(StoreError::Taken { .. })), "{twice:?}");
        drop(tx);

        let mut tx = house.begin().await;
        tx.remove_api_reader(&api.slug, account.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.count_api_readers(&api.slug).await, Ok(0));
        let mut tx = house.begin().await;
        let gone = tx.remove_api_reader(&api.slug, account.id).await;
        assert!(matches!(gone, Err(StoreError::Missing { .. })), "{gone:?}");
        drop(tx);

        let mut tx = house.begin().await;
        tx.add_api_reader(&api.slug, account.id).await.unwrap();
        tx.remove_account(account.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.count_api_readers(&api.slug).await, Ok(0));
    }
}
