//! What documents of every version become.
use super::support::{chips, description, property};
use portico_contract::reference::{Operation, Schema};
use portico_domain::Format;
use portico_openapi::{Description, SearchKind};

const HARBOUR: &[u8] = include_bytes!("../documents/harbour-3.1.yaml");
const STORE: &[u8] = include_bytes!("../documents/store-2.0.json");
const FLIGHTS: &[u8] = include_bytes!("../documents/flights-3.2.yaml");
const SMALL: &[u8] = include_bytes!("../documents/small-3.0.json");

fn page(description: &Description, slug: &str) -> Operation {
    let page = description.operation(slug).unwrap_or_else(|| panic!("no {slug}"));
    assert_eq!(page.faults, Vec::<String>::new());
    page
}

fn body(page: &Operation) -> &Schema {
    page.body.as_ref().unwrap().contents[0].schema.as_ref().unwrap()
}

fn answer<'a>(page: &'a Operation, status: &str) -> &'a Schema {
    let response = page.responses.iter().find(|response| response.status == status).unwrap();
    response.contents[0].schema.as_ref().unwrap()
}

#[test]
fn a_document_is_known_by_its_outline() {
    let harbour = description(HARBOUR);
    assert_eq!((harbour.title(), harbour.version(), harbour.format()), ("Harbour", "2.3", Format::Yaml));
    assert_eq!(harbour.operation_count(), 3);
    assert_eq!(harbour.operation_slugs().collect::<Vec<_>>(), ["orders-list", "orderPilot", "get-status"]);
    let routes: Vec<_> = harbour
        .routes()
        .into_iter()
        .map(|route| format!("{} {} {} {}", route.operation, route.method, route.template, route.secured))
        .collect();
    assert_eq!(
        routes,
        [
            "orders-list GET /ports/{port_id}/orders true",
            "orderPilot POST /ports/{port_id}/orders false",
            "get-status GET /status false"
        ]
    );
    let store: Vec<_> = description(STORE).routes().into_iter().map(|route| (route.operation, route.secured)).collect();
    assert_eq!(store, [("get-pets".into(), false), ("addPet".into(), true), ("addPhoto".into(), false)]);
    let flights: Vec<_> =
        description(FLIGHTS).routes().into_iter().map(|route| (route.operation, route.method)).collect();
    assert_eq!(flights, [("query-flights".into(), "QUERY".into()), ("link".into(), "LINK".into())]);
}

#[test]
fn the_overview_tells_what_there_is() {
    let overview = description(HARBOUR).overview();
    assert_eq!(overview.summary, "Books pilots and berths.");
    assert!(
        overview.description_html.contains("<h2 id=\"text-beginning\">Beginning</h2>"),
        "{}",
        overview.description_html
    );
    let groups: Vec<_> = overview.groups.iter().map(|group| (group.name.as_str(), group.operations.len())).collect();
    assert_eq!(groups, [("Orders", 2), ("Operations", 1)]);
    assert!(overview.groups[0].description_html.contains("<em>ordered</em>"));
    assert_eq!(overview.webhooks[0].title, "order.updated");
    assert_eq!(overview.license.unwrap().href, "https://spdx.org/licenses/Apache-2.0.html");
    assert_eq!(overview.contact.unwrap().link.unwrap().href, "mailto:desk@harbour.example");
    assert_eq!(overview.terms, None, "javascript: is no link");
    let kinds: Vec<_> = overview.security.iter().map(|scheme| scheme.kind.as_str()).collect();
    assert_eq!(kinds, ["API key in the header X-API-Key", "OAuth 2.0, client credentials"]);
    let lines: Vec<_> = overview.schemas.iter().map(|line| format!("{}: {}", line.name, line.kind)).collect();
    assert!(lines.contains(&"Order: object, 12 attributes".to_owned()), "{lines:?}");
    assert!(lines.contains(&"a/b: string, one of 2 values".to_owned()), "{lines:?}");
    let overview = description(STORE).overview();
    let kinds: Vec<_> = overview.security.iter().map(|scheme| scheme.kind.as_str()).collect();
    assert_eq!(kinds, ["HTTP Basic: user name and password", "OAuth 2.0, authorization code"]);
}

