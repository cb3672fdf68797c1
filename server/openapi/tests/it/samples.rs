//! Calls for a shell, read by a shell's rules.
use super::support::description;
use portico_contract::{
    call::Body,
    reference::{Code, Token},
};
use portico_openapi::Description;
use portico_samples::{Language, write};

const BASE: &str = "https://gw.example/harbour";

fn curl(description: &Description, slug: &str, base_url: &str, key_variable: Option<&str>) -> Option<Code> {
    description.call(slug, base_url, key_variable).map(|call| write(&call, Language::Curl))
}

#[test]
fn samples_are_whole_calls() {
    let harbour = description(include_bytes!("../documents/harbour-3.1.yaml"));
    let list = curl(&harbour, "orders-list", BASE, Some("PORTICO_KEY")).unwrap();
    assert_eq!(
        list.text(),
        "curl 'https://gw.example/harbour/ports/NOBGO/orders?state=booked' \\\n  -H \"X-API-Key: $PORTICO_KEY\""
    );
    let fills: Vec<_> =
        list.spans.iter().filter(|(token, _)| *token == Token::Fill).map(|(_, text)| text.as_str()).collect();
    assert_eq!(fills, ["NOBGO", "booked"]);
    let order = curl(&harbour, "orderPilot", BASE, None).unwrap().text();
    assert_eq!(
        order,
        "curl -X POST 'https://gw.example/harbour/ports/NOBGO/orders' \\\n  -H 'Content-Type: application/json' \\\n  -d '{\n  \"movement\": \"arrival\",\n  \"note\": \"it'\\''s late\"\n}'"
    );
    assert_eq!(
        write(&harbour.first_call(BASE, Some("K")).unwrap(), Language::Curl).text(),
        "curl 'https://gw.example/harbour/status' \\\n  -H \"X-API-Key: $K\""
    );
    assert!(curl(&harbour, "webhook-order-updated", BASE, None).is_none());
    let store = description(include_bytes!("../documents/store-2.0.json"));
    assert!(curl(&store, "get-pets", BASE, None).unwrap().text().contains("?tags="));
    let photo = curl(&store, "addPhoto", BASE, None).unwrap().text();
    assert!(photo.contains("-F 'photo=@file'") && photo.contains("--form-string 'caption=caption'"), "{photo}");
}

#[test]
fn a_shell_reads_nothing_from_a_hostile_document() {
    let document = r#"{"openapi":"3.0.0","info":{"title":"a","version":"b"},"paths":{"/a'$(id)/{x}/`id`":{"post":{"operationId":"a",
      "parameters":[
        {"name":"x","in":"path","required":true,"schema":{"type":"string","example":"'; rm -rf / #"}},
        {"name":"q';id;'","in":"query","required":true,"schema":{"type":"string","example":"$(id)"}},
        {"name":"X-A","in":"header","required":true,"schema":{"type":"string","example":"a'\r\nX-Evil: 1"}},
        {"name":"X: y\r\nZ","in":"header","required":true,"schema":{"type":"string","example":"b"}},
        {"name":"c","in":"cookie","required":true,"schema":{"type":"string","example":"d'"}}],
      "requestBody":{"content":{"application/json":{"example":"@/etc/passwd","schema":{"type":"string"}}}},
      "responses":{"200":{"description":"d"}}}}}}"#;
    let hostile = description(document.as_bytes());
    let text = curl(&hostile, "a", "https://gw.example/'base", Some("x; id")).unwrap().text();
    for line in [
        "curl -X POST 'https://gw.example/%27base/a%27$(id)/%27%3B%20rm%20-rf%20%2F%20%23/%60id%60?q%27%3Bid%3B%27=%24%28id%29'",
        "-H \"X-API-Key: $PORTICO_KEY\"",
        "-H 'X-A: a'\\''X-Evil: 1'",
        "-b 'c=d%27'",
        "-d '\"@/etc/passwd\"'",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    assert!(!text.contains("X: y"), "{text}");
    assert!(words_are_quoted(&text), "{text}");
}

