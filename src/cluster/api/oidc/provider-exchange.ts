import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { Failure } from '../../../failure/failure.ts';
import { beginRequest } from '../transport/http-request.ts';
import { readSystemAuthorities } from '../transport/certificate-authorities.ts';
import { explainConnectionError } from '../transport/connection-error.ts';
import { chooseRoute, type TLSSettings } from '../transport/server-route.ts';

const what = 'the identity provider';
const limitMs = 30_000;
const maxBodyBytes = 1024 * 1024;
/** As Go's HTTP client. */
const maxRedirections = 10;

/** What a request to an identity provider needs besides its address. */
export interface ExchangeOptions {
  /** In PEM; null: what the machine trusts. */
  authority: Buffer | null;
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** A form that is posted. */
export interface PostedForm {
  fields: Record<string, string>;
  /** Value of the header Authorization; null without. */
  authorization: string | null;
}

/** The whole answer. */
export interface ProviderAnswer {
  status: number;
  /** Without parameters; empty when the answer has none. */
  contentType: string;
  body: string;
}

/**
 * Asks an identity provider, by the way that the environment's proxies give; `proxy-url` is the cluster's alone.
 * @param form null: a GET, which follows redirections.
 * @throws an error with a message that says why there is no answer; the signal's reason.
 */
export async function askProvider(
  url: URL,
  form: PostedForm | null,
  options: ExchangeOptions,
): Promise<ProviderAnswer> {
  const { signal, environment } = options;
  const limit = AbortSignal.timeout(limitMs);
  let target = url;
  let via = '';
  try {
    for (let count = 0; ; count++) {
      const tls = makeTLS(options);
      const route = await chooseRoute({ server: target, what, proxyURL: null, environment, tls });
      ({ via } = route);
      const settings = { ...(target.protocol === 'https:' && tls), agent: route.agent };
      const response = await send(target, form, settings, AbortSignal.any([signal, limit]));
      const next = form === null ? findRedirection(response, target) : null;
      if (next === null || count === maxRedirections) return await readAnswer(response);
      response.resume();
      target = next;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // A proxy's refusal says it all.
    if (error instanceof Failure) throw error;
    const why = limit.aborted
      ? `no answer within ${limitMs / 1000} s`
      : explainConnectionError(error, 'idp-certificate-authority');
    throw new Error(`${target.host} can't be reached${via}: ${why}`, { cause: error });
  }
}

/** As for the API server: what is given is trusted, and nothing in the environment switches the verification off. */
function makeTLS({ authority, environment }: ExchangeOptions): TLSSettings {
  return {
    ca: authority ?? readSystemAuthorities(environment),
    allowPartialTrustChain: true,
    rejectUnauthorized: true,
  };
}

async function send(
  url: URL,
  form: PostedForm | null,
  settings: RequestOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const body = form === null ? null : new URLSearchParams(form.fields).toString();
  return await new Promise<IncomingMessage>((resolve, reject) => {
    const request = beginRequest(url, {
      ...settings,
      ...{ signal, method: form === null ? 'GET' : 'POST' },
      headers: {
        Accept: 'application/json',
        'User-Agent': 'kubectl-crashcart',
        // Nothing else is asked on this connection, which would keep the process.
        Connection: 'close',
        ...(form?.authorization && { Authorization: form.authorization }),
        ...(body !== null && { 'Content-Type': 'application/x-www-form-urlencoded' }),
      },
    });
    request.once('response', resolve).once('error', reject);
    request.end(body ?? undefined);
  });
}

function findRedirection({ statusCode = 0, headers }: IncomingMessage, url: URL): URL | null {
  if (statusCode < 300 || statusCode >= 400) return null;
  const next = URL.parse(headers.location ?? '', url.href);
  return next !== null && /^https?:$/.test(next.protocol) ? next : null;
}

async function readAnswer(response: IncomingMessage): Promise<ProviderAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error(`the answer is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  const [type = ''] = (response.headers['content-type'] ?? '').split(';', 1);
  return {
    status: response.statusCode ?? 0,
    contentType: type.trim().toLowerCase(),
    body: Buffer.concat(chunks).toString(),
  };
}
