"""Python's tweepy against the simulator: what it sends reaches a person, and what the person does comes back to it."""

import json
import os
import sys
import traceback
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import tweepy
from world import World

given = json.loads(sys.argv[1])
app, bot, ada, ben = given["app"], given["bot"], given["ada"], given["ben"]
world = World(given["url"])
api = tweepy.API(tweepy.OAuth1UserHandler(app["key"], app["secret"], bot["token"], bot["secret"]))
client = tweepy.Client(
    consumer_key=app["key"], consumer_secret=app["secret"], access_token=bot["token"], access_token_secret=bot["secret"]
)

TEXT = 'Pick one & only "one" <b> – 100 % ☃ + https://example.org/a?b=c#d'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(3000)
GIF = b"GIF89a" + bytes(3000)
MP4 = b"\0\0\0\x18ftypmp42" + bytes(3000)


def last():
    return world.chat()[-1]


def data(message):
    return message.message_create["message_data"]


def refused(kind, call, code=None):
    """Checks that a call is refused, and with which code."""
    try:
        call()
    except kind as error:
        assert code is None or error.api_codes == [code], error
    else:
        raise AssertionError("it was not refused")


def who_am_i():
    me = api.verify_credentials()
    assert me.id_str == bot["id"] and me.screen_name == "snowbot"
    stranger = tweepy.API(tweepy.OAuth1UserHandler(app["key"], app["secret"], bot["token"], "wrong"))
    refused(tweepy.Unauthorized, stranger.verify_credentials, 32)


def quick_replies_and_buttons():
    options = [
        {"label": "Track & trace", "description": "by number", "metadata": "order.track"},
        {"label": "Ein Mensch ☃", "description": "office hours", "metadata": "human"},
    ]
    ctas = [{"type": "web_url", "label": "Open shop", "url": "https://example.org/shop"}]
    sent = api.send_direct_message(ada["id"], TEXT, quick_reply_options=options, ctas=ctas)
    shown = last()
    assert shown["id"] == sent.id and shown["text"] == TEXT
    assert [option["label"] for option in shown["options"]] == ["Track & trace", "Ein Mensch ☃"]
    assert shown["links"][0]["url"] == "https://example.org/shop"
    answer = api.get_direct_message(world.tap(sent.id, 0))
    assert data(answer)["text"] == "Track &amp; trace"
    assert data(answer)["quick_reply_response"] == {"type": "options", "metadata": "order.track"}
    # Either all options are described, or none.
    del options[0]["description"]
    refused(tweepy.Forbidden, lambda: api.send_direct_message(ada["id"], "Pick", quick_reply_options=options), 151)


def all_messages():
    for text in ["one", "two", "three"]:
        world.say(text)
    ids = [message["id"] for message in reversed(world.chat())]
    assert [message.id for message in api.get_direct_messages(count=3)] == ids[:3]
    assert [message.id for message in tweepy.Cursor(api.get_direct_messages, count=2).items()] == ids


def deleted_from_one_view():
    sent = api.send_direct_message(ada["id"], "forget this")
    api.delete_direct_message(sent.id)
    refused(tweepy.NotFound, lambda: api.get_direct_message(sent.id), 34)
    assert last()["id"] == sent.id


def typing_and_read():
    message = world.say("are you there?")
    api.indicate_direct_message_typing(ada["id"])
    api.mark_direct_message_read(message, ada["id"])
    typing, read = world.signals()[-2:]
    assert (typing["kind"], typing["to"]) == ("typing", ada["id"])
    assert (read["kind"], read["last"]) == ("read", message)


def pictures_and_films():
    def arrives(media, kind, file):
        api.send_direct_message(ada["id"], kind, attachment_type="media", attachment_media_id=media.media_id_string)
        assert last()["picture"] == {"id": media.media_id_string, "kind": kind, "size": len(file)}

    arrives(api.media_upload("a.png", file=BytesIO(PNG), media_category="dm_image"), "photo", PNG)
    arrives(api.media_upload("a.png", file=BytesIO(PNG), media_category="dm_image", chunked=True, chunk_size=1000), "photo", PNG)
    arrives(api.media_upload("a.gif", file=BytesIO(GIF), media_category="dm_gif", chunked=True), "animated_gif", GIF)
    arrives(api.media_upload("a.mp4", file=BytesIO(MP4), media_category="dm_video"), "video", MP4)


def sign_in_with_a_pin():
    handler = tweepy.OAuth1UserHandler(app["key"], app["secret"], callback="oob")
    pin = world.allowed(handler.get_authorization_url(), "ada")
    handler.get_access_token(pin)
    assert tweepy.API(handler).verify_credentials().id_str == ada["id"]


def sign_in_with_a_callback():
    handler = tweepy.OAuth1UserHandler(app["key"], app["secret"], callback=app["callback"])
    back = world.allowed(handler.get_authorization_url(signin_with_twitter=True), "ada")
    told = parse_qs(urlsplit(back).query)
    assert told["oauth_token"] == [handler.request_token["oauth_token"]]
    handler.get_access_token(told["oauth_verifier"][0])
    sent = tweepy.API(handler).send_direct_message(bot["id"], "from my own hand")
    assert last()["id"] == sent.id


