// Resource servers on Node, side by side in one process; each trusts the tokens of one issuer.
//   /allowed /required /mtls   express-oauth2-jwt-bearer: DPoP allowed, DPoP required, mutual TLS required
//   /1.9.0                     its release 1.9.0, whose DPoP check believes a Host field with a path (fixed in 1.9.1)
//   /oauth4webapi              oauth4webapi's validateJwtAccessToken
//   /mcp                       an MCP server over streamable HTTP behind express-oauth2-jwt-bearer, DPoP required
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'

import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { auth as auth190 } from 'express-oauth2-jwt-bearer-1-9-0'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import * as oauth from 'oauth4webapi'

const { values: options } = parseArgs({
  options: { pki: { type: 'string' }, port: { type: 'string', default: '0' }, issuer: { type: 'string' } },
})
const AUDIENCE = 'https://api.example'
const CANARY = 'canary-of-the-protected-resource'
const jwksUri = `${options.issuer}/jwks`
const trust = { issuer: options.issuer, jwksUri, audience: AUDIENCE }

const app = express()
app.all('/allowed', auth({ ...trust, dpop: { enabled: true } }), answer)
app.all('/required', auth({ ...trust, dpop: { enabled: true, required: true } }), answer)
app.all('/mtls', auth({ ...trust, dpop: { enabled: false }, getCertificate, mtls: { enabled: true, required: true } }), answer)
app.all('/1.9.0', auth190({ ...trust, dpop: { enabled: true, required: true } }), answer)
app.all('/oauth4webapi', webapi)
app.all('/mcp', auth({ ...trust, dpop: { enabled: true, required: true } }), express.json(), mcp)
app.use((error, _request, response, _next) => {
  response.set(error.headers ?? {}).status(error.status ?? 500).json({ error: error.code, message: error.message })
})

function answer(_request, response) {
  response.json({ message: CANARY })
}

function getCertificate(request) {
  const certificate = request.socket.getPeerCertificate()
  return certificate?.raw
}

// oauth4webapi works on fetch requests: make one of what came in, with every header line as it was. The origin is our
// own: who takes it from the Host field lets the sender choose which endpoint a proof is compared with.
async function webapi(request, response) {
  const headers = new Headers()
  for (let i = 0; i < request.rawHeaders.length; i += 2) headers.append(request.rawHeaders[i], request.rawHeaders[i + 1])
  const asked = new Request(`https://localhost:${server.address().port}${request.url}`, { method: request.method, headers })
  const trusted = { issuer: options.issuer, jwks_uri: jwksUri }
  try {
    await oauth.validateJwtAccessToken(trusted, asked, AUDIENCE, { [oauth.allowInsecureRequests]: true })
    answer(request, response)
  } catch (error) {
    const challenge = error.cause?.[0]?.parameters ?? {}
    response.status(401).set('WWW-Authenticate', 'DPoP error="invalid_token"').json({ error: challenge.error ?? 'invalid_token', message: error.message })
  }
}

const sessions = new Map()

async function mcp(request, response) {
  let transport = sessions.get(request.get('mcp-session-id'))
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.set(id, transport),
    })
    const server = new McpServer({ name: 'keybound-sample', version: '1.0.0' })
    server.registerTool(CANARY, { description: 'A tool that only holders of a good token see.' }, async () => ({ content: [] }))
    await server.connect(transport)
  }
  await transport.handleRequest(request, response, request.body)
}

const tls = {
  key: readFileSync(`${options.pki}/server.key`),
  cert: readFileSync(`${options.pki}/server.crt`),
  ca: readFileSync(`${options.pki}/ca.crt`),
  requestCert: true,
  rejectUnauthorized: false,
}
const server = createServer(tls, app)
server.listen(Number(options.port), '127.0.0.1', () => console.log(`ready: ${server.address().port}`))