/// No character that means something to a shell stands outside quotes, but the expansion of the key.
fn words_are_quoted(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\'' => {
                if !characters.any(|c| c == '\'') {
                    return false;
                }
            }
            '"' => {
                let inside: String = characters.by_ref().take_while(|c| *c != '"').collect();
                if inside != "X-API-Key: $PORTICO_KEY" {
                    return false;
                }
            }
            '\\' => drop(characters.next()),
            c if c.is_ascii_alphanumeric() || c == '-' || c == ' ' => {}
            _ => return false,
        }
    }
    true
}

#[test]
fn what_is_sent_goes_with_each_example() {
    let document = r##"{"openapi":"3.1.0","info":{"title":"a","version":"b"},"paths":{"/a":{"post":{"operationId":"a",
      "requestBody":{"content":{
        "application/json":{"schema":{"$ref":"#/components/schemas/Home"},
          "examples":{"ark":{"value":{"kind":"boat","mast":2}}}},
        "text/csv":{"schema":{"type":"string"},"examples":{"one":{"value":"a,b"},"two":{"value":"c,d"}}},
        "multipart/form-data":{"schema":{"type":"object","required":["plan"],
          "properties":{"plan":{"type":"string","format":"binary"}}}},
        "image/png":{}}},
      "responses":{"200":{"description":"d","content":{"application/json":{"example":{"a":1}}}}}}}},
      "webhooks":{"w":{"post":{"requestBody":{"content":{"application/json":{"example":1}}},"responses":{}}}},
      "components":{"schemas":{"Home":{"discriminator":{"propertyName":"kind"},"oneOf":[
        {"type":"object","properties":{"kind":{"const":"house"},"roof":{"type":"string"}}},
        {"type":"object","properties":{"kind":{"const":"boat"},"mast":{"type":"integer"}}}]}}}}"##;
    let page = description(document.as_bytes()).operation("a").unwrap();
    let contents = page.body.unwrap().contents;
    let text = |body: &Option<Body>| match body {
        Some(Body::Json { text, .. } | Body::Text { text, .. }) => text.replace([' ', '\n'], ""),
        other => panic!("{other:?}"),
    };
    let sent: Vec<_> = contents[0].examples.iter().map(|example| (example.variant, text(&example.sent))).collect();
    assert_eq!(
        sent,
        [
            (Some(1), r#"{"kind":"boat","mast":2}"#.to_owned()),
            (Some(0), r#"{"kind":"house","roof":"roof"}"#.to_owned())
        ]
    );
    assert_eq!(contents[1].examples.iter().map(|example| text(&example.sent)).collect::<Vec<_>>(), ["a,b", "c,d"]);
    assert!(matches!(&contents[2].sent, Some(Body::Multipart(parts)) if parts[0].name == "plan"));
    assert!(matches!(&contents[3].sent, Some(Body::File { media_type, .. }) if media_type == "image/png"));
    assert_eq!(page.responses[0].contents[0].examples[0].sent, None, "an answer is not sent");
    let webhook = description(document.as_bytes()).operation("webhook-w").unwrap();
    assert_eq!(webhook.body.unwrap().contents[0].examples[0].sent, None, "nor is what the API sends");
}

#[test]
fn what_a_page_has_no_room_for_comes_from_a_file() {
    let long = "x".repeat(11_000);
    let document = format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"a","version":"b"}},"paths":{{"/a":{{"post":{{"operationId":"a",
          "requestBody":{{"content":{{"text/plain":{{"example":"{long}"}},"text/a":{{"example":"{long}"}},
            "text/b":{{"example":"{long}"}}}}}},"responses":{{}}}}}}}}}}"#
    );
    let contents = description(document.as_bytes()).operation("a").unwrap().body.unwrap().contents;
    let whole: Vec<bool> = contents
        .iter()
        .map(|content| {
            let sent = content.examples.first().and_then(|example| example.sent.clone()).or(content.sent.clone());
            matches!(sent.unwrap(), Body::Text { text, .. } if text == long)
        })
        .collect();
    assert_eq!(whole, [true, true, false]);
}
