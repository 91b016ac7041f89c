import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { runCommand } from '../../images/machine/run-command.ts';
import type { CgroupHierarchy } from '../../src/agent/cgroup/hierarchies.ts';
import { findMissingLimits } from '../../src/agent/cgroup/missing-limits.ts';
import { moveIntoLeaf } from '../../src/agent/cgroup/own-leaf.ts';
import { createSessionCgroup } from '../../src/agent/cgroup/session-cgroup.ts';
import { waitUntil } from '../harness/command-run.ts';

// The kernel's own cgroup v2, which can be mounted beside v1 too. There it has no memory controller: another one that
// no process may be in the way of is handed on.
const mount = mkdtempSync(join(tmpdir(), 'cgroup2-'));
const limits = { memoryBytes: 64 * 1024 * 1024, processes: 100 };
let controller: string;
let container: CgroupHierarchy;
const started: ChildProcess[] = [];
const cleanUps: (() => void)[] = [];

function read(...path: string[]): string[] {
  return readFileSync(join(container.directory, ...path), 'utf8')
    .split(/\s+/)
    .filter(Boolean);
}

/** Starts a shell's script, with the folder of the container's cgroup as $1. */
async function startScript(script: string): Promise<ChildProcess> {
  const child = spawn('bash', ['-c', script, 'bash', container.directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  await once(child.stdout, 'data');
  return child;
}

beforeAll(async () => {
  await runCommand('mount', ['-t', 'cgroup2', 'crashcart-test', mount]);
  const available = readFileSync(join(mount, 'cgroup.controllers'), 'utf8').split(/\s+/);
  controller = ['memory', 'hugetlb'].find((name) => available.includes(name)) ?? '';
});

afterAll(async () => {
  await runCommand('umount', [mount]);
  rmdirSync(mount);
});

beforeEach(async () => {
  const handedOn = readFileSync(join(mount, 'cgroup.subtree_control'), 'utf8').split(/\s+/);
  if (!handedOn.includes(controller)) {
    writeFileSync(join(mount, 'cgroup.subtree_control'), `+${controller}`);
    cleanUps.push(() => writeFileSync(join(mount, 'cgroup.subtree_control'), `-${controller}`));
  }
  container = { version: 2, controllers: [], directory: join(mount, `crashcart-test-${randomUUID()}`) };
  await mkdir(container.directory);
});

afterEach(async () => {
  jest.restoreAllMocks();
  writeFileSync(join(container.directory, 'cgroup.kill'), '1');
  for (const child of started.splice(0))
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  await waitUntil('its processes are gone', () => Promise.resolve(read('cgroup.procs').length === 0));
  for (const name of readdirSync(container.directory, { withFileTypes: true }))
    if (name.isDirectory()) rmdirSync(join(container.directory, name.name));
  rmdirSync(container.directory);
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

test('controllers are handed on while processes join the cgroup and end', async () => {
  const told = jest.spyOn(console, 'error').mockReturnValue();
  // So many that it takes a while to move them.
  await startScript('echo $$ >"$1/cgroup.procs"; for n in {1..300}; do sleep 60 & done; echo ready; wait');
  // As clients' relays do that come while the agent starts.
  await startScript(`
    echo ready
    for round in {1..40}; do (echo $BASHPID >"$1/cgroup.procs"; exec sleep 0.02) & sleep 0.005; done 2>/dev/null
    wait`);
  await moveIntoLeaf([container], [controller]);
  expect(read('cgroup.subtree_control')).toEqual([controller]);
  expect(told).not.toHaveBeenCalled();
});

test.each([
  ['that the container has not got', ['crashcart'], 'max'],
  ['where no cgroup can be made', null, '0'],
])('controllers %s are told as missing', async (_, controllers, maxDescendants) => {
  const told = jest.spyOn(console, 'error').mockReturnValue();
  writeFileSync(join(container.directory, 'cgroup.max.descendants'), maxDescendants);
  await moveIntoLeaf([container], controllers ?? [controller]);
  expect(told).toHaveBeenCalledWith(expect.stringContaining('sessions are not limited as they should be'));
  expect(await findMissingLimits([container])).toEqual(['memory', 'pids']);
});

test('a session gets a cgroup where no controller can be handed on, and all of it is killed and removed', async () => {
  jest.spyOn(console, 'error').mockReturnValue();
  const id = randomUUID();
  const cgroup = await createSessionCgroup(id, limits, [container]);
  const directory = join(container.directory, 'sessions', `crashcart-${id}`);
  expect(cgroup.processFiles).toEqual([join(directory, 'cgroup.procs')]);
  const child = await startScript(`echo $$ >"$1/sessions/crashcart-${id}/cgroup.procs"; echo ready
    trap '' TERM; for n in {1..50}; do sleep 60 & done; wait`);
  await cgroup.destroy();
  expect(existsSync(directory)).toBe(false);
  await waitUntil('it has ended', () => Promise.resolve(child.signalCode === 'SIGKILL'));
});

test('what forks without end is killed at once, but for the processes that are spared', async () => {
  jest.spyOn(console, 'error').mockReturnValue();
  const id = randomUUID();
  const cgroup = await createSessionCgroup(id, limits, [container]);
  const join = `echo $$ >"$1/sessions/crashcart-${id}/cgroup.procs"; echo ready;`;
  const spared = await startScript(`${join} exec sleep 60`);
  await startScript(`${join} f() { sleep 0.05; f & }; for n in {1..20}; do f & done; wait`);
  await cgroup.killOthers([spared.pid ?? 0]);
  expect(await cgroup.countTasks()).toBe(1);
  expect(await cgroup.destroy()).toEqual([]);
  await waitUntil('it has ended', () => Promise.resolve(spared.signalCode === 'SIGKILL'));
});

test('nothing is left of a session cgroup that could not be made', async () => {
  jest.spyOn(console, 'error').mockReturnValue();
  const id = randomUUID();
  const unusable: CgroupHierarchy = {
    version: 2,
    controllers: [],
    directory: join(container.directory, 'missing'),
  };
  await expect(createSessionCgroup(id, limits, [container, unusable])).rejects.toThrow('ENOENT');
  expect(existsSync(join(container.directory, 'sessions', `crashcart-${id}`))).toBe(false);
});
