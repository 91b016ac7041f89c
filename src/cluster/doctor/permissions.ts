import type { ApiClient } from '../api/api-client.ts';
import type { RequestedAccess } from '../api/api-error.ts';
import { selfSubjectAccessReviews } from '../api/resources.ts';
import { adviseManifest } from '../api/granting-roles.ts';
import { type CheckResult, type Finding, pass, runCheck, userFix } from './finding.ts';

/** A step of a session, and the access that RBAC has to grant for it. */
export interface PermissionStep {
  check: string;
  needs: RequestedAccess[];
  /** What a missing permission means: `failed` when there is no session without it. */
  without: 'failed' | 'warning';
  fix: string;
}

/**
 * Lists the permissions that a session needs, step by step.
 * @param targets namespace of the target; null when the target is a node.
 * @param agents namespace of agents.
 */
export function listPermissionSteps(targets: string | null, agents: string): PermissionStep[] {
  const need = (namespace: string | null, resource: string, ...verbs: string[]) =>
    verbs.map((verb) => ({ verb, resource, namespace }));
  const steps: PermissionStep[] = [
    {
      check: 'may read nodes',
      needs: [...need(null, 'nodes', 'get'), ...need(null, 'runtimeclasses.node.k8s.io', 'get')],
      without: 'warning',
      fix: `${userFix}; without it, a target that can't be entered is refused late`,
    },
    {
      check: 'may make agents',
      needs: [
        ...need(agents, 'jobs.batch', 'create', 'get', 'delete'),
        ...need(agents, 'pods', 'list', 'watch', 'get'),
      ],
      without: 'failed',
      fix: userFix,
    },
    {
      check: 'may enter agents',
      // Since Kubernetes 1.35 both: https://github.com/kubernetes/kubernetes/pull/134577
      needs: need(agents, 'pods/exec', 'get', 'create'),
      without: 'failed',
      fix: userFix,
    },
    {
      check: 'may read refusals',
      needs: need(agents, 'events', 'list', 'watch'),
      without: 'warning',
      fix: `${userFix}; without it, the refusal of an agent shows only as a timeout`,
    },
    {
      check: 'may clean up',
      needs: need(agents, 'jobs.batch', 'list'),
      without: 'warning',
      fix: `${userFix}; \`kubectl crashcart clean\` needs it`,
    },
  ];
  if (targets === null) return steps;
  return [
    {
      check: 'may find targets',
      needs: need(targets, 'pods', 'get', 'list'),
      without: 'failed',
      fix: userFix,
    },
    ...steps,
    {
      check: 'may wait for targets',
      needs: need(targets, 'pods', 'watch'),
      without: 'warning',
      fix: `${userFix}; --wait and --follow need it`,
    },
    {
      check: 'may tell why',
      needs: [
        ...need(targets, 'events', 'list'),
        ...need(targets, 'pods/log', 'get'),
        ...need(targets, 'replicasets.apps', 'list'),
      ],
      without: 'warning',
      fix: `${userFix}; \`why\` tells less without it, and a session not that a probe has ended its target`,
    },
    {
      check: 'may name addresses',
      needs: need(targets, 'services', 'list'),
      without: 'warning',
      fix: `${userFix}; without it, the files of \`capture\` have no names of services`,
    },
    {
      check: 'may leave events',
      needs: need(targets, 'events', 'create'),
      without: 'warning',
      fix: `${adviseManifest('manifests/components/target-events')}; only --event needs it`,
    },
  ];
}

/** Asks the API server whether each step is allowed. @throws what aborted the signal. */
export async function checkPermissions(
  api: ApiClient,
  steps: PermissionStep[],
  signal: AbortSignal,
): Promise<Finding[]> {
  return await Promise.all(
    steps.map((step) =>
      runCheck(
        step.check,
        signal,
        async () => {
          const answers = await Promise.all(step.needs.map((need) => askPermission(api, need, signal)));
          return checkStep(
            step,
            step.needs.filter((_, index) => !answers[index]),
          );
        },
        'The ClusterRole system:basic-user of Kubernetes lets every user ask what they may do.',
      ),
    ),
  );
}

/** @param missing the access that is not granted. */
export function checkStep(step: PermissionStep, missing: RequestedAccess[]): CheckResult {
  if (missing.length > 0)
    return { status: step.without, message: `you may not ${describeAccess(missing)}`, fix: step.fix };
  return pass(`you may ${describeAccess(step.needs)}`);
}

/** `get, list pods and watch events in the namespace "x"` */
function describeAccess(accesses: RequestedAccess[]): string {
  const byResource = Map.groupBy(accesses, ({ resource }) => resource);
  const parts = [...byResource].map(
    ([resource, group]) => `${group.map(({ verb }) => verb).join(', ')} ${resource}`,
  );
  const namespace = accesses[0]?.namespace ?? null;
  return parts.join(' and ') + (namespace === null ? '' : ` in the namespace "${namespace}"`);
}

async function askPermission(
  api: ApiClient,
  { verb, resource, namespace }: RequestedAccess,
  signal: AbortSignal,
): Promise<boolean> {
  const [path = '', subresource = ''] = resource.split('/');
  const [name = '', ...group] = path.split('.');
  const { status } = await api.get({
    ...selfSubjectAccessReviews.create(),
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: {
        resourceAttributes: {
          verb,
          group: group.join('.'),
          resource: name,
          subresource,
          ...(namespace === null ? {} : { namespace }),
        },
      },
    },
    signal,
  });
  return status.allowed;
}
