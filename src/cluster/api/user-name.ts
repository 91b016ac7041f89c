import * as z from 'zod';
import type { ApiClient } from './api-client.ts';

const limitMs = 2000;
const reviewSchema = z.object({
  status: z.object({ userInfo: z.object({ username: z.string().default('') }) }),
});

/**
 * Asks the API server who it takes us for.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review
 * @returns null when it does not tell: nothing depends on it.
 */
export async function findUserName(api: ApiClient, signal: AbortSignal): Promise<string | null> {
  try {
    const { value } = await api.request({
      method: 'POST',
      path: 'apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      schema: reviewSchema,
      access: { verb: 'create', resource: 'selfsubjectreviews.authentication.k8s.io', namespace: null },
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    });
    return value.status.userInfo.username.slice(0, 512) || null;
  } catch {
    return null;
  }
}
