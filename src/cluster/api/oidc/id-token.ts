import * as z from 'zod';
import { Failure } from '../../../failure/failure.ts';
import { parseJSON } from '../../../session-api/connection/json-text.ts';

/** As client-go's: a token that ends while a request is on its way is of no use. */
const leewayMs = 10_000;

const claimsSchema = z.object({ exp: z.number() });

/**
 * Whether an ID token is still good.
 * @param owner the user, for messages: `the user "ada"`.
 * @throws Failure `credentials` for what is not a JSON Web Token.
 */
export function isValidIDToken(token: string, owner: string): boolean {
  const parts = token.split('.');
  const payload = Buffer.from(parts[1] ?? '', 'base64url').toString();
  const claims = claimsSchema.safeParse(parseJSON(payload));
  if (parts.length === 3 && claims.success) return Date.now() + leewayMs < claims.data.exp * 1000;
  throw new Failure('credentials', `the id-token of ${owner} is not a JSON Web Token`);
}
