// A receiver that keeps each delivery before it answers, as one writes it with Express: node server.mjs <database>
import { createHmac, timingSafeEqual } from "node:crypto";
import Database from "better-sqlite3";
import express from "express";

const SECRET = "whsec_6f1c0b9a7e5d4c3b2a19087f6e5d4c3b";

const database = new Database(process.argv[2]);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec(
  "CREATE TABLE deliveries (id TEXT PRIMARY KEY, type TEXT NOT NULL, received_at INTEGER NOT NULL, body BLOB NOT NULL)",
);
const insert = database.prepare(
  "INSERT INTO deliveries (id, type, received_at, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
);

const app = express();
app.post("/webhooks", express.raw({ type: "*/*", limit: "1mb" }), (request, response) => {
  const timestamp = request.get("x-revento-timestamp") ?? "";
  const signature = request.get("x-revento-signature") ?? "";
  const expected = `sha256=${createHmac("sha256", SECRET).update(`${timestamp}.`).update(request.body).digest("hex")}`;
  const fresh = Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300;
  if (!fresh || signature.length !== expected.length || !timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) {
    return response.sendStatus(401);
  }
  const event = JSON.parse(request.body);
  insert.run(event.id, event.type, Date.now(), request.body);
  response.status(204).end();
});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
