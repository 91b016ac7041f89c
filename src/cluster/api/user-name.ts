import type { ApiClient } from './api-client.ts';
import { selfSubjectReviews } from './resources.ts';

const limitMs = 2000;
const maxNameCharacters = 512;

/**
 * Asks the API server which user the credentials belong to.
 * @returns null when the API server does not tell within 2 s: nothing depends on the name. Never throws.
 */
export async function findUserName(api: ApiClient, signal: AbortSignal): Promise<string | null> {
  try {
    // A plugin takes its own time.
    await api.connection.credentials.prepare(signal);
    const { status } = await api.get({
      ...selfSubjectReviews.create(),
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    });
    return status.userInfo.username.slice(0, maxNameCharacters) || null;
  } catch {
    return null;
  }
}
