"""Stands before X: has oauthlib check every signature, passes the call on as it came, and tells at /verdicts what it found."""

import json
import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

given = json.loads(sys.argv[1])
behind = urlsplit(given["url"]).netloc
verdicts = []


class Validator(RequestValidator):
    enforce_ssl = False
    nonces = set()

    def check_client_key(self, client_key):
        return client_key in given["apps"]

    def check_nonce(self, nonce):
        return len(nonce) >= 20

    def validate_client_key(self, client_key, request):
        return client_key in given["apps"]

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, **tokens):
        fresh = nonce not in self.nonces
        self.nonces.add(nonce)
        return fresh

    def get_client_secret(self, client_key, request):
        return given["apps"][client_key]

    def get_access_token_secret(self, client_key, token, request):
        return given["tokens"][token]


endpoint = SignatureOnlyEndpoint(Validator())


class Before(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/verdicts":
            return self.answer(200, {}, json.dumps(verdicts).encode())
        if self.headers.get("Authorization", "").startswith("OAuth "):
            verdicts.append(self.verdict(body))
        connection = HTTPConnection(behind)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        told = answer.read()
        # Tokens that X gives are known from then on.
        tokens = parse_qs(told.decode()) if self.path.startswith("/oauth/") else {}
        if "oauth_token_secret" in tokens:
            given["tokens"][tokens["oauth_token"][0]] = tokens["oauth_token_secret"][0]
        self.answer(answer.status, answer.headers, told)

    def verdict(self, body):
        kind = self.headers.get("Content-Type", "").split(";")[0]
        form = body.decode() if kind == "application/x-www-form-urlencoded" else ""
        why = ""
        try:
            accepted, request = endpoint.validate_request(
                f"http://{self.headers['Host']}{self.path}", self.command, form, dict(self.headers)
            )
        except ValueError as error:
            accepted, why = False, str(error)
        return {"method": self.command, "path": self.path, "kind": kind, "accepted": accepted, "why": why}

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "content-length", "date", "transfer-encoding"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Before)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