#[test]
fn navigation_opens_where_the_reader_is() {
    let harbour = description(HARBOUR);
    let navigation = harbour.navigation(Some("orderPilot"));
    let open: Vec<_> = navigation.groups.iter().map(|group| (group.open, group.operations.len())).collect();
    assert_eq!(open, [(true, 2), (false, 1)]);
    assert!(navigation.groups[0].operations[1].current);
    let paths: String = (0..100).map(|n| format!("  /area{}/{n}: {{get: {{responses: {{}}}}}}\n", n % 4)).collect();
    let large = description(format!("openapi: 3.0.0\ninfo: {{title: a, version: b}}\npaths:\n{paths}").as_bytes());
    let navigation = large.navigation(Some("get-area2-2"));
    let groups: Vec<_> =
        navigation.groups.iter().map(|group| (group.name.as_str(), group.count, group.operations.len())).collect();
    assert_eq!(groups, [("area0", 25, 0), ("area1", 25, 0), ("area2", 25, 25), ("area3", 25, 0)]);
}

#[test]
fn an_operation_has_its_parts() {
    let harbour = description(HARBOUR);
    let list = page(&harbour, "orders-list");
    let places: Vec<_> = list.parameters.iter().map(|group| (group.place.as_str(), group.properties.len())).collect();
    assert_eq!(places, [("Path", 1), ("Query", 2)]);
    let port = &list.parameters[0].properties[0];
    assert!(port.required);
    assert_eq!(port.anchor, "path.port_id");
    assert_eq!(chips(&port.schema), ["pattern: ^[A-Z]{5}$", "example: NOBGO"]);
    assert_eq!(chips(&list.parameters[1].properties[0].schema), ["1 ≤ n ≤ 100", "default: 20"]);
    assert_eq!(list.parameters[1].properties[1].schema.values.len(), 2);
    assert_eq!(list.responses[0].headers[0].name, "X-Total");
    assert_eq!((list.responses[0].reason.as_str(), list.responses[1].reason.as_str()), ("OK", "Client error"));
    assert_eq!((list.previous, list.next.map(|next| next.slug)), (None, Some("orderPilot".into())));

    let order = page(&harbour, "orderPilot");
    assert_eq!(order.title, "orderPilot");
    assert_eq!(order.callbacks[0].path, "{$request.body#/url}");
    let schemes: Vec<_> = order.security.iter().map(|alternative| alternative.schemes.len()).collect();
    assert_eq!(schemes, [2, 0]);
    assert_eq!(order.body.as_ref().unwrap().contents[0].examples[0].title, "An arrival");
    assert_eq!(harbour.operation("webhook-order-updated").unwrap().path, "");
    assert!(harbour.operation("nothing").is_none());
}

