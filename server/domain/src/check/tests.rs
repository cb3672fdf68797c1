use super::text;
use crate::{ApiSettings, Policies, Upstream};
use serde_json::{Value, json};

/// Settings with these policies.
fn with(policies: Value) -> ApiSettings {
    let policies: Policies = serde_json::from_value(policies).unwrap();
    ApiSettings { policies, ..ApiSettings::new(&"pets".parse().unwrap()) }
}

/// Pointers of all faults, of single values first.
fn faults(policies: Value) -> Vec<String> {
    let faults = with(policies).validate().err().map(|invalid| invalid.0).unwrap_or_default();
    faults.into_iter().map(|fault| fault.pointer).collect()
}

#[test]
fn what_a_new_api_has_is_good() {
    assert_eq!(ApiSettings::new(&"pets".parse().unwrap()).validate(), Ok(()));
    let defaults = json!({"health": {}, "cors": {}, "cache": {}, "maintenance": {}, "operation_settings": {"listPets": {"cache": {}}}});
    assert_eq!(faults(defaults), Vec::<String>::new());
}

#[test]
fn base_paths_and_upstreams_are_plain() {
    let mut settings = ApiSettings::new(&"pets".parse().unwrap());
    let cases = [
        ("/", true),
        ("/a/b.c", true),
        ("", false),
        ("a", false),
        ("/a/", false),
        ("/a//b", false),
        ("/../a", false),
        ("/a b", false),
    ];
    for (path, good) in cases {
        settings.base_path = path.into();
        assert_eq!(settings.validate().is_ok(), good, "{path}");
    }
    settings.base_path = "/pets".into();
    for (url, good) in [
        ("http://127.0.0.1:9000/v1", true),
        ("ftp://a.example", false),
        ("http://u:p@a.example", false),
        ("https://a.example/?q=1", false),
        ("https://a.example/a|b", false),
    ] {
        settings.upstreams = vec![Upstream { url: url.parse().unwrap(), weight: 1 }];
        assert_eq!(settings.validate().is_ok(), good, "{url}");
    }
}

#[test]
fn upstreams_are_taken_as_they_are_written() {
    let taken = |text: &str| text::read_upstream_url(text).is_ok();
    for good in [
        "https://pets.example.com/v1",
        "http://127.0.0.1:9000",
        "http://[::1]:8080/a*b/%C3%A4",
        "http://pet_store:80",
        "https://Pets.Example",
    ] {
        assert!(taken(good), "{good}");
    }
    for bad in [
        "https:/a.example",
        " https://a.example",
        "HTTPS://a.example",
        "https://a.example/?q",
        "https://a.example/#f",
        "https://u@a.example",
        "https://a.example\\b",
        "https://a.example/b\\c",
        "https://a.example/ b",
        "https://a.example/|",
        "https://a.example/%2",
        "https://a.example/%zz",
        "https://ä.example",
        "https://a%2eexample",
        "https://",
        "https:///a",
        "http://1.2.3.256",
        "http://a:70000",
    ] {
        assert!(!taken(bad), "{bad}");
    }
}

