// node-oidc-provider as Revento's authorization server. Its own code rotates refresh tokens, requires PKCE and detects
// reuse. This file adds what the contract adds: two fields in the token response, and an organizer who consents.
import Provider from 'oidc-provider';

const { PORT, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, EVENT_ID } = process.env;
const base = `http://localhost:${PORT}`;

const provider = new Provider(base, {
  clients: [{
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_post',
  }],
  scopes: ['event.read', 'participants.read'],
  routes: { authorization: '/oauth/authorize', token: '/oauth/token' },
  extraParams: ['event_id'],
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/consent/${interaction.uid}` },
  ttl: { AccessToken: 3600, RefreshToken: 90 * 24 * 3600, AuthorizationCode: 600, Grant: 3600, Session: 3600, Interaction: 600 },
  cookies: { keys: ['only for this test'] },
});

// The two fields of the contract §2.3.
provider.use(async (context, next) => {
  await next();
  if (context.path === '/oauth/token' && context.body?.access_token) {
    context.body.event_id = EVENT_ID;
    context.body.organization_id = 'org_1';
  }
});

// Signs the organizer in at once and consents to everything.
provider.use(async (context, next) => {
  if (!context.path.startsWith('/consent/')) return next();
  const { prompt, params, session } = await provider.interactionDetails(context.req, context.res);
  let result = { login: { accountId: 'organizer' } };
  if (prompt.name === 'consent') {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    result = { consent: { grantId: await grant.save() } };
  }
  context.respond = false;
  await provider.interactionFinished(context.req, context.res, result, { mergeWithLastSubmission: true });
});

provider.on('server_error', (_, error) => console.error(error));
provider.listen(Number(PORT), () => console.log('ready'));
