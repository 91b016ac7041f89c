import { Failure } from '../../../failure/failure.ts';
import type { UserEntry } from '../kubeconfig/kubeconfig-entries.ts';

/** A header can't carry other characters. */
const headerText = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/**
 * Refuses a user that kubectl refuses, before anything is sent: what is left out would be sent as nobody.
 * (`validateAuthInfo` of https://pkg.go.dev/k8s.io/client-go/tools/clientcmd)
 * @param owner the user, for messages: `the user "ada"`.
 * @throws Failure `configuration`.
 */
export function refuseUnusable(user: UserEntry, owner: string): void {
  if (user.token !== '' && hasBasicAuth(user))
    refuse(`${owner} has a token and a user name with a password: only one of the two is allowed`);
  if (!headerText.test(user.token.trim()))
    refuse(`the token of ${owner} has characters that a header can't have`);
  if (user.exec && user['auth-provider'])
    refuse(`${owner} has both exec and auth-provider: only one of the two is allowed`);
  const isExtended = [user['as-groups'], Object.keys(user['as-user-extra'])].some(({ length }) => length > 0);
  if (user.as === '' && (isExtended || user['as-uid'] !== ''))
    refuse(`${owner} impersonates groups, a UID or extras, but no user`, 'Give the user with --as.');
}

/** Whether a user name or a password is given. */
export function hasBasicAuth({ username, password }: UserEntry): boolean {
  return username !== '' || password !== '';
}

function refuse(message: string, hint: string | null = null): never {
  throw new Failure('configuration', message, hint);
}
