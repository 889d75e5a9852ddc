// A minimal Revento integration on Express. It uses the platform's contract and no code of this project.

import crypto from "node:crypto";
import express from "express";

const { PORT, AUTH_BASE, API_BASE, CLIENT_ID, CLIENT_SECRET, WEBHOOK_SECRET, EVENT_ID } = process.env;
const REDIRECT_URI = `http://localhost:${PORT}/callback`;
const SCOPE = "event.read participants.read";

const app = express();
const pending = new Map(); // state -> PKCE verifier
const seen = new Map(); // delivery id -> envelope
let tokens = null;
let refreshing = null;

// Connect: redirect to the consent page, and handle the callback.

app.get("/connect", (req, res) => {
  const state = crypto.randomBytes(24).toString("base64url");
  const verifier = crypto.randomBytes(48).toString("base64url");
  pending.set(state, verifier);
  const url = new URL(`${AUTH_BASE}/oauth/authorize`);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    event_id: req.query.event_id ?? EVENT_ID, // the platform's panel names the event
    state,
    code_challenge: crypto.createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  }).toString();
  res.cookie("oauth_state", state, { httpOnly: true, sameSite: "lax", maxAge: 600_000 });
  res.redirect(url.toString());
});

app.get("/callback", async (req, res) => {
  const { code, state, error } = req.query;
  const cookie = /(?:^|;\s*)oauth_state=([^;]+)/.exec(req.headers.cookie ?? "")?.[1];
  const verifier = pending.get(state);
  res.clearCookie("oauth_state");
  if (!state || state !== cookie || !verifier) return res.status(400).send("This sign-in did not begin here.");
  pending.delete(state);
  if (error) return res.status(403).send(`Not connected: ${error}`);
  tokens = await requestTokens({
    grant_type: "authorization_code",
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
  });
  res.json({ connected: tokens.event_id, scope: tokens.scope });
});

async function requestTokens(form) {
  const body = new URLSearchParams({ ...form, client_id: CLIENT_ID, client_secret: CLIENT_SECRET });
  const response = await fetch(`${AUTH_BASE}/oauth/token`, { method: "POST", body });
  const answer = await response.json();
  if (!response.ok) throw new Error(`token endpoint: ${answer.error}`);
  return answer;
}

// Read: with one refresh when the token has expired.

function refresh(expired) {
  if (tokens.access_token !== expired) return Promise.resolve(); // somebody has done it
  refreshing ??= requestTokens({ grant_type: "refresh_token", refresh_token: tokens.refresh_token })
    .then((answer) => { tokens = answer; })
    .finally(() => { refreshing = null; });
  return refreshing;
}

async function read(path, mayRefresh = true) {
  const token = tokens.access_token;
  const response = await fetch(`${API_BASE}${path}`, {
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: "application/vnd.revento.v1+json",
      "X-Revento-Request-Id": crypto.randomUUID(),
    },
  });
  const answer = await response.json();
  if (response.ok) return answer;
  if (answer.error === "token_expired" && mayRefresh) {
    await refresh(token);
    return read(path, false);
  }
  throw new Error(`${path}: ${answer.error} (request ${answer.request_id})`);
}

app.get("/participants", async (req, res) => {
  if (!tokens) return res.status(409).send("Not connected.");
  const participants = [];
  let query = new URLSearchParams({ limit: "20" });
  for (;;) {
    const page = await read(`/events/${tokens.event_id}/participants?${query}`);
    participants.push(...page.data);
    if (!page.has_more) break;
    query = new URLSearchParams({ limit: "20", cursor: page.next_cursor });
  }
  res.json(participants);
});

// Webhooks: the raw body is verified before it is parsed.

app.post("/webhooks", express.raw({ type: () => true, limit: "1mb" }), (req, res) => {
  const deliveryId = req.get("X-Revento-Delivery-Id");
  if (!deliveryId || !isGenuine(req)) return res.status(401).send("not verified");
  const envelope = JSON.parse(req.body.toString("utf8"));
  if (envelope.type !== req.get("X-Revento-Event")) return res.status(401).send("not verified");
  if (!seen.has(deliveryId)) seen.set(deliveryId, envelope);
  res.status(204).end();
});

function isGenuine(req) {
  const timestamp = req.get("X-Revento-Timestamp") ?? "";
  const signature = Buffer.from(req.get("X-Revento-Signature") ?? "");
  if (!/^\d{1,12}$/.test(timestamp) || !Buffer.isBuffer(req.body)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const hmac = crypto.createHmac("sha256", WEBHOOK_SECRET).update(`${timestamp}.`).update(req.body);
  const expected = Buffer.from(`sha256=${hmac.digest("hex")}`);
  return signature.length === expected.length && crypto.timingSafeEqual(signature, expected);
}

app.get("/events-seen", (req, res) => res.json([...seen.values()]));

app.listen(Number(PORT), "127.0.0.1");
