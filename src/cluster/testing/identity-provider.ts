import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createHTTPSServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** How an identity provider of a test behaves; all at their best when they are left out. */
export interface ProviderBehaviour {
  /** How a client has to say who it is. */
  clientBy?: 'header' | 'form' | 'form without a secret';
  /** Of the metadata. */
  metadata?: { status: number; body: string };
  /** Answers to a refresh, in place of tokens. */
  refusal?: { status: number; body: string };
  /** Fields over those of the answer to a refresh. */
  tokens?: Record<string, string | undefined>;
  /** Answers with a form, as some do. */
  formAnswers?: boolean;
  /** Sends a client to the metadata by a redirection first. */
  redirects?: boolean;
}

/** An OpenID Connect provider of a test that can do one thing: renew tokens. */
export interface IdentityProvider {
  issuer: string;
  behaviour: ProviderBehaviour;
  /** The refresh-tokens that were asked with, refused ones as well. */
  asked: string[];
  close(): void;
}

/** What the provider knows. */
export interface ProviderOptions {
  /** Speak TLS with this key and certificate. */
  tls?: { key: string; cert: string };
  client: { id: string; secret: string };
  /** The present refresh-token, and what it is changed for. */
  tokens: { refresh: string; nextRefresh: string; id: string };
  /** As clients name it; 127.0.0.1 when it is left out. */
  host?: string;
}

export async function startIdentityProvider({
  tls,
  client,
  tokens,
  host = '127.0.0.1',
}: ProviderOptions): Promise<IdentityProvider> {
  const server = tls ? createHTTPSServer(tls) : createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `${tls ? 'https' : 'http'}://${host}:${(server.address() as AddressInfo).port}`;
  const provider: IdentityProvider = {
    issuer: `${address}/issuer`,
    behaviour: {},
    asked: [],
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  server.on('request', (request: IncomingMessage, response) => {
    const { behaviour } = provider;
    const answer = (status: number, body: string, type = 'application/json') => {
      response.writeHead(status, { 'Content-Type': type });
      response.end(body);
    };
    const metadata = `${address}/issuer/.well-known/openid-configuration`;
    const path = new URL(request.url ?? '', address);
    if (request.method === 'GET' && behaviour.redirects && path.search === '') {
      response.writeHead(302, { Location: `${metadata}?again` }).end();
    } else if (request.method === 'GET' && path.href.startsWith(metadata)) {
      const { status = 200, body = JSON.stringify({ token_endpoint: `${address}/token` }) } =
        behaviour.metadata ?? {};
      answer(status, body);
    } else if (request.method === 'POST' && path.pathname === '/token') {
      void text(request).then((body) => {
        const form = new URLSearchParams(body);
        const refresh = form.get('refresh_token') ?? '';
        provider.asked.push(refresh);
        const isKnown = isClient(request, form, client, behaviour.clientBy ?? 'header');
        if (!isKnown) answer(401, '{"error":"invalid_client"}');
        else if (behaviour.refusal) answer(behaviour.refusal.status, behaviour.refusal.body);
        else if (refresh !== tokens.refresh || form.get('grant_type') !== 'refresh_token')
          answer(400, '{"error":"invalid_grant"}');
        else {
          const fields = {
            ...{ access_token: 'a', token_type: 'Bearer', expires_in: '60' },
            ...{ id_token: tokens.id, refresh_token: tokens.nextRefresh, ...behaviour.tokens },
          };
          const given = JSON.parse(JSON.stringify(fields)) as Record<string, string>;
          if (behaviour.formAnswers)
            answer(200, new URLSearchParams(given).toString(), 'application/x-www-form-urlencoded');
          else answer(200, JSON.stringify({ ...given, expires_in: 60 }));
        }
      });
    } else answer(404, '{}');
  });
  return provider;
}

function isClient(
  { headers }: IncomingMessage,
  form: URLSearchParams,
  { id, secret }: ProviderOptions['client'],
  by: ProviderBehaviour['clientBy'],
): boolean {
  if (by === 'header') {
    const pair = Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    // https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
    const decoded = pair.split(':').map((part) => new URLSearchParams(`x=${part}`).get('x'));
    return decoded[0] === id && decoded[1] === secret;
  }
  if (headers.authorization !== undefined || form.get('client_id') !== id) return false;
  return form.get('client_secret') === (by === 'form' ? secret : null);
}
