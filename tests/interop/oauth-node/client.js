// Unmodified openid-client with the platform: connect, refresh, reuse.
//
// Prints the authorization URL, reads the redirect from standard input, and prints the results.
import { createInterface } from "node:readline/promises";
import * as client from "openid-client";

const { AUTH_BASE, API_BASE, CLIENT_ID, CLIENT_SECRET, EVENT_ID, METHOD, REDIRECT_URI } = process.env;
const server = {
  issuer: AUTH_BASE,
  authorization_endpoint: `${AUTH_BASE}/oauth/authorize`,
  token_endpoint: `${AUTH_BASE}/oauth/token`,
};
const method = METHOD === "client_secret_basic" ? client.ClientSecretBasic : client.ClientSecretPost;
const config = new client.Configuration(server, CLIENT_ID, {}, method(CLIENT_SECRET));
client.allowInsecureRequests(config);

const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: REDIRECT_URI,
  scope: "event.read participants.read",
  event_id: EVENT_ID,
  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
console.log(url.href);

const lines = createInterface({ input: process.stdin });
const landed = await lines[Symbol.asyncIterator]().next();
lines.close();
const first = await client.authorizationCodeGrant(config, new URL(landed.value), {
  pkceCodeVerifier: verifier,
  expectedState: state,
});
const participants = async (tokens) => {
  const address = new URL(`${API_BASE}/events/${EVENT_ID}/participants`);
  try {
    return (await client.fetchProtectedResource(config, tokens.access_token, address, "GET")).status;
  } catch (error) {
    return error.status;
  }
};
const statuses = [await participants(first)];
const second = await client.refreshTokenGrant(config, first.refresh_token);
statuses.push(await participants(second));
const reuse = await client.refreshTokenGrant(config, first.refresh_token).then(
  () => "accepted",
  (error) => error.error,
);
// The reuse has revoked the token family, so the refreshed token is invalid, too.
statuses.push(await participants(second));
console.log(
  JSON.stringify({
    scope: first.scope,
    event_id: first.event_id,
    rotated: first.refresh_token !== second.refresh_token,
    reuse,
    statuses,
  }),
);
