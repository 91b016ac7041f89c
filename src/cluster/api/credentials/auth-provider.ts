import * as z from 'zod';
import { Failure } from '../../../failure/failure.ts';
import { parseJSON } from '../../../session-api/connection/json-text.ts';
import type { UserEntry } from '../kubeconfig/kubeconfig-entries.ts';

type AuthProvider = NonNullable<UserEntry['auth-provider']>;

/** As client-go's: a token that ends while a request is on its way is of no use. */
const leewayMs = 10_000;

const successors =
  'https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins';
/** What came after the providers that client-go no longer has. */
const removed: Record<string, string> = {
  gcp: 'Use the credential plugin gke-gcloud-auth-plugin: https://cloud.google.com/blog/products/containers-kubernetes/kubectl-auth-changes-in-gke',
  azure: 'Use the credential plugin kubelogin: https://github.com/Azure/kubelogin',
};

const claimsSchema = z.object({ exp: z.number() });

/**
 * Refuses a provider that kubectl refuses.
 * @param owner the user, for messages: `the user "ada"`.
 * @throws Failure `configuration`.
 */
export function refuseUnknownProvider({ name }: AuthProvider, owner: string): void {
  if (name === 'oidc') return;
  const successor = removed[name];
  throw new Failure(
    'configuration',
    successor === undefined
      ? `${owner} has an auth-provider that does not exist: "${name}"`
      : `the auth-provider "${name}" of ${owner} has been removed from kubectl`,
    successor ?? `There are credential plugins instead: ${successors}`,
  );
}

/**
 * Reads the ID token of the provider `oidc`.
 * @throws Failure `credentials` for one that is missing, has expired, or is not a JSON Web Token.
 */
export function readIDToken({ config }: AuthProvider, owner: string): string {
  const token = config['id-token'] ?? '';
  if (token !== '' && Date.now() + leewayMs < readExpiry(token, owner)) return token;
  const isRenewable = (config['refresh-token'] ?? '') !== '';
  throw new Failure(
    'credentials',
    `the id-token of ${owner} ${token === '' ? 'is missing' : 'has expired'}`,
    isRenewable
      ? 'Any command of kubectl renews it by its refresh-token: `kubectl version`.'
      : 'There is no refresh-token to renew it with. Log in again.',
  );
}

/** @returns milliseconds since 1970. */
function readExpiry(token: string, owner: string): number {
  const parts = token.split('.');
  const payload = Buffer.from(parts[1] ?? '', 'base64url').toString();
  const claims = claimsSchema.safeParse(parseJSON(payload));
  if (parts.length === 3 && claims.success) return claims.data.exp * 1000;
  throw new Failure('credentials', `the id-token of ${owner} is not a JSON Web Token`);
}
