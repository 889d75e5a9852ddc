"""A minimal Revento integration on Flask. It uses the platform's contract and no code of this project."""

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
import time
import uuid
from urllib.parse import urlencode

import requests
from flask import Flask, Response, jsonify, redirect, request

PORT = int(os.environ["PORT"])
AUTH_BASE = os.environ["AUTH_BASE"]
API_BASE = os.environ["API_BASE"]
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]
WEBHOOK_SECRET = os.environ["WEBHOOK_SECRET"]
EVENT_ID = os.environ["EVENT_ID"]
REDIRECT_URI = f"http://localhost:{PORT}/callback"
SCOPE = "event.read participants.read"

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1 << 20
pending = {}  # state -> PKCE verifier
seen = {}  # delivery id -> envelope
tokens = {}
refreshing = threading.Lock()


# Connect: redirect to the consent page, and handle the callback.


@app.get("/connect")
def connect():
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    pending[state] = verifier
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "scope": SCOPE,
            "event_id": request.args.get("event_id", EVENT_ID),  # the platform's panel names the event
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    response = redirect(f"{AUTH_BASE}/oauth/authorize?{query}")
    response.set_cookie("oauth_state", state, httponly=True, samesite="Lax", max_age=600)
    return response


@app.get("/callback")
def callback():
    state = request.args.get("state", "")
    cookie = request.cookies.get("oauth_state", "")
    verifier = pending.pop(state, None)
    if not state or not hmac.compare_digest(state, cookie) or verifier is None:
        return Response("This sign-in did not begin here.", 400)
    if "error" in request.args:
        return Response(f"Not connected: {request.args['error']}", 403, mimetype="text/plain")
    tokens.update(
        request_tokens(
            grant_type="authorization_code",
            code=request.args["code"],
            redirect_uri=REDIRECT_URI,
            code_verifier=verifier,
        )
    )
    response = jsonify(connected=tokens["event_id"], scope=tokens["scope"])
    response.delete_cookie("oauth_state")
    return response


def request_tokens(**form):
    form |= {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    response = requests.post(f"{AUTH_BASE}/oauth/token", data=form, timeout=30)
    answer = response.json()
    if not response.ok:
        raise RuntimeError(f"token endpoint: {answer['error']}")
    return answer


# Read: with one refresh when the token has expired.


def refresh(expired):
    with refreshing:
        if tokens["access_token"] == expired:  # otherwise another thread has refreshed it
            tokens.update(request_tokens(grant_type="refresh_token", refresh_token=tokens["refresh_token"]))


def read(path, params, may_refresh=True):
    token = tokens["access_token"]
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.revento.v1+json",
        "X-Revento-Request-Id": str(uuid.uuid4()),
    }
    response = requests.get(f"{API_BASE}{path}", params=params, headers=headers, timeout=30)
    answer = response.json()
    if response.ok:
        return answer
    if answer["error"] == "token_expired" and may_refresh:
        refresh(token)
        return read(path, params, may_refresh=False)
    raise RuntimeError(f"{path}: {answer['error']} (request {answer.get('request_id')})")


@app.get("/participants")
def participants():
    if not tokens:
        return Response("Not connected.", 409)
    found, params = [], {"limit": 20}
    while True:
        page = read(f"/events/{tokens['event_id']}/participants", params)
        found += page["data"]
        if not page["has_more"]:
            return jsonify(found)
        params = {"limit": 20, "cursor": page["next_cursor"]}


# Webhooks: the raw body is verified before it is parsed.


@app.post("/webhooks")
def webhooks():
    body = request.get_data()
    delivery_id = request.headers.get("X-Revento-Delivery-Id")
    if not delivery_id or not is_genuine(request.headers, body):
        return Response("not verified", 401)
    envelope = json.loads(body)
    if envelope["type"] != request.headers.get("X-Revento-Event"):
        return Response("not verified", 401)
    seen.setdefault(delivery_id, envelope)
    return Response(status=204)


def is_genuine(headers, body):
    timestamp = headers.get("X-Revento-Timestamp", "")
    signature = headers.get("X-Revento-Signature", "")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > 300:
        return False
    signed = timestamp.encode() + b"." + body
    expected = "sha256=" + hmac.new(WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.encode(), expected.encode())


@app.get("/events-seen")
def events_seen():
    return jsonify(list(seen.values()))


if __name__ == "__main__":
    app.run("127.0.0.1", PORT, threaded=True)
