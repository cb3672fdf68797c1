//! What the house of cards shows of apps, traffic and the administration.
use super::{changes, fake::moment};
use portico_contract::{
    Limits, admin, apps, catalogue,
    settings::{PartLine, SettingsPart},
    traffic,
};

pub(super) fn limits() -> Limits {
    Limits { rate: "60 a minute".into(), quota: "10,000 a day".into() }
}

pub(super) fn app_page() -> apps::AppPage {
    apps::AppPage {
        id: "app-1".into(),
        name: "Fleet <Scheduler>".into(),
        owner: "Ingrid Solheim".into(),
        created: moment(),
        calls_today: 8_214,
        refused_today: 37,
        keys: vec![
            apps::KeyLine {
                id: "key-1".into(),
                name: "nightly".into(),
                shown: "ptk_test_9fK2mQ7x…".into(),
                environment: "test".into(),
                last_used: Some(moment()),
                status: "active".into(),
                created: moment(),
                ..apps::KeyLine::default()
            },
            apps::KeyLine {
                id: "key-2".into(),
                name: "old-importer".into(),
                shown: "ptk_live_Qa11KdZz…".into(),
                environment: "live".into(),
                status: "revoked".into(),
                revoked: Some(moment()),
                created: moment(),
                ..apps::KeyLine::default()
            },
        ],
        subscriptions: vec![apps::SubscriptionLine {
            id: "sub-1".into(),
            api: "petstore".into(),
            api_title: "Petstore".into(),
            plan: "Starter".into(),
            limits: limits(),
            state: "active".into(),
            used: Some((7_812, 10_000)),
            created: moment(),
        }],
        siblings: vec![("app-1".into(), "Fleet <Scheduler>".into())],
        offers: vec![apps::Offer {
            api: "tides".into(),
            title: "Tides".into(),
            plans: vec![("starter".into(), "Starter".into(), limits(), false)],
        }],
    }
}

pub(super) fn usage_page(query: traffic::UsageQuery) -> traffic::UsagePage {
    let line = |name: &str| traffic::UsageLine {
        name: name.into(),
        sub: "Fleet <Scheduler>".into(),
        calls: 1_200,
        errors: 12,
        p95_ms: Some("38".into()),
    };
    traffic::UsagePage {
        query,
        apps: vec![("app-1".into(), "Fleet <Scheduler>".into())],
        apis: vec![("petstore".into(), "Petstore".into())],
        calls: 1_200,
        errors: 12,
        p50_ms: Some("12".into()),
        p95_ms: Some("38".into()),
        bars: (0..24)
            .map(|hour| traffic::UsageBar { label: format!("{hour:02}:00"), ok: hour * 10, refused: hour, failed: 0 })
            .collect(),
        by_api: vec![line("Petstore")],
        by_operation: vec![line("GET /pets/{petId}")],
        by_key: vec![line("nightly")],
        by_status: vec![line("200")],
        quotas: vec![traffic::QuotaLine {
            app: "Fleet <Scheduler>".into(),
            api: "Petstore".into(),
            plan: "Starter".into(),
            used: 7_812,
            limit: 10_000,
            until: moment(),
        }],
    }
}

pub(super) fn request() -> traffic::RequestLine {
    traffic::RequestLine {
        id: "01JDA8M2K7".into(),
        time: "11:42:07.318".into(),
        at: moment(),
        status: 429,
        result: "Rate limited".into(),
        refused: true,
        method: "post".into(),
        path: "/ports/NOBGO/<pilotage>".into(),
        sub: "nightly".into(),
        milliseconds: "0.3".into(),
    }
}

pub(super) fn api_page() -> admin::ApiPage {
    admin::ApiPage {
        slug: "petstore".into(),
        title: "Petstore".into(),
        settings: admin::ApiSettings {
            upstreams: "https://pets.example".into(),
            access: catalogue::Access::Key,
            visibility: catalogue::Visibility::Public,
            base_path: "/petstore".into(),
            plans: vec!["starter".into()],
            timeout_ms: "30000".into(),
            max_body_bytes: "10485760".into(),
        },
        parts: SettingsPart::ALL
            .into_iter()
            .map(|part| PartLine { part, set: if part == SettingsPart::Cors { vec!["cors".into()] } else { vec![] } })
            .collect(),
        versions: vec![
            admin::VersionLine {
                id: "v-2".into(),
                version: "1.1.0".into(),
                state: "draft".into(),
                operations: 4,
                uploaded: moment(),
                published: None,
            },
            admin::VersionLine {
                id: "v-1".into(),
                version: "1.0.0".into(),
                state: "published".into(),
                operations: 3,
                uploaded: moment(),
                published: Some(moment()),
            },
        ],
        findings: vec![finding(portico_contract::reference::Severity::Warning)],
        plans: vec![("starter".into(), "Starter".into()), ("gold".into(), "Gold".into())],
        base_url: "https://gw.example.org/petstore".into(),
        subscriptions: 2,
        calls_today: 17,
        impact: Some(changes::impact()),
    }
}

pub(super) fn finding(severity: portico_contract::reference::Severity) -> portico_contract::reference::Finding {
    portico_contract::reference::Finding {
        severity,
        code: "missing-path-parameter".into(),
        pointer: "/paths/~1pets~1{petId}/get".into(),
        line: Some(412),
        column: Some(7),
        message: "The path names <petId>, but no parameter does.".into(),
    }
}

pub(super) fn starter() -> admin::PlanLine {
    admin::PlanLine {
        form: admin::PlanForm {
            slug: "starter".into(),
            name: "Starter".into(),
            rate_limit: "60".into(),
            rate_per: "minute".into(),
            burst: String::new(),
            quota_limit: "10000".into(),
            quota_per: "day".into(),
            concurrency: "10".into(),
            key_limit: "5".into(),
            key_per: "second".into(),
            key_burst: String::new(),
            operations: "getPet 10/minute".into(),
            manual: false,
        },
        limits: limits(),
        subscriptions: 1,
        apis: 1,
    }
}

pub(super) fn audit_line() -> admin::AuditLine {
    admin::AuditLine {
        at: moment(),
        actor: "Per <Lund>".into(),
        action: "revoked".into(),
        subject: "key".into(),
        target: "nightly".into(),
        detail: String::new(),
    }
}
