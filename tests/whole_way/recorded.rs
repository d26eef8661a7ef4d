//! Deliveries as an account received them. The shapes here are the project's own; the real ones are read where they are at hand.

use std::io::Write as _;
use std::path::Path;

use crate::town::Town;

fn inbound(id: u64, text: &str, more: &str, entities: &str) -> String {
    format!(
        r##"{{"for_user_id":"123","direct_message_events":[{{"type":"message_create","id":"{id}","created_timestamp":"1542292339406","message_create":{{"target":{{"recipient_id":"123"}},"sender_id":"456","message_data":{{"text":"{text}","entities":{entities}{more}}}}}}}],"users":{{"123":{{"id":"123","created_timestamp":"1476091912921","name":"Snow HQ","screen_name":"snowhq","protected":false,"verified":false,"followers_count":4,"friends_count":5,"statuses_count":6,"profile_image_url":"http://pbs.twimg.com/a.jpg","profile_image_url_https":"https://pbs.twimg.com/a.jpg"}},"456":{{"id":"456","created_timestamp":"1290730789000","name":"Peer","screen_name":"peer","description":"Likes & snow.\r\n","url":"https://t.co/aaaaaaaaaa","protected":false,"verified":false,"followers_count":3,"friends_count":3,"statuses_count":2,"profile_image_url":"http://pbs.twimg.com/b.jpg","profile_image_url_https":"https://pbs.twimg.com/b.jpg"}}}}}}"##
    )
}

const NO_ENTITIES: &str = r#"{"hashtags":[],"symbols":[],"user_mentions":[],"urls":[]}"#;

fn photo() -> String {
    let entities = r##"{"hashtags":[{"text":"snow","indices":[6,11]}],"symbols":[],"user_mentions":[{"screen_name":"ana","name":"Ana / ES","id":789,"id_str":"789","indices":[12,16]}],"urls":[{"url":"https://t.co/bbbbbbbbbb","expanded_url":"https://twitter.com/messages/media/1063077238797725700","display_url":"pic.twitter.com/bbbbbbbbbb","indices":[24,47]}]}"##;
    let media = r#","attachment":{"type":"media","media":{"id":1063077198536556545,"id_str":"1063077198536556545","indices":[24,47],"media_url":"https://ton.twitter.com/1.1/ton/data/dm/1/2/c.jpg","media_url_https":"https://ton.twitter.com/1.1/ton/data/dm/1/2/c.jpg","url":"https://t.co/bbbbbbbbbb","display_url":"pic.twitter.com/bbbbbbbbbb","expanded_url":"https://twitter.com/messages/media/1063077238797725700","type":"photo","sizes":{"thumb":{"w":150,"h":150,"resize":"crop"}}}}"#;
    inbound(1_063_077_238_797_725_700, r"Hello #snow @ana\n\nYeah! https://t.co/bbbbbbbbbb", media, entities)
}

fn outbound() -> String {
    format!(
        r#"{{"for_user_id":"123","direct_message_events":[{{"type":"message_create","id":"1062015437679050760","created_timestamp":"1542039186292","message_create":{{"target":{{"recipient_id":"456"}},"sender_id":"123","source_app_id":"268278","message_data":{{"text":"Hey! Hello!","entities":{NO_ENTITIES}}}}}}}],"apps":{{"268278":{{"id":"268278","name":"Twitter Web Client","url":"http://twitter.com"}}}},"users":{{}}}}"#
    )
}

/// Posts the bodies, each twice, and checks that just the inbound ones are answered, once each.
async fn pass(inbound: [String; 2], outbound: String) {
    let town = Town::with_snowbot().await;
    // The recipient of an answer must have written to the account at X before.
    town.answer(town.says("about")).await;
    for body in inbound.iter().chain([&outbound]).chain(&inbound).chain([&outbound]) {
        assert_eq!(town.post(body).await, 200);
    }
    town.answer(town.says("about")).await;
    town.delivered().await;
    assert_eq!(town.said().len(), 4, "about twice, and one answer to each inbound delivery: {:?}", town.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_of_the_recorded_shapes_are_answered_once_each() {
    let text = inbound(1_063_077_238_797_725_701, "Hello again!", "", NO_ENTITIES);
    pass([photo(), text], outbound()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_deliveries_are_answered_once_each() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/recorded");
    if !folder.is_dir() {
        // Not by a macro: what a test that passes prints so is not shown.
        let mut shown = std::io::stderr();
        writeln!(shown, "\nSKIPPED: no recorded deliveries beside this project; their shapes are tested above").unwrap();
        return;
    }
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap().trim_end().to_owned();
    pass([read("inbound-photo.json"), read("inbound-text.json")], read("outbound-from-web-client.json")).await;
}
