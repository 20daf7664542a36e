// oidc-provider as a target: HTTPS on loopback, everything about sender-constrained tokens switched on, state
// in memory. The clients match fixtures/targets/oidc-provider.toml. Start it with oidc_provider.py, which also
// makes the certificates.
//
//   node server.mjs --pki DIR [--port 0] [--nonce off|optional|required] [--certificate tls|header] [--issuer URL]
//
// --certificate header: plain HTTP behind a TLS proxy that overwrites X-SSL-Client-Cert (PEM, percent-encoded, or
// base64 DER) and X-SSL-Client-Verify (SUCCESS when the chain is good); --issuer is then the proxy's URL.
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { parseArgs } from 'node:util';

import Provider, { errors } from 'oidc-provider';
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js';

const { values: options } = parseArgs({
  options: {
    pki: { type: 'string' },
    port: { type: 'string', default: '0' },
    nonce: { type: 'string', default: 'off' },
    certificate: { type: 'string', default: 'tls' },
    issuer: { type: 'string' },
  },
});

function choice(name, allowed) {
  if (!allowed.includes(options[name])) throw new Error(`--${name} is one of ${allowed.join(', ')}`);
  return options[name];
}

const nonce = choice('nonce', ['off', 'optional', 'required']);
const certificateSource = choice('certificate', ['tls', 'header']);
const pem = (name) => fs.readFileSync(path.join(options.pki, name));

// Certificates: where a request's certificate comes from, and what the two client authentication methods compare.

function fromHeader(ctx) {
  try {
    const value = decodeURIComponent(ctx.get('X-SSL-Client-Cert'));
    return new crypto.X509Certificate(value.startsWith('-----') ? value : Buffer.from(value, 'base64'));
  } catch {
    return undefined; // absent, or not a certificate, as Apache's "(null)"
  }
}

const sources = {
  tls: {
    getCertificate: (ctx) => ctx.socket.getPeerX509Certificate(),
    certificateAuthorized: (ctx) => ctx.socket.authorized,
  },
  header: {
    getCertificate: fromHeader,
    certificateAuthorized: (ctx) => ctx.get('X-SSL-Client-Verify') === 'SUCCESS',
  },
};
const source = sources[certificateSource];

const sanPrefix = {
  tls_client_auth_san_dns: 'DNS:',
  tls_client_auth_san_uri: 'URI:',
  tls_client_auth_san_ip: 'IP Address:',
  tls_client_auth_san_email: 'email:',
};

function certificateSubjectMatches(ctx, property, expected) {
  const certificate = source.getCertificate(ctx);
  if (property === 'tls_client_auth_subject_dn') {
    return certificate.subject.split('\n').reverse().join(',') === expected; // RFC 4514 writes the last RDN first
  }
  // Node quotes a name that holds a comma, so quoted parts are kept whole.
  const names = certificate.subjectAltName?.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return names.some((name) => name.trim() === sanPrefix[property] + expected);
}

function certificateJwk(name) {
  const certificate = new crypto.X509Certificate(pem(name));
  return { ...certificate.publicKey.export({ format: 'jwk' }), x5c: [certificate.raw.toString('base64')] };
}

// Clients: the kinds, then the clients of each kind by id.

const kinds = {
  credentials: { grant_types: ['client_credentials'], response_types: [], redirect_uris: [], scope: 'read' },
  code: {
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: ['https://client.example/callback'],
    scope: 'openid offline_access',
  },
  none: { grant_types: [], response_types: [], redirect_uris: [] },
};

const secret = { client_secret: 'a secret for tests only' };
const isPublic = { token_endpoint_auth_method: 'none' };
const certificateBound = { tls_client_certificate_bound_access_tokens: true };
const dpopBound = { dpop_bound_access_tokens: true };
const tlsByDn = {
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_subject_dn: 'CN=client,O=keybound,C=NL',
  ...certificateBound,
};
const tlsBySan = {
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_san_dns: 'client.keybound.test',
  ...certificateBound,
};
const selfSigned = {
  token_endpoint_auth_method: 'self_signed_tls_client_auth',
  jwks: { keys: [certificateJwk('self-signed.crt')] },
  ...certificateBound,
};
const assertion = {
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: {
    keys: [{
      ...crypto.createPublicKey(pem('assertion.key')).export({ format: 'jwk' }), kid: 'assertion', alg: 'ES256',
    }],
  },
};

const clients = [
  ['confidential', 'credentials', secret],
  ['confidential_jwt', 'credentials', { ...secret, token_endpoint_auth_method: 'client_secret_post' }],
  ['confidential_bound', 'credentials', { ...secret, ...dpopBound }],
  ['assertion', 'credentials', assertion],
  ['tls', 'credentials', tlsByDn],
  ['tls_san', 'credentials', tlsBySan],
  ['self_signed', 'credentials', selfSigned],
  ['public', 'code', isPublic],
  ['public_par', 'code', { ...isPublic, ...dpopBound }],
  ['confidential_code', 'code', secret],
  ['tls_code', 'code', tlsByDn],
  ['self_signed_code', 'code', selfSigned],
  ['public_mtls', 'code', { ...isPublic, ...certificateBound }],
  ['rs', 'none', secret],
].map(([id, kind, metadata]) => ({ client_id: id, ...kinds[kind], ...metadata }));

// Resources a client may name (RFC 8707). Without one a token is opaque and, with scope openid, good for
// userinfo.

const resources = {
  'https://opaque.example': { accessTokenFormat: 'opaque' },
  'https://jwt.example': { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } },
};

function getResourceServerInfo(ctx, resource) {
  if (!(resource in resources)) throw new errors.InvalidTarget();
  return { scope: 'read', audience: resource, ...resources[resource] };
}

// The default store forgets its oldest entries after about a thousand, seen proofs included. This one forgets
// by time only.

class Store {
  #entries = new Map();

  get(key) {
    const { value, expires } = this.#entries.get(key) ?? { expires: 0 };
    return expires > Date.now() ? value : undefined;
  }

  set(key, value, { maxAge = Infinity } = {}) {
    this.#entries.set(key, { value, expires: Date.now() + maxAge });
  }

  delete(key) {
    this.#entries.delete(key);
  }
}

function configuration() {
  const { privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const store = new Store();
  return {
    adapter: (model) => new MemoryAdapter(model, store),
    clients,
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: [
      'none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt',
      'tls_client_auth', 'self_signed_tls_client_auth',
    ],
    scopes: ['openid', 'offline_access', 'read'],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'signing' }] },
    cookies: { keys: [crypto.randomBytes(32).toString('hex')] },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      introspection: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo },
      dPoP: {
        enabled: true,
        nonceSecret: nonce === 'off' ? undefined : crypto.randomBytes(32),
        requireNonce: () => nonce === 'required',
      },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        tlsClientAuth: true,
        certificateSubjectMatches,
        ...source,
      },
    },
  };
}

// The port must be known before the provider is made, because the issuer holds it: listen first, then answer.

const server = certificateSource === 'header'
  ? http.createServer()
  : https.createServer({
    key: pem('server.key'), cert: pem('server.crt'), ca: pem('ca.crt'), requestCert: true, rejectUnauthorized: false,
  });
server.listen(Number(options.port), '127.0.0.1');
await once(server, 'listening');

const issuer = options.issuer ?? `https://localhost:${server.address().port}`;
const provider = new Provider(issuer, configuration());
provider.proxy = certificateSource === 'header';
provider.on('server_error', (ctx, error) => console.error('server_error', ctx.method, ctx.path, error));
server.on('request', provider.callback());
console.log(`ready: ${issuer}, listening on port ${server.address().port}`);
