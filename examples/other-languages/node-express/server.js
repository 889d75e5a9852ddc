// A Revento integration on Express, written from the platform's contract.

import express from "express";
import { me, participants } from "./src/api.js";
import { connection, Ended, refreshIdle, Refused, Unavailable } from "./src/connections.js";
import { authBase, baseUrl, defaultEvent, port } from "./src/settings.js";
import { begin, cookieName, finish, session, setCookie } from "./src/sign-in.js";
import { log, randomText } from "./src/store.js";
import { forgetOld, handled, receive, work } from "./src/webhooks.js";

const app = express();
app.disable("x-powered-by");
app.use((req, res, next) => {
  res.set({ "Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff" });
  next();
});

const eventOf = (req) => {
  const { event_id } = req.query;
  return typeof event_id === "string" && event_id ? event_id : defaultEvent;
};
const connectUrl = (event) => `/connect?event_id=${encodeURIComponent(event)}`;

app.get("/", (req, res) => {
  const event = eventOf(req);
  let state = "Connected.";
  try {
    connection({ event_id: event, user_id: "" });
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    state = `Not connected. <a href="${baseUrl}${connectUrl(event).replaceAll("&", "&amp;")}">Connect</a>`;
  }
  res.send(`<!doctype html><html lang="en"><title>Integration</title><p>${state}</p>`);
});

app.get("/connect", (req, res) =>
  begin(req, res, { login: false, scope: "event.read participants.read program.read", eventId: eventOf(req) }));
app.get("/login", (req, res) =>
  begin(req, res, { login: true, scope: "profile.read event.attendance", eventId: eventOf(req) }));
app.get("/callback", finish);

app.get("/participants", async (req, res) => {
  const event = eventOf(req);
  try {
    res.json({ ids: await participants(event) });
  } catch (error) {
    if (!(error instanceof Ended) && error.code !== "insufficient_scope") throw error;
    res.status(409).json({ error: "reconnect", connect_url: connectUrl(event) });
  }
});

app.get("/me", async (req, res) => {
  const key = session(req);
  if (!key) return res.status(401).json({ error: "sign_in", login_url: "/login" });
  try {
    res.set("Cache-Control", "no-store").json({ ...key, ...(await me(key)) });
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    res.status(401).json({ error: "sign_in", login_url: `/login?event_id=${encodeURIComponent(key.event_id)}` });
  }
});

app.get("/webview", (req, res) => {
  const framed = true;
  const text = session(req, framed) ? "You are signed in." : '<a href="/login?frame=1">Sign in with Revento</a>';
  setCookie(res, cookieName("visit", framed), randomText(), framed, 600_000);
  res.set("Content-Security-Policy", `frame-ancestors ${new URL(authBase).origin}`);
  res.send(`<!doctype html><html lang="en"><title>Integration</title><p>${text}</p>`);
});

const rawBody = express.raw({ type: () => true, limit: "1mb", inflate: false });
app.route("/webhooks").post(rawBody, receive).all((req, res) => res.set("Allow", "POST").status(405).end());
app.get("/handled", (req, res) => res.json(handled()));
app.get("/healthz", (req, res) => res.status(204).end());

app.use((error, req, res, _next) => {
  if (error instanceof Unavailable) {
    return res.set("Retry-After", String(error.retryAfter)).status(503).json({ error: "unavailable", message: error.message });
  }
  const status = error instanceof Refused ? 502 : (error.status ?? 500);
  log("failed", { path: req.path, status, reason: error.message });
  res.status(status).json({ error: status < 500 ? "bad_request" : "failed" });
});

setInterval(work, 1000);
setInterval(() => refreshIdle().then(forgetOld), 3_600_000);
const server = app.listen(port, "127.0.0.1", (error) => {
  if (error) throw error;
  log("listening", { url: baseUrl });
  work();
});
process.on("SIGTERM", () => server.close(() => process.exit(0)));
