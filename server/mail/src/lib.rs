//! Letters: how one is written, and how it leaves the house.
//!
//! A [`Letter`] is plain data that can be kept until it is carried. [`Post`] carries it: to a mail server by SMTP, or into a
//! folder as an `.eml` file where none is set. Who gets what and when is not decided here, nor is anything tried twice:
//! [`Undelivered`] says whether a second try makes sense.
//!
//! One more field of a letter is one more header in `message`.
mod folder;
mod message;
mod smtp;

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::SystemTime};
use url::Url;

/// What somebody gets. Text and HTML say the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Letters, digits and hyphens; makes the `Message-ID`, so that one sent twice is known as one.
    pub id: String,
    /// The recipient's address.
    pub to: String,
    pub name: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Where a POST turns such letters off (RFC 8058).
    pub unsubscribe: Option<Url>,
}

/// What cannot be carried with.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    #[error("\"{0}\" is no sender's address, e.g. Portico <portico@example.org>")]
    Sender(String),
    #[error("the mail server cannot be used: {0}")]
    Server(String),
}

/// Why a letter was not carried.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// A later try may do.
    #[error("{0}")]
    Later(String),
    /// No try will ever do.
    #[error("{0}")]
    Never(String),
}

/// Carries letters.
pub struct Post {
    from: Mailbox,
    way: Way,
}

enum Way {
    Folder(PathBuf),
    Smtp(smtp::Smtp),
}

impl Post {
    /// Writes each letter into a folder, made when the first one comes.
    pub fn into_folder(folder: PathBuf, from: &str) -> Result<Self, PostError> {
        Ok(Self { from: sender(from)?, way: Way::Folder(folder) })
    }

    /// `smtp://user:password@host:port`: TLS where the server offers it, and nothing else where there is a password to
    /// keep and the server is not this machine. `smtps://…`: TLS from the first byte.
    pub fn by_smtp(server: &Url, from: &str) -> Result<Self, PostError> {
        let from = sender(from)?;
        let way = Way::Smtp(smtp::Smtp::new(server, from.email.domain())?);
        Ok(Self { from, way })
    }

    /// Carries one letter. `at` is its date.
    pub async fn carry(&self, letter: &Letter, at: SystemTime) -> Result<(), Undelivered> {
        let message = message::write(letter, &self.from, at)?;
        match &self.way {
            Way::Folder(folder) => folder::put(folder, &letter.id, message.formatted()).await,
            Way::Smtp(smtp) => smtp.send(message).await,
        }
    }
}

fn sender(text: &str) -> Result<Mailbox, PostError> {
    text.parse().map_err(|_| PostError::Sender(text.to_owned()))
}
