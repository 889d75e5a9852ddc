// Reads from the API: below the token's three budgets, with backoff, to the last page.

import crypto from "node:crypto";
import { connection, end, Ended, parse, refresh, Refused, Unavailable } from "./connections.js";
import { apiBase } from "./settings.js";
import { get, log, run, sleep, transaction } from "./store.js";

/** How long somebody waits for an answer. */
const DEADLINE = 20_000;
const CALL_TIMEOUT = 10_000;
const IN_FLIGHT = 5;
const MINUTE = 61_000; // one second more, since a call arrives later than it is sent
const HOUR = 3_601_000;

/** All participants of an event. The copy in the database is what the duty to delete is about. */
export async function participants(eventId) {
  const key = { event_id: eventId, user_id: "" };
  const deadline = Date.now() + DEADLINE;
  const found = new Map();
  const cursors = new Set();
  for (let cursor = null; ; ) {
    const query = new URLSearchParams({ limit: "50", ...(cursor !== null && { cursor }) });
    const page = await call(key, `/events/${encodeURIComponent(eventId)}/participants`, query, deadline);
    if (!Array.isArray(page.data)) throw new Unavailable("A page of the platform has no `data`.");
    for (const person of page.data) found.set(person.id, person);
    if (!page.has_more) break; // the only signal: a page can be empty, and the last one can have a cursor
    cursor = page.next_cursor;
    if (typeof cursor !== "string" || cursors.has(cursor)) throw new Unavailable("The platform's pages do not end.");
    cursors.add(cursor);
  }
  transaction(() => {
    connection(key); // it may have ended meanwhile, and then nothing may be stored
    run("DELETE FROM participants WHERE event_id = ?", eventId);
    for (const [id, person] of found) {
      run("INSERT INTO participants VALUES (?, ?, ?)", eventId, id, JSON.stringify(person));
    }
  });
  return [...found.keys()];
}

/** The signed-in participant. What was not granted is null. */
export async function me(key) {
  const deadline = Date.now() + DEADLINE;
  const read = (path) => call(key, path, null, deadline).catch((error) => {
    if (error.code === "insufficient_scope") return null;
    throw error;
  });
  return { profile: await read("/me/profile"), application: await read("/me/application") };
}

async function call(key, path, query, deadline) {
  let refreshed = false;
  for (let attempt = 0; ; attempt++) {
    const { generation, status, answer, retryAfter } = await send(key, path, query, deadline);
    if (status >= 200 && status < 300) return answer;

    const code = answer.error ?? { 401: "invalid_token", 429: "rate_limit_exceeded" }[status] ?? `http_${status}`;
    if (code === "token_expired" && !refreshed) {
      await refresh(key, generation, deadline);
      refreshed = true;
    } else if (code === "token_revoked") {
      end(key, code, generation);
      throw new Ended(code);
    } else if (status === 429 || status >= 500) {
      const longest = Math.min(8000, 250 * 2 ** attempt);
      if (retryAfter > 0) holdBack(key, Date.now() + retryAfter); // the other calls with this token wait, too
      await pause(Math.max(retryAfter, longest / 2 + (Math.random() * longest) / 2), deadline);
    } else {
      throw new Refused(code);
    }
  }
}

async function send(key, path, query, deadline) {
  const { slot, generation, access_token } = await takeSlot(key, deadline);
  const requestId = crypto.randomUUID();
  let status = 504, answer = {}, retryAfter = 0;
  try {
    const response = await fetch(`${apiBase}${path}${query ? `?${query}` : ""}`, {
      headers: {
        Authorization: `Bearer ${access_token}`,
        Accept: "application/vnd.revento.v1+json",
        "X-Revento-Request-Id": requestId,
      },
      redirect: "error",
      signal: AbortSignal.timeout(CALL_TIMEOUT),
    });
    const body = parse(await response.text());
    run("UPDATE calls SET ended_at = ? WHERE id = ?", Date.now(), slot);
    answer = body ?? {};
    status = response.ok && !body ? 502 : response.status; // something on the way answers with a page of its own
    retryAfter = milliseconds(response.headers);
  } catch {
    // It may still be in flight at the platform: the slot becomes free by its age.
  }
  log("call", { path, status, error: answer.error, request_id: requestId });
  return { generation, status, answer, retryAfter };
}

/** `Retry-After`: seconds, or a date by the clock of the server. 0 if there is none. */
function milliseconds(headers) {
  const text = headers.get("retry-after") ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const until = Date.parse(text) - (Date.parse(headers.get("date")) || Date.now());
  return Math.max(0, until || 0);
}

/** Waits until one more call fits into the budgets, which all processes share, and counts it. Returns the tokens of then. */
async function takeSlot(key, deadline) {
  const [perHour, perMinute] = key.user_id ? [200, 20] : [500, 30];
  for (;;) {
    const taken = transaction(() => {
      const now = Date.now();
      const current = connection(key);
      // The platform asked to wait, or the access token has expired and another process refreshes it.
      if (Math.max(current.paused_until, current.claimed_until) > now) return null;
      run("DELETE FROM calls WHERE started_at < ?", now - HOUR);
      const used = get(
        `SELECT count(*) AS hour, total(started_at > ?) AS minute,
                total(ended_at IS NULL AND started_at > ?) AS flying
         FROM calls WHERE event_id = ? AND user_id = ?`,
        now - MINUTE, now - 2 * CALL_TIMEOUT, key.event_id, key.user_id);
      if (used.hour >= perHour || used.minute >= perMinute || used.flying >= IN_FLIGHT) return null;
      const sql = "INSERT INTO calls (event_id, user_id, started_at) VALUES (?, ?, ?) RETURNING id";
      return { slot: get(sql, key.event_id, key.user_id, now).id, ...current };
    });
    if (taken) return taken;
    await pause(50 + Math.random() * 50, deadline);
  }
}

function holdBack(key, until) {
  run("UPDATE connections SET paused_until = max(paused_until, ?) WHERE event_id = ? AND user_id = ?",
      Math.round(until), key.event_id, key.user_id);
}

async function pause(ms, deadline) {
  if (Date.now() + ms > deadline) {
    throw new Unavailable("Revento does not answer in time, or its limits are reached.", Math.ceil(ms / 1000));
  }
  await sleep(ms);
}
