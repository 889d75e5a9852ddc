// The database, which all processes of this integration share, and the encryption of what must not be read in it.

import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import Database from "libsql";
import { dataDir, encryptionKey } from "./settings.js";

fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
const file = path.join(dataDir, "integration.db");
fs.closeSync(fs.openSync(file, "a", 0o600));

export const db = new Database(file);
db.exec(`
  PRAGMA busy_timeout = 10000;
  PRAGMA synchronous = FULL;    -- an answer to the platform means that the data is on the disk
  PRAGMA secure_delete = ON;    -- deleted data is overwritten

  -- One row for each organizer's connection (user_id '') and for each participant who signed in.
  CREATE TABLE IF NOT EXISTS connections (
    event_id TEXT NOT NULL, user_id TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,                     -- connected, ended
    reason TEXT,                              -- why it ended
    scope TEXT NOT NULL,
    tokens BLOB,                              -- sealed
    generation INTEGER NOT NULL,              -- counts the token pairs
    connected_at INTEGER NOT NULL,            -- by the platform's clock
    refreshed_at INTEGER NOT NULL,
    claimed_until INTEGER NOT NULL DEFAULT 0, -- until then one process may refresh, and no other
    paused_until INTEGER NOT NULL DEFAULT 0,  -- the platform asked to wait
    PRIMARY KEY (event_id, user_id));
  CREATE TABLE IF NOT EXISTS flows (
    state TEXT PRIMARY KEY, browser TEXT NOT NULL, login INTEGER NOT NULL, framed INTEGER NOT NULL,
    event_id TEXT NOT NULL, verifier BLOB NOT NULL, begun_at INTEGER NOT NULL, finished_at INTEGER);
  CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, event_id TEXT NOT NULL, user_id TEXT NOT NULL, expires_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, user_id TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER);
  CREATE INDEX IF NOT EXISTS calls_of_token ON calls (event_id, user_id, started_at);
  CREATE TABLE IF NOT EXISTS participants (
    event_id TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (event_id, id));
  CREATE TABLE IF NOT EXISTS webhooks (
    envelope_id TEXT PRIMARY KEY, delivery_id TEXT NOT NULL, type TEXT NOT NULL, event_id TEXT,
    body TEXT,                                -- until it is handled
    received_at INTEGER NOT NULL, handled_at INTEGER);
  CREATE INDEX IF NOT EXISTS webhooks_waiting ON webhooks (received_at) WHERE handled_at IS NULL;
`);

/** Runs `work` in a transaction that no other process can interleave with. */
export function transaction(work) {
  return db.transaction(work).immediate();
}

export const all = (sql, ...values) => db.prepare(sql).all(...values);
export const get = (sql, ...values) => db.prepare(sql).get(...values);
export const run = (sql, ...values) => db.prepare(sql).run(...values).changes;

/** Encrypts with AES-256-GCM. The context says where the text belongs, so that it opens nowhere else. */
export function seal(text, context) {
  const nonce = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv("aes-256-gcm", encryptionKey, nonce).setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

export function open(blob, context) {
  const bytes = Buffer.from(blob);
  const decipher = crypto.createDecipheriv("aes-256-gcm", encryptionKey, bytes.subarray(0, 12));
  decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(12, 28));
  return decipher.update(bytes.subarray(28), undefined, "utf8") + decipher.final("utf8");
}

export const randomText = () => crypto.randomBytes(32).toString("base64url");
export const sha256 = (text) => crypto.createHash("sha256").update(text).digest("base64url");
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One JSON line on stderr. Ids only: no token, no secret, no personal data. */
export function log(message, fields = {}) {
  console.error(JSON.stringify({ at: new Date().toISOString(), message, ...fields }));
}
