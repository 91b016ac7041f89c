import * as z from 'zod';
import { Failure } from '../../../failure/failure.ts';
import { parseJSON } from '../../../session-api/connection/json-text.ts';
import {
  askProvider,
  type ExchangeOptions,
  type PostedForm,
  type ProviderAnswer,
} from './provider-exchange.ts';

/** What renewed tokens are asked for with. */
export interface TokenClient {
  issuer: string;
  id: string;
  /** Empty for a public client. */
  secret: string;
  refreshToken: string;
}

/** What an identity provider has given. */
export interface RenewedTokens {
  idToken: string;
  /** Another one to renew with next time; null: the present one stays. */
  refreshToken: string | null;
}

const metadataSchema = z.object({ token_endpoint: z.string().min(1) });
const tokenSchema = z.object({
  access_token: z.string().min(1),
  id_token: z.string().optional(),
  refresh_token: z.string().optional(),
});
const errorSchema = z.object({ error: z.string().min(1), error_description: z.string().optional() });

/**
 * Renews an ID token at its identity provider, as client-go does: discovery, then a refresh
 * (https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens). A package for that (openid-client) asks by
 * `fetch`, which does not know our way to the network, and refuses providers that kubectl works with.
 * @param owner the user, for messages: `the user "ada"`.
 * @throws Failure `credentials`, which never quotes a token; the signal's reason.
 */
export async function renewTokens(
  client: TokenClient,
  owner: string,
  options: ExchangeOptions,
): Promise<RenewedTokens> {
  const fail = (why: string): Failure =>
    new Failure(
      'credentials',
      `the id-token of ${owner} can't be renewed at ${client.issuer}: ${why}`,
      'Log in again, or look at the config of its auth-provider.',
    );
  const ask = async (address: string, form: PostedForm | null): Promise<ProviderAnswer> => {
    const url = URL.parse(address);
    if (url === null || !/^https?:$/.test(url.protocol)) throw fail(`"${address}" is not an address`);
    try {
      return await askProvider(url, form, options);
    } catch (error) {
      if (options.signal.aborted) throw options.signal.reason;
      throw fail((error as Error).message);
    }
  };
  // https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
  const metadata = await ask(`${client.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, null);
  if (metadata.status !== 200) throw fail(`its metadata is answered with HTTP status ${metadata.status}`);
  const endpoint = metadataSchema.safeParse(parseJSON(metadata.body));
  if (!endpoint.success) throw fail('its metadata names no token_endpoint');
  const answer = await refresh(client, (form) => ask(endpoint.data.token_endpoint, form));
  if (!isSuccess(answer)) throw fail(describeRefusal(answer));
  const tokens = tokenSchema.safeParse(parseTokens(answer));
  if (!tokens.success) throw fail('it answered without an access_token');
  const { id_token: idToken, refresh_token: refreshToken } = tokens.data;
  if (idToken === undefined)
    throw fail(
      'it answered without an id_token. Either the login was without the scope "openid", or it never renews them',
    );
  return { idToken, refreshToken: refreshToken || null };
}

/** A client is known by the header, or by the form: as Go's oauth2, the one and then the other are tried. */
async function refresh(
  { id, secret, refreshToken }: TokenClient,
  post: (form: PostedForm) => Promise<ProviderAnswer>,
): Promise<ProviderAnswer> {
  const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
  // https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
  const pair = [id, secret].map((text) => new URLSearchParams({ '': text }).toString().slice(1)).join(':');
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  const first = await post({ fields, authorization });
  if (isSuccess(first)) return first;
  const identity = { client_id: id, ...(secret !== '' && { client_secret: secret }) };
  const second = await post({ fields: { ...fields, ...identity }, authorization: null });
  // A provider that takes the header alone does not say anything of the token to a form.
  return readError(second)?.error === 'invalid_client' ? first : second;
}

function isSuccess({ status }: ProviderAnswer): boolean {
  return status >= 200 && status < 300;
}

/** @returns the answer's fields: some providers answer with a form. */
function parseTokens({ contentType, body }: ProviderAnswer): unknown {
  const isForm = ['application/x-www-form-urlencoded', 'text/plain'].includes(contentType);
  return isForm ? Object.fromEntries(new URLSearchParams(body)) : parseJSON(body);
}

function readError(answer: ProviderAnswer): z.output<typeof errorSchema> | null {
  return errorSchema.safeParse(parseTokens(answer)).data ?? null;
}

function describeRefusal(answer: ProviderAnswer): string {
  const read = readError(answer);
  if (read === null) return `it refuses the refresh-token with HTTP status ${answer.status}`;
  const { error, error_description: description } = read;
  return `it refuses the refresh-token: ${error}${description === undefined ? '' : `: ${description}`}`;
}