#[test]
fn schemas_are_shown_as_their_author_wrote_them() {
    let harbour = description(HARBOUR);
    let order = page(&harbour, "orderPilot");
    let body = body(&order);
    assert_eq!((body.kind.as_str(), body.link.as_deref()), ("object · Order", Some("Order")));
    assert!(chips(body).contains(&"no other attributes".to_owned()));
    assert_eq!(property(answer(&order, "201"), "id").schema.kind, "string · uuid");
    assert!(body.properties.iter().all(|one| one.name != "id"), "a read-only attribute is not sent");
    assert!(property(answer(&order, "201"), "id").read_only && property(body, "cargo").required);
    assert!(property(body, "agent").deprecated && property(body, "agent").write_only);
    let movement = &property(body, "movement").schema;
    assert_eq!(
        (movement.kind.as_str(), movement.values[0].clone()),
        ("string", ("arrival".into(), "From the sea".into()))
    );
    let vessel = &property(body, "vessel").schema;
    assert_eq!((vessel.kind.as_str(), vessel.description_html.as_str()), ("object · Vessel", "<p>Which vessel.</p>"));
    assert!(property(body, "vessel.imo").required, "allOf is one object");
    assert_eq!(chips(&property(body, "vessel.name").schema), ["1–60 characters"]);
    let cargo = &property(body, "cargo").schema;
    assert_eq!(cargo.kind, "one of 2");
    assert_eq!(cargo.unions[0].discriminator.as_deref(), Some("kind"));
    let titles: Vec<_> = cargo.unions[0].variants.iter().map(|variant| variant.title.as_str()).collect();
    assert_eq!(
        titles,
        ["Dry or liquid bulk", "Containers"].map(|title| if title == "Dry or liquid bulk" { "Bulk" } else { title })
    );
    let draught = &property(body, "draught").schema;
    assert_eq!((draught.kind.as_str(), chips(draught)), ("number or null", vec!["0 < n ≤ 26".into()]));
    let position = &property(body, "position").schema;
    assert_eq!(position.properties.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["[0]", "[1]"]);
    assert_eq!(property(body, "labels").schema.kind, "map of string");
    assert_eq!(property(body, "reference").schema.kind, "string or integer");
    assert_eq!(property(body, "extra").schema.properties[0].name, "/^x-/");
    let related = &property(body, "related").schema;
    assert_eq!(
        (related.kind.as_str(), related.more.as_deref(), related.items),
        ("array of Order", Some("Order"), true)
    );
    assert!(related.properties.is_empty(), "recursion is a link");
    let tugs = &property(body, "tugs").schema;
    assert_eq!((tugs.kind.as_str(), tugs.items, tugs.properties[0].name.as_str()), ("array of object", true, "pull"));
    let condition = body.unions.iter().find(|union| union.label == "Conditional").unwrap();
    assert_eq!(
        condition.variants.iter().map(|variant| variant.title.as_str()).collect::<Vec<_>>(),
        ["If movement is arrival", "Then"]
    );
}

fn gather(schema: &Schema, anchors: &mut Vec<String>) {
    for property in &schema.properties {
        anchors.push(property.anchor.clone());
        gather(&property.schema, anchors);
    }
    schema.unions.iter().flat_map(|union| &union.variants).for_each(|variant| gather(&variant.schema, anchors));
}

#[test]
fn what_was_shown_is_a_link_the_next_time() {
    let order = page(&description(HARBOUR), "orderPilot");
    assert!(!answer(&order, "201").properties.is_empty(), "the first answer is told whole, beside the body");
    assert_eq!(answer(&order, "409").more.as_deref(), Some("Order"));
    assert!(answer(&order, "409").properties.is_empty());
    let mut anchors = Vec::new();
    gather(body(&order), &mut anchors);
    gather(answer(&order, "201"), &mut anchors);
    assert!(anchors.contains(&"body.vessel.imo".to_owned()), "{anchors:?}");
    let all = anchors.len();
    anchors.sort();
    anchors.dedup();
    assert_eq!(anchors.len(), all, "anchors are unique");
}

#[test]
fn older_dialects_keep_their_meaning() {
    let small = description(SMALL);
    let thing = page(&small, "get-things-id");
    let schema = answer(&thing, "200");
    assert_eq!(property(schema, "id").schema.kind, "string or null");
    assert_eq!(chips(&property(schema, "size").schema), ["n > 0"]);
    let owner = &property(schema, "owner").schema;
    assert_eq!((owner.kind.as_str(), owner.link.as_deref()), ("object · Owner or null", Some("Owner")));
    assert_eq!(owner.description_html, "<p>Whose it is</p>");

    let store = description(STORE);
    let pets = page(&store, "get-pets");
    assert_eq!(pets.parameters[0].properties.len(), 2);
    assert_eq!(chips(&pets.parameters[0].properties[0].schema), ["default: 1"]);
    assert_eq!(
        pets.responses[0].contents.iter().map(|content| content.media_type.as_str()).collect::<Vec<_>>(),
        ["application/json", "application/xml"]
    );
    let add = page(&store, "addPet");
    assert_eq!(add.body.as_ref().unwrap().description_html, "<p>The new one</p>");
    assert_eq!(chips(&property(body(&add), "id").schema), ["n > 0"]);
    assert_eq!(property(body(&add), "friend").schema.more.as_deref(), Some("Pet"));
    let photo = page(&store, "addPhoto");
    assert_eq!(photo.body.as_ref().unwrap().contents[0].media_type, "multipart/form-data");
    assert_eq!(property(body(&photo), "photo").schema.kind, "string · binary");
    assert!(property(body(&photo), "caption").required);

    let flights = description(FLIGHTS);
    assert_eq!(answer(&page(&flights, "query-flights"), "200").kind, "array of object");
    assert_eq!(flights.overview().groups[0].name, "Flights and routes");
}

