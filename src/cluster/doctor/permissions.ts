import type { ApiClient } from '../api/api-client.ts';
import type { RequestedAccess } from '../api/api-error.ts';
import { selfSubjectAccessReviews } from '../api/resources.ts';
import { approve, type Finding, runCheck, type Verdict, userMend } from './finding.ts';

/** A step of a session, and what RBAC has to grant for it. */
export interface PermissionStep {
  check: string;
  /** As of the API's paths: `pods/exec`, `jobs.batch`. */
  needs: RequestedAccess[];
  /** What happens without: the step fails, or something is missing. */
  without: 'failed' | 'warning';
  mend: string;
}

/** Lists what a session needs, step by step. @param targets the target's namespace; null when it is a node. */
export function listPermissionSteps(targets: string | null, agents: string): PermissionStep[] {
  const rbac = userMend;
  const need = (namespace: string | null, resource: string, ...verbs: string[]) =>
    verbs.map((verb) => ({ verb, resource, namespace }));
  const steps: PermissionStep[] = [
    {
      check: 'may read nodes',
      needs: [...need(null, 'nodes', 'get'), ...need(null, 'runtimeclasses.node.k8s.io', 'get')],
      without: 'warning',
      mend: `${rbac}; without it, what can't be entered is found out late`,
    },
    {
      check: 'may make agents',
      needs: [
        ...need(agents, 'jobs.batch', 'create', 'get', 'delete'),
        ...need(agents, 'pods', 'list', 'watch', 'get'),
      ],
      without: 'failed',
      mend: rbac,
    },
    {
      check: 'may enter agents',
      // Since Kubernetes 1.35 both: https://github.com/kubernetes/kubernetes/pull/134577
      needs: need(agents, 'pods/exec', 'get', 'create'),
      without: 'failed',
      mend: rbac,
    },
    {
      check: 'may read refusals',
      needs: need(agents, 'events', 'list', 'watch'),
      without: 'warning',
      mend: `${rbac}; without it, a refused agent shows by the time limit alone`,
    },
    {
      check: 'may clean up',
      needs: need(agents, 'jobs.batch', 'list'),
      without: 'warning',
      mend: `${rbac}; \`kubectl crashcart clean\` needs it`,
    },
  ];
  if (targets === null) return steps;
  return [
    { check: 'may find targets', needs: need(targets, 'pods', 'get', 'list'), without: 'failed', mend: rbac },
    ...steps,
    {
      check: 'may leave events',
      needs: need(targets, 'events', 'create'),
      without: 'warning',
      mend: 'manifests/components/target-events grants it; only --event needs it',
    },
  ];
}

/** Asks for each step whether it is allowed. @throws what aborted the signal. */
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
          return judgeStep(
            step,
            step.needs.filter((_, index) => !answers[index]),
          );
        },
        'The ClusterRole system:basic-user of Kubernetes lets everyone ask what they may do.',
      ),
    ),
  );
}

/** Judges a step by what of its needs is not allowed. */
export function judgeStep(step: PermissionStep, missing: RequestedAccess[]): Verdict {
  if (missing.length > 0)
    return { state: step.without, found: `you may not ${describeAccess(missing)}`, mend: step.mend };
  return approve(`you may ${describeAccess(step.needs)}`);
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
