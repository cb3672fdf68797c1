//! Calls for a shell, read by a shell's rules.
use super::support::description;
use portico_contract::reference::Token;

const BASE: &str = "https://gw.example/harbour";

#[test]
fn samples_are_whole_calls() {
    let harbour = description(include_bytes!("../documents/harbour-3.1.yaml"));
    let list = harbour.curl("orders-list", BASE, Some("PORTICO_KEY")).unwrap();
    assert_eq!(
        list.text(),
        "curl 'https://gw.example/harbour/ports/NOBGO/orders?state=booked' \\\n  -H \"X-API-Key: $PORTICO_KEY\""
    );
    let fills: Vec<_> =
        list.spans.iter().filter(|(token, _)| *token == Token::Fill).map(|(_, text)| text.as_str()).collect();
    assert_eq!(fills, ["NOBGO", "booked"]);
    let order = harbour.curl("orderPilot", BASE, None).unwrap().text();
    assert_eq!(
        order,
        "curl -X POST 'https://gw.example/harbour/ports/NOBGO/orders' \\\n  -H 'Content-Type: application/json' \\\n  -d '{\n  \"movement\": \"arrival\",\n  \"note\": \"it'\\''s late\"\n}'"
    );
    assert_eq!(
        harbour.first_call(BASE, Some("K")).unwrap().text(),
        "curl 'https://gw.example/harbour/status' \\\n  -H \"X-API-Key: $K\""
    );
    assert!(harbour.curl("webhook-order-updated", BASE, None).is_none());
    let store = description(include_bytes!("../documents/store-2.0.json"));
    assert!(store.curl("get-pets", BASE, None).unwrap().text().contains("?tags="));
    let photo = store.curl("addPhoto", BASE, None).unwrap().text();
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
    let text = hostile.curl("a", "https://gw.example/'base", Some("x; id")).unwrap().text();
    for line in [
        "curl -X POST 'https://gw.example/'\\''base/a%27$(id)/%27%3B%20rm%20-rf%20%2F%20%23/%60id%60?q%27%3Bid%3B%27=%24%28id%29'",
        "-H \"X-API-Key: $PORTICO_KEY\"",
        "-H 'X-A: a'\\''X-Evil: 1'",
        "-b 'c=d'\\'''",
        "--data-raw '",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    assert!(!text.contains("X: y") && !text.contains(" -d "), "{text}");
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
