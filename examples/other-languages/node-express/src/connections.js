// The connections and their tokens: stored before they are used, refreshed once, ended for good.

import { authBase, clientId, clientSecret } from "./settings.js";
import { get, log, open, run, seal, sleep } from "./store.js";

/** How long the token endpoint may take. Less than half of a claim, so that nobody else refreshes meanwhile. */
const TOKEN_TIMEOUT = 14_000;
const CLAIM = 30_000;
/** How long nobody sends a refresh token again whose answer was lost. */
const DOUBT = 5000;

/** The connection needs a new consent. Nothing is sent for it any more. */
export class Ended extends Error {}
/** The platform does not answer as it should, or the budget is spent. The same call can succeed later. */
export class Unavailable extends Error {
  constructor(message, retryAfter = 5) {
    super(message);
    this.retryAfter = retryAfter;
  }
}
/** The platform refused the request. */
export class Refused extends Error {
  constructor(code) {
    super(`Revento refused the request: ${/^[a-z_]{1,64}$/.test(code) ? code : "unknown error"}`);
    this.code = code;
  }
}

const context = (key) => JSON.stringify(["tokens", key.event_id, key.user_id]);

/** The stored connection with its access token. Throws `Ended` if there is none. */
export function connection(key) {
  const row = get("SELECT * FROM connections WHERE event_id = ? AND user_id = ?", key.event_id, key.user_id);
  if (row?.status !== "connected") throw new Ended(row?.reason ?? "not_connected");
  return { ...row, ...JSON.parse(open(row.tokens, context(key))) };
}

/** Exchanges a code. The connection is stored before anybody can use its tokens. */
export async function connect({ code, verifier, redirectUri, eventId, login }) {
  const { answer, date } = await requestTokens({
    grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier,
  });
  const userId = answer.user_id ?? "";
  if (answer.event_id !== eventId || login !== (userId !== "")) throw new Refused("another_binding");
  const key = { event_id: eventId, user_id: userId };
  // The platform's clock, since webhooks are compared with it. A consent replaces an older one, whatever state that is in.
  run(`INSERT INTO connections (event_id, user_id, status, scope, tokens, generation, connected_at, refreshed_at)
       VALUES (?, ?, 'connected', ?, ?, 1, ?, ?)
       ON CONFLICT DO UPDATE SET status = 'connected', reason = NULL, scope = excluded.scope, tokens = excluded.tokens,
         generation = generation + 1, connected_at = excluded.connected_at, refreshed_at = excluded.refreshed_at,
         claimed_until = 0, paused_until = 0`,
      eventId, userId, String(answer.scope ?? ""), sealTokens(key, answer), date, Date.now());
  log("connected", { event_id: eventId, login });
  return key;
}

/** Waits until there are newer tokens than those of `generation`. One process of all sends the refresh token. */
export async function refresh(key, generation, deadline) {
  while (Date.now() < deadline) {
    if (connection(key).generation !== generation) return;
    const now = Date.now();
    const claimed = run(
      `UPDATE connections SET claimed_until = ? WHERE event_id = ? AND user_id = ? AND generation = ?
       AND status = 'connected' AND claimed_until <= ?`,
      now + CLAIM, key.event_id, key.user_id, generation, now);
    if (claimed) return sendRefreshToken(key, generation);
    await sleep(100);
  }
  throw new Unavailable("The tokens are being refreshed.");
}

async function sendRefreshToken(key, generation) {
  const { refresh_token } = connection(key);
  try {
    const { answer } = await requestTokens({ grant_type: "refresh_token", refresh_token });
    if (answer.event_id !== key.event_id || (answer.user_id ?? "") !== key.user_id) throw new Refused("another_binding");
    run(`UPDATE connections SET tokens = ?, scope = ?, generation = generation + 1, refreshed_at = ?, claimed_until = 0
         WHERE event_id = ? AND user_id = ? AND generation = ?`,
        sealTokens(key, answer), String(answer.scope ?? ""), Date.now(), key.event_id, key.user_id, generation);
    log("refreshed", { event_id: key.event_id });
  } catch (error) {
    if (error.code === "invalid_grant" || error.code === "another_binding") {
      end(key, error.code, generation);
      throw new Ended(error.code);
    }
    // Refused, or nothing was sent: the refresh token is unused. Otherwise the platform may have used it, and the answer is
    // lost. The access token has expired, so that one more attempt has nothing to lose, but it is not made at once.
    const unused = error instanceof Refused || error.sent === false;
    run("UPDATE connections SET claimed_until = ? WHERE event_id = ? AND user_id = ? AND generation = ?",
        unused ? 0 : Date.now() + DOUBT, key.event_id, key.user_id, generation);
    log("not refreshed", { event_id: key.event_id, reason: error.message });
    throw error instanceof Unavailable ? error : new Unavailable(error.message);
  }
}

/** Ends a connection for good, unless it has newer tokens than those that were refused. */
export function end(key, reason, generation) {
  const ended = run(
    `UPDATE connections SET status = 'ended', reason = ?, tokens = NULL
     WHERE event_id = ? AND user_id = ? AND generation = ? AND status = 'connected'`,
    reason, key.event_id, key.user_id, generation);
  if (ended) log("connection ended", { event_id: key.event_id, reason });
}

/** Refreshes what was idle for a month, so that no refresh token reaches its 90 days. */
export async function refreshIdle() {
  const month = 30 * 86_400_000;
  for (;;) {
    const idle = get("SELECT * FROM connections WHERE status = 'connected' AND refreshed_at < ? AND claimed_until < ?",
                     Date.now() - month, Date.now());
    if (!idle) return;
    await refresh(idle, idle.generation, Date.now() + 1000).catch((error) => log("idle", { reason: error.message }));
  }
}

function sealTokens(key, { access_token, refresh_token }) {
  return seal(JSON.stringify({ access_token, refresh_token }), context(key));
}

async function requestTokens(form) {
  const body = new URLSearchParams({ ...form, client_id: clientId, client_secret: clientSecret });
  let response, text;
  try {
    response = await fetch(`${authBase}/oauth/token`, {
      method: "POST", body, redirect: "error", signal: AbortSignal.timeout(TOKEN_TIMEOUT),
    });
    text = await response.text();
  } catch (error) {
    const lost = new Unavailable("The token endpoint did not answer.");
    lost.sent = !["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"].includes(error.cause?.code);
    throw lost;
  }
  const answer = parse(text) ?? {};
  if (response.status >= 400 && response.status < 500 && answer.error) throw new Refused(answer.error);
  if (!response.ok || !answer.access_token || !answer.refresh_token) {
    throw new Unavailable(`The token endpoint answered ${response.status} without tokens.`);
  }
  return { answer, date: Date.parse(response.headers.get("date")) || Date.now() };
}

/** The object in a JSON text, or null: not every answer of a server is the platform's. */
export function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
