import { applyManifests } from '../../agent-pods/agent-namespace.ts';
import type { ApiClient } from '../../api/api-client.ts';
import { isNotFound } from '../../api/api-error.ts';
import { namespaces } from '../../api/resources.ts';
import { type CheckResult, fail, type Finding, pass, runCheck, warn } from '../finding.ts';

const enforceLabel = 'pod-security.kubernetes.io/enforce';

/** Checks that the namespace of agents exists, and that Pod Security admits agents. @throws what aborted the signal. */
export async function checkAgentNamespace(
  api: ApiClient,
  name: string,
  signal: AbortSignal,
): Promise<Finding> {
  return await runCheck('agent namespace', signal, async () => {
    try {
      const { metadata } = await api.get({ ...namespaces.get(name), signal });
      return checkNamespace(name, metadata);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return fail(
        `the namespace "${name}" does not exist`,
        `Create it with \`${applyManifests}\`, or give --create-namespace with the first session.`,
      );
    }
  });
}

/** Checks a namespace by its labels. */
export function checkNamespace(
  name: string,
  { labels, deletionTimestamp }: { labels: Record<string, string>; deletionTimestamp: string | null },
): CheckResult {
  if (deletionTimestamp !== null)
    return fail(
      `the namespace "${name}" is being deleted`,
      `Wait until it is gone, then run \`${applyManifests}\`.`,
    );
  const level = labels[enforceLabel];
  const fix = `Agents are privileged: \`kubectl label namespace ${name} ${enforceLabel}=privileged\`.`;
  if (level === 'privileged') return pass(`"${name}", whose Pod Security level is privileged`);
  // The API server's own configuration decides then, and can't be read: the dry run of a pod tells.
  if (level === undefined)
    return warn(`"${name}" has no label for Pod Security: the cluster's default applies`, fix);
  return fail(`the Pod Security level of "${name}" is ${level}`, fix);
}
