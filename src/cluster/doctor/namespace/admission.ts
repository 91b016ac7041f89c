import { describeAgentPod, dryRun, type Manifest } from '../../agent-pods/dry-run/agent-dry-run.ts';
import { describeRefusal } from '../../agent-pods/agent-refusal.ts';
import { type AgentOptions, describeAgent } from '../../agent-pods/agent-spec.ts';
import type { ApiClient } from '../../api/api-client.ts';
import { ApiError, isNotFound } from '../../api/api-error.ts';
import { approve, condemn, type Finding, runCheck, userMend } from '../finding.ts';

/**
 * Checks that the cluster admits an agent: its Job, and its pod, as a Job is admitted where its pod is not.
 * Nothing is made. @throws what aborted the signal.
 */
export async function checkAdmission(
  api: ApiClient,
  node: string,
  options: AgentOptions,
  signal: AbortSignal,
): Promise<Finding[]> {
  const job = describeAgent(node, options).render(0);
  return await Promise.all([
    checkObject(api, 'admission of Jobs', job, signal),
    checkObject(api, 'admission of pods', describeAgentPod(job), signal),
  ]);
}

async function checkObject(
  api: ApiClient,
  check: string,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<Finding> {
  const what = manifest.kind === 'Job' ? 'Job' : 'pod';
  const { namespace = '' } = manifest.metadata;
  const mend = userMend;
  const run = async () => {
    try {
      const { warnings } = await dryRun(api, manifest, signal);
      if (warnings.length === 0) return approve(`an agent's ${what} is admitted`);
      const found = `an agent's ${what} is admitted with a warning: ${warnings.join('; ')}`;
      return { state: 'warning' as const, found, mend: null };
    } catch (error) {
      if (!(error instanceof ApiError) || error.code === 'forbidden' || error.status >= 500) throw error;
      // An agent of this very name is there: it was admitted.
      if (error.reason === 'AlreadyExists') return approve(`an agent's ${what} of this name is there`);
      if (isNotFound(error)) throw error;
      return condemn(describeRefusal(what, error.message, namespace));
    }
  };
  return await runCheck(check, signal, run, mend);
}
