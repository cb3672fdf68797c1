use super::house::NOW;
use portico_domain::{Guide, GuideHead, GuideImage, GuidePlace, Subject};
use portico_store::{AuditFilter, StoreError};
use std::time::Duration;

fn guide(place: &GuidePlace, slug: &str, order: i32) -> Guide {
    Guide {
        place: place.clone(),
        head: GuideHead {
            slug: slug.parse().unwrap(),
            title: format!("About {slug}"),
            description: "É".into(),
            order,
            draft: order < 0,
        },
        text: "# Hi\n\nä".into(),
        created_at: NOW,
        changed_at: NOW,
    }
}

on_both! {
    async fn guides_are_kept_in_their_place_and_order(house) {
        let (_, _, api) = house.furnish().await;
        let pets = GuidePlace::Api(api.slug.clone());
        let mut tx = house.begin().await;
        for (place, slug, order) in [(&pets, "b", 0), (&pets, "a", 0), (&pets, "first", -5), (&GuidePlace::Portal, "a", 1)] {
            tx.put_guide(&guide(place, slug, order)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let slugs = |heads: Vec<GuideHead>| heads.into_iter().map(|head| head.slug.to_string()).collect::<Vec<_>>();
        assert_eq!(slugs(house.store.guides(&pets).await.unwrap()), ["first", "a", "b"]);
        assert_eq!(slugs(house.store.guides(&GuidePlace::Portal).await.unwrap()), ["a"]);
        let kept = house.store.guide(&pets, &"first".parse().unwrap()).await.unwrap();
        assert_eq!(kept, Some(guide(&pets, "first", -5)));

        // A guide written again keeps its beginning.
        let later = NOW.plus(Duration::from_mins(1));
        let again = Guide { text: "New".into(), created_at: later, changed_at: later, ..guide(&pets, "a", 3) };
        let mut tx = house.begin().await;
        tx.put_guide(&again).await.unwrap();
        tx.remove_guide(&pets, &"b".parse().unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        let kept = house.store.guide(&pets, &"a".parse().unwrap()).await.unwrap();
        assert_eq!(kept, Some(Guide { created_at: NOW, ..again }));
        assert_eq!(slugs(house.store.guides(&pets).await.unwrap()), ["first", "a"]);

        let log = house.store.audit(&AuditFilter { subject: Some(Subject::Guide), ..AuditFilter::default() }, None, 10).await.unwrap();
        let told: Vec<_> = log.iter().map(|change| format!("{} {}", change.action, change.target)).collect();
        assert_eq!(told, ["removed pets/b", "written pets/a", "written a", "written pets/first", "written pets/a", "written pets/b"]);
    }
}

on_both! {
    async fn pictures_are_kept_whole(house) {
        let (_, _, api) = house.furnish().await;
        let pets = GuidePlace::Api(api.slug.clone());
        let image = GuideImage { name: "form.png".parse().unwrap(), bytes: b"\x89PNG\0\xff".to_vec(), changed_at: NOW };
        let mut tx = house.begin().await;
        tx.put_guide_image(&pets, &image).await.unwrap();
        tx.put_guide_image(&GuidePlace::Portal, &GuideImage { bytes: vec![1; 3], ..image.clone() }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.guide_image(&pets, &image.name).await, Ok(Some(image.clone())));
        let lines = house.store.guide_images(&GuidePlace::Portal).await.unwrap();
        assert_eq!((lines.len(), lines[0].bytes, lines[0].name.as_str()), (1, 3, "form.png"));
        let mut tx = house.begin().await;
        tx.remove_guide_image(&pets, &image.name).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.guide_image(&pets, &image.name).await, Ok(None));
        let mut tx = house.begin().await;
        let gone = tx.remove_guide_image(&pets, &image.name).await;
        assert!(matches!(gone, Err(StoreError::Missing { .. })), "{gone:?}");
    }
}

on_both! {
    async fn an_apis_guides_go_with_it(house) {
        let (_, _, api) = house.furnish().await;
        let (pets, portal) = (GuidePlace::Api(api.slug.clone()), GuidePlace::Portal);
        let image = GuideImage { name: "a.png".parse().unwrap(), bytes: vec![1], changed_at: NOW };
        let mut tx = house.begin().await;
        for place in [&pets, &portal] {
            tx.put_guide(&guide(place, "a", 0)).await.unwrap();
            tx.put_guide_image(place, &image).await.unwrap();
        }
        tx.remove_api(&api.slug).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((house.store.guides(&pets).await.unwrap().len(), house.store.guide_images(&pets).await.unwrap().len()), (0, 0));
        assert_eq!((house.store.guides(&portal).await.unwrap().len(), house.store.guide_images(&portal).await.unwrap().len()), (1, 1));
        let mut tx = house.begin().await;
        let nowhere = tx.put_guide(&guide(&pets, "a", 0)).await;
        assert_eq!(nowhere, Err(StoreError::Missing { what: "API" }));
    }
}
