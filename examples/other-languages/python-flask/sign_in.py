"""The two authorization flows: an organizer connects an event, a participant signs in."""

import re
from urllib.parse import quote, urlencode

from flask import Response, redirect

from connections import Refused, Unavailable, connect
from settings import AUTH_BASE, BASE_URL, CLIENT_ID, IS_HTTPS, REDIRECT_URI
from store import fetch, now, random_text, run, seal, sha256, unseal

FLOW = 600  # the life of a code
SESSION = 7 * 86_400


def begin(request, login, scope, event_id):
    """Redirects to the consent page. The flow belongs to this browser: a cookie and the database know it."""
    # A prefetch would keep any answer but an error, and show it instead of following the link.
    if re.search("prefetch|prerender", request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")):
        return Response(status=503)
    if request.method == "HEAD":
        return Response(status=204)
    framed = request.args.get("frame") == "1"
    browser = cookie(request, "browser", framed) or random_text()  # one for all tabs
    state, verifier = random_text(), random_text()
    run("DELETE FROM flows WHERE begun_at < ?", now() - FLOW)
    run("INSERT INTO flows VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        sha256(state), sha256(browser), login, framed, event_id, seal(verifier, state), now())
    query = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": scope,
        "event_id": event_id,
        "state": state,
        "code_challenge": sha256(verifier),
        "code_challenge_method": "S256",
    }
    response = redirect(f"{AUTH_BASE}/oauth/authorize?{urlencode(query)}")
    response.headers["Cache-Control"] = "no-store"
    set_cookie(response, "browser", browser, framed, FLOW)
    return response


def finish(request):
    """Ends a flow."""
    if request.method == "HEAD":
        return Response(status=204)
    response = result(request)
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return response


def result(request):
    state, code, error = (request.args.get(name) for name in ("state", "code", "error"))
    flow = flow_of(request, state or "")
    if flow is None:
        return say(400, f"This did not begin in this browser, or too long ago. Begin again: {BASE_URL}/")
    # A code that is sent twice would end what it issued, so a reloaded page only shows the result.
    is_first = run("UPDATE flows SET finished_at = ? WHERE state = ? AND finished_at IS NULL", now(), flow["state"])
    connected = f"/?event_id={quote(flow['event_id'], safe='')}"
    response = redirect("/webview" if flow["framed"] else "/me" if flow["login"] else connected, 303)
    if not is_first:
        return response
    if error == "access_denied":
        return say(403, "Not connected: the consent was declined.")
    if not code:
        return say(400, str(Refused(error)))
    try:
        verifier = unseal(flow["verifier"], state)
        user_id = connect(code, verifier, REDIRECT_URI, flow["event_id"], bool(flow["login"]))
    except (Refused, Unavailable) as failure:
        return say(400 if isinstance(failure, Refused) else 503, f"{failure} Begin again: {BASE_URL}/")
    if flow["login"]:
        start_session(response, flow["event_id"], user_id, bool(flow["framed"]))
    return response


def say(status, text):
    return Response(f"{text}\n", status, mimetype="text/plain")


def flow_of(request, state):
    browsers = [sha256(cookie(request, "browser", framed) or "") for framed in (False, True)]
    return fetch("SELECT * FROM flows WHERE state = ? AND begun_at > ? AND browser = CASE framed WHEN 0 THEN ? ELSE ? END",
                 sha256(state), now() - FLOW, *browsers)


def start_session(response, event_id, user_id, framed):
    id = random_text()
    run("DELETE FROM sessions WHERE expires_at < ?", now())
    run("INSERT INTO sessions VALUES (?, ?, ?, ?)", sha256(id), event_id, user_id, now() + SESSION)
    set_cookie(response, "session", id, framed, SESSION)


def session(request, framed=False):
    """The event and the user of the signed-in participant, if there is one."""
    id = cookie(request, "session", framed)
    return id and fetch("SELECT event_id, user_id FROM sessions WHERE id = ? AND expires_at > ?", sha256(id), now())


def set_cookie(response, name, value, framed, max_age):
    """A cookie for this site alone; inside of the platform's frame one that belongs to that frame."""
    if framed:
        site = {"secure": True, "samesite": "None", "partitioned": True}
    else:
        site = {"secure": IS_HTTPS, "samesite": "Lax"}
    response.set_cookie(cookie_name(name, framed), value, path="/", httponly=True, max_age=max_age, **site)


def cookie(request, name, framed):
    value = request.cookies.get(cookie_name(name, framed), "")
    return value if re.fullmatch(r"[\w-]{43}", value, re.ASCII) else None


def cookie_name(name, framed):
    return f"__Host-frame_{name}" if framed else f"__Host-{name}" if IS_HTTPS else name
