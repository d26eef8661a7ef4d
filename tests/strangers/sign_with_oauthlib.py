"""Has oauthlib sign what X knows how to check, and spoils some of it: the simulator accepts the one and refuses the other."""

import json
import sys
import time

import requests
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, SIGNATURE_PLAINTEXT, Client
from requests_oauthlib import OAuth1

given = json.loads(sys.argv[1])
app, bot, owner, ada = given["app"], given["bot"], given["owner"], given["ada"]
url = given["url"]
ME = f"{url}/1.1/account/verify_credentials.json"
READ = f"{url}/1.1/direct_messages/mark_read.json"
NEW = f"{url}/1.1/direct_messages/events/new.json"
UPLOAD = f"{url}/1.1/media/upload.json"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TRICKY = ["", " ", "a b", "a+b", "a&b=c", "100%", "%41", "☃ é 💡", "'()*!~-._", "https://example.org/?a=b&c=d#e", '"', "\r\n\t"]
keys = {
    "client_key": app["key"],
    "client_secret": app["secret"],
    "resource_owner_key": bot["token"],
    "resource_owner_secret": bot["secret"],
}
# Every parameter twice, so that values have to be sorted too.
fields = [(f"{place} {value}", value) for value in TRICKY for place in ("q", "Q")] + [("twice", "b"), ("twice", "a"), ("twice", "")]


def call(method, address, **options):
    changes = options.pop("keys", {})
    return requests.request(method, address, auth=OAuth1(**{**keys, **changes}), **options)


def accepted(answer):
    assert answer.ok, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code), answer.text


def message(text):
    data = {"target": {"recipient_id": ada["id"]}, "message_data": {"text": text}}
    return {"event": {"type": "message_create", "message_create": data}}


sent = call("POST", NEW, json=message("signed by oauthlib ☃"))
accepted(sent)
about = [("recipient_id", ada["id"]), ("last_read_event_id", sent.json()["event"]["id"])]

accepted(call("GET", ME))
accepted(call("GET", ME, params=fields))
accepted(call("POST", READ, data=about + fields))
accepted(call("POST", READ, data=about, params=fields))
accepted(call("POST", NEW, json=message("with a query"), params=fields))
accepted(call("POST", UPLOAD, data=[("media_category", "dm_image")], files={"media": b"\x89PNG\r\n\x1a\n" + bytes(range(256))}))
accepted(call("GET", ME, keys={"realm": "X, the box"}))
# oauthlib alone signs the hash of a body that is no form; the server signs what it is told.
body = json.dumps(message("with the hash of its body"))
address, headers, body = Client(**keys).sign(NEW, "POST", body, {"Content-Type": "application/json"})
assert "oauth_body_hash" in headers["Authorization"]
accepted(requests.post(address, body, headers=headers))
# There is no such webhook, but a caller who is not known is not told so.
owners = {"resource_owner_key": owner["token"], "resource_owner_secret": owner["secret"]}
for method in ["PUT", "DELETE"]:
    refused(call(method, f"{url}/1.1/account_activity/webhooks/1.json", params=fields, keys=owners), 404, 34)

refused(call("GET", ME, keys={"client_secret": "wrong"}), 401, 32)
refused(call("GET", ME, keys={"resource_owner_secret": "wrong"}), 401, 32)
refused(call("GET", ME, keys={"client_key": "wrong"}), 401, 32)
refused(call("GET", ME, keys={"resource_owner_key": "1-wrong"}), 401, 89)
refused(call("GET", ME, keys={"timestamp": str(int(time.time()) - 3600)}), 401, 135)
refused(call("GET", ME, keys={"signature_method": SIGNATURE_HMAC_SHA256}), 400, 215)
refused(call("GET", ME, keys={"signature_method": SIGNATURE_PLAINTEXT}), 400, 215)
accepted(call("GET", ME, keys={"nonce": "the-same-again"}))
refused(call("GET", ME, keys={"nonce": "the-same-again"}), 401, 32)


def spoilt(method="GET", address=ME, body=None, headers=None, sent_to=None, sent_by=None, sent_body=None):
    """What is sent differs in one thing from what was signed."""
    signed_address, headers, signed_body = Client(**keys).sign(address, method, body, headers)
    refused(requests.request(sent_by or method, sent_to or signed_address, data=sent_body or signed_body, headers=headers), 401, 32)


spoilt(sent_to=f"{ME}?skip_status=true")
spoilt(address=f"{ME}?a=b", sent_to=f"{ME}?a=B")
spoilt(address=f"{ME}?a=b", sent_to=ME)
spoilt(address=ME.replace("127.0.0.1", "api.x.com"), sent_to=ME)
spoilt(address=ME.replace("http:", "https:"), sent_to=ME)
spoilt(method="POST", sent_by="GET")
spoilt(method="POST", address=READ, body="recipient_id=1", headers=FORM, sent_body="recipient_id=2")
print(f"{len(fields)} fields in each place")
