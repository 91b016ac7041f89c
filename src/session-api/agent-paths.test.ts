import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { agentPaths } from './agent-paths.ts';

const readImageFile = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../images/agent', name), 'utf8');

describe('the scripts and the Dockerfile of the agent’s image name the paths as the code does', () => {
  test.each([
    ['crashcart-relay', `socket=${agentPaths.socket}\n`],
    ['start-agent.sh', `crashcart ${agentPaths.state}\n`],
    ['start-agent.sh', `devices=${agentPaths.state}/devices\n`],
    ['enter-target.sh', `tini -s -- ${agentPaths.sessionInit} `],
    ['enter-target.sh', `${dirname(agentPaths.sessionInit)}/mount-remains `],
    ['session-root.c', `"${agentPaths.state}/node"`],
    ['start-agent.sh', `clone-node-mounts ${agentPaths.state}/node `],
    ['Dockerfile', dirname(agentPaths.sessionInit)],
    ['Dockerfile', `build /${basename(agentPaths.readTarget)} `],
    ['Dockerfile', `build /${basename(agentPaths.catchStart)} `],
    ['Dockerfile', agentPaths.relay],
    ['Dockerfile', agentPaths.state],
  ])('%s has %j', (name, text) => {
    expect(readImageFile(name)).toContain(text);
  });
});
