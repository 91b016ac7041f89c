import * as z from 'zod';
import { parseJSON } from '../../session-api/json-text.ts';
import { Failure } from '../../failure/failure.ts';
import { adviseRole } from './granting-roles.ts';

/** What an API request is for, in RBAC's words: a refusal names them. */
export interface RequestedAccess {
  verb: string;
  /** With its subresource and group: `pods/exec`, `jobs.batch`. */
  resource: string;
  /** null for what is not in a namespace. */
  namespace: string | null;
}

const statusSchema = z.object({
  status: z.string().optional(),
  message: z.string().default(''),
  reason: z.string().default(''),
  code: z.number().default(0),
});

/** The authorizer's words; a 403 without them is an admission's. */
const forbiddenPattern =
  /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)"| at the cluster scope)/;

/** An error answer of the API server. */
export class ApiError extends Failure {
  override name = 'ApiError';
  readonly status: number;
  /** metav1.Status' reason: `NotFound`, `AlreadyExists`, `Forbidden`, …; empty when there was none. */
  readonly reason: string;
  readonly access: RequestedAccess;

  constructor(status: number, body: string, access: RequestedAccess) {
    const { message, reason } = parseStatus(body);
    const text = message.trim() || body.trim().slice(0, 500) || `HTTP status ${status}`;
    const missing = status === 403 ? findMissingAccess(message, access) : null;
    super(
      missing !== null || status === 401 ? 'forbidden' : 'apiError',
      missing === null ? text : describeMissing(missing),
      missing === null ? adviseStatus(status) : adviseMissing(missing, text),
    );
    this.status = status;
    this.reason = reason;
    this.access = access;
  }
}

function parseStatus(body: string): { message: string; reason: string } {
  // Not every answer on the way is the API server's.
  return statusSchema.safeParse(parseJSON(body)).data ?? { message: '', reason: '' };
}

/**
 * The access that was refused may be another one than was asked for: impersonation, or the second verb of an
 * exec.
 * @returns null when it is not for a missing permission.
 */
function findMissingAccess(message: string, access: RequestedAccess): RequestedAccess | null {
  // From something on the way, or a check that gives no reason.
  if (message === '' || /is forbidden: *$/.test(message)) return access;
  const [found, verb, resource, group, namespace] = forbiddenPattern.exec(message) ?? [];
  if (found === undefined || verb === undefined || resource === undefined) return null;
  return { verb, resource: group ? `${resource}.${group}` : resource, namespace: namespace ?? null };
}

function adviseStatus(status: number): string | null {
  return status === 401 ? 'The credentials of the kubeconfig are missing, wrong or expired.' : null;
}

function describeMissing({ verb, resource, namespace }: RequestedAccess): string {
  const where = namespace === null ? '' : ` in the namespace "${namespace}"`;
  return `you may not ${verb} ${resource}${where}`;
}

function adviseMissing({ verb, resource }: RequestedAccess, text: string): string {
  const advice = adviseRole(verb, resource);
  return advice === null ? text : `${text}\n${advice}`;
}
