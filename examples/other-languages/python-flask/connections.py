"""The connections and their tokens: stored before they are used, refreshed once, ended for good."""

import json
import re
import time
from email.utils import parsedate_to_datetime

import requests
from urllib3.exceptions import NewConnectionError

from settings import AUTH_BASE, CLIENT_ID, CLIENT_SECRET
from store import fetch, log, now, run, seal, unseal

# How long the token endpoint may take. Less than half of a claim, so that nobody else refreshes meanwhile.
TOKEN_TIMEOUT = 14
CLAIM = 30
DOUBT = 5  # how long nobody sends a refresh token again whose answer was lost
DAY = 86_400


class Ended(Exception):
    """The connection needs a new consent. Nothing is sent for it any more."""


class Unavailable(Exception):
    """The platform does not answer as it should, or the budget is spent. The same call can succeed later."""

    def __init__(self, message, retry_after=5, sent=True):
        super().__init__(message)
        self.retry_after = retry_after
        self.sent = sent


class Refused(Exception):
    """The platform refused the request."""

    def __init__(self, code):
        shown = code if re.fullmatch(r"[a-z_]{1,64}", str(code)) else "unknown error"
        super().__init__(f"Revento refused the request: {shown}")
        self.code = code


def connection(event_id, user_id=""):
    """The stored connection with its tokens. Raises `Ended` if there is none."""
    row = fetch("SELECT * FROM connections WHERE event_id = ? AND user_id = ?", event_id, user_id)
    if row is None or row["status"] != "connected":
        raise Ended(row["reason"] if row else "not_connected")
    return {**row, **json.loads(unseal(row["tokens"], context(event_id, user_id)))}


def connect(code, verifier, redirect_uri, event_id, login):
    """Exchanges a code. The connection is stored before anybody can use its tokens. Returns the user's id."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    answer, issued_at = request_tokens(form)
    user_id = answer.get("user_id") or ""
    if answer.get("event_id") != event_id or login != (user_id != ""):
        raise Refused("another_binding")
    # The platform's clock, since webhooks are compared with it. A consent replaces an older one, whatever state that is in.
    run(
        """INSERT INTO connections (event_id, user_id, status, scope, tokens, generation, connected_at, refreshed_at)
           VALUES (?, ?, 'connected', ?, ?, 1, ?, ?)
           ON CONFLICT DO UPDATE SET status = 'connected', reason = NULL, scope = excluded.scope, tokens = excluded.tokens,
             generation = generation + 1, connected_at = excluded.connected_at, refreshed_at = excluded.refreshed_at,
             claimed_until = 0, paused_until = 0""",
        event_id, user_id, answer.get("scope", ""), seal_tokens(event_id, user_id, answer), issued_at, now(),
    )
    log("connected", event_id=event_id, login=login)
    return user_id


def refresh(event_id, user_id, generation, deadline):
    """Waits until there are newer tokens than those of `generation`. One process of all sends the refresh token."""
    while now() < deadline:
        if connection(event_id, user_id)["generation"] != generation:
            return
        claimed = run(
            """UPDATE connections SET claimed_until = ? WHERE event_id = ? AND user_id = ? AND generation = ?
               AND status = 'connected' AND claimed_until <= ?""",
            now() + CLAIM, event_id, user_id, generation, now(),
        )
        if claimed:
            return send_refresh_token(event_id, user_id, generation)
        time.sleep(0.1)
    raise Unavailable("The tokens are being refreshed.")


def send_refresh_token(event_id, user_id, generation):
    tokens = connection(event_id, user_id)
    this_pair = (event_id, user_id, generation)
    try:
        answer, _ = request_tokens({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
        if (answer.get("event_id"), answer.get("user_id") or "") != (event_id, user_id):
            raise Refused("another_binding")
    except Refused as error:
        if error.code in ("invalid_grant", "another_binding"):
            end(*this_pair, error.code)
            raise Ended(error.code) from error
        unclaim(*this_pair)
        log("not refreshed", event_id=event_id, reason=str(error))
        raise Unavailable(str(error)) from error
    except Unavailable as error:
        # If it was sent, the platform may have used the refresh token, and the answer is lost. The access token has expired, so
        # that one more attempt has nothing to lose, but it is not made at once.
        unclaim(*this_pair, until=now() + DOUBT if error.sent else 0)
        log("not refreshed", event_id=event_id, reason=str(error))
        raise
    run(
        """UPDATE connections SET tokens = ?, scope = ?, generation = generation + 1, refreshed_at = ?, claimed_until = 0
           WHERE event_id = ? AND user_id = ? AND generation = ?""",
        seal_tokens(event_id, user_id, answer), answer.get("scope", ""), now(), *this_pair,
    )
    log("refreshed", event_id=event_id)


def unclaim(event_id, user_id, generation, until=0):
    run("UPDATE connections SET claimed_until = ? WHERE event_id = ? AND user_id = ? AND generation = ?",
        until, event_id, user_id, generation)


def end(event_id, user_id, generation, reason):
    """Ends a connection for good, unless it has newer tokens than those that were refused."""
    ended = run(
        """UPDATE connections SET status = 'ended', reason = ?, tokens = NULL
           WHERE event_id = ? AND user_id = ? AND generation = ? AND status = 'connected'""",
        reason, event_id, user_id, generation,
    )
    if ended:
        log("connection ended", event_id=event_id, reason=reason)


def refresh_idle():
    """Refreshes what was idle for a month, so that no refresh token reaches its 90 days."""
    idle = "SELECT * FROM connections WHERE status = 'connected' AND refreshed_at < ? AND claimed_until < ?"
    while row := fetch(idle, now() - 30 * DAY, now()):
        try:
            refresh(row["event_id"], row["user_id"], row["generation"], now() + 1)
        except (Ended, Unavailable) as error:
            log("idle", reason=str(error))
            return


def context(event_id, user_id):
    return json.dumps(["tokens", event_id, user_id])


def seal_tokens(event_id, user_id, answer):
    pair = {name: answer[name] for name in ("access_token", "refresh_token")}
    return seal(json.dumps(pair), context(event_id, user_id))


def request_tokens(form):
    form |= {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    url = f"{AUTH_BASE}/oauth/token"
    try:
        response = requests.post(url, data=form, timeout=TOKEN_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        cause = getattr(error.args[0], "reason", None) if error.args else None
        sent = not isinstance(error, requests.ConnectTimeout) and not isinstance(cause, NewConnectionError)
        raise Unavailable("The token endpoint did not answer.", sent=sent) from error
    answer = parse(response.content) or {}
    if 400 <= response.status_code < 500 and answer.get("error"):
        raise Refused(answer["error"])
    if not response.ok or not answer.get("access_token") or not answer.get("refresh_token"):
        raise Unavailable(f"The token endpoint answered {response.status_code} without tokens.")
    return answer, date(response.headers.get("Date"))


def date(text):
    """The Unix seconds of a date in a header, or else of this moment."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return now()


def parse(body):
    """The object in a JSON text, or None: not every answer of a server is the platform's."""
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
