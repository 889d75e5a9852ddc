// The settings, from the environment. A missing one ends the program at its start.

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export const port = Number(required("PORT"));
export const baseUrl = (process.env.BASE_URL || `http://localhost:${port}`).replace(/\/+$/, "");
export const isHttps = baseUrl.startsWith("https:");
export const redirectUri = `${baseUrl}/callback`;

export const authBase = required("REVENTO_AUTH_BASE").replace(/\/+$/, "");
export const apiBase = required("REVENTO_API_BASE").replace(/\/+$/, "");
export const clientId = required("REVENTO_CLIENT_ID");
export const clientSecret = required("REVENTO_CLIENT_SECRET");
export const defaultEvent = required("REVENTO_EVENT_ID");

/** While the secret is being rotated, both are accepted. */
export const webhookSecrets = [required("REVENTO_WEBHOOK_SECRET"), process.env.REVENTO_WEBHOOK_SECRET_PREVIOUS].filter(Boolean);

export const dataDir = process.env.DATA_DIR || "data";
export const encryptionKey = Buffer.from(required("ENCRYPTION_KEY"), "base64");
if (encryptionKey.length !== 32) throw new Error("ENCRYPTION_KEY is not the base64 text of 32 bytes");
