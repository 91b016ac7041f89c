import { Failure } from '../../../failure/failure.ts';
import type { UserEntry } from '../kubeconfig/kubeconfig-entries.ts';

type AuthProvider = NonNullable<UserEntry['auth-provider']>;

const successors =
  'https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins';
/** What came after the providers that client-go no longer has. */
const removed: Record<string, string> = {
  gcp: 'Use the credential plugin gke-gcloud-auth-plugin: https://cloud.google.com/blog/products/containers-kubernetes/kubectl-auth-changes-in-gke',
  azure: 'Use the credential plugin kubelogin: https://github.com/Azure/kubelogin',
};

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
