//! Letters to subscribers about new versions.
use crate::{House, PETS, visitor};
use portico_contract::{Caller, Portal, PortalError, admin::Upload};
use portico_domain::Clock as _;
use std::time::Duration;

impl House {
    /// All letters that were carried, in the order of their ids.
    fn letters(&self) -> Vec<String> {
        let Ok(folder) = std::fs::read_dir(self.folder.path().join("outbox")) else { return Vec::new() };
        let mut files: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
        files.sort();
        files.into_iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
    }

    async fn publish(&self, admin: &Caller, document: &str) {
        let upload = Upload { slug: "pets".into(), document: document.into(), publish: true, ..Upload::default() };
        assert!(self.control.upload(admin, upload).await.unwrap().published);
        self.clock.advance(Duration::from_mins(1));
    }

    async fn subscriber(&self, email: &str) -> Caller {
        let developer = self.developer(email).await;
        for name in ["Fleet", "Quay"] {
            let app = Portal::create_app(&*self.control, &developer, name).await.unwrap();
            self.control.subscribe(&developer, &app, "pets", "starter").await.unwrap();
        }
        developer
    }

    async fn tell(&self) -> u32 {
        self.control.announce().await.unwrap();
        self.control.carry_letters().await.unwrap()
    }
}

/// The next version: another path, so that the operation is gone.
fn next(version: &str, path: &str) -> String {
    PETS.replace("1.0.0", version).replace("/pets:", path).replace("listPets", "list")
}

#[tokio::test]
async fn subscribers_get_one_letter_about_a_new_version() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish(&admin, PETS).await;
    house.subscriber("dora@example.org").await;
    house.developer("nobody@example.org").await;
    assert_eq!(house.tell().await, 0, "the first version is no news");

    house.publish(&admin, &next("2.0.0", "/cats:")).await;
    assert_eq!(house.tell().await, 1, "one letter, however many apps");
    assert_eq!(house.tell().await, 0, "told once");
    let [letter] = &house.letters()[..] else { panic!("{:?}", house.letters()) };
    let letter = letter.replace("=\r\n", "").replace("=3D", "=");
    for piece in [
        "To: dora <dora@example.org>",
        "Subject: Pets 2.0.0: 1 breaking change",
        "- Breaking: GET /pets: The operation is gone; it was not deprecated before.",
        "- Compatible: GET /cats: The operation is new.",
        "You get this because an app of yours is subscribed to Pets.",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ] {
        assert!(letter.contains(piece), "no {piece} in\n{letter}");
    }

    house.control.publish(&admin, "pets", "1.0.0").await.unwrap();
    assert_eq!(house.tell().await, 0, "callers knew the older one");
}

#[tokio::test]
async fn letters_can_be_turned_off_by_their_link_and_in_the_account() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish(&admin, PETS).await;
    let dora = house.subscriber("dora@example.org").await;
    house.publish(&admin, &next("2.0.0", "/cats:")).await;
    assert_eq!(house.tell().await, 1);
    let letter = house.letters().remove(0).replace("\r\n ", "");
    let url = letter.split("List-Unsubscribe: <").nth(1).unwrap().split('>').next().unwrap();
    let token = url.split_once("/mail/off?token=").unwrap().1;

    assert_eq!(house.control.check_turn_off(token).await.unwrap().address, "d…@example.org");
    let forged = format!("{}0", &token[..token.len() - 1]);
    for wrong in ["", "a.b.c", forged.as_str(), &token.replace("versions", "other")] {
        let refused = house.control.turn_mail_off(wrong).await;
        assert!(wrong == token || matches!(refused, Err(PortalError::NotFound { .. })), "{wrong}: {refused:?}");
    }
    house.control.turn_mail_off(token).await.unwrap();
    house.control.turn_mail_off(token).await.unwrap();
    assert!(!house.control.account(&dora).await.unwrap().mail_versions);
    house.publish(&admin, &next("3.0.0", "/dogs:")).await;
    assert_eq!(house.tell().await, 0);

    house.control.set_mail_versions(&dora, true).await.unwrap();
    house.publish(&admin, &next("4.0.0", "/birds:")).await;
    assert_eq!(house.tell().await, 1);
    let refused = house.control.set_mail_versions(&visitor(), true).await;
    assert!(matches!(refused, Err(PortalError::SignInNeeded)), "{refused:?}");
}

#[tokio::test]
async fn a_letter_that_cannot_be_carried_is_tried_again_and_not_in_plain_in_the_database() {
    let house = House::new().await;
    let admin = house.admin().await;
    house.publish(&admin, PETS).await;
    house.subscriber("dora@example.org").await;
    house.publish(&admin, &next("2.0.0", "/cats:")).await;
    // Where the folder should be stands a file.
    let outbox = house.folder.path().join("outbox");
    std::fs::write(&outbox, "in the way").unwrap();
    assert_eq!(house.tell().await, 0);
    assert_eq!(house.store.letters_waiting().await, Ok(1));
    assert_eq!(house.tell().await, 0, "not before its time");
    std::fs::remove_file(&outbox).unwrap();
    house.clock.advance(Duration::from_secs(59));
    assert_eq!(house.tell().await, 0, "not before its time");
    house.clock.advance(Duration::from_secs(1));
    let due = house.store.due_letters(10).await.unwrap();
    assert_eq!((due.len(), due[0].attempts), (1, 1));
    assert!(!due[0].letter.windows(4).any(|bytes| bytes == b"dora"), "sealed");
    let later = house.clock.now().plus(Duration::from_mins(5));
    assert_eq!(house.store.take_letter(&due[0], later).await, Ok(true));
    assert_eq!(house.store.take_letter(&due[0], later).await, Ok(false), "another node took it");
    house.clock.advance(Duration::from_mins(5));
    assert_eq!(house.tell().await, 1);
    assert_eq!((house.letters().len(), house.store.letters_waiting().await), (1, Ok(0)));
}
