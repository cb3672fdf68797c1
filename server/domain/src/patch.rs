//! Changes to the settings of an API, as a JSON merge patch (RFC 7396).
//!
//! A patch is judged twice. By itself when it is read: names, types and ranges, whatever the settings are now. And as part
//! of the settings when it is applied: what is missing still, and what values say of each other.
use crate::{
    Access, ApiSettings, Cache, Cors, HealthCheck, InvalidSettings, Limits, Maintenance, OperationCache,
    OperationSettings, Policies, Rate, RatePeriod, SettingsFaults, Shadow, Slug, Upstream, Validate, Visibility,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use serde_path_to_error::Segment;

/// Members that are there replace those of the settings, objects member by member, lists as a whole. `null` gives a member
/// its default again, or takes an entry of a map away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsPatch {
    members: Map<String, Value>,
    /// Nothing of a member stays that the patch does not say.
    whole: bool,
}

impl SettingsPatch {
    /// Refuses what could be part of no settings, and lists every fault.
    pub fn read(patch: Map<String, Value>) -> Result<Self, SettingsFaults> {
        Self { members: patch, whole: false }.checked()
    }

    /// The same of a patch that says its members whole, as a form does: what it leaves out in one has its default again.
    pub fn read_whole(members: Map<String, Value>) -> Result<Self, SettingsFaults> {
        Self { members, whole: true }.checked()
    }

    fn checked(self) -> Result<Self, SettingsFaults> {
        let api = any_api();
        let known = written(&ApiSettings::new(&api));
        let unknown: Vec<_> = self.members.keys().filter(|name| !known.contains_key(*name)).collect();
        if !unknown.is_empty() {
            let names = known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let fault = |name: &&String| InvalidSettings {
                pointer: format!("/{}", escape(name)),
                message: format!("there is no such setting; there are {names}"),
            };
            return Err(SettingsFaults(unknown.iter().take(20).map(fault).collect()));
        }
        let mut everything = ApiSettings::with_everything(&api);
        let named = self.members.get("operation_settings").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        // A good one stands in for each that is named, and the patch brings its own.
        everything.policies.operations.extend(named.map(|name| (name.clone(), whole_operation())));
        let everything = written(&everything);
        let mut faults = self.misread(&self.merged(everything.clone(), &api));
        // Values are looked at in those members that could be read.
        let mut sound = self.clone();
        sound.members.retain(|name, _| !faults.iter().any(|(member, _)| member == name));
        if let Err(SettingsFaults(more)) = sound.read_merged(sound.merged(everything, &api))?.check_values() {
            faults.extend(more.into_iter().map(|fault| (String::new(), fault)));
        }
        if faults.is_empty() {
            Ok(self)
        } else {
            Err(SettingsFaults(faults.into_iter().map(|(_, fault)| fault).collect()))
        }
    }

    /// The settings with this change. Refuses a result that lacks something or contradicts itself.
    pub fn apply(&self, settings: &ApiSettings, api: &Slug) -> Result<ApiSettings, SettingsFaults> {
        let changed = self.read_merged(self.merged(written(settings), api))?;
        changed.validate()?;
        Ok(changed)
    }

    fn merged(&self, settings: Map<String, Value>, api: &Slug) -> Value {
        let mut merged = Value::Object(settings);
        if self.whole
            && let Value::Object(members) = &mut merged
        {
            members.retain(|name, _| !self.members.contains_key(name));
        }
        merge(&mut merged, &Value::Object(self.members.clone()));
        if let Value::Object(members) = &mut merged {
            for (name, default) in written(&ApiSettings::new(api)) {
                members.entry(name).or_insert(default);
            }
        }
        merged
    }

    /// What cannot be read of the members that the patch touched, by their names.
    fn misread(&self, merged: &Value) -> Vec<(String, InvalidSettings)> {
        let members = self.members.keys().filter_map(|name| Some((name, merged.get(name)?)));
        members.filter_map(|(name, value)| Some((name.clone(), check_member(name, value).err()?))).collect()
    }

    fn read_merged(&self, merged: Value) -> Result<ApiSettings, SettingsFaults> {
        let faults = self.misread(&merged);
        if !faults.is_empty() {
            return Err(SettingsFaults(faults.into_iter().map(|(_, fault)| fault).collect()));
        }
        serde_json::from_value(merged).map_err(|error| {
            SettingsFaults(vec![InvalidSettings { pointer: String::new(), message: error.to_string() }])
        })
    }
}

/// RFC 7396, 2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(members) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Reads one member of the settings for itself, so that the faults of all are told, each with its place: the settings as a
/// whole are read through a buffer that forgets places.
fn check_member(name: &str, value: &Value) -> Result<(), InvalidSettings> {
    match name {
        "upstreams" => read::<Vec<Upstream>>(name, value),
        "access" => read::<Access>(name, value),
        "visibility" => read::<Visibility>(name, value),
        "base_path" => read::<String>(name, value),
        "plans" => read::<Vec<Slug>>(name, value),
        "timeout_ms" => read::<u32>(name, value),
        "max_body_bytes" => read::<u64>(name, value),
        _ => read::<Policies>("", &json!({ name: value })),
    }
}

