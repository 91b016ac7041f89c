import type { Agent } from 'node:https';
import type { ConnectionOptions, Credentials } from '../api/credentials/credentials.ts';

/**
 * Makes credentials that never change.
 * @param agent of HTTP or HTTPS; without one, Node's own.
 */
export function fixCredentials(agent?: object, headers: ConnectionOptions['headers'] = {}): Credentials {
  const options = { agent: agent as Agent, headers };
  return {
    options,
    prepare: () => Promise.resolve(options),
    refresh: () => Promise.resolve(false),
    reload: () => Promise.resolve(options),
  };
}
