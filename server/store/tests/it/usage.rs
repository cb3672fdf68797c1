use super::house::NOW;
use portico_domain::{AppId, KeyId, Slug, SubscriptionId, Timestamp, UsageBatch, UsageRow, latency_bucket};
use portico_store::{Bucket, By, Calls, StoreError, UsageFilter, UsageQuery};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

fn row(minute: Timestamp, app: Option<AppId>, key: Option<KeyId>, status: u16, micros: u64, requests: u64) -> UsageRow {
    UsageRow {
        minute,
        api: slug("pets"),
        operation: if status == 404 { String::new() } else { "getPet".into() },
        app,
        key,
        status,
        latency_bucket: latency_bucket(micros),
        requests,
    }
}

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn query(by: By, filter: UsageFilter) -> UsageQuery {
    UsageQuery { from: NOW.minus(HOUR), to: NOW.plus(HOUR * 30), bucket: Bucket::Hour, by, filter }
}

on_both! {
    async fn a_batch_sent_twice_counts_once(house) {
        let (_, app, _) = house.furnish().await;
        let key = house.key(app.id, 1);
        let mut tx = house.begin().await;
        tx.add_key(&key).await.unwrap();
        let last = tx.commit().await.unwrap();
        let subscription = SubscriptionId::new(&*house.clock);
        let batch = UsageBatch {
            // The same row twice, as two cores may hand it over.
            rows: vec![row(NOW, Some(app.id), Some(key.id), 200, 900, 3), row(NOW, Some(app.id), Some(key.id), 200, 900, 4)],
            quotas: vec![(subscription, NOW, 7), (subscription, NOW, 1)],
            last_used: vec![(key.id, NOW), (key.id, NOW.plus(HOUR))],
        };
        assert_eq!(house.store.add_usage("a", 1, &batch).await, Ok(true));
        assert_eq!(house.store.add_usage("a", 1, &batch).await, Ok(false));
        assert_eq!(house.store.add_usage("b", 1, &batch).await, Ok(true), "of another node");
        let older = UsageBatch { last_used: vec![(key.id, NOW)], ..UsageBatch::default() };
        assert_eq!(house.store.add_usage("a", 2, &older).await, Ok(true));

        let totals = house.store.usage_totals(NOW, NOW.plus(HOUR), &UsageFilter::default()).await.unwrap();
        assert_eq!(totals.requests, 14);
        assert_eq!(house.store.quota_used(subscription, NOW).await, Ok(16));
        assert_eq!(house.store.quota_used(subscription, NOW.plus(HOUR)).await, Ok(0));
        assert_eq!(house.store.quotas_since(NOW).await, Ok(vec![(subscription, NOW, 16)]));
        assert_eq!(house.store.key(key.id).await.unwrap().unwrap().last_used_at, Some(NOW.plus(HOUR)));
        assert_eq!((house.store.last_usage_batch("a").await, house.store.last_usage_batch("c").await), (Ok(Some(2)), Ok(None)));
        assert_eq!(house.store.last_change().await, Ok(last), "no entry of the log");
    }
}

on_both! {
    async fn sums_agree_whichever_way_they_are_cut(house) {
        let [one, two] = [1, 2].map(|_| AppId::new(&*house.clock));
        let key = KeyId::new(&*house.clock);
        let rows = vec![
            row(NOW, Some(one), Some(key), 200, 1_000, 90),
            row(NOW, Some(one), Some(key), 200, 400_000, 10),
            row(NOW.plus(HOUR), Some(one), None, 404, 200, 5),
            row(NOW.plus(HOUR * 2), Some(two), None, 503, 200, 2),
            row(NOW.plus(HOUR * 2), None, None, 401, 200, 1),
        ];
        house.store.add_usage("a", 1, &UsageBatch { rows, ..UsageBatch::default() }).await.unwrap();
        let ask = async |by, filter| house.store.usage(&query(by, filter)).await.unwrap();

        let hours = ask(By::default(), UsageFilter::default()).await;
        let hour = NOW.micros() / 3_600_000_000 * 3_600_000_000;
        assert_eq!(hours.iter().map(|sum| (sum.bucket.micros() - hour, sum.requests)).collect::<Vec<_>>(), [(0, 100), (3_600_000_000, 5), (7_200_000_000, 3)]);
        assert!(hours.iter().all(|sum| sum.api.is_none() && sum.app.is_none() && sum.status.is_none() && sum.operation.is_none()));
        assert!((0.9..1.3).contains(&hours[0].p50_ms) && (390.0..500.0).contains(&hours[0].p95_ms), "{:?}", hours[0]);

        let all = By { api: true, app: true, key: true, operation: true, status: true };
        let rows = ask(all, UsageFilter::default()).await;
        assert_eq!(rows.len(), 4);
        assert_eq!(rows.iter().map(|sum| sum.requests).sum::<u64>(), 108);
        assert_eq!((rows[0].app, rows[0].key, rows[0].status, rows[0].operation.as_deref()), (Some(one), Some(key), Some(200), Some("getPet")));
        assert_eq!((rows[1].key, rows[1].operation.as_deref(), rows[1].api.as_ref().map(Slug::as_str)), (None, None, Some("pets")));

        let sum = async |filter| ask(By::default(), filter).await.iter().map(|sum| sum.requests).sum::<u64>();
        assert_eq!(sum(UsageFilter { apps: Some(vec![one]), ..Default::default() }).await, 105);
        assert_eq!(sum(UsageFilter { apps: Some(vec![one, two]), ..Default::default() }).await, 107);
        assert_eq!(sum(UsageFilter { apps: Some(vec![]), ..Default::default() }).await, 0);
        assert_eq!(sum(UsageFilter { key: Some(key), ..Default::default() }).await, 100);
        assert_eq!(sum(UsageFilter { api: Some(slug("cats")), ..Default::default() }).await, 0);

        let day = house.store.usage(&UsageQuery { bucket: Bucket::Day, ..query(By::default(), UsageFilter::default()) }).await.unwrap();
        assert_eq!(day.iter().map(|sum| sum.requests).sum::<u64>(), 108);
        assert!(day.iter().all(|sum| sum.bucket.to_string().ends_with("T00:00:00Z")));

        let totals = house.store.usage_totals(NOW, NOW.plus(HOUR * 9), &UsageFilter::default()).await.unwrap();
        assert_eq!((totals.requests, totals.client_errors, totals.server_errors), (108, 6, 2));
        let none = house.store.usage_totals(NOW.plus(HOUR * 9), NOW.plus(HOUR * 10), &UsageFilter::default()).await.unwrap();
        assert_eq!((none.requests, none.p50_ms), (0, None));
    }
}

