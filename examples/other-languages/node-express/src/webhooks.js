// Webhooks: verified, stored once, acknowledged, then handled.

import crypto from "node:crypto";
import { parse } from "./connections.js";
import { webhookSecrets } from "./settings.js";
import { all, get, log, run, transaction } from "./store.js";

const WINDOW = 300; // seconds

/** Receives a delivery with its raw body, and answers when it is stored. */
export function receive(req, res) {
  const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
  const deliveryId = req.get("X-Revento-Delivery-Id") ?? "";
  const refuse = (status, why) => {
    log("webhook refused", { delivery_id: isId(deliveryId) ? deliveryId : null, status, why });
    res.status(status).type("text").send(`${why}\n`);
  };
  if (!isId(deliveryId) || !isSigned(req, body)) return refuse(401, "not verified");

  const envelope = readEnvelope(body);
  if (!envelope) return refuse(422, "verified, but not an envelope");
  // The header is not signed.
  if (envelope.type !== req.get("X-Revento-Event")) return refuse(401, "not verified");

  // The envelope's id is signed, so that a replay under another delivery id is found.
  const isNew = run(
    `INSERT INTO webhooks (envelope_id, delivery_id, type, event_id, body, received_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (envelope_id) DO NOTHING`,
    envelope.id, deliveryId, envelope.type, envelope.event_id ?? null, body.toString(), Date.now());
  log("webhook stored", { delivery_id: deliveryId, type: envelope.type, duplicate: isNew === 0 });
  res.status(204).end();
  if (isNew) setImmediate(work);
}

const isId = (text) => /^[0-9A-Za-z-]{1,64}$/.test(text); // Node joins a repeated header with a comma

function isSigned(req, body) {
  const timestamp = req.get("X-Revento-Timestamp") ?? "";
  const signature = Buffer.from(req.get("X-Revento-Signature") ?? "");
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Math.floor(Date.now() / 1000) - Number(timestamp)) > WINDOW) return false;
  return webhookSecrets
    .map((secret) => crypto.createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex"))
    .map((hex) => Buffer.from(`sha256=${hex}`))
    .map((expected) => signature.length === expected.length && crypto.timingSafeEqual(signature, expected))
    .includes(true);
}

function readEnvelope(body) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    const { id, type, ...rest } = parse(text) ?? {};
    return id && typeof id === "string" && type && typeof type === "string" ? { id, type, ...rest } : null;
  } catch {
    return null;
  }
}

/** Handles what waits, oldest first. Also called by a timer, for what another process or a crash has left. */
export function work() {
  try {
    while (transaction(handleNext));
  } catch (error) {
    log("webhook not handled", { reason: error.message });
  }
}

/** What a webhook does is in this database, so that doing it and remembering it are one transaction. */
function handleNext() {
  const row = get("SELECT * FROM webhooks WHERE handled_at IS NULL ORDER BY received_at LIMIT 1");
  if (!row) return false;
  apply(parse(row.body));
  // The body has personal data, and nobody needs it any more. The ids stay, to recognise a replay.
  run("UPDATE webhooks SET handled_at = ?, body = NULL WHERE envelope_id = ?", Date.now(), row.envelope_id);
  log("webhook handled", { delivery_id: row.delivery_id, type: row.type });
  return true;
}

function apply({ type, event_id, occurred_at, data }) {
  const details = Object(data);
  const event = event_id ?? details.event_id ?? null;
  // A webhook that was late can be about an older consent than the present one.
  const occurredAt = Date.parse(occurred_at) || Number.MAX_SAFE_INTEGER;
  switch (type) {
    case "data.deletion_required":
      if (event !== null) endEvent(event, String(details.reason ?? type), occurredAt);
      break;
    case "user.revoked_access":
      run("DELETE FROM connections WHERE event_id = ? AND user_id = ? AND user_id <> '' AND connected_at <= ?",
          event, details.user_id ?? "", occurredAt);
      run("DELETE FROM sessions WHERE event_id = ? AND user_id = ?", event, details.user_id ?? "");
      run("DELETE FROM calls WHERE event_id = ? AND user_id = ? AND user_id <> ''", event, details.user_id ?? "");
      break;
    case "integration.suspended":
      run("UPDATE connections SET status = 'ended', reason = ?, tokens = NULL WHERE connected_at <= ?", type, occurredAt);
      break;
    default: // an unknown type is not an error; `event.unpublished` ends nothing
      break;
  }
}

/** Ends the connection and deletes the data of the event's people at once: the platform allows 30 days. */
function endEvent(event, reason, occurredAt) {
  if (get("SELECT 1 FROM connections WHERE event_id = ? AND user_id = '' AND connected_at > ?", event, occurredAt)) return;
  run("UPDATE connections SET status = 'ended', reason = ?, tokens = NULL WHERE event_id = ? AND user_id = ''", reason, event);
  run("DELETE FROM connections WHERE event_id = ? AND user_id <> ''", event);
  for (const table of ["sessions", "calls", "participants"]) run(`DELETE FROM ${table} WHERE event_id = ?`, event);
  log("data deleted", { event_id: event });
}

/** The platform sends a webhook again for days, and can replay it for longer. */
export function forgetOld() {
  run("DELETE FROM webhooks WHERE handled_at < ?", Date.now() - 30 * 86_400_000);
}

export const handled = () =>
  all("SELECT envelope_id, delivery_id, type, event_id FROM webhooks WHERE handled_at IS NOT NULL ORDER BY handled_at");
