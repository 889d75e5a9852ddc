// A verifier written from the contract's section 4.1, and its run over the vectors.
//
// node verify.mjs webhooks.json

import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

const NAMES = ["x-revento-event", "x-revento-delivery-id", "x-revento-timestamp", "x-revento-signature"];

/** Which secret held; throws an Error whose message is the error's kind. Header values and body are Buffers. */
export function verify({ headers, body, now, secret, previous = [], tolerance = 300, checkType = false }) {
  const found = new Map();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (!NAMES.includes(lower)) continue;
    if (found.has(lower)) throw new Error("duplicate_header");
    found.set(lower, value.toString("latin1"));
  }
  const values = NAMES.map((name) => found.get(name) ?? "");
  if (values.some((value) => /^ *$/.test(value))) throw new Error("missing_header");
  const [event, delivery, timestamp, signature] = values;
  if (![event, delivery].every((value) => /^[ -~]+$/.test(value))) throw new Error("header_not_text");
  if (!/^[0-9]{1,12}$/.test(timestamp)) throw new Error("bad_timestamp");
  if (!/^sha256=[0-9a-f]{64}$/.test(signature)) throw new Error("bad_signature");
  const age = now - Number(timestamp);
  if (Math.abs(age) > tolerance) throw new Error(age > 0 ? "stale" : "future");
  const candidates = [["current", secret, null], ...previous.map((old, index) => [`previous:${index}`, old.secret, old.not_after])];
  let matched = null;
  for (const [name, key, end] of candidates) {
    const mac = createHmac("sha256", key).update(timestamp).update(".").update(body).digest("hex");
    const holds = timingSafeEqual(Buffer.from(`sha256=${mac}`), Buffer.from(signature));
    if (holds && (end === null || now <= end)) matched ??= name;
  }
  if (matched === null) throw new Error("mismatch");
  if (checkType && JSON.parse(body.toString("utf8")).type !== event) throw new Error("type_mismatch");
  return matched;
}

const octets = (record, name) =>
  record[`${name}_base64`] === undefined ? Buffer.from(record[name]) : Buffer.from(record[`${name}_base64`], "base64");

function outcome(vector) {
  try {
    return verify({
      ...vector,
      headers: vector.headers.map((header) => [header.name, octets(header, "value")]),
      body: octets(vector, "body"),
      checkType: vector.level === "event",
    });
  } catch (error) {
    return error.message;
  }
}

const { vectors } = JSON.parse(readFileSync(process.argv[2], "utf8"));
let failed = 0;
for (const vector of vectors) {
  const expected = vector.expect === "accept" ? vector.matched : vector.error;
  const got = outcome(vector);
  if (got !== expected) {
    failed += 1;
    console.log(`${vector.id}: expected ${expected}, got ${got}`);
  }
}
console.log(`${vectors.length - failed} of ${vectors.length} vectors agree`);
process.exitCode = failed ? 1 : 0;