#[test]
fn a_schema_has_a_page_and_its_users() {
    let harbour = description(HARBOUR);
    let order = harbour.schema("Order").unwrap();
    assert_eq!(order.schema.properties.len(), 12);
    assert_eq!(order.used_by_total, 2);
    assert_eq!(order.used_by[0].slug, "orders-list");
    let example = order.example.unwrap().text();
    let example: serde_json::Value = serde_json::from_str(&example).unwrap();
    assert_eq!(example["movement"], "arrival");
    assert_eq!(example["vessel"]["imo"], 9_839_430);
    assert!(harbour.schema("a/b").is_some() && harbour.schema("Nothing").is_none());
}

#[test]
fn attributes_take_no_id_of_the_page_around_them() {
    let document = r#"{"openapi":"3.1.0","info":{"title":"a","version":"b"},"paths":{},"components":{"schemas":{"A":{
        "properties":{"main":{"properties":{"q":true}},"sidebar":true},"oneOf":[{"properties":{"theme":true}},{"type":"object"}]}}}}"#;
    let mut anchors = Vec::new();
    gather(&description(document.as_bytes()).schema("A").unwrap().schema, &mut anchors);
    assert_eq!(anchors, ["attribute.main", "attribute.main.q", "attribute.sidebar", "attribute.variant-1.theme"]);
    let document = r#"{"openapi":"3.1.0","info":{"title":"a","version":"b"},"paths":{"/a":{"get":{"operationId":"a","responses":{
        "":{"description":"d","content":{"application/json":{"schema":{"properties":{"main":true}}}}}}}}}}"#;
    let nameless = description(document.as_bytes()).operation("a").unwrap();
    assert_eq!(answer(&nameless, "").properties[0].anchor, ".main");
}

#[test]
fn everything_can_be_found() {
    let entries = description(HARBOUR).search_entries();
    let operation = entries.iter().find(|entry| entry.slug_or_name == "orders-list").unwrap();
    assert_eq!(
        (operation.kind, operation.method.as_str(), operation.title.as_str(), operation.group.as_str()),
        (SearchKind::Operation, "GET", "List orders", "Orders")
    );
    let schema = entries.iter().find(|entry| entry.slug_or_name == "Order").unwrap();
    assert_eq!((schema.kind, schema.text.as_str()), (SearchKind::Schema, "One movement of one vessel."));
}

#[test]
fn pages_of_large_schemas_are_bounded() {
    let wide: String = (0..1000)
        .map(|n| format!("\"p{n}\":{{\"type\":\"object\",\"properties\":{{\"q\":{{\"type\":\"string\"}}}}}},"))
        .collect();
    let document = format!(
        r##"{{"openapi":"3.1.0","info":{{"title":"a","version":"b"}},"paths":{{"/a":{{"get":{{"operationId":"a","responses":{{"200":{{"description":"d","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Wide"}}}}}}}}}}}}}}}},"components":{{"schemas":{{"Wide":{{"type":"object","properties":{{{wide}"z":true}}}}}}}}}}"##
    );
    let wide = description(document.as_bytes());
    let page = page(&wide, "a");
    let schema = answer(&page, "200");
    assert_eq!(schema.properties.len(), 127);
    assert_eq!(wide.schema("Wide").unwrap().schema.properties.len(), 666);
    assert_eq!(schema.more.as_deref(), Some("Wide"));
    assert!(chips(schema).contains(&"not shown: 874 more attributes".to_owned()), "{:?}", chips(schema));
    assert!(schema.properties[0].schema.properties.is_empty());
}
