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
  kind: z.string().default(''),
  message: z.string().default(''),
  reason: z.string().default(''),
  code: z.number().default(0),
});

/** The authorizer's words. A 403 without them comes from admission. */
const forbiddenPattern =
  /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)"| at the cluster scope)/;

/** What a request was for, where its path alone does not tell the user. */
export interface RequestPurpose {
  /** Comes before the API server's words: `the websocket to … can't be opened`. */
  complaint: string;
  hint: string;
}

/** An error answer of the API server: code `forbidden` for a missing permission or a 401, else `apiError`. */
export class ApiError extends Failure {
  override name = 'ApiError';
  readonly status: number;
  /** Of metav1.Status: `NotFound`, `AlreadyExists`, `Forbidden`, …; empty when the answer has none. */
  readonly reason: string;
  readonly access: RequestedAccess;
  /** After which time the API server asks for a retry (Retry-After); null when it does not. */
  readonly retryAfterMs: number | null;

  /**
   * @param status of HTTP.
   * @param body a metav1.Status in JSON, or a line of text.
   * @param purpose is told where the API server's words do not say enough: of a 401, a refusal and a missing object
   *   they do.
   */
  constructor(
    status: number,
    body: string,
    access: RequestedAccess,
    {
      retryAfterMs = null,
      purpose = null,
    }: { retryAfterMs?: number | null; purpose?: RequestPurpose | null } = {},
  ) {
    const { message, reason } = parseStatus(body);
    const text = message.trim() || `${body.trim()} (HTTP status ${status})`.trim();
    const missing = reason === 'Forbidden' ? findMissingAccess(message, access) : null;
    const told = status === 401 || ['Forbidden', 'NotFound'].includes(reason) ? null : purpose;
    super(
      missing !== null || status === 401 ? 'forbidden' : 'apiError',
      missing === null ? `${told === null ? '' : `${told.complaint}: `}${text}` : describeMissing(missing),
      missing === null ? (adviseStatus(status) ?? told?.hint ?? null) : adviseMissing(missing, text),
    );
    this.status = status;
    this.reason = reason;
    this.access = access;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether the API server answered that an object, or its namespace, does not exist. A 404 of others says nothing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.reason === 'NotFound';
}

/** Whether an object is a metav1.Status, which is how an API server says what went wrong. */
export function isStatus(object: unknown): boolean {
  return statusSchema.safeParse(object).data?.kind === 'Status';
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
  const object = parseJSON(body);
  return isStatus(object) ? statusSchema.parse(object) : { message: '', reason: '' };
}

/**
 * Finds the access that was refused. Another one may be named than was asked for: impersonation, or the second verb of
 * an exec.
 * @returns null when the refusal is not for a missing permission.
 */
function findMissingAccess(message: string, access: RequestedAccess): RequestedAccess | null {
  // Of an authorizer that gives no reason.
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
