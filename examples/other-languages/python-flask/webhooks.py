"""Webhooks: verified, stored once, acknowledged, then handled."""

import hashlib
import hmac
import json
import re
import threading
from datetime import datetime

from flask import Response

from settings import WEBHOOK_SECRETS
from store import fetch, fetch_all, log, now, run, transaction

WINDOW = 300
DAY = 86_400
arrived = threading.Event()


def receive(request):
    """Receives a delivery with its raw body, and answers when it is stored."""
    body = request.get_data(cache=False)
    delivery_id = request.headers.get("X-Revento-Delivery-Id", "")

    def refuse(status, why):
        log("webhook refused", delivery_id=delivery_id if is_id(delivery_id) else None, status=status, why=why)
        return Response(f"{why}\n", status, mimetype="text/plain")

    if not is_id(delivery_id) or not is_signed(request.headers, body):
        return refuse(401, "not verified")
    envelope = read_envelope(body)
    if envelope is None:
        return refuse(422, "verified, but not an envelope")
    if envelope["type"] != request.headers.get("X-Revento-Event"):  # the header is not signed
        return refuse(401, "not verified")

    # The envelope's id is signed, so that a replay under another delivery id is found.
    is_new = run(
        """INSERT INTO webhooks (envelope_id, delivery_id, type, event_id, body, received_at) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (envelope_id) DO NOTHING""",
        envelope["id"], delivery_id, envelope["type"], envelope.get("event_id"), body, now(),
    )
    log("webhook stored", delivery_id=delivery_id, type=envelope["type"], duplicate=not is_new)
    arrived.set()
    return Response(status=204)


def is_id(text):
    return re.fullmatch(r"[0-9A-Za-z-]{1,64}", text)  # a repeated header is joined with a comma


def is_signed(headers, body):
    timestamp = headers.get("X-Revento-Timestamp", "")
    signature = headers.get("X-Revento-Signature", "").encode()
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(int(now()) - int(timestamp)) > WINDOW:
        return False
    signed = timestamp.encode() + b"." + body
    digests = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in WEBHOOK_SECRETS]
    return any([hmac.compare_digest(signature, f"sha256={digest}".encode()) for digest in digests])


def read_envelope(body):
    try:
        envelope = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(envelope, dict):
        return None
    is_text = [isinstance(envelope.get(name), str) and envelope[name] != "" for name in ("id", "type")]
    return envelope if all(is_text) else None


def work():
    """Handles what waits, oldest first, for ever. The timeout is for what another process or a crash has left."""
    while True:
        arrived.clear()
        try:
            while handle_next():
                pass
        except Exception as error:
            log("webhook not handled", reason=str(error))
        arrived.wait(1)


def handle_next():
    """What a webhook does is in this database, so that doing it and remembering it are one transaction."""
    with transaction():
        row = fetch("SELECT * FROM webhooks WHERE handled_at IS NULL ORDER BY received_at LIMIT 1")
        if row is None:
            return False
        apply(json.loads(row["body"]))
        # The body has personal data, and nobody needs it any more. The ids stay, to recognise a replay.
        run("UPDATE webhooks SET handled_at = ?, body = NULL WHERE envelope_id = ?", now(), row["envelope_id"])
    log("webhook handled", delivery_id=row["delivery_id"], type=row["type"])
    return True


def apply(envelope):
    kind = envelope["type"]
    data = envelope.get("data") if isinstance(envelope.get("data"), dict) else {}
    event = envelope.get("event_id") or data.get("event_id")
    # A webhook that was late can be about an older consent than the present one.
    occurred_at = seconds(envelope.get("occurred_at"))
    if kind == "data.deletion_required" and event:
        end_event(event, str(data.get("reason") or kind), occurred_at)
    elif kind == "user.revoked_access":
        user = data.get("user_id") or ""
        run("DELETE FROM connections WHERE event_id = ? AND user_id = ? AND user_id <> '' AND connected_at <= ?",
            event, user, occurred_at)
        run("DELETE FROM sessions WHERE event_id = ? AND user_id = ?", event, user)
        run("DELETE FROM calls WHERE event_id = ? AND user_id = ? AND user_id <> ''", event, user)
    elif kind == "integration.suspended":
        run("UPDATE connections SET status = 'ended', reason = ?, tokens = NULL WHERE connected_at <= ?", kind, occurred_at)
    # An unknown type is not an error; `event.unpublished` ends nothing.


def end_event(event, reason, occurred_at):
    """Ends the connection and deletes the data of the event's people at once: the platform allows 30 days."""
    if fetch("SELECT 1 FROM connections WHERE event_id = ? AND user_id = '' AND connected_at > ?", event, occurred_at):
        return
    run("UPDATE connections SET status = 'ended', reason = ?, tokens = NULL WHERE event_id = ? AND user_id = ''", reason, event)
    run("DELETE FROM connections WHERE event_id = ? AND user_id <> ''", event)
    for table in ("sessions", "calls", "participants"):
        run(f"DELETE FROM {table} WHERE event_id = ?", event)
    log("data deleted", event_id=event)


def seconds(text):
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except (AttributeError, ValueError):
        return float("inf")


def forget_old():
    """The platform sends a webhook again for days, and can replay it for longer."""
    run("DELETE FROM webhooks WHERE handled_at < ?", now() - 30 * DAY)


def handled():
    columns = "envelope_id, delivery_id, type, event_id"
    return [dict(row) for row in fetch_all(f"SELECT {columns} FROM webhooks WHERE handled_at IS NOT NULL ORDER BY handled_at")]