fn read<T: DeserializeOwned + Serialize>(name: &str, value: &Value) -> Result<(), InvalidSettings> {
    let place = if name.is_empty() { String::new() } else { format!("/{name}") };
    let read = serde_path_to_error::deserialize::<_, T>(value).map_err(|error| {
        let mut pointer = place.clone();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => pointer += &["/", &index.to_string()].concat(),
                Segment::Map { key } | Segment::Enum { variant: key } => pointer += &["/", &escape(key)].concat(),
                Segment::Unknown => {}
            }
        }
        let message = plain(error.into_inner().to_string());
        // An unknown member is told where it stands, not where it should not have stood.
        if let Some((unknown, _)) = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'))
            && !pointer.ends_with(&format!("/{}", escape(unknown)))
        {
            pointer += &["/", &escape(unknown)].concat();
        }
        InvalidSettings { pointer, message }
    })?;
    let meant = serde_json::to_value(read).unwrap_or_default();
    match list_for_object(value, &meant, place) {
        Some(pointer) => Err(InvalidSettings { pointer, message: "a list, where an object is expected".to_owned() }),
        None => Ok(()),
    }
}

/// Where a list was read as an object: serde takes one for the other, member by member in the order of the fields.
fn list_for_object(given: &Value, meant: &Value, pointer: String) -> Option<String> {
    match (given, meant) {
        (Value::Array(_), Value::Object(_)) => Some(pointer),
        (Value::Array(given), Value::Array(meant)) => given
            .iter()
            .zip(meant)
            .enumerate()
            .find_map(|(i, (given, meant))| list_for_object(given, meant, format!("{pointer}/{i}"))),
        (Value::Object(given), Value::Object(meant)) => given
            .iter()
            .find_map(|(name, given)| list_for_object(given, meant.get(name)?, format!("{pointer}/{}", escape(name)))),
        _ => None,
    }
}

/// Rust's names of numbers in words.
fn plain(message: String) -> String {
    let ends =
        [("u8", u64::from(u8::MAX)), ("u16", u64::from(u16::MAX)), ("u32", u64::from(u32::MAX)), ("u64", u64::MAX)];
    for (name, most) in ends {
        if let Some(message) = message.strip_suffix(&format!("expected {name}")) {
            return format!("{message}expected a whole number from 0 to {most}");
        }
    }
    match message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        Some(field) => format!("{field} is missing: there is none yet"),
        None => message,
    }
}

/// RFC 6901, 3.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn written(settings: &ApiSettings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(members)) => members,
        // Texts, numbers, lists and maps of these: they can always be written.
        _ => unreachable!("settings are an object"),
    }
}

fn any_api() -> Slug {
    "api".parse().unwrap_or_else(|_| unreachable!("a literal slug"))
}

impl ApiSettings {
    /// Good settings in which every optional object is there, so that one member of it can be judged, or shown, by itself.
    pub fn with_everything(api: &Slug) -> Self {
        let upstream = Upstream {
            url: "http://upstream.example/".parse().unwrap_or_else(|_| unreachable!("a literal address")),
            weight: 1,
        };
        let policies = Policies {
            health: Some(HealthCheck::default()),
            cors: Some(Cors::default()),
            cache: Some(Cache::default()),
            limits: whole_limits(),
            maintenance: Some(Maintenance::default()),
            shadow: Some(Shadow { upstream, percent: 100 }),
            ..Policies::default()
        };
        Self { policies, ..Self::new(api) }
    }
}

fn whole_operation() -> OperationSettings {
    OperationSettings {
        limits: whole_limits(),
        validate: Some(Validate::default()),
        cache: Some(OperationCache::default()),
        ..OperationSettings::default()
    }
}