on_both! {
    async fn thousands_of_rows_come_in_one_batch(house) {
        let rows = (0..3_000).map(|n| row(NOW.plus(HOUR * n / 60), None, None, 200, 1_000, 2)).collect();
        let last_used = (0..1_100).map(|_| (KeyId::new(&*house.clock), NOW)).collect();
        house.store.add_usage("a", 1, &UsageBatch { rows, last_used, ..UsageBatch::default() }).await.unwrap();
        let totals = house.store.usage_totals(NOW, NOW.plus(HOUR * 100), &UsageFilter::default()).await.unwrap();
        assert_eq!(totals.requests, 6_000);
        assert_eq!(house.store.sweep().await, Ok(1_100), "uses of keys that are not there");
        house.clock.advance(HOUR * 24 * 8);
        assert_eq!(house.store.sweep().await, Ok(0), "the last batch of a node stays");
        assert_eq!(house.store.add_usage("a", 1, &UsageBatch::default()).await, Ok(false));
    }
}

on_both! {
    async fn who_called_what_of_an_api_is_known(house) {
        let (account, app, _) = house.furnish().await;
        let other = house.app(&account, "Quay");
        let mut tx = house.begin().await;
        tx.add_app(&other).await.unwrap();
        tx.commit().await.unwrap();
        let later = NOW.plus(HOUR);
        let batch = UsageBatch {
            rows: vec![
                row(NOW, Some(app.id), None, 200, 900, 3),
                row(later, Some(app.id), None, 500, 900, 4),
                row(NOW, Some(other.id), None, 200, 900, 1),
                row(NOW, None, None, 200, 900, 9),
                row(NOW, Some(app.id), None, 404, 900, 2),
                row(NOW.minus(HOUR), Some(app.id), None, 200, 900, 100),
            ],
            ..UsageBatch::default()
        };
        house.store.add_usage("a", 1, &batch).await.unwrap();
        let calls = |app: AppId, requests, last| Calls { app, operation: "getPet".into(), requests, last };
        let found = house.store.callers(&slug("pets"), NOW, 10).await.unwrap();
        assert_eq!(found, [calls(app.id, 7, later), calls(other.id, 1, NOW)]);
        assert_eq!(house.store.callers(&slug("pets"), NOW, 1).await.unwrap().len(), 1);
        assert_eq!(house.store.callers(&slug("tides"), NOW, 10).await, Ok(vec![]));
    }
}

on_both! {
    async fn what_changed_between_versions_is_kept_with_them(house) {
        let (_, _, api) = house.furnish().await;
        let (one, two) = (house.version(&api, "1"), house.version(&api, "2"));
        let mut tx = house.begin().await;
        for version in [&one, &two] {
            tx.add_version(version, b"{}", &[]).await.unwrap();
        }
        let last = tx.commit().await.unwrap();
        house.store.keep_version_changes(one.id, two.id, 1, "{}").await.unwrap();
        house.store.keep_version_changes(one.id, two.id, 2, "[]").await.unwrap();
        assert_eq!(house.store.version_changes(one.id, two.id, 1).await, Ok(None), "by other rules");
        assert_eq!(house.store.version_changes(one.id, two.id, 2).await, Ok(Some("[]".into())));
        assert_eq!(house.store.version_changes(two.id, one.id, 2).await, Ok(None));
        assert_eq!(house.store.last_change().await, Ok(last), "no entry of the log");
        let mut tx = house.begin().await;
        tx.remove_api(&api.slug).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.version_changes(one.id, two.id, 2).await, Ok(None));
        let gone = house.store.keep_version_changes(one.id, two.id, 2, "{}").await;
        assert!(matches!(gone, Err(StoreError::Missing { .. })), "{gone:?}");
    }
}
