"""A plugin as a web server: the same as webhook.ts, in Python and without a package.

    WEBHOOK_SECRET=... python3 webhook.py 9100

and in the service's configuration

    _plugin_on_dial_url: http://127.0.0.1:9100/
    pluginRunner: webhook

with the same secret as `webhook: { secret: ... }`.
"""

import hashlib
import hmac
import json
import os
import re
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HUMAN, BUSY, NO_ANSWER, MACHINE = 0, 6, 7, 9
BODY_MAX_BYTES = 64 * 1024
AGE_MAX_S = 300  # an older request may be one that somebody has kept
SECRET = os.environ.get("WEBHOOK_SECRET", "").encode()
# No proxy between us and Dialback.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def without_a_call(message):
    """Busy: soon again. Nobody there: later each time. Everything else will not get better."""
    if message["_call_state"] == BUSY:
        return {"action": "retry", "message": "OK", "delay": 60}
    if message["_call_state"] == NO_ANSWER:
        return {"action": "retry", "message": "OK", "delay": 600 * message["_dial_attempt"]}
    return {"action": "cancel", "message": "OK"}


def ask_for_a_digit(call):
    """1 or nothing is an agent, 2 the route point `after-hours`, 9 another call in an hour."""
    for _ in range(2):
        answer = post(
            call + "/collect",
            {"prompts": [{"file": "connect.wav"}], "maxDigits": 1, "firstDigitMs": 5000},
        )
        digits = answer.get("digits")
        if digits == "1":
            break
        if digits == "2":
            return {"action": "route_to_rp", "message": "after-hours"}
        if digits == "9":
            return {"action": "retry", "message": "OK", "delay": 3600}
    return {"action": "route_to_agent", "message": "OK"}


def leave_a_message(call, attempt):
    """A machine gets the message once; later attempts are for the person."""
    if attempt == 1:
        post(call + "/play", {"prompts": [{"silenceMs": 1000}, {"file": "machine.wav"}]})
    return {"action": "retry", "message": "OK", "delay": 3600}


def decide(message):
    call = message.get("_call_url")
    if call and message["_call_state"] == HUMAN:
        return ask_for_a_digit(call)
    if call and message["_call_state"] == MACHINE:
        return leave_a_message(call, message["_dial_attempt"])
    return without_a_call(message)


def act_and_reply(message):
    """A call that is gone answers 409: the customer has hung up, and another message says so."""
    reply = decide(message)
    if message.get("_call_url"):
        post(message["_call_url"] + "/detach", {})
    post(message["_reply_url"], reply)


def post(url, body):
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    try:
        with OPENER.open(request, timeout=120) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        return json.load(error)


def is_from_dialback(header, body):
    """`Dialback-Signature: t=SECONDS,v1=HEX`, HEX being HMAC-SHA256 of `SECONDS.BODY`."""
    if not SECRET:
        return True
    match = re.fullmatch(r"t=(\d{1,12}),v1=([0-9a-f]{64})", header or "")
    if not match:
        return False
    seconds, given = match.groups()
    expected = hmac.new(SECRET, seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(given, expected) and abs(time.time() - int(seconds)) < AGE_MAX_S


class Webhook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length <= BODY_MAX_BYTES else b""
        if not body or not is_from_dialback(self.headers.get("dialback-signature"), body):
            return self.answer(403)
        message = json.loads(body)
        if message["event"] == "plugin.start":
            # Later: what follows takes as long as the customer does.
            threading.Thread(target=act_and_reply, args=(message,), daemon=True).start()
            return self.answer(202)
        if message["event"] == "interaction.deleted":
            # The answer may hold the reply.
            reply = {"action": "retry", "message": "interaction_deleted", "delay": 300}
            return self.answer(200, json.dumps(reply).encode())
        return self.answer(204)

    def answer(self, status, body=b""):
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int((sys.argv + ["9100"])[1])), Webhook)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
