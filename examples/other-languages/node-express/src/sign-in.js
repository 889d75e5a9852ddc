// The two authorization flows: an organizer connects an event, a participant signs in.

import { connect, Refused } from "./connections.js";
import { authBase, baseUrl, clientId, isHttps, redirectUri } from "./settings.js";
import { get, open, randomText, run, seal, sha256 } from "./store.js";

const FLOW = 600_000; // the life of a code
const SESSION = 7 * 86_400_000;

/** Redirects to the consent page. The flow belongs to this browser: a cookie and the database know it. */
export function begin(req, res, { login, scope, eventId }) {
  // A prefetch would keep any answer but an error, and show it instead of following the link.
  const purpose = `${req.get("sec-purpose") ?? ""} ${req.get("purpose") ?? ""}`;
  if (/prefetch|prerender/.test(purpose)) return res.status(503).end();
  if (req.method === "HEAD") return res.status(204).end();

  const framed = req.query.frame === "1";
  const name = cookieName("browser", framed);
  const browser = cookies(req)[name] ?? randomText(); // one for all tabs
  const state = randomText();
  const verifier = randomText();
  run("DELETE FROM flows WHERE begun_at < ?", Date.now() - FLOW);
  run("INSERT INTO flows VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", sha256(state), sha256(browser), Number(login), Number(framed),
      eventId, seal(verifier, state), Date.now());
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    event_id: eventId,
    state,
    code_challenge: sha256(verifier),
    code_challenge_method: "S256",
  });
  setCookie(res, name, browser, framed, FLOW);
  res.set("Cache-Control", "no-store").redirect(302, `${authBase}/oauth/authorize?${query}`);
}

/** Ends a flow. */
export async function finish(req, res) {
  if (req.method === "HEAD") return res.status(204).end();
  res.set({ "Cache-Control": "no-store", "Referrer-Policy": "no-referrer" });
  const say = (status, text) => res.status(status).type("text").send(`${text}\n`);
  const { code, state, error } = req.query;
  const flow = typeof state === "string" ? flowOf(req, state) : undefined;
  if (!flow) return say(400, `This did not begin in this browser, or too long ago. Begin again: ${baseUrl}/`);
  // A code that is sent twice would end what it issued, so a reloaded page only shows the result.
  const isFirst = run("UPDATE flows SET finished_at = ? WHERE state = ? AND finished_at IS NULL", Date.now(), flow.state);
  const destination = flow.framed ? "/webview" : flow.login ? "/me" : `/?event_id=${encodeURIComponent(flow.event_id)}`;
  if (!isFirst) return res.redirect(303, destination);
  if (error === "access_denied") return say(403, "Not connected: the consent was declined.");
  if (typeof code !== "string") return say(400, new Refused(error).message);
  let key;
  try {
    const verifier = open(flow.verifier, state);
    key = await connect({ code, verifier, redirectUri, eventId: flow.event_id, login: flow.login === 1 });
  } catch (failure) {
    return say(failure instanceof Refused ? 400 : 503, `${failure.message} Begin again: ${baseUrl}/`);
  }
  if (flow.login) startSession(res, key, flow.framed === 1);
  res.redirect(303, destination);
}

function flowOf(req, state) {
  const sent = cookies(req);
  const browsers = [false, true].map((framed) => sha256(sent[cookieName("browser", framed)] ?? ""));
  return get("SELECT * FROM flows WHERE state = ? AND begun_at > ? AND browser = CASE framed WHEN 0 THEN ? ELSE ? END",
             sha256(state), Date.now() - FLOW, ...browsers);
}

function startSession(res, key, framed) {
  const id = randomText();
  run("DELETE FROM sessions WHERE expires_at < ?", Date.now());
  run("INSERT INTO sessions VALUES (?, ?, ?, ?)", sha256(id), key.event_id, key.user_id, Date.now() + SESSION);
  setCookie(res, cookieName("session", framed), id, framed, SESSION);
}

/** The signed-in participant's connection, if there is one. */
export function session(req, framed = false) {
  const id = cookies(req)[cookieName("session", framed)];
  const row = id && get("SELECT event_id, user_id FROM sessions WHERE id = ? AND expires_at > ?", sha256(id), Date.now());
  return row && { event_id: row.event_id, user_id: row.user_id };
}

/** A cookie for this site alone; inside of the platform's frame one that belongs to that frame. */
export function setCookie(res, name, value, framed, maxAge) {
  const site = framed ? { secure: true, sameSite: "none", partitioned: true } : { secure: isHttps, sameSite: "lax" };
  res.cookie(name, value, { path: "/", httpOnly: true, maxAge, ...site });
}

export const cookieName = (name, framed) => (framed ? `__Host-frame_${name}` : isHttps ? `__Host-${name}` : name);

export function cookies(req) {
  const pairs = (req.get("cookie") ?? "").split(";").map((pair) => pair.trim().split("="));
  return Object.fromEntries(pairs.filter(([, value]) => /^[\w-]{43}$/.test(value)));
}