fn whole_limits() -> Limits {
    Limits { rate: Some(Rate { limit: 1, per: RatePeriod::Second, burst: None }), concurrency: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pets() -> ApiSettings {
        ApiSettings::new(&any_api())
    }

    fn patch(value: Value) -> Result<SettingsPatch, SettingsFaults> {
        let Value::Object(members) = value else { panic!("an object") };
        SettingsPatch::read(members)
    }

    fn changed(settings: &ApiSettings, value: Value) -> ApiSettings {
        patch(value).unwrap().apply(settings, &any_api()).unwrap()
    }

    #[test]
    fn what_is_left_out_stays_and_null_is_the_default() {
        let first = changed(
            &pets(),
            json!({"timeout_ms": 500, "cors": {"origins": ["https://a.example"]}, "limits": {"concurrency": 3}}),
        );
        let second =
            changed(&first, json!({"cors": {"credentials": true}, "limits": {"rate": {"limit": 5, "per": "second"}}}));
        let cors = second.policies.cors.as_ref().unwrap();
        assert_eq!((cors.origins[0].as_str(), cors.credentials, second.timeout_ms), ("https://a.example", true, 500));
        assert_eq!(second.policies.limits.concurrency, Some(3));
        let reset = json!({"cors": null, "limits": null, "timeout_ms": null, "base_path": null, "access": null});
        assert_eq!(changed(&second, reset), pets());
        let partly = changed(&second, json!({"cors": {"origins": null, "credentials": null}}));
        assert_eq!(partly.policies.cors, Some(Cors::default()));
    }

    #[test]
    fn entries_of_maps_come_and_go_one_by_one() {
        let rules = |rules: Value| json!({"transform": {"request": {"set": rules}}});
        let settings = changed(&pets(), rules(json!({"x-a": "1", "x-b": "2"})));
        let settings = changed(&settings, rules(json!({"x-a": null, "x-c": "3"})));
        assert_eq!(settings.policies.transform.request.set.keys().collect::<Vec<_>>(), ["x-b", "x-c"]);
        let settings = changed(&settings, json!({"operation_settings": {"a": {"timeout_ms": 500}, "b": {}}}));
        let settings = changed(&settings, json!({"operation_settings": {"a": null, "b": {"mock": "always"}}}));
        assert_eq!(settings.policies.operations.keys().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_form_says_its_members_whole() {
        let settings = changed(
            &pets(),
            json!({"retry": {"attempts": 3}, "cors": {}, "transform": {"query": {"set": {"a": "b"}}}}),
        );
        let Value::Object(form) = json!({"retry": {"statuses": [503]}, "transform": {"query": {"set": {"c": "d"}}}})
        else {
            panic!("an object")
        };
        let saved = SettingsPatch::read_whole(form).unwrap().apply(&settings, &any_api()).unwrap().policies;
        assert_eq!((saved.retry.attempts, saved.retry.statuses), (1, vec![503]));
        assert_eq!(saved.transform.query.set.keys().collect::<Vec<_>>(), ["c"]);
        assert!(saved.cors.is_some(), "another form's");
    }

    #[test]
    fn every_member_is_judged_and_told_by_its_place() {
        let refused = patch(json!({
            "timeout_ms": 70, "balance": "random", "connection": {"colour": 1}, "retry": {"attempts": 300},
            "routes": [{"prefix": "/a", "upstreams": [{"url": "ftp://a"}]}], "operation_settings": {"a/b": {"mock": 1}},
        }));
        let mut pointers: Vec<_> = refused.unwrap_err().0.into_iter().map(|fault| fault.pointer).collect();
        pointers.sort();
        let expected = [
            "/balance",
            "/connection/colour",
            "/operation_settings/a~1b/mock",
            "/retry/attempts",
            "/routes/0/upstreams/0/url",
            "/timeout_ms",
        ];
        assert_eq!(pointers, expected);
        let unknown = patch(json!({"colour": 1, "timeout_ms": 1})).unwrap_err();
        assert_eq!(unknown.0.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/colour"]);
        let number = patch(json!({"retry": {"attempts": 300}})).unwrap_err();
        assert!(number.to_string().contains("a whole number from 0 to 255"), "{number}");
    }

    #[test]
    fn a_part_of_what_is_not_there_is_told_only_when_it_is_applied() {
        let percent = patch(json!({"shadow": {"percent": 5}})).unwrap();
        let lacking = percent.apply(&pets(), &any_api()).unwrap_err();
        assert_eq!(
            (lacking.0[0].pointer.as_str(), lacking.0[0].message.starts_with("upstream is missing")),
            ("/shadow", true)
        );
        let there = changed(&pets(), json!({"shadow": {"upstream": {"url": "https://b.example"}}}));
        assert_eq!(there.policies.shadow.as_ref().unwrap().percent, 100);
        assert_eq!(percent.apply(&there, &any_api()).unwrap().policies.shadow.unwrap().percent, 5);
        let contradiction = patch(json!({"cors": {"credentials": true}})).unwrap();
        assert_eq!(contradiction.apply(&pets(), &any_api()).unwrap_err().0[0].pointer, "/cors/credentials");
    }

    #[test]
    fn a_list_is_no_object() {
        let pointer = |value: Value| patch(value).unwrap_err().0[0].pointer.clone();
        assert_eq!(pointer(json!({"limits": [null, null]})), "/limits");
        assert_eq!(pointer(json!({"limits": {"rate": [5, "second", null]}})), "/limits/rate");
        assert_eq!(pointer(json!({"upstreams": [["https://pets.example.com", 1]]})), "/upstreams/0");
        assert_eq!(pointer(json!({"operation_settings": {"a/b": {"limits": []}}})), "/operation_settings/a~1b/limits");
    }
}