def the_app_alone():
    alone = tweepy.API(tweepy.OAuth2AppHandler(app["key"], app["secret"]))
    refused(tweepy.Forbidden, alone.verify_credentials, 220)


def messages_of_the_newer_api():
    me = client.get_me().data
    assert str(me.id) == bot["id"] and me.username == "snowbot"
    sent = client.create_direct_message(participant_id=ada["id"], text=TEXT).data
    assert last()["id"] == sent["dm_event_id"] and last()["text"] == TEXT
    client.create_direct_message(dm_conversation_id=sent["dm_conversation_id"], text="and again")
    answer = world.say("I read you")
    fields = ["id", "text", "sender_id", "created_at", "dm_conversation_id"]
    events = client.get_direct_message_events(participant_id=ada["id"], dm_event_fields=fields).data
    assert [str(event.id) for event in events[:3]] == [message["id"] for message in reversed(world.chat()[-3:])]
    assert str(events[0].id) == answer and str(events[0].sender_id) == ada["id"]
    assert events[0].dm_conversation_id == sent["dm_conversation_id"] and events[0].created_at.year > 2000
    same = client.get_direct_message_events(dm_conversation_id=sent["dm_conversation_id"], max_results=2).data
    assert [event.id for event in same] == [event.id for event in events[:2]]
    assert len(client.get_direct_message_events(max_results=1).data) == 1
    media = api.media_upload("a.png", file=BytesIO(PNG), media_category="dm_image")
    client.create_direct_message(participant_id=ada["id"], media_id=media.media_id)
    assert last()["picture"]["id"] == media.media_id_string
    refused(tweepy.BadRequest, lambda: client.create_direct_message(participant_id=ada["id"], text=""))


def groups():
    opened = client.create_direct_message_conversation(participant_ids=[int(ada["id"]), ben["id"]], text=TEXT).data
    group = opened["dm_conversation_id"]
    media = api.media_upload("a.png", file=BytesIO(PNG), media_category="dm_image")
    again = client.create_direct_message(dm_conversation_id=group, text="and again", media_id=media.media_id).data
    assert again["dm_conversation_id"] == group
    shown = world.groups()[-1]
    assert shown["id"] == group and set(shown["members"]) == {bot["id"], ada["id"], ben["id"]}
    assert [message["id"] for message in shown["messages"]] == [opened["dm_event_id"], again["dm_event_id"]]
    assert shown["messages"][0]["text"] == TEXT and shown["messages"][1]["picture"]["id"] == media.media_id_string
    events = client.get_direct_message_events(dm_conversation_id=group, dm_event_fields=["dm_conversation_id", "sender_id"]).data
    assert [str(event.id) for event in events] == [again["dm_event_id"], opened["dm_event_id"]]
    assert [(event.dm_conversation_id, str(event.sender_id)) for event in events] == [(group, bot["id"])] * 2
    assert client.get_direct_message_events(max_results=1).data[0].id == events[0].id
    refused(tweepy.BadRequest, lambda: client.create_direct_message_conversation(participant_ids=[ada["id"]], text="two?"))
    refused(tweepy.Forbidden, lambda: client.create_direct_message_conversation(participant_ids=[ada["id"], 4711], text="who?"))
    refused(tweepy.Forbidden, lambda: client.create_direct_message(dm_conversation_id=int(group) + 1, text="is there one?"))


def oauth_2_with_pkce():
    handler = tweepy.OAuth2UserHandler(
        client_id=app["clientId"],
        client_secret=app["clientSecret"],
        redirect_uri=app["callback"],
        scope=["dm.read", "dm.write", "tweet.read", "users.read", "offline.access"],
    )
    # oauthlib would have the callback be https.
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    token = handler.fetch_token(world.allowed(handler.get_authorization_url(), "ada"))
    adas = tweepy.Client(token["access_token"])
    sent = adas.create_direct_message(participant_id=bot["id"], text="from Ada, by OAuth 2", user_auth=False).data
    assert last()["id"] == sent["dm_event_id"]
    again = handler.refresh_token("https://api.twitter.com/2/oauth2/token", auth=handler.auth)
    assert str(tweepy.Client(again["access_token"]).get_me(user_auth=False).data.id) == ada["id"]


failed = False
for step in [
    who_am_i,
    quick_replies_and_buttons,
    all_messages,
    deleted_from_one_view,
    typing_and_read,
    pictures_and_films,
    sign_in_with_a_pin,
    sign_in_with_a_callback,
    the_app_alone,
    messages_of_the_newer_api,
    groups,
    oauth_2_with_pkce,
]:
    try:
        step()
        print(f"ok: {step.__name__}")
    except Exception:
        failed = True
        print(f"FAILED: {step.__name__}\n{traceback.format_exc()}")
sys.exit(failed)
