//! Views of one small API, with a piece of everything that documents can say. Some texts are hostile.
use super::fake::moment;
use portico_contract::{
    Limits,
    call::{Body as SentBody, Call, PathPart},
    catalogue::{
        Access, ApiHead, ApiPage, Catalogue, CatalogueItem, HitKind, LastChanged, OperationPage, PlanOffer, Reader,
        SchemaPage, SearchHit, SearchPage, VersionLink, Visibility,
    },
    reference::{
        Body, Code, Constraint, Content, Example, Flow, Link, Navigation, NavigationGroup, NavigationOperation,
        Operation, OperationLine, Overview, OverviewGroup, ParameterGroup, Property, Response, ResponseLink, Schema,
        SchemaLine, SchemaReference, SchemeUse, SecurityAlternative, SecurityScheme, Server, ServerVariable, Token,
        Union, Variant,
    },
};

pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'&";

pub(crate) fn catalogue() -> Catalogue {
    Catalogue {
        items: vec![CatalogueItem {
            slug: "petstore".into(),
            title: format!("Petstore {HOSTILE}"),
            version: "1.2.0".into(),
            summary: "Pets and their people.".into(),
            operations: 3,
            access: Access::Key,
            visibility: Visibility::Public,
            changed: moment(),
            subscribed: true,
        }],
        guides: super::guides::lines("/guides"),
    }
}

pub(crate) fn head(version: Option<&str>) -> ApiHead {
    ApiHead {
        slug: "petstore".into(),
        title: "Petstore".into(),
        version: version.unwrap_or("1.2.0").into(),
        root: version.map_or("/apis/petstore".into(), |version| format!("/apis/petstore/versions/{version}")),
        versions: vec![
            VersionLink {
                version: "1.2.0".into(),
                href: "/apis/petstore".into(),
                current: version.is_none(),
                published: true,
            },
            VersionLink {
                version: "1.1.0".into(),
                href: "/apis/petstore/versions/1.1.0".into(),
                current: version.is_some(),
                published: false,
            },
        ],
        others: vec![("petstore".into(), "Petstore".into()), ("tides".into(), "Tides".into())],
        base_url: "https://gw.example.org/petstore".into(),
        access: Access::Key,
        draft: false,
        guides: super::guides::lines("/apis/petstore/guides"),
    }
}

fn line(method: &str, path: &str, slug: &str, title: &str) -> OperationLine {
    OperationLine {
        slug: slug.into(),
        method: method.into(),
        path: path.into(),
        title: title.into(),
        deprecated: method == "delete",
    }
}

fn lines() -> Vec<OperationLine> {
    vec![
        line("get", "/pets", "listPets", "List pets"),
        line("post", "/pets", "pets/add", "Add a pet"),
        line("delete", "/pets/{pet_id}", "removePet", HOSTILE),
    ]
}

pub(crate) fn navigation(current: &str) -> Navigation {
    let operations = lines()
        .into_iter()
        .map(|line| NavigationOperation {
            current: line.slug == current,
            slug: line.slug,
            method: line.method,
            title: line.title,
            deprecated: line.deprecated,
        })
        .collect();
    Navigation {
        groups: vec![
            NavigationGroup {
                name: "Pets".into(),
                section: "Animals".into(),
                anchor: "pets".into(),
                count: 3,
                operations,
                open: true,
            },
            NavigationGroup { name: "People".into(), anchor: "people".into(), count: 2, ..NavigationGroup::default() },
        ],
        webhooks: vec![NavigationOperation {
            slug: "webhook-pet".into(),
            method: "post".into(),
            title: HOSTILE.into(),
            ..NavigationOperation::default()
        }],
        webhook_count: 1,
        schemas: 2,
    }
}

fn reader(signed_in: bool) -> Reader {
    if !signed_in {
        return Reader::default();
    }
    Reader {
        signed_in,
        keys: vec![("nightly".into(), "app-1".into()), ("scheduler".into(), "app-1".into())],
        plan: Some("Starter".into()),
        limits: Some(Limits { rate: "60 a minute".into(), quota: "10,000 a day".into() }),
    }
}

fn call(method: &str, path: &str) -> Call {
    Call {
        method: method.into(),
        base_url: "https://gw.example.org/petstore".into(),
        path: vec![PathPart::Text(path.into())],
        ..Call::default()
    }
}

fn code(text: &str) -> Code {
    Code { spans: vec![(Token::Plain, text.into())] }
}

