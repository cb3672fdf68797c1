//! Whom the house brings in calls as everybody does, but shows no secret.
use super::{
    certificates::{Certificates, authority},
    house::{Answer, House, Options},
    upstream::Upstream,
};
use portico_domain::{KeyId, Period, Plan, Quota};
use portico_gateway::{ApiSpec, Guest};
use std::net::{IpAddr, Ipv4Addr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const VISITOR: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

async fn visit(house: &House, key: Option<KeyId>, head: &str) -> Answer {
    visit_at("api.example", house, key, head).await
}

async fn visit_at(host: &str, house: &House, key: Option<KeyId>, head: &str) -> Answer {
    let guest = Guest { client: VISITOR, api: "shop".parse().unwrap(), key };
    let mut stream = house.gateway.welcome(guest).unwrap();
    let request = format!("{head}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    Answer::read(&String::from_utf8_lossy(&answer))
}

#[tokio::test]
async fn a_guest_calls_with_its_key_and_without_a_secret() {
    let upstream = Upstream::start(OK).await;
    let house = House::open(&upstream);
    let answer = visit(&house, Some(house.key.id), "GET /shop/pets/7 HTTP/1.1").await;
    assert_eq!(answer.status, 200);
    let seen = upstream.only();
    for field in [format!("x-portico-key-id: {}", house.key.id), "x-forwarded-for: 192.0.2.7".to_owned()] {
        assert!(seen.to_lowercase().contains(&field.to_lowercase()), "{field} in {seen}");
    }
    let used = house.gateway.drain_usage();
    assert_eq!((used.rows.len(), used.rows[0].key, used.rows[0].requests), (1, Some(house.key.id), 1));
    let record = house.gateway.drain_records().pop().unwrap();
    assert_eq!((record.client, record.key), (VISITOR.to_string(), Some(house.key.id)));
}

#[tokio::test]
async fn a_guest_meets_every_limit_and_every_refusal() {
    let upstream = Upstream::start(OK).await;
    let quota = Some(Quota { limit: 2, per: Period::Day });
    let plan = Plan { rate: None, quota, ..Plan::starter() };
    let house = House::open_with(upstream.addr, Options { plan, ..Options::default() });
    let key = Some(house.key.id);
    assert_eq!(house.get("/shop/pets/7").await.status, 200);
    assert_eq!(visit(&house, key, "GET /shop/pets/7 HTTP/1.1").await.status, 200);
    assert_eq!(visit(&house, key, "GET /shop/pets/7 HTTP/1.1").await.code(), "quota_exceeded");
    assert_eq!(visit(&house, key, "GET /shop/pets//7 HTTP/1.1").await.code(), "bad_request");
    assert_eq!(visit(&house, key, "PATCH /shop/pets HTTP/1.1").await.code(), "method_not_allowed");
    assert_eq!(visit(&house, None, "GET /shop/pets/7 HTTP/1.1").await.code(), "key_missing");
    house.put_key(|key| key.allow_ips = vec!["198.51.100.0/24".parse().unwrap()]);
    assert_eq!(visit(&house, key, "GET /shop/pets/7 HTTP/1.1").await.code(), "ip_denied");
    // What a guest says of where it comes from is not believed, whatever proxies are.
    let told = "GET /shop/pets/7 HTTP/1.1\r\nX-Forwarded-For: 198.51.100.9";
    assert_eq!(visit(&house, key, told).await.code(), "ip_denied");
    house.put_key(|key| key.revoked_at = Some(key.created_at));
    assert_eq!(visit(&house, key, "GET /shop/pets/7 HTTP/1.1").await.code(), "key_revoked");
    house.publish(|world| {
        let other =
            ApiSpec { slug: "other".parse().unwrap(), base_path: "/shop/pets".to_owned(), ..world.apis[0].clone() };
        world.apis.push(other);
    });
    assert_eq!(visit(&house, key, "GET /shop/pets/pets HTTP/1.1").await.code(), "no_such_api");
    house.gateway.keyring().remove(house.key.id);
    assert_eq!(visit(&house, key, "GET /shop/admin/x HTTP/1.1").await.code(), "key_unknown");
    assert_eq!(upstream.seen().len(), 2);
}

#[tokio::test]
async fn a_guest_stays_out_where_clients_must_show_certificates() {
    let upstream = Upstream::start(OK).await;
    let certificates = Certificates::new();
    certificates.put("open", &["open.example"]);
    certificates.put("closed", &["closed.example"]);
    certificates.write("closed.clients.pem", &authority("partners").pem());
    let options = Options::with(|settings| settings.tls_dir = Some(certificates.path("")));
    let house = House::open_with(upstream.addr, options);
    let call = async |host| visit_at(host, &house, Some(house.key.id), "GET /shop/pets/7 HTTP/1.1").await;
    assert_eq!(call("closed.example").await.code(), "misdirected");
    assert_eq!(call("open.example").await.status, 200);
    upstream.only();
}
