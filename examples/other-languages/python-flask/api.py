"""Reads from the API: below the token's three budgets, with backoff, to the last page."""

import json
import random
import re
import time
import uuid
from urllib.parse import quote

import requests

from connections import Ended, Refused, Unavailable, connection, date, end, parse, refresh
from settings import API_BASE
from store import fetch, insert, log, now, run, transaction

DEADLINE = 20  # how long somebody waits for an answer
CALL_TIMEOUT = 10
IN_FLIGHT = 5
MINUTE = 61  # one second more, since a call arrives later than it is sent
HOUR = 3601


def participants(event_id):
    """All participants of an event. The copy in the database is what the duty to delete is about."""
    deadline = now() + DEADLINE
    found, cursors, params = {}, set(), {"limit": 50}
    while True:
        page = call(event_id, "", f"/events/{quote(event_id, safe='')}/participants", params, deadline)
        if not isinstance(page.get("data"), list):
            raise Unavailable("A page of the platform has no `data`.")
        found |= {person["id"]: person for person in page["data"]}
        if not page.get("has_more"):  # the only signal: a page can be empty, and the last one can have a cursor
            break
        cursor = page.get("next_cursor")
        if not isinstance(cursor, str) or cursor in cursors:
            raise Unavailable("The platform's pages do not end.")
        cursors.add(cursor)
        params["cursor"] = cursor
    with transaction():
        connection(event_id)  # it may have ended meanwhile, and then nothing may be stored
        run("DELETE FROM participants WHERE event_id = ?", event_id)
        for id, person in found.items():
            run("INSERT INTO participants VALUES (?, ?, ?)", event_id, id, json.dumps(person, ensure_ascii=False))
    return list(found)


def me(event_id, user_id):
    """The signed-in participant. What was not granted is None."""
    deadline = now() + DEADLINE

    def read(path):
        try:
            return call(event_id, user_id, path, None, deadline)
        except Refused as error:
            if error.code == "insufficient_scope":
                return None
            raise

    return {"profile": read("/me/profile"), "application": read("/me/application")}


def call(event_id, user_id, path, params, deadline):
    refreshed, attempt = False, 0
    while True:
        generation, status, answer, retry_after = send(event_id, user_id, path, params, deadline)
        if 200 <= status < 300:
            return answer
        by_status = {401: "invalid_token", 429: "rate_limit_exceeded"}.get(status, f"http_{status}")
        code = answer.get("error") or by_status
        if code == "token_expired" and not refreshed:
            refresh(event_id, user_id, generation, deadline)
            refreshed = True
        elif code == "token_revoked":
            end(event_id, user_id, generation, code)
            raise Ended(code)
        elif status == 429 or status >= 500:
            if retry_after:  # the other calls with this token wait, too
                run("UPDATE connections SET paused_until = max(paused_until, ?) WHERE event_id = ? AND user_id = ?",
                    now() + retry_after, event_id, user_id)
            longest = min(8, 0.25 * 2**attempt)
            pause(max(retry_after, random.uniform(longest / 2, longest)), deadline)
            attempt += 1
        else:
            raise Refused(code)


def send(event_id, user_id, path, params, deadline):
    current, slot = take_slot(event_id, user_id, deadline)
    request_id = str(uuid.uuid4())
    headers = {
        "Authorization": f"Bearer {current['access_token']}",
        "Accept": "application/vnd.revento.v1+json",
        "X-Revento-Request-Id": request_id,
    }
    status, answer, retry_after = 504, {}, 0
    try:
        url = API_BASE + path
        response = requests.get(url, params=params, headers=headers, timeout=CALL_TIMEOUT, allow_redirects=False)
    except requests.RequestException:
        pass  # it may still be in flight at the platform: the slot becomes free by its age
    else:
        run("UPDATE calls SET ended_at = ? WHERE id = ?", now(), slot)
        body = parse(response.content)
        answer = body or {}
        # Something on the way answers with a page of its own.
        status = 502 if response.ok and body is None else response.status_code
        retry_after = seconds_to_wait(response.headers)
    log("call", path=path, status=status, error=answer.get("error"), request_id=request_id)
    return current["generation"], status, answer, retry_after


def seconds_to_wait(headers):
    """`Retry-After`: seconds, or a date by the clock of the server. 0 if there is none."""
    text = headers.get("Retry-After", "")
    if re.fullmatch("[0-9]+", text):
        return int(text)
    return max(0, date(text) - date(headers.get("Date"))) if text else 0


def take_slot(event_id, user_id, deadline):
    """Waits until one more call fits into the budgets, which all processes share, and counts it. Returns the tokens of then."""
    per_hour, per_minute = (200, 20) if user_id else (500, 30)
    while True:
        with transaction():
            current, time_now = connection(event_id, user_id), now()
            # Until then the platform asked to wait, or the access token has expired and another process refreshes it.
            if max(current["paused_until"], current["claimed_until"]) <= time_now:
                run("DELETE FROM calls WHERE started_at < ?", time_now - HOUR)
                used = fetch(
                    """SELECT count(*) AS hour, total(started_at > ?) AS minute,
                              total(ended_at IS NULL AND started_at > ?) AS flying
                       FROM calls WHERE event_id = ? AND user_id = ?""",
                    time_now - MINUTE, time_now - 2 * CALL_TIMEOUT, event_id, user_id,
                )
                if used["hour"] < per_hour and used["minute"] < per_minute and used["flying"] < IN_FLIGHT:
                    sql = "INSERT INTO calls (event_id, user_id, started_at) VALUES (?, ?, ?)"
                    return current, insert(sql, event_id, user_id, time_now)
        pause(random.uniform(0.05, 0.1), deadline)


def pause(seconds, deadline):
    if now() + seconds > deadline:
        raise Unavailable("Revento does not answer in time, or its limits are reached.", retry_after=int(seconds) + 1)
    time.sleep(seconds)
