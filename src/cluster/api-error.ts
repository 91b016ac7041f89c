import * as z from 'zod';
import { Failure, type FailureCode } from './failure.ts';

/** What an API request is for, in RBAC's words: a refusal names them. */
export interface RequestedAccess {
  verb: string;
  /** With its subresource and group: `pods/exec`, `jobs.batch`. */
  resource: string;
  /** null for what is not in a namespace. */
  namespace: string | null;
}

export const statusSchema = z.object({
  status: z.string().optional(),
  message: z.string().default(''),
  reason: z.string().default(''),
  code: z.number().default(0),
});

/** An error answer of the API server. */
export class ApiError extends Failure {
  override name = 'ApiError';
  readonly status: number;
  /** metav1.Status' reason: `NotFound`, `AlreadyExists`, `Forbidden`, …; empty when there was none. */
  readonly reason: string;
  readonly access: RequestedAccess;

  constructor(status: number, body: string, access: RequestedAccess) {
    const { message, reason } = parseStatus(body);
    const text = message || body.trim().slice(0, 500) || `HTTP status ${status}`;
    super(
      codeFor(status),
      status === 403 ? describeRefusal(access) : text,
      status === 403
        ? `${text}\nThe permission is in manifests/rbac.yaml: ask an administrator to bind you to the ClusterRole crashcart-user (kubectl apply -k manifests).`
        : status === 401
          ? 'The credentials of the kubeconfig are missing, wrong or expired.'
          : null,
    );
    this.status = status;
    this.reason = reason;
    this.access = access;
  }
}

function parseStatus(body: string): { message: string; reason: string } {
  try {
    const parsed = statusSchema.safeParse(JSON.parse(body));
    if (parsed.success) return parsed.data;
  } catch {
    // Not every answer on the way is the API server's.
  }
  return { message: '', reason: '' };
}

function codeFor(status: number): FailureCode {
  return status === 403 || status === 401 ? 'forbidden' : 'apiError';
}

function describeRefusal({ verb, resource, namespace }: RequestedAccess): string {
  const where = namespace === null ? '' : ` in the namespace "${namespace}"`;
  return `you may not ${verb} ${resource}${where}`;
}
