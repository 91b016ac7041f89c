import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describeStack } from '../failure/source-stack.ts';
import { agentPaths } from '../session-api/agent-paths.ts';
import { readAgentConfig } from './agent-config.ts';
import { moveIntoLeaf } from './cgroup/own-leaf.ts';
import { readSessionMemory } from './cgroup/session-group.ts';
import { describeShutdown } from './shutdown-reason.ts';
import { createSessionServer } from './http/server.ts';
import { protectAgent } from './oom-score.ts';
import { WaitingLine } from './sessions/admission/waiting-line.ts';
import { AuditLog } from './sessions/audit-log.ts';
import { ownStrayErrors } from './sessions/error-owner.ts';
import { SessionProcess } from './sessions/session-process.ts';
import { SessionRegistry } from './sessions/session-registry.ts';
import { leaveTerminationMessage } from './termination-message.ts';
import { agentVersion } from './agent-version.ts';

/** Each takes a little of the agent, and of its one thread, even if it does nothing. */
const maxSessions = 500;
/** Within the grace period of the agent's pod, two seconds, after which the kubelet kills it. */
const shutdownLimitMs = 1000;

if (process.argv.includes('--version')) console.log(agentVersion);
else {
  runAgent().catch((error: unknown) => {
    console.error(describeStack(error));
    process.exit(1);
  });
}

async function runAgent(): Promise<void> {
  ownStrayErrors();
  const config = readAgentConfig(process.env);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<string>();
  const auditLog = new AuditLog(console.log);
  const registry = new SessionRegistry({
    idleMs: config.idleMs,
    maxSessions,
    line: new WaitingLine(readSessionMemory),
    auditLog,
    prepareProcess: (id, spec, signal) => SessionProcess.prepare(id, spec, config, signal),
    onIdle: () => stop('idle'),
  });
  const server = createSessionServer({ node: config.node, registry, auditLog });
  const stopAsTold = () => stop(describeShutdown(config, process.uptime()));
  process.once('SIGTERM', stopAsTold);
  process.once('SIGINT', stopAsTold);

  await protectAgent();
  await moveIntoLeaf();
  await rm(agentPaths.socket, { force: true });
  server.listen(agentPaths.socket, () =>
    console.log(`crashcart agent ${agentVersion} on ${config.node}: ready`),
  );

  const reason = await stopped;
  console.log(`crashcart agent: ending (${reason})`);
  await leaveTerminationMessage(reason);
  await registry.close(reason);
  // Clients close their connections as soon as they know how their sessions ended; not all are still there.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await Promise.race([closed, delay(shutdownLimitMs)]);
  process.exit(0);
}
