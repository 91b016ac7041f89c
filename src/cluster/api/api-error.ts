import * as z from 'zod';
import { parseJSON } from '../../session-api/connection/json-text.ts';
import { Failure } from '../../failure/failure.ts';
import { adviseRole } from './granting-roles.ts';

/** What an API request needs, in RBAC's words; a refusal names it. */
export interface RequestedAccess {
  verb: string;
  /** With its subresource or API group: `pods/exec`, `jobs.batch`. */
  resource: string;
  /** null for a resource that is in no namespace. */
  namespace: string | null;
}

const statusSchema = z.object({
  message: z.string().default(''),
  reason: z.string().default(''),
  code: z.number().default(0),
});

/** The authorizer's words. A 403 without them comes from admission. */
const forbiddenPattern =
  /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)"| at the cluster scope)/;

/** An error answer of the API server: code `forbidden` for a missing permission or a 401, else `apiError`. */
export class ApiError extends Failure {
  override name = 'ApiError';
  readonly status: number;
  /** Of metav1.Status: `NotFound`, `AlreadyExists`, `Forbidden`, …; empty when the answer has none. */
  readonly reason: string;
  readonly access: RequestedAccess;

  /**
   * @param status of HTTP.
   * @param body a metav1.Status in JSON, or the text of something between here and the API server.
   */
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

/** Whether the API server answered that an object, or its namespace, does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/**
 * Makes the error that an ERROR event of a watch carries.
 * @param object of the event: a metav1.Status, whose code is that of HTTP.
 */
export function toApiError(object: unknown, access: RequestedAccess): ApiError {
  const { code } = statusSchema.safeParse(object).data ?? { code: 0 };
  return new ApiError(code, JSON.stringify(object), access);
}

function parseStatus(body: string): { message: string; reason: string } {
  // Proxies answer with texts of their own.
  return statusSchema.safeParse(parseJSON(body)).data ?? { message: '', reason: '' };
}

/**
 * Finds the access that was refused. Another one may be named than was asked for: impersonation, or the second verb of
 * an exec.
 * @returns null when the refusal is not for a missing permission.
 */
function findMissingAccess(message: string, access: RequestedAccess): RequestedAccess | null {
  // From a proxy, or an authorizer that gives no reason.
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
