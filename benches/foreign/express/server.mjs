// A verifier as one writes it with Express: node server.mjs <port>
import { createHmac, timingSafeEqual } from "node:crypto";
import express from "express";

const SECRET = "whsec_6f1c0b9a7e5d4c3b2a19087f6e5d4c3b";
const app = express();
app.post("/", express.raw({ type: "*/*", limit: "1mb" }), (request, response) => {
  const timestamp = request.get("x-revento-timestamp") ?? "";
  const signature = request.get("x-revento-signature") ?? "";
  const expected = `sha256=${createHmac("sha256", SECRET).update(`${timestamp}.`).update(request.body).digest("hex")}`;
  const fresh = Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300;
  if (!fresh || signature.length !== expected.length || !timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) {
    return response.sendStatus(401);
  }
  const event = JSON.parse(request.body);
  if (event.type !== request.get("x-revento-event")) return response.sendStatus(401);
  response.status(200).end();
});
app.listen(Number(process.argv[2]), "127.0.0.1");
