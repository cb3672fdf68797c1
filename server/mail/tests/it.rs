//! Letters as they arrive: at a mail server that speaks SMTP, and in a folder.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use portico_mail::{Letter, Post, Undelivered};
use portico_testing::Folder;
use std::time::{Duration, SystemTime};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

const FROM: &str = "Portico <portico@dev.example.org>";

fn letter() -> Letter {
    Letter {
        id: "0193a1b2".into(),
        to: "ingrid@nordlys.example".into(),
        name: "Ingrid Sølheim\r\nBcc: eve@example.org".into(),
        subject: "Pets 2.0.0: 1 breaking change\r\nX-Injected: yes".into(),
        text: "One thing breaks.\n.\nA dot alone ends nothing.\n".into(),
        html: "<p>One thing <b>breaks</b>.</p>".into(),
        unsubscribe: Some("https://dev.example.org/mail/off?token=abc".parse().unwrap()),
    }
}

/// Noon of 23 November 2026.
fn at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(498_732)
}

/// What a server was told, and how it answers a recipient.
async fn server(recipient: &'static str) -> (String, tokio::task::JoinHandle<(Vec<String>, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        let (mut said, mut data, mut in_data) = (Vec::new(), String::new(), false);
        write.write_all(b"220 mail.example.org ESMTP\r\n").await.unwrap();
        while let Some(line) = lines.next_line().await.unwrap() {
            if in_data {
                if line == "." {
                    in_data = false;
                    write.write_all(b"250 Taken\r\n").await.unwrap();
                } else {
                    data.push_str(line.strip_prefix('.').unwrap_or(&line));
                    data.push_str("\r\n");
                }
                continue;
            }
            let answer = match line.split([' ', ':']).next().unwrap() {
                "EHLO" => "250-mail.example.org\r\n250 8BITMIME\r\n",
                "RCPT" => recipient,
                "DATA" => {
                    in_data = true;
                    "354 Go on\r\n"
                }
                "QUIT" => "221 Bye\r\n",
                _ => "250 Fine\r\n",
            };
            let quit = line == "QUIT";
            said.push(line);
            write.write_all(answer.as_bytes()).await.unwrap();
            if quit {
                break;
            }
        }
        (said, data)
    });
    (url, task)
}

#[tokio::test]
async fn a_letter_arrives_whole() {
    let (url, task) = server("250 Known\r\n").await;
    let post = Post::by_smtp(&url.parse().unwrap(), FROM).unwrap();
    post.carry(&letter(), at()).await.unwrap();
    drop(post);
    let (said, data) = task.await.unwrap();
    assert!(said.contains(&"EHLO dev.example.org".to_owned()), "{said:?}");
    assert!(said.iter().any(|line| line.starts_with("MAIL FROM:<portico@dev.example.org>")), "{said:?}");
    assert_eq!(said.iter().filter(|line| line.starts_with("RCPT")).count(), 1, "no recipient by a name: {said:?}");
    let (head, body) = data.split_once("\r\n\r\n").unwrap();
    for field in [
        "Message-ID: <0193a1b2@dev.example.org>",
        "List-Unsubscribe: <https://dev.example.org/mail/off?token=abc>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Auto-Submitted: auto-generated",
        "Date: Mon, 23 Nov 2026 12:00:00 +0000",
        "Content-Type: multipart/alternative;",
    ] {
        assert!(head.contains(field), "no {field} in\n{head}");
    }
    assert!(!head.contains("\r\nX-Injected") && !head.contains("\r\nBcc"), "{head}");
    assert!(body.contains("text/plain") && body.contains("\r\n.\r\n"), "{body}");
    assert!(body.contains("text/html") && body.contains("<b>breaks</b>"), "{body}");
}

#[tokio::test]
async fn a_refusal_says_whether_to_try_again() {
    for (answer, again) in [("550 No such user\r\n", false), ("451 Later, please\r\n", true)] {
        let (url, _task) = server(answer).await;
        let post = Post::by_smtp(&url.parse().unwrap(), FROM).unwrap();
        let refused = post.carry(&letter(), at()).await.unwrap_err();
        assert_eq!(matches!(refused, Undelivered::Later(_)), again, "{refused}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let post = Post::by_smtp(&format!("smtp://{nobody}").parse().unwrap(), FROM).unwrap();
    let refused = post.carry(&letter(), at()).await.unwrap_err();
    assert!(matches!(refused, Undelivered::Later(_)), "{refused}");
}

#[tokio::test]
async fn without_a_server_a_letter_is_a_file() {
    let folder = Folder::new();
    let outbox = folder.path().join("outbox");
    let post = Post::into_folder(outbox.clone(), FROM).unwrap();
    post.carry(&letter(), at()).await.unwrap();
    let names: Vec<_> = std::fs::read_dir(&outbox).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["0193a1b2.eml"]);
    let text = std::fs::read_to_string(outbox.join("0193a1b2.eml")).unwrap();
    assert!(text.contains("To: ") && text.contains("ingrid@nordlys.example"), "{text}");
    let escaping = Letter { id: "../x".into(), ..letter() };
    assert!(matches!(post.carry(&escaping, at()).await, Err(Undelivered::Never(_))));
    let nobody = Letter { to: "nobody".into(), ..letter() };
    assert!(matches!(post.carry(&nobody, at()).await, Err(Undelivered::Never(_))));
}

#[test]
fn a_wrong_sender_is_told_at_once() {
    assert!(Post::into_folder("outbox".into(), "portico").is_err());
}
