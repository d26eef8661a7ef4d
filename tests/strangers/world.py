"""The simulated world: the way to it, and what its people do in it."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter


class Loopback(HTTPAdapter):
    """The client calls https://api.twitter.com as ever, and signs that address: only the socket leads to `url`."""

    def __init__(self, url):
        super().__init__()
        self.url = url

    def send(self, request, **options):
        if not request.url.startswith(self.url):
            there = urlsplit(request.url)
            request.headers.update({"Host": there.netloc, "X-Forwarded-Proto": there.scheme})
            request.url = self.url + request.url.removeprefix(f"{there.scheme}://{there.netloc}")
        return super().send(request, **{**options, "proxies": {}})


class World:
    def __init__(self, url):
        self.url = url
        loopback = Loopback(url)
        requests.Session.get_adapter = lambda session, url: loopback

    def ask(self, path, body=None):
        answer = requests.request("POST" if body else "GET", self.url + path, json=body)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def allowed(self, link, name):
        """Opens a page that asks whether an app may come in, as a browser does, and lets it: gives where the app is, or else the PIN."""
        html = requests.get(link).text
        fields = []
        for tag in re.findall(r"<(?:input|button)[^>]*>[^<]*", html):
            of = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            allow = tag.startswith("<button") and of.get("value") == "allow"
            if of.get("type") == "hidden" or f"@{name} " in tag or allow:
                fields.append((of["name"], unescape(of["value"])))
        action = urljoin(link, re.search(r'<form[^>]* action="([^"]*)"', html)[1])
        answer = requests.post(action, fields, allow_redirects=False)
        return answer.headers.get("Location") or re.search(r"\b\d{7}\b", answer.text)[0]

    def chat(self):
        """What stands in Ada's chat with the bot, oldest first."""
        return self.ask("/sim/transcript?a=@ada&b=@snowbot")

    def say(self, text):
        return self.ask("/sim/say", {"from": "@ada", "to": "@snowbot", "text": text})["message"]

    def tap(self, message, option):
        return self.ask("/sim/tap", {"person": "@ada", "message": message, "option": option})["message"]

    def groups(self):
        """Every group, oldest first."""
        return self.ask("/sim/groups")

    def signals(self):
        """Who was shown what, newest last."""
        return self.ask("/sim/signals")
