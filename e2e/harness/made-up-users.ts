/** Is in every credential of a made-up user, and must never be printed. */
export const secret = 's3cret';
/** Of credential plugins. */
export const apiVersion = 'client.authentication.k8s.io/v1';

/** A line of a plugin that answers with a token, which a shell expands. */
export function answer(token: string, status = '', version = apiVersion): string {
  const begin = `{"kind":"ExecCredential","apiVersion":"${version}","status":{"token":"`;
  return `printf '%s' '${begin}'"${token}"'"${status}}}'`;
}

/** The user's entry of a plugin. */
export function plugin(script: string, more: object = {}): object {
  return { exec: { apiVersion, command: 'sh', args: ['-c', script], interactiveMode: 'Never', ...more } };
}

/** A token that expires after so many seconds. */
export function makeIDToken(seconds: number): string {
  const claims = JSON.stringify({ exp: Math.floor(Date.now() / 1000) + seconds });
  return ['e30', Buffer.from(claims).toString('base64url'), secret].join('.');
}
/** The user's entry of the auth-provider `oidc`. */
export const oidc = (config: object) => ({
  'auth-provider': { name: 'oidc', config: { 'idp-issuer-url': 'https://idp', 'client-id': 'c', ...config } },
});
