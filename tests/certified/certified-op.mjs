// Second opinion: the certified library "oidc-provider" under Authentik's URL layout,
// with the people and clients of ../authentik/config.json and the same login form as op.py.
// Loopback only. OP_PORT, OP_RP_URL (the board) and OP_CONFIG (that file) say the rest.
import { randomBytes, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import Provider from 'oidc-provider';

const port = Number(process.env.OP_PORT);
const rp = process.env.OP_RP_URL.replace(/\/$/, '');
const base = `http://127.0.0.1:${port}`;
const root = '/application/o';
const text = readFileSync(process.env.OP_CONFIG, 'utf8');
const config = JSON.parse(text.replaceAll('{rp}', rp));
const [client] = config.clients;
const byName = new Map(config.users.map((user) => [user.username, user]));
const active = (user) => user && user.is_active !== false;
const jwk = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' };

const provider = new Provider(`${base}${root}/${client.slug}/`, {
  clients: [{
    client_id: client.client_id,
    client_secret: client.client_secret,
    token_endpoint_auth_method: 'client_secret_post',
    redirect_uris: client.redirect_uris,
    post_logout_redirect_uris: client.post_logout_uris,
    backchannel_logout_uri: client.backchannel_uri,
    backchannel_logout_session_required: true,
  }],
  jwks: { keys: [jwk] },
  cookies: { keys: [randomBytes(24).toString('hex')] },
  routes: {
    authorization: '/authorize/', token: '/token/', userinfo: '/userinfo/', introspection: '/introspect/',
    revocation: '/revoke/', jwks: `/${client.slug}/jwks/`, end_session: `/${client.slug}/end-session/`,
  },
  scopes: ['openid', 'offline_access'],
  claims: {
    openid: ['sub', 'sid'],
    profile: ['name', 'given_name', 'preferred_username', 'nickname', 'groups'],
    email: ['email', 'email_verified'],
  },
  conformIdTokenClaims: false, // like Authentik's "Include claims in id_token"
  pkce: { required: () => true },
  clientBasedCORS: () => false,
  // The library refuses to call loopback by default; Team Board's logout endpoint is there in a test.
  fetch: (url, options) => globalThis.fetch(url, { method: options.method, headers: options.headers, body: options.body, redirect: 'manual', signal: options.signal }),
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = `<!doctype html><title>Log out</title>${form}<button form="op.logoutForm" name="logout" value="yes" autofocus>Log out</button>`;
      },
    },
  },
  interactions: { url: (ctx, interaction) => `${root}/interaction/${interaction.uid}` },
  findAccount: (ctx, id) => {
    const user = byName.get(id);
    if (!active(user)) return undefined;
    const { username, name, email = '', email_verified = false, groups = [] } = user;
    return { accountId: id, claims: () => ({ sub: id, name, given_name: name, preferred_username: username, nickname: username, email, email_verified, groups }) };
  },
  loadExistingGrant: async (ctx) => { // implicit consent, like Authentik's default flow for an own application
    const { oidc } = ctx;
    const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
    grant.addOIDCScope('openid profile email offline_access');
    await grant.save();
    return grant;
  },
});
for (const event of ['server_error', 'authorization.error', 'grant.error', 'end_session.error', 'backchannel.error', 'backchannel.success']) {
  provider.on(event, (...args) => console.log(event, ...args.filter((arg) => arg instanceof Error).map((err) => `${err.message} ${err.error_description || err.cause || ''}`)));
}

const page = (res, body, status = 200) => res.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><html lang=en><title>Log in</title>${body}</html>`);
async function interaction(req, res) {
  const details = await provider.interactionDetails(req, res);
  let alert = '';
  if (req.method === 'POST') {
    let body = '';
    for await (const chunk of req) body += chunk;
    const form = new URLSearchParams(body);
    const user = byName.get(form.get('uidField'));
    if (active(user) && user.password && user.password === form.get('password')) {
      return provider.interactionFinished(req, res, { login: { accountId: user.username } }, { mergeWithLastSubmission: false });
    }
    alert = '<p role=alert>Invalid username or password.</p>';
  }
  return page(res, `${alert}<form method=post action="${root}/interaction/${details.uid}"><label>Email or Username <input name=uidField required autofocus></label><label>Password <input name=password type=password required></label><button type=submit>Log in</button></form>`);
}

const callback = provider.callback();
http.createServer((req, res) => {
  req.originalUrl = req.url; // the library builds its URLs below the mount point
  if (req.url === '/-/health/ready/') return res.end('ok');
  if (!req.url.startsWith(`${root}/`)) return page(res, 'Not found', 404);
  if (req.url.startsWith(`${root}/interaction/`)) return interaction(req, res).catch((err) => page(res, err.message, 400));
  const discovery = '/.well-known/openid-configuration';
  if (req.url === `${root}/${client.slug}${discovery}`) req.originalUrl = `${root}${discovery}`;
  req.url = req.originalUrl.slice(root.length);
  return callback(req, res);
}).listen(port, '127.0.0.1', () => console.log(`ready ${base}/`));
