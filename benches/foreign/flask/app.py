"""A verifier as one writes it with Flask: gunicorn app:app"""

import hashlib
import hmac
import json
import time

from flask import Flask, request

SECRET = b"whsec_6f1c0b9a7e5d4c3b2a19087f6e5d4c3b"
app = Flask(__name__)


@app.post("/")
def receive():
    body = request.get_data()
    timestamp = request.headers.get("X-Revento-Timestamp", "")
    mac = hmac.new(SECRET, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest("sha256=" + mac, request.headers.get("X-Revento-Signature", "")):
        return "", 401
    if abs(time.time() - int(timestamp)) > 300:
        return "", 401
    if json.loads(body)["type"] != request.headers.get("X-Revento-Event"):
        return "", 401
    return "", 200
