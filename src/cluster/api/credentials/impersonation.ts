import type { UserEntry } from '../kubeconfig/kubeconfig-entries.ts';

/** What a header's name may have but `%`, which begins an escape: RFC 9110 5.6.2. */
const nameCharacter = /[!#$&'*+.^_`|~\w-]/;

/**
 * Makes the headers by which the API server is asked to take the user for another one.
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation)
 */
export function makeImpersonation(user: UserEntry): Record<string, string | string[]> {
  if (user.as === '') return {};
  const extras = Object.entries(user['as-user-extra']).map(([key, values]): [string, string[]] => [
    `Impersonate-Extra-${escapeName(key)}`,
    values,
  ]);
  return {
    'Impersonate-User': user.as,
    ...(user['as-uid'] !== '' && { 'Impersonate-Uid': user['as-uid'] }),
    ...(user['as-groups'].length > 0 && { 'Impersonate-Group': user['as-groups'] }),
    ...Object.fromEntries(extras),
  };
}

/** As client-go escapes it, by percent signs. */
function escapeName(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return nameCharacter.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}
