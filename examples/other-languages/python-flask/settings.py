"""The settings, from the environment. A missing one ends the program at its start."""

import base64
import os
from pathlib import Path


def required(name):
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"{name} is not set")
    return value


PORT = int(required("PORT"))
BASE_URL = (os.environ.get("BASE_URL") or f"http://localhost:{PORT}").rstrip("/")
IS_HTTPS = BASE_URL.startswith("https:")
REDIRECT_URI = f"{BASE_URL}/callback"

AUTH_BASE = required("REVENTO_AUTH_BASE").rstrip("/")
API_BASE = required("REVENTO_API_BASE").rstrip("/")
CLIENT_ID = required("REVENTO_CLIENT_ID")
CLIENT_SECRET = required("REVENTO_CLIENT_SECRET")
DEFAULT_EVENT = required("REVENTO_EVENT_ID")

# While the secret is being rotated, both are accepted.
WEBHOOK_SECRETS = [required("REVENTO_WEBHOOK_SECRET")]
if previous := os.environ.get("REVENTO_WEBHOOK_SECRET_PREVIOUS"):
    WEBHOOK_SECRETS.append(previous)

DATA_DIR = Path(os.environ.get("DATA_DIR") or "data")
ENCRYPTION_KEY = base64.b64decode(required("ENCRYPTION_KEY"))
if len(ENCRYPTION_KEY) != 32:
    raise SystemExit("ENCRYPTION_KEY is not the base64 text of 32 bytes")