#[test]
fn each_fault_is_told_where_it_stands() {
    for (policies, pointer) in [
        (json!({"hosts": ["Api.Example.com"]}), "/hosts/0"),
        (json!({"hosts": ["a.example", "a.example"]}), "/hosts/1"),
        (json!({"routes": [{"prefix": "/a/", "upstreams": [{"url": "http://a.example"}]}]}), "/routes/0/prefix"),
        (json!({"routes": [{"prefix": "/a", "upstreams": []}]}), "/routes/0/upstreams"),
        (json!({"connection": {"connect_timeout_ms": 9}}), "/connection/connect_timeout_ms"),
        (json!({"connection": {"ca": "../root"}}), "/connection/ca"),
        (json!({"connection": {"server_name": "127.0.0.1"}}), "/connection/server_name"),
        (json!({"health": {"path": "health"}}), "/health/path"),
        (json!({"health": {"expect": [200, 600]}}), "/health/expect/1"),
        (json!({"health": {"expect": [300, 200]}}), "/health/expect"),
        (json!({"health": {"interval_seconds": 1, "timeout_ms": 1_001}}), "/health/timeout_ms"),
        (json!({"ejection": {"max_percent": 0}}), "/ejection/max_percent"),
        (json!({"retry": {"statuses": [503, 404]}}), "/retry/statuses/1"),
        (json!({"retry": {"budget_percent": 21}}), "/retry/budget_percent"),
        (json!({"cors": {"origins": []}}), "/cors/origins"),
        (json!({"cors": {"origins": ["https://a.example:443"]}}), "/cors/origins/0"),
        (json!({"cors": {"credentials": true}}), "/cors/credentials"),
        (json!({"cors": {"origins": ["https://a.example"], "credentials": true, "expose": ["*"]}}), "/cors/expose"),
        (json!({"cors": {"methods": ["TRACE"]}}), "/cors/methods/0"),
        (json!({"cache": {"vary": ["*", "x y"]}}), "/cache/vary/1"),
        (json!({"cache": {"max_answer_bytes": 0}}), "/cache/max_answer_bytes"),
        (json!({"transform": {"request": {"set": {"host": "a"}}}}), "/transform/request/set/host"),
        (json!({"transform": {"request": {"remove": ["x-portico-app"]}}}), "/transform/request/remove/0"),
        (json!({"transform": {"response": {"add": {"x-a/b": "a"}}}}), "/transform/response/add/x-a~1b"),
        (json!({"transform": {"response": {"set": {"x-a": "a\r\nb: c"}}}}), "/transform/response/set/x-a"),
        (json!({"transform": {"query": {"set": {"q": "{secret}"}}}}), "/transform/query/set/q"),
        (json!({"limits": {"rate": {"limit": 0, "per": "second"}}}), "/limits/rate/limit"),
        (json!({"limits": {"concurrency": 0}}), "/limits/concurrency"),
        (json!({"maintenance": {"message": "a\nb"}}), "/maintenance/message"),
        (json!({"shadow": {"upstream": {"url": "http://a.example"}, "percent": 0}}), "/shadow/percent"),
        (json!({"operation_settings": {"": {}}}), "/operation_settings/"),
        (json!({"operation_settings": {"a/b": {"timeout_ms": 1}}}), "/operation_settings/a~1b/timeout_ms"),
    ] {
        assert_eq!(faults(policies.clone()), [pointer], "{policies}");
    }
}

#[test]
fn every_fault_is_told_at_once_but_not_without_end() {
    assert_eq!(faults(json!({"hosts": ["A"], "retry": {"attempts": 11}, "limits": {"concurrency": 0}})).len(), 3);
    let operations: serde_json::Map<_, _> = (0..300).map(|n| (n.to_string(), json!({"timeout_ms": 1}))).collect();
    assert_eq!(faults(json!({ "operation_settings": operations })).len(), 100);
    let many: serde_json::Map<_, _> = (0..2_001).map(|n| (n.to_string(), json!({}))).collect();
    assert_eq!(faults(json!({ "operation_settings": many })), ["/operation_settings"]);
}

#[test]
fn settings_have_an_end_as_a_whole() {
    let rules: serde_json::Map<_, _> = (0..60).map(|n| (format!("x-{n}"), json!("a".repeat(2_000)))).collect();
    let operations: serde_json::Map<_, _> =
        (0..5).map(|n| (n.to_string(), json!({"transform": {"request": {"set": rules}}}))).collect();
    assert_eq!(faults(json!({ "operation_settings": operations })), [""]);
}

