import { applyManifests } from '../../agent-pods/agent-namespace.ts';
import type { ApiClient } from '../../api/api-client.ts';
import { isNotFound } from '../../api/api-error.ts';
import { namespaces } from '../../api/resources.ts';
import { approve, type Finding, runCheck, type Verdict } from '../finding.ts';

const enforceLabel = 'pod-security.kubernetes.io/enforce';

/** Checks that the namespace of agents is there, and that Pod Security admits agents. @throws what aborted the signal. */
export async function checkAgentNamespace(
  api: ApiClient,
  name: string,
  signal: AbortSignal,
): Promise<Finding> {
  return await runCheck('agent namespace', signal, async () => {
    try {
      const { metadata } = await api.get({ ...namespaces.get(name), signal });
      return judgeNamespace(name, metadata);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return {
        state: 'failed',
        found: `the namespace "${name}" does not exist`,
        mend: `\`${applyManifests}\` makes it, or --create-namespace at the first use.`,
      };
    }
  });
}

/** Judges a namespace by its labels. */
export function judgeNamespace(
  name: string,
  { labels, deletionTimestamp }: { labels: Record<string, string>; deletionTimestamp: string | null },
): Verdict {
  if (deletionTimestamp !== null) {
    const found = `the namespace "${name}" is being deleted`;
    return { state: 'failed', found, mend: `Wait until it is gone, then \`${applyManifests}\`.` };
  }
  const level = labels[enforceLabel];
  const mend = `Agents are privileged: \`kubectl label namespace ${name} ${enforceLabel}=privileged\`.`;
  if (level === 'privileged') return approve(`"${name}", whose Pod Security level is privileged`);
  // Then the API server's own configuration decides, which can't be read: the dry run tells.
  if (level === undefined)
    return { state: 'warning', found: `"${name}" has no label for Pod Security: the default holds`, mend };
  return { state: 'failed', found: `the Pod Security level of "${name}" is ${level}`, mend };
}