pub(crate) fn api(version: Option<&str>, signed_in: bool) -> ApiPage {
    ApiPage {
        head: head(version),
        navigation: navigation(""),
        overview: Overview {
            title: "Petstore".into(),
            version: "1.2.0".into(),
            summary: HOSTILE.into(),
            description_html: "<p>More of it.</p>".into(),
            operations: 3,
            servers: vec![Server {
                name: HOSTILE.into(),
                url: format!("https://{{region}}.example.org/{HOSTILE}"),
                description_html: "<p>Ours</p>".into(),
                variables: vec![ServerVariable {
                    name: "region".into(),
                    default: HOSTILE.into(),
                    values: vec!["eu".into()],
                    ..ServerVariable::default()
                }],
            }],
            groups: vec![OverviewGroup {
                name: "Pets".into(),
                section: HOSTILE.into(),
                anchor: "pets".into(),
                description_html: "<p>All of them.</p>".into(),
                operations: lines(),
                external_docs: None,
            }],
            webhooks: vec![line("post", "", "", "pet.added")],
            schemas: vec![SchemaLine {
                name: "Pet/Öffentlich".into(),
                kind: "object, 3 attributes".into(),
                deprecated: true,
            }],
            security: vec![SecurityScheme {
                name: "oauth".into(),
                anchor: "security-oauth".into(),
                kind: "OAuth 2.0, authorization code".into(),
                deprecated: true,
                description_html: String::new(),
                flows: vec![Flow {
                    kind: "Authorization code".into(),
                    addresses: vec![("Token".into(), HOSTILE.into())],
                    scopes: vec![("pets:write".into(), HOSTILE.into())],
                }],
                addresses: vec![("OpenID Connect discovery".into(), HOSTILE.into())],
            }],
            contact: None,
            license: Some(Link { text: "MIT".into(), href: "https://example.org/mit".into() }),
            terms: None,
            external_docs: None,
        },
        reader: reader(signed_in),
        plans: vec![PlanOffer {
            slug: "gold".into(),
            name: "Gold".into(),
            limits: Limits { rate: "100 a second".into(), quota: "no limit".into() },
            manual: true,
            yours: false,
        }],
        first_call: Some(call("GET", "/pets")),
    }
}

fn property(anchor: &str, name: &str, schema: Schema) -> Property {
    Property { anchor: anchor.into(), name: name.into(), required: true, schema, ..Property::default() }
}

fn kind(kind: &str) -> Schema {
    Schema { kind: kind.into(), ..Schema::default() }
}

/// An object with every kind of attribute; anchors begin with `at`.
fn pet(at: &str) -> Schema {
    let at = |name: &str| format!("{at}.{name}");
    let values = (0..20).map(|n| (format!("\"colour-{n}\""), String::new())).collect();
    let described = vec![("\"cat\"".into(), "Says miaow".into()), ("\"dog\"".into(), HOSTILE.into())];
    let variant = |title: &str| Variant {
        title: title.into(),
        value: title.into(),
        schema: Schema {
            properties: vec![property(&at(&format!("kind.{title}")), "kind", kind("string"))],
            ..kind("object")
        },
    };
    Schema {
        kind: "object".into(),
        link: Some("Pet/Öffentlich".into()),
        properties: vec![
            Property { deprecated: true, read_only: true, ..property(&at("name"), HOSTILE, kind("string")) },
            property(&at("colour"), "colour", Schema { values, ..kind("string") }),
            property(
                &at("species"),
                "species",
                Schema {
                    values: described,
                    constraints: vec![Constraint { label: "default".into(), value: "\"cat\"".into() }],
                    ..kind("string")
                },
            ),
            property(
                &at("friends"),
                "friends",
                Schema {
                    items: true,
                    link: Some("Pet/Öffentlich".into()),
                    more: Some("Pet/Öffentlich".into()),
                    ..kind("array of Pet")
                },
            ),
            property(
                &at("owner"),
                "owner",
                Schema { properties: vec![property(&at("owner.name"), "name", kind("string"))], ..kind("object") },
            ),
            property(
                &at("home"),
                "home",
                Schema {
                    unions: vec![Union {
                        label: "One of".into(),
                        discriminator: Some("kind".into()),
                        variants: vec![variant("House"), variant("Boat")],
                    }],
                    ..kind("House or Boat")
                },
            ),
        ],
        ..Schema::default()
    }
}

fn json(at: &str) -> Content {
    Content {
        media_type: "application/json".into(),
        schema: Some(pet(at)),
        examples: vec![Example {
            title: "Example".into(),
            code: code(HOSTILE),
            sent: Some(SentBody::Text { media_type: "application/json".into(), text: format!("sent as {at}") }),
            ..Example::default()
        }],
        ..Content::default()
    }
}

