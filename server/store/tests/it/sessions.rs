use super::house::{NOW, Raw, secret};
use std::{collections::HashMap, time::Duration};
use tower_sessions_core::{
    SessionStore as _,
    session::{Id, Record},
};

fn record(account: Option<String>) -> Record {
    let data = account.map(|id| ("account".to_owned(), id.into()));
    Record {
        id: Id::default(),
        data: data.into_iter().collect::<HashMap<_, _>>(),
        expiry_date: NOW.plus(Duration::from_mins(1)).to_utc(),
    }
}

on_both! {
    async fn sessions_are_kept_by_digest_until_they_expire(house) {
        let sessions = house.store.sessions(&secret());
        let mut one = record(None);
        sessions.create(&mut one).await.unwrap();
        assert_eq!(sessions.load(&one.id).await.unwrap(), Some(one.clone()));
        one.data.insert("theme".into(), "dark".into());
        sessions.save(&one).await.unwrap();
        assert_eq!(sessions.load(&one.id).await.unwrap(), Some(one.clone()));
        assert_eq!(house.store.last_change().await, Ok(0), "no entry of the log");

        let mut collides = Record { id: one.id, ..record(None) };
        sessions.create(&mut collides).await.unwrap();
        assert_ne!(collides.id, one.id, "nobody gets another's session");

        let text = one.id.to_string();
        let stored: Vec<u8> = match Raw::connect(&house.url).await {
            Raw::Sqlite(mut connection) => sqlx::query_scalar("SELECT digest FROM sessions").fetch_one(&mut connection).await.unwrap(),
            Raw::Postgres(mut connection) => sqlx::query_scalar("SELECT digest FROM sessions").fetch_one(&mut connection).await.unwrap(),
        };
        assert!(stored.len() == 32 && !stored.windows(text.len()).any(|part| part == text.as_bytes()));

        sessions.delete(&one.id).await.unwrap();
        assert_eq!(sessions.load(&one.id).await.unwrap(), None);
        house.clock.advance(Duration::from_mins(1));
        assert_eq!(sessions.load(&collides.id).await.unwrap(), None);
        assert_eq!(sessions.delete_expired().await, Ok(1));
    }
}

on_both! {
    async fn signing_out_everywhere_ends_all_of_one_account(house) {
        let (account, _, _) = house.furnish().await;
        let sessions = house.store.sessions(&secret());
        let mut mine = [record(Some(account.id.to_string())), record(Some(account.id.to_string()))];
        let mut other = record(Some(house.account("b@example.org").id.to_string()));
        for session in mine.iter_mut().chain([&mut other]) {
            sessions.create(session).await.unwrap();
        }
        assert_eq!(sessions.sign_out_everywhere(account.id).await, Ok(2));
        assert_eq!(sessions.load(&mine[0].id).await.unwrap(), None);
        assert!(sessions.load(&other.id).await.unwrap().is_some());
        sessions.create(&mut mine[1]).await.unwrap();
        let mut tx = house.begin().await;
        tx.remove_account(account.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(sessions.load(&mine[1].id).await.unwrap(), None, "gone with the account");
    }
}
