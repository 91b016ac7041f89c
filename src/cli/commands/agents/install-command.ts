import { createAgentNamespace } from '../../../cluster/agent-pods/agent-namespace.ts';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import { Failure } from '../../../failure/failure.ts';
import type { DaemonSet } from '../../../cluster/api/objects/kubernetes-objects.ts';
import {
  applyResidentAgents,
  findResidentRefusal,
  requireResidentToolbox,
  waitForResidentAgents,
} from '../../../cluster/agent-pods/resident/resident-agents.ts';
import { describeResidentAgents } from '../../../cluster/agent-pods/resident/resident-spec.ts';
import { ProgressLine } from '../../../terminal/progress.ts';
import { openApi } from '../../options/access-options.ts';
import { defineCommand } from '../../command-line/command.ts';
import { formatValue } from '../../options/output-format.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';
import { describeAgentOptions } from '../../options/agent/agent-options.ts';
import { describeDryRun, validateDryRun } from '../../options/dry-run-options.ts';
import { describePlacement, installOptions } from './install-options.ts';

const lookUpLimitMs = 5000;

/** Keeps agents on nodes. */
export const installCommand = defineCommand({
  name: 'install',
  usage: [
    'kubectl crashcart install [--node-selector LABELS] [--toleration TAINT]',
    '    [--priority-class NAME]',
  ].join('\n'),
  summary: [
    'Keep an agent on each node, by a DaemonSet, so that sessions start without a',
    'wait. Sessions that ask for the same image use these agents; agents that other',
    'sessions started are not affected. To change what is installed, run `install`',
    'again: agents that have to be replaced end, with their sessions.',
  ].join('\n'),
  examples: [
    { purpose: 'An agent on each node', line: 'kubectl crashcart install' },
    {
      purpose: 'Only on some nodes, with a higher priority',
      line: 'kubectl crashcart install --node-selector pool=apps --priority-class high',
    },
    {
      purpose: 'The image from your own registry',
      line: 'kubectl crashcart install --mirror registry.example/cache',
    },
    {
      purpose: 'The DaemonSet, to apply it by other means',
      line: 'kubectl crashcart install --dry-run=client > daemonset.yaml',
    },
  ],
  options: installOptions,
  validate: ({ dryRun }, sources) => validateDryRun(dryRun, sources),
  run: (options, context) =>
    runUntilInterrupted(async (signal) => {
      const api = await openApi(options, context);
      const agent = describeAgentOptions(options.agent);
      const dryRun = describeDryRun(options.dryRun);
      const manifest = describeResidentAgents(agent, describePlacement(options));
      if (dryRun?.mode === 'client') {
        context.stdout.write(formatValue(manifest, dryRun.format));
        return 0;
      }
      if (options.createNamespace && dryRun === null)
        await createAgentNamespace(api, agent.namespace, signal);
      if (agent.toolboxImage !== null) await requireResidentToolbox(api, manifest, signal);
      const { value, warnings } = await applyResidentAgents(
        api,
        manifest,
        { dryRun: dryRun !== null },
        signal,
      );
      for (const warning of warnings) context.reporter.warning(warning);
      if (dryRun !== null) {
        context.stdout.write(formatValue(value, dryRun.format));
        return 0;
      }
      const progress = new ProgressLine(context.stderr);
      const show = ({ status }: DaemonSet) =>
        progress.show(`agents: ${status.numberReady} of ${status.desiredNumberScheduled} ready`);
      try {
        const installed = await waitForAll(api, agent.namespace, options.timeoutMs, show, signal);
        const count = installed.status.desiredNumberScheduled;
        progress.clear();
        context.stdout.write(`Agents are installed on ${count} node${count === 1 ? '' : 's'}.\n`);
        if (count === 0) context.reporter.warning('no node has these labels');
        return 0;
      } finally {
        progress.clear();
      }
    }),
});

async function waitForAll(
  api: ApiClient,
  namespace: string,
  timeoutMs: number,
  onProgress: (daemonSet: DaemonSet) => void,
  signal: AbortSignal,
): Promise<DaemonSet> {
  const limit = AbortSignal.timeout(timeoutMs);
  let last: DaemonSet | null = null;
  const note = (daemonSet: DaemonSet) => onProgress((last = daemonSet));
  try {
    return await waitForResidentAgents(api, namespace, note, AbortSignal.any([signal, limit]));
  } catch (error) {
    if (signal.aborted || !limit.aborted) throw error;
    throw await describeIncomplete(api, namespace, last, timeoutMs);
  }
}

async function describeIncomplete(
  api: ApiClient,
  namespace: string,
  daemonSet: DaemonSet | null,
  timeoutMs: number,
): Promise<Failure> {
  const { numberReady = 0, desiredNumberScheduled = 0 } = daemonSet?.status ?? {};
  const refusal =
    daemonSet &&
    (await findResidentRefusal(api, namespace, daemonSet, AbortSignal.timeout(lookUpLimitMs)).catch(
      () => null,
    ));
  return new Failure(
    'timeout',
    `${numberReady} of ${desiredNumberScheduled} agents were ready within ${timeoutMs / 1000} s${refusal ? `: ${refusal}` : ''}`,
    '`kubectl crashcart status` shows them. The installation stays; `kubectl crashcart uninstall` removes it.',
  );
}
