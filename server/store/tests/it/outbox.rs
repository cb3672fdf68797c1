use super::house::NOW;
use portico_domain::LetterId;
use portico_store::StoreError;
use std::time::Duration;

on_both! {
    async fn a_letter_is_posted_with_what_it_tells_of_and_taken_by_one(house) {
        let id = LetterId::new(&*house.clock);
        let mut tx = house.begin().await;
        tx.post_letter(id, b"sealed").await.unwrap();
        drop(tx);
        assert_eq!(house.store.letters_waiting().await, Ok(0), "what was not committed is not sent");
        let mut tx = house.begin().await;
        tx.post_letter(id, b"sealed").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.last_change().await, Ok(0), "no entry of the log");

        let due = house.store.due_letters(10).await.unwrap();
        assert_eq!((due.len(), due[0].id, &due[0].letter[..], due[0].attempts), (1, id, &b"sealed"[..], 0));
        let later = NOW.plus(Duration::from_mins(1));
        assert_eq!(house.store.take_letter(&due[0], later).await, Ok(true));
        assert_eq!(house.store.take_letter(&due[0], later).await, Ok(false), "somebody else has it");
        assert_eq!(house.store.due_letters(10).await, Ok(vec![]));
        house.clock.advance(Duration::from_mins(1));
        assert_eq!(house.store.due_letters(10).await.unwrap()[0].attempts, 1);
        house.store.let_letter_go(id).await.unwrap();
        assert_eq!(house.store.letters_waiting().await, Ok(0));
    }
}

on_both! {
    async fn readers_of_the_log_go_on_from_where_they_were_and_only_one_of_them(house) {
        let from = house.store.log_read_by("announcements").await.unwrap();
        let mut tx = house.begin().await;
        assert_eq!(tx.move_log_reader("announcements", from, from + 3).await, Ok(true));
        tx.commit().await.unwrap();
        let mut tx = house.begin().await;
        assert_eq!(tx.move_log_reader("announcements", from, from + 1).await, Ok(false), "another node was faster");
        drop(tx);
        assert_eq!(house.store.log_read_by("announcements").await, Ok(from + 3));
        let nobody = house.store.log_read_by("nobody").await;
        assert!(matches!(nobody, Err(StoreError::Missing { .. })), "{nobody:?}");
    }
}

on_both! {
    async fn publications_stand_in_the_log_in_their_order(house) {
        let (_, _, api) = house.furnish().await;
        let (one, two) = (house.version(&api, "1"), house.version(&api, "2"));
        let mut tx = house.begin().await;
        for version in [&one, &two] {
            tx.add_version(version, b"{}", &[]).await.unwrap();
        }
        for version in [Some(one.id), None, Some(two.id)] {
            tx.publish(&api.slug, version).await.unwrap();
        }
        let last = tx.commit().await.unwrap();
        assert_eq!(house.store.publications_before("pets", last + 1).await, Ok(vec![one.id, two.id]));
        assert_eq!(house.store.publications_before("pets", last).await, Ok(vec![one.id]));
        assert_eq!(house.store.publications_before("tides", last + 1).await, Ok(vec![]));
    }
}
