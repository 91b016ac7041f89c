import {
  describeAgentPod,
  dryRun,
  isSuspended,
  type Manifest,
} from '../../agent-pods/dry-run/agent-dry-run.ts';
import { describeRefusal } from '../../agent-pods/refusals/agent-refusal.ts';
import { describeSuspension } from '../../agent-pods/refusals/suspension.ts';
import { type AgentOptions, describeAgent } from '../../agent-pods/agent-spec.ts';
import type { ApiClient } from '../../api/api-client.ts';
import { ApiError, isNotFound } from '../../api/api-error.ts';
import { failBy, type Finding, pass, runCheck, userFix, warn } from '../finding.ts';

/**
 * Checks by dry runs that the cluster admits an agent's Job, and its pod too, since a Job may be admitted where its pod is
 * not.
 * @throws what aborted the signal.
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
  const run = async () => {
    try {
      const { value, warnings } = await dryRun(api, manifest, signal);
      if (manifest.kind === 'Job' && isSuspended(value)) return failBy(describeSuspension(namespace));
      if (warnings.length === 0) return pass(`an agent's ${what} is admitted`);
      return warn(`an agent's ${what} is admitted with a warning: ${warnings.join('; ')}`, null);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code === 'forbidden' || error.status >= 500) throw error;
      // An agent of this very name exists, so it was admitted.
      if (error.reason === 'AlreadyExists') return pass(`an agent's ${what} of this name exists`);
      if (isNotFound(error)) throw error;
      return failBy(describeRefusal(what, error.message, namespace));
    }
  };
  return await runCheck(check, signal, run, userFix);
}
