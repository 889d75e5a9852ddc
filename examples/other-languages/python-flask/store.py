"""The database, which all processes of this integration share, and the encryption of what must not be read in it."""

import base64
import hashlib
import json
import os
import secrets
import sqlite3
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timezone

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from settings import DATA_DIR, ENCRYPTION_KEY

SCHEMA = """
  -- One row for each organizer's connection (user_id '') and for each participant who signed in.
  CREATE TABLE IF NOT EXISTS connections (
    event_id TEXT NOT NULL, user_id TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,                  -- connected, ended
    reason TEXT,                           -- why it ended
    scope TEXT NOT NULL,
    tokens BLOB,                           -- sealed
    generation INTEGER NOT NULL,           -- counts the token pairs
    connected_at REAL NOT NULL,            -- by the platform's clock
    refreshed_at REAL NOT NULL,
    claimed_until REAL NOT NULL DEFAULT 0, -- until then one process may refresh, and no other
    paused_until REAL NOT NULL DEFAULT 0,  -- the platform asked to wait
    PRIMARY KEY (event_id, user_id));
  CREATE TABLE IF NOT EXISTS flows (
    state TEXT PRIMARY KEY, browser TEXT NOT NULL, login INTEGER NOT NULL, framed INTEGER NOT NULL,
    event_id TEXT NOT NULL, verifier BLOB NOT NULL, begun_at REAL NOT NULL, finished_at REAL);
  CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, event_id TEXT NOT NULL, user_id TEXT NOT NULL, expires_at REAL NOT NULL);
  CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, user_id TEXT NOT NULL, started_at REAL NOT NULL, ended_at REAL);
  CREATE INDEX IF NOT EXISTS calls_of_token ON calls (event_id, user_id, started_at);
  CREATE TABLE IF NOT EXISTS participants (
    event_id TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (event_id, id));
  CREATE TABLE IF NOT EXISTS webhooks (
    envelope_id TEXT PRIMARY KEY, delivery_id TEXT NOT NULL, type TEXT NOT NULL, event_id TEXT,
    body BLOB,                             -- until it is handled
    received_at REAL NOT NULL, handled_at REAL);
  CREATE INDEX IF NOT EXISTS webhooks_waiting ON webhooks (received_at) WHERE handled_at IS NULL;
"""

DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
FILE = DATA_DIR / "integration.db"
os.close(os.open(FILE, os.O_CREAT | os.O_RDWR, 0o600))
local = threading.local()  # one database connection for each thread
writing = threading.RLock()  # in one process, threads wait for each other here, and not in the database by polling
aes = AESGCM(ENCRYPTION_KEY)


def database():
    if not hasattr(local, "db"):
        local.db = sqlite3.connect(FILE, timeout=10, isolation_level=None)
        local.db.row_factory = sqlite3.Row
        local.db.execute("PRAGMA synchronous = FULL")  # an answer to the platform means that the data is on the disk
        local.db.execute("PRAGMA secure_delete = ON")  # deleted data is overwritten
    return local.db


database().executescript(SCHEMA)


@contextmanager
def transaction():
    """No other process can interleave with it."""
    db = database()
    with writing:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def fetch_all(sql, *values):
    return database().execute(sql, values).fetchall()


def fetch(sql, *values):
    return database().execute(sql, values).fetchone()


def run(sql, *values):
    """Returns how many rows were changed."""
    with writing:
        return database().execute(sql, values).rowcount


def insert(sql, *values):
    """Returns the number of the new row."""
    with writing:
        return database().execute(sql, values).lastrowid


def seal(text, context):
    """Encrypts. The context says where the text belongs, so that it opens nowhere else."""
    nonce = os.urandom(12)
    return nonce + aes.encrypt(nonce, text.encode(), context.encode())


def unseal(sealed, context):
    return aes.decrypt(sealed[:12], sealed[12:], context.encode()).decode()


def random_text():
    return secrets.token_urlsafe(32)


def sha256(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def now():
    return time.time()


def log(message, **fields):
    """One JSON line on stderr. Ids only: no token, no secret, no personal data."""
    line = {"at": datetime.now(timezone.utc).isoformat(), "message": message, **fields}
    print(json.dumps(line), file=sys.stderr, flush=True)
