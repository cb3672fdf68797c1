//! A gateway's life: publications, counting, the end.
use super::{
    house::{Answer, House, Options, read_all},
    upstream::{OK, Upstream},
};
use portico_gateway::GatewaySettings;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[tokio::test]
async fn a_bad_publication_leaves_the_good_one() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    house.publish(|spec| spec.apis[0].base_path = "/store/v2".to_owned());
    assert_eq!(house.get("/store/v2/pets").await.status, 200);
    assert_eq!(house.get("/shop/pets").await.code(), "no_such_api");
    let mut bad = portico_gateway::WorldSpec { version: 9, ..Default::default() };
    bad.plans = vec![portico_domain::Plan { name: String::new(), ..portico_domain::Plan::starter() }];
    assert!(house.gateway.publish(bad).unwrap_err().to_string().contains("starter"));
    assert_eq!(house.get("/store/v2/pets").await.status, 200);
    assert_eq!(house.gateway.observe().snapshot_version, 2);
}

#[tokio::test]
async fn a_second_gateway_does_not_join_the_first_unnoticed() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    let settings = GatewaySettings { listen: house.gateway.local_addr(), ..Options::default().settings };
    let second = portico_gateway::Gateway::start(settings, house.clock.clone(), house.secret.clone());
    let error = second.err().unwrap().to_string();
    assert!(error.contains(&house.gateway.local_addr().to_string()), "{error}");
}

#[tokio::test]
async fn refusals_are_counted_where_they_belong() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    house.call("GET /shop/pets", &[], "").await;
    house.get("/shop/nowhere").await;
    house.get("/nowhere").await;
    let observed = house.gateway.observe();
    let counts: Vec<_> = observed
        .refusals
        .iter()
        .map(|refusal| (refusal.api.as_ref().map(|api| api.as_str().to_owned()), refusal.code, refusal.count))
        .collect();
    let shop = || Some("shop".to_owned());
    assert_eq!(counts, [(None, "no_such_api", 1), (shop(), "key_missing", 1), (shop(), "no_such_operation", 1)]);
    assert_eq!(observed.in_flight, 0);
    let mut rows: Vec<_> =
        house.gateway.drain_usage().rows.into_iter().map(|row| (row.operation, row.status, row.requests)).collect();
    rows.sort();
    assert_eq!(rows, [(String::new(), 404, 1), ("get /pets".to_owned(), 401, 1)]);
    let records = house.gateway.drain_records();
    let record = records.iter().find(|record| record.status == 401).unwrap();
    assert_eq!(
        (record.method.as_str(), record.path.as_str(), record.client.as_str()),
        ("GET", "/shop/pets", "127.0.0.1")
    );
    assert!(house.gateway.drain_records().is_empty());
}

/// An upstream that never answers, and a client whose request has surely reached it.
async fn waiting() -> (House, TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let house = House::open_with(listener.local_addr().unwrap(), Options::default());
    let mut client = house.connect().await;
    let request = format!("GET /shop/pets HTTP/1.1\r\nHost: a\r\nX-API-Key: {}\r\n\r\n", house.token);
    client.write_all(request.as_bytes()).await.unwrap();
    let (mut upstream, _) = listener.accept().await.unwrap();
    upstream.read_buf(&mut Vec::new()).await.unwrap();
    (house, client, upstream)
}

#[tokio::test]
async fn a_client_that_goes_away_is_counted_and_the_upstream_let_go() {
    let (house, client, mut upstream) = waiting().await;
    assert_eq!(house.gateway.observe().in_flight, 1);
    drop(client);
    while upstream.read(&mut [0; 1024]).await.is_ok_and(|length| length > 0) {}
    while house.gateway.observe().in_flight > 0 {
        tokio::task::yield_now().await;
    }
    let rows = house.gateway.drain_usage().rows;
    assert_eq!((rows.len(), rows[0].status, rows[0].key), (1, 499, Some(house.key.id)));
}

#[tokio::test]
async fn the_end_waits_for_what_is_under_way() {
    let (house, mut client, mut upstream) = waiting().await;
    let mut idle = house.connect().await;
    let house = Arc::new(house);
    let ending = {
        let house = Arc::clone(&house);
        tokio::spawn(async move { house.gateway.shutdown(Duration::from_secs(30)).await })
    };
    assert_eq!(read_all(&mut idle).await, "", "an idle connection is closed at once");
    upstream.write_all(OK.as_bytes()).await.unwrap();
    let answer = Answer::read(&read_all(&mut client).await);
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    ending.await.unwrap();
    assert!(TcpStream::connect(house.gateway.local_addr()).await.is_err());
    assert_eq!(house.gateway.drain_usage().rows.len(), 1);
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let (house, mut client, _upstream) = waiting().await;
    house.gateway.shutdown(Duration::from_millis(20)).await;
    assert_eq!(read_all(&mut client).await, "");
    while house.gateway.observe().in_flight > 0 {
        tokio::task::yield_now().await;
    }
    let rows = house.gateway.drain_usage().rows;
    assert_eq!((rows.len(), rows[0].status), (1, 499));
}

#[tokio::test]
async fn connections_beyond_the_limit_are_told_so_and_the_others_stay() {
    let upstream = Upstream::start(OK).await;
    let house = House::open_with(upstream.addr, Options::with(|settings| settings.max_connections = 1));
    let mut first = house.connect().await;
    let request = format!("GET /shop/pets HTTP/1.1\r\nHost: a\r\nX-API-Key: {}\r\n\r\n", house.token);
    first.write_all(request.as_bytes()).await.unwrap();
    let mut buffer = Vec::new();
    assert!(super::upstream::read_message(&mut first, &mut buffer).await.unwrap().ends_with("ok"));
    // Whoever waits for an answer before it asks gets one as well as who asks at once.
    for request in ["", &request] {
        let mut second = house.connect().await;
        second.write_all(request.as_bytes()).await.unwrap();
        let answer = Answer::read(&read_all(&mut second).await);
        assert_eq!((answer.status, answer.code().as_str()), (503, "overloaded"));
        assert_eq!((answer.field("retry-after"), answer.field("connection")), (Some("1"), Some("close")));
    }
    let observed = house.gateway.observe();
    assert_eq!((observed.connections_refused, observed.refusals[0].count), (2, 2));
    first.write_all(request.as_bytes()).await.unwrap();
    assert!(super::upstream::read_message(&mut first, &mut buffer).await.unwrap().ends_with("ok"));
}
