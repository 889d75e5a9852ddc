"""A Revento integration on Flask, written from the platform's contract."""

import threading
import time
from html import escape
from urllib.parse import quote, urlsplit

import waitress
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

import api
import sign_in
import webhooks
from connections import Ended, Refused, Unavailable, connection, refresh_idle
from settings import AUTH_BASE, BASE_URL, DEFAULT_EVENT, PORT
from store import log, random_text

MAX_BODY = 1 << 20
AUTH_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(AUTH_BASE))

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = MAX_BODY


def event():
    return request.args.get("event_id") or DEFAULT_EVENT


def connect_url(event_id):
    return f"/connect?event_id={quote(event_id, safe='')}"


def page(text):
    return f'<!doctype html><html lang="en"><title>Integration</title><p>{text}</p>'


@app.get("/")
def index():
    try:
        connection(event())
    except Ended:
        return page(f'Not connected. <a href="{escape(BASE_URL + connect_url(event()))}">Connect</a>')
    return page("Connected.")


@app.get("/connect")
def connect():
    return sign_in.begin(request, False, "event.read participants.read program.read", event())


@app.get("/login")
def login():
    return sign_in.begin(request, True, "profile.read event.attendance", event())


@app.get("/callback")
def callback():
    return sign_in.finish(request)


@app.get("/participants")
def participants():
    try:
        return jsonify(ids=api.participants(event()))
    except Ended:
        pass
    except Refused as error:
        if error.code != "insufficient_scope":
            raise
    return jsonify(error="reconnect", connect_url=connect_url(event())), 409


@app.get("/me")
def me():
    session = sign_in.session(request)
    if not session:
        return jsonify(error="sign_in", login_url="/login"), 401
    try:
        response = jsonify(**session, **api.me(**session))
    except Ended:
        return jsonify(error="sign_in", login_url=f"/login?event_id={quote(session['event_id'], safe='')}"), 401
    response.headers["Cache-Control"] = "no-store"
    return response


@app.get("/webview")
def webview():
    is_signed_in = sign_in.session(request, framed=True)
    text = "You are signed in." if is_signed_in else '<a href="/login?frame=1">Sign in with Revento</a>'
    response = Response(page(text), headers={"Content-Security-Policy": f"frame-ancestors {AUTH_ORIGIN}"})
    sign_in.set_cookie(response, "visit", random_text(), framed=True, max_age=600)
    return response


@app.post("/webhooks")
def receive():
    return webhooks.receive(request)


@app.get("/handled")
def handled():
    return jsonify(webhooks.handled())


@app.get("/healthz")
def healthz():
    return Response(status=204)


@app.after_request
def protect(response):
    response.headers.setdefault("Content-Security-Policy", "frame-ancestors 'none'")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@app.errorhandler(Unavailable)
def unavailable(error):
    return jsonify(error="unavailable", message=str(error)), 503, {"Retry-After": str(error.retry_after)}


@app.errorhandler(Exception)
def failed(error):
    if isinstance(error, HTTPException):
        return error
    log("failed", path=request.path, reason=f"{type(error).__name__}: {error}")
    return jsonify(error="failed"), 502 if isinstance(error, Refused) else 500


def maintain():
    while True:
        time.sleep(3600)
        refresh_idle()
        webhooks.forget_old()


if __name__ == "__main__":
    threading.Thread(target=webhooks.work, daemon=True).start()
    threading.Thread(target=maintain, daemon=True).start()
    log("listening", url=BASE_URL)
    # Somebody who waits for the platform keeps a thread, and webhooks must not wait behind them.
    waitress.serve(app, host="127.0.0.1", port=PORT, threads=64, max_request_body_size=MAX_BODY, ident=None)
