//! A letter as mail programs read it (RFC 5322).
use crate::{Letter, Undelivered};
use lettre::{
    Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use std::time::SystemTime;

pub(crate) fn write(letter: &Letter, from: &Mailbox, at: SystemTime) -> Result<Message, Undelivered> {
    let Letter { id, to, name, subject, text, html, unsubscribe } = letter;
    let wrong = |what: &str| Undelivered::Never(format!("{what} cannot be written into a letter"));
    let address = to.parse().map_err(|_| wrong(&format!("the address \"{to}\"")))?;
    // A name ends where its line would.
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let subject: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(Some(name).filter(|name| !name.trim().is_empty()), address))
        .subject(subject)
        .date(at)
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        // Nobody's absence notice need answer it (RFC 3834).
        .raw_header(field("Auto-Submitted", "auto-generated".into()));
    if let Some(url) = unsubscribe {
        message = message
            .raw_header(field("List-Unsubscribe", format!("<{url}>")))
            .raw_header(field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into()));
    }
    let parts = MultiPart::alternative_plain_html(text.clone(), html.clone());
    message.multipart(parts).map_err(|error| wrong(&error.to_string()))
}

fn field(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}