/// A body of two variants, each with its example.
fn variants(at: &str) -> Content {
    let example = |variant: u32| Example {
        title: "Example".into(),
        code: code(&format!("variant {variant}")),
        variant: Some(variant),
        ..Example::default()
    };
    let variant = |title: &str| Variant { title: title.into(), value: title.to_lowercase(), schema: kind("object") };
    let union = Union {
        label: "One of".into(),
        discriminator: Some("kind".into()),
        variants: vec![variant("House"), variant("Boat")],
    };
    Content {
        media_type: "application/json".into(),
        schema: Some(Schema { unions: vec![union], ..kind("one of 2") }),
        encodings: vec![property(&format!("{at}.encoding.photo"), HOSTILE, kind("image/png"))],
        examples: vec![example(0), example(1)],
        ..Content::default()
    }
}

pub(crate) fn operation(version: Option<&str>, signed_in: bool) -> OperationPage {
    let response = |status: &str, reason: &str, contents| Response {
        status: status.into(),
        reason: reason.into(),
        description_html: format!("<p>{status}</p>"),
        headers: vec![property(&format!("{status}.ETag"), "ETag", kind("string"))],
        contents,
        links: vec![ResponseLink {
            name: HOSTILE.into(),
            operation: Some(lines().remove(0)),
            values: vec![("id".into(), HOSTILE.into())],
            ..ResponseLink::default()
        }],
    };
    OperationPage {
        head: head(version),
        navigation: navigation("pets/add"),
        operation: Operation {
            slug: "pets/add".into(),
            method: "post".into(),
            path: "/people/{person_id}/pets".into(),
            title: "Add a pet".into(),
            deprecated: true,
            description_html: "<p>Adds <b>one</b>.</p>\n<ul><li>at once</li></ul>".into(),
            group: NavigationGroup { name: "Pets".into(), anchor: "pets".into(), ..NavigationGroup::default() },
            id: "pets/add".into(),
            badges: vec![HOSTILE.into()],
            servers: vec![Server { url: "https://other.example.org".into(), ..Server::default() }],
            security: vec![
                SecurityAlternative {
                    schemes: vec![SchemeUse {
                        name: "oauth".into(),
                        kind: "OAuth 2.0".into(),
                        anchor: "security-oauth".into(),
                        summary: HOSTILE.into(),
                        scopes: vec![("pets:write".into(), "Change pets".into())],
                    }],
                },
                SecurityAlternative::default(),
            ],
            parameters: vec![ParameterGroup {
                place: "Path".into(),
                properties: vec![property("path.person_id", "person_id", kind("integer"))],
            }],
            body: Some(Body {
                required: true,
                description_html: "<p>The pet.</p>".into(),
                contents: vec![json("body"), Content { media_type: "text/csv".into(), ..json("body2") }],
            }),
            responses: vec![
                response("201", "Created", vec![variants("201")]),
                response("404", "Not Found", Vec::new()),
                response("default", "", Vec::new()),
            ],
            callbacks: vec![line("post", "{$request.body#/url}", "callback", "Pet is fed")],
            external_docs: Some(Link { text: "Manual".into(), href: "https://example.org/manual".into() }),
            previous: Some(lines().remove(0)),
            next: None,
            faults: vec!["The header X is not a header.".into()],
            ..Operation::default()
        },
        reader: reader(signed_in),
        needs_key: true,
        call: Some(call("POST", "/pets")),
        given: Vec::new(),
        last_changed: Some(LastChanged {
            version: "1.1.0".into(),
            href: "/apis/petstore/versions/1.1.0/changes".into(),
            new: false,
        }),
    }
}

pub(crate) fn schema(version: Option<&str>) -> SchemaPage {
    SchemaPage {
        head: head(version),
        navigation: navigation(""),
        schema: SchemaReference {
            name: "Pet/Öffentlich".into(),
            title: "A pet".into(),
            deprecated: false,
            schema: pet("pet"),
            example: Some(code("{}")),
            used_by: lines(),
            used_by_total: 60,
        },
    }
}

pub(crate) fn search(query: &str) -> SearchPage {
    SearchPage {
        query: query.into(),
        hits: vec![SearchHit {
            kind: HitKind::Operation,
            href: "/apis/petstore/operations/listPets".into(),
            place: "Petstore / Pets".into(),
            method: Some("get".into()),
            title: vec![(false, "List ".into()), (true, "pets".into())],
            excerpt: vec![(false, HOSTILE.into())],
        }],
        total: 12,
        counts: vec![(HitKind::Operation, 12)],
    }
}
