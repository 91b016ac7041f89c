import * as z from 'zod';
import { getErrorMessage } from '../../failure/error-message.ts';
import { Failure } from '../../failure/failure.ts';
import type { ResourceRequest } from './resources.ts';

const kindSchema = z.object({ kind: z.string(), apiVersion: z.string() });

/**
 * Parses the body of an answer.
 * @returns null for an object that neither fits nor is one of Kubernetes, all of which have a kind.
 * @throws Failure `apiError` for what is not JSON, or does not fit the request's schema.
 */
export function parseAnswer<Schema extends z.ZodType>(
  request: ResourceRequest<Schema>,
  body: string,
): { object: z.infer<Schema> } | null {
  const { verb, resource } = request.access;
  const what = `the API server's answer to "${verb} ${resource}"`;
  let object: unknown;
  try {
    object = JSON.parse(body);
  } catch (error) {
    throw describeUnreadable(request, what, getErrorMessage(error));
  }
  const { success, data } = request.schema.safeParse(object);
  if (success) return { object: data };
  return kindSchema.safeParse(object).success ? { object: parseObject(request, what, object) } : null;
}

/**
 * Parses an object by the schema of the request that asked for it.
 * @param what names the object in the failure's message.
 * @throws Failure `apiError` when the object does not fit.
 */
export function parseObject<Schema extends z.ZodType>(
  request: ResourceRequest<Schema>,
  what: string,
  object: unknown,
): z.infer<Schema> {
  const { success, data, error } = request.schema.safeParse(object);
  if (success) return data;
  const issues = error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw describeUnreadable(request, what, issues.join('; '));
}

function describeUnreadable({ path }: ResourceRequest<z.ZodType>, what: string, why: string): Failure {
  return new Failure(
    'apiError',
    `${what} can't be read: ${why}`,
    `Compare with \`kubectl get --raw /${path}\`. A proxy may have answered in place of the API server.`,
  );
}