#[test]
fn hosts_origins_and_values_are_those_of_the_field() {
    for (host, good) in [
        ("api.example.com", true),
        ("localhost", true),
        ("xn--bcher-kva.example", true),
        ("api.example.com:443", false),
        ("*.example.com", false),
        ("api..example", false),
        ("-a.example", false),
        ("192.0.2.7", false),
        ("", false),
    ] {
        assert_eq!(text::check_host(host).is_ok(), good, "{host}");
    }
    for (origin, good) in [
        ("*", true),
        ("https://app.example.com", true),
        ("http://localhost:3000", true),
        ("http://[::1]:3000", true),
        ("https://*.example.com", true),
        ("capacitor://localhost", true),
        ("https://app.example.com/", false),
        ("https://App.example.com", false),
        ("https://*", false),
        ("https://a.*.example", false),
        ("null", false),
        ("app.example.com", false),
        ("http://a.example:0", false),
    ] {
        assert_eq!(text::check_origin(origin).is_ok(), good, "{origin}");
    }
    // The document of the management API can only tell the length of the whole: no longer one may be good.
    let of_length = |length: usize| format!("a://{}a", "a.".repeat((length - 5) / 2));
    assert_eq!((of_length(253).len(), of_length(255).len()), (253, 255));
    assert!(text::check_origin(&of_length(253)).is_ok() && text::check_origin(&of_length(255)).is_err());
    for (value, good) in [
        ("", true),
        ("max-age=60, private", true),
        ("{app} on {path.petId}", true),
        (" a", false),
        ("ä", false),
        ("{}", false),
        ("}", false),
        ("{path.}", false),
        ("{app", false),
    ] {
        assert_eq!(text::check_field_value(value).is_ok(), good, "{value}");
    }
}

#[test]
fn networks_may_be_single_addresses() {
    let policies = with(json!({"allow_ips": ["192.0.2.7", "10.1.2.3/8"]})).policies;
    assert_eq!(json!(policies.allow_ips), json!(["192.0.2.7/32", "10.0.0.0/8"]));
}

/// Every setting has a row in the documentation with the default that it has here, and every example there is one.
#[test]
fn the_documentation_says_what_is_so() {
    const DOCUMENT: &str = include_str!("../../../../docs/gateway.md");
    let api = "pets".parse().unwrap();
    let (new, whole) = (json!(ApiSettings::new(&api)), json!(ApiSettings::with_everything(&api)));
    let mut names = Vec::new();
    leaves(&whole, "", &mut names);
    for name in names {
        let pointer = format!("/{}", name.replace('.', "/"));
        let default = new.pointer(&pointer).or_else(|| whole.pointer(&pointer)).unwrap();
        let row = DOCUMENT.lines().find_map(|line| line.strip_prefix(&format!("| `{name}` | ")));
        let row = row.unwrap_or_else(|| panic!("{name} has no row"));
        let said = row.split(" | ").next().unwrap();
        let known = matches!(name.as_str(), "base_path" | "shadow.upstream" | "limits.rate.limit" | "limits.rate.per");
        assert!(known || said == format!("`{default}`"), "{name}: {said} is not {default}");
    }
    let examples = DOCUMENT.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut count = 0;
    for example in examples {
        let Ok(Value::Object(patch)) = serde_json::from_str(example) else { panic!("{example}") };
        crate::SettingsPatch::read(patch).unwrap().apply(&ApiSettings::new(&api), &api).unwrap();
        count += 1;
    }
    assert!(count > 8);
}

/// Names of all settings that have a value of their own, with dots between those of objects.
fn leaves(settings: &Value, name: &str, found: &mut Vec<String>) {
    let members = settings.as_object().filter(|members| !members.is_empty() && name != "shadow.upstream");
    let optional = matches!(name, "health" | "cors" | "cache" | "maintenance" | "shadow" | "limits.rate");
    if members.is_none() || optional {
        found.push(name.to_owned());
    }
    for (member, value) in members.into_iter().flatten() {
        leaves(value, &if name.is_empty() { member.clone() } else { format!("{name}.{member}") }, found);
    }
}
