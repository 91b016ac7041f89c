import { rm } from 'node:fs/promises';
import { agentSocketPath } from '../session/protocol-version.ts';
import { readAgentConfig } from './agent-config.ts';
import { prepareSessionDevices } from './bridge/session-devices.ts';
import { countAdmittedSessions } from './cgroup/memory-limit.ts';
import { moveIntoLeaf } from './cgroup/own-leaf.ts';
import { createSessionServer } from './server.ts';
import { SessionRegistry } from './sessions/session-registry.ts';
import { agentVersion } from './version.ts';

if (process.argv.includes('--version')) console.log(agentVersion);
else {
  runAgent().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}

async function runAgent(): Promise<void> {
  const config = readAgentConfig(process.env);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<string>();
  const maxSessions = await countAdmittedSessions(config.sessionMemoryBytes);
  const registry = new SessionRegistry(config, maxSessions, () => stop('idle'));
  const server = createSessionServer(config, registry);
  process.once('SIGTERM', () => stop('the agent was told to end'));
  process.once('SIGINT', () => stop('the agent was told to end'));

  await moveIntoLeaf();
  await prepareSessionDevices();
  await rm(agentSocketPath, { force: true });
  server.listen(agentSocketPath, () =>
    console.log(`crashcart agent ${agentVersion} on ${config.node}: ready`),
  );

  const reason = await stopped;
  console.log(`crashcart agent: ending (${reason})`);
  await registry.close(reason);
  // What is left open are clients' connections; their sessions have ended.
  process.exit(0);
}
