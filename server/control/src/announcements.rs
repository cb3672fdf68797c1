//! Tells subscribers of what was published.
//!
//! The log of changes is the list of what is to be told: each publication stands there, with the transaction that made it.
//! A reader of the log goes on from where it was, and posts the letters in the transaction that notes how far it came; so
//! each publication is told once, whatever crashes, and whichever node does it.
use crate::{Control, ControlError};
use portico_contract::changes::{Change, ChangeClass, ChangeSubject, Changes};
use portico_domain::{Account, Actor, Api, ApiVersion, LetterId, MailKind, Slug, Subject, VersionId};
use portico_mail::Letter;
use std::fmt::Write as _;
use url::Url;

/// Who reads the log here.
const READER: &str = "announcements";
/// Rows of the log read at once.
const BATCH: u32 = 500;
/// Changes told in a letter; the rest is on its page.
const TOLD: usize = 30;

/// A version that callers had not seen before.
struct News {
    api: Api,
    version: ApiVersion,
    changes: Changes,
    page: Url,
}

impl Control {
    /// Posts letters about what was published since the last call.
    pub async fn announce(&self) -> Result<(), ControlError> {
        loop {
            let from = self.store.log_read_by(READER).await?;
            let changes = self.store.changes_after(from, BATCH).await?;
            let Some(last) = changes.last().map(|change| change.seq) else { return Ok(()) };
            let published =
                |change: &&portico_domain::Change| change.subject == Subject::Api && change.action == "published";
            // One at a time, so that a crash between two does not lose the first one's work.
            let (to, news) = match changes.iter().find(published) {
                None => (last, None),
                Some(change) => (change.seq, self.news(change).await?),
            };
            let letters = match &news {
                Some(news) => self.letters(news).await?,
                None => Vec::new(),
            };
            let mut tx = self.store.begin(Actor::System).await?;
            if !tx.move_log_reader(READER, from, to).await? {
                return Ok(());
            }
            for (id, letter) in &letters {
                self.post_letter(&mut tx, *id, letter).await?;
            }
            tx.commit().await?;
            if !letters.is_empty() {
                tracing::info!(letters = letters.len(), "subscribers are told of a new version");
            }
        }
    }

    /// What a publication brought; `None` where it is the first, goes back to a version that callers knew, or is gone.
    async fn news(&self, change: &portico_domain::Change) -> Result<Option<News>, ControlError> {
        let id = change.detail.get("id").and_then(|id| serde_json::from_value::<VersionId>(id.clone()).ok());
        let (Some(id), Ok(slug)) = (id, change.target.parse::<Slug>()) else { return Ok(None) };
        let known = self.store.publications_before(&change.target, change.seq).await?;
        let Some(before) = known.last().filter(|_| !known.contains(&id)) else { return Ok(None) };
        let (before, version) = (self.store.version(*before).await?, self.store.version(id).await?);
        let (Some(api), Some(before), Some(version)) = (self.store.api(&slug).await?, before, version) else {
            return Ok(None);
        };
        let changes = Changes::clone(&*self.changes_between(&before, &version, true).await?);
        if changes.is_empty() {
            return Ok(None);
        }
        let mut page = self.portal_url.clone();
        page.set_path(&format!("/apis/{slug}/versions/{}/changes", version.id));
        Ok(Some(News { api, version, changes, page }))
    }

    async fn letters(&self, news: &News) -> Result<Vec<(LetterId, Letter)>, ControlError> {
        let subscribers = self.store.subscribers(&news.api.slug, MailKind::Versions).await?;
        let mut letters = Vec::with_capacity(subscribers.len());
        for account in subscribers {
            // Who may no longer read of it is told nothing.
            if !self.may_see(&crate::Who::of(&account), &news.api).await? {
                continue;
            }
            let id = LetterId::new(&*self.clock);
            let turn_off = self.turn_off_url(account.id, MailKind::Versions);
            letters.push((id, write(id, news, &account, turn_off)));
        }
        Ok(letters)
    }
}

fn write(id: LetterId, news: &News, account: &Account, turn_off: Url) -> Letter {
    let News { api, version, changes, page } = news;
    let name = format!("{} {}", api.title, version.version);
    let summary = match changes.breaking {
        0 => "nothing that worked before should break".to_owned(),
        1 => "1 breaking change".to_owned(),
        n => format!("{n} breaking changes"),
    };
    let told: Vec<&Change> =
        changes.items.iter().filter(|change| change.class != ChangeClass::Docs).take(TOLD).collect();
    let more = ((changes.breaking + changes.compatible) as usize).saturating_sub(told.len());
    let mut text = format!("{name} was published: {summary}.\n\n");
    let mut html = format!("<p><b>{}</b> was published: {summary}.</p>\n<ul>\n", escape(&name));
    for change in &told {
        let class = match change.class {
            ChangeClass::Breaking => "Breaking",
            _ => "Compatible",
        };
        let (place, message, advice) = (place(&change.subject), &change.message, &change.advice);
        // Writing to a string does not fail.
        let _ = writeln!(text, "- {class}: {place}{message}. {advice}");
        let _ = writeln!(
            html,
            "<li><b>{class}</b>: {}{}. {}</li>",
            escape(&place),
            escape(message).replace('`', ""),
            escape(advice)
        );
    }
    html.push_str("</ul>\n");
    if more > 0 {
        let _ = writeln!(text, "- and {more} more");
        let _ = writeln!(html, "<p>And {more} more.</p>");
    }
    let why = format!("You get this because an app of yours is subscribed to {}.", api.title);
    let _ = write!(text, "\nAll changes: {page}\n\n-- \n{why}\nNo more letters about new versions: {turn_off}\n");
    let _ = write!(
        html,
        "<p><a href=\"{}\">All changes</a></p>\n<hr>\n<p><small>{} <a href=\"{}\">No more letters about new versions</a></small></p>\n",
        escape(page.as_str()),
        escape(&why),
        escape(turn_off.as_str()),
    );
    Letter {
        id: id.to_string(),
        to: account.email.to_string(),
        name: account.name.clone(),
        subject: format!("{name}: {summary}"),
        text,
        html,
        unsubscribe: Some(turn_off),
    }
}

fn place(subject: &ChangeSubject) -> String {
    match subject {
        ChangeSubject::Document => String::new(),
        ChangeSubject::Operation { method, path, title, .. } => {
            format!("{} {}: ", method.to_uppercase(), if path.is_empty() { title } else { path })
        }
        ChangeSubject::Schema { name, .. } => format!("schema {name}: "),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
