import { findWarmAgent } from '../../../cluster/agent-pods/find-agent.ts';
import { refuseUnusableNode } from '../../../cluster/target/node-checks.ts';
import {
  describeSessionObjects,
  listObjects,
  tryObjects,
} from '../../../cluster/agent-pods/dry-run/session-objects.ts';
import { describeTargetEvent } from '../../../cluster/target/target-event.ts';
import { openApi } from '../../options/access-options.ts';
import type { Context } from '../../context.ts';
import { formatValue } from '../../options/output-format.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';
import type { DryRun } from '../../options/dry-run-options.ts';
import { findTarget } from './find-target.ts';
import type { SessionOptions } from './session-request.ts';
import { describeEvent } from './leave-event.ts';

/**
 * Prints the objects that a session would create on a node without an agent. Creates nothing.
 * @returns the exit code.
 * @throws what would keep the session from starting: Failure of finding its target and node; ApiError.
 */
export async function showSession(
  options: SessionOptions,
  { mode, format }: DryRun,
  context: Context,
): Promise<number> {
  return await runUntilInterrupted(async (signal) => {
    const api = await openApi(options, context);
    const found = await findTarget(api, options, context, signal);
    const { node, target, agents } = found;
    await refuseUnusableNode(api, node, { isTarget: target.kind === 'node' }, signal);
    const event = options.event ? describeTargetEvent(target, describeEvent(found, options)) : null;
    const { createNamespace } = options;
    const described = await describeSessionObjects(api, {
      node,
      options: options.agent,
      createNamespace,
      event,
      signal,
    });
    const { objects, notices } =
      mode === 'client'
        ? { objects: listObjects(described), notices: [] as string[] }
        : await tryObjects(api, described, signal);
    const warm = findWarmAgent(agents, { node, options: options.agent });
    if (warm !== null) notices.push(`an agent that runs would be used: ${warm.metadata.name}`);
    for (const notice of notices) context.reporter.note(notice);
    const [only, ...more] = objects;
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    context.stdout.write(formatValue(more.length === 0 ? only : list, format));
    return 0;
  });
}
