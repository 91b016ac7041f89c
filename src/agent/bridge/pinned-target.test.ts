import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { enteredNamespaces, pinProcess } from './pinned-target.ts';
import { isProcessAlive, readProcessIdentity } from './process-identity.ts';

const started: ReturnType<typeof spawn>[] = [];
async function startProcess() {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  started.push(child);
  await once(child, 'spawn');
  return child;
}
afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

describe('a target', () => {
  test('is pinned by a descriptor of each namespace that is entered', async () => {
    const child = await startProcess();
    const target = await pinProcess(child.pid as number, null);
    expect(target.namespaces).toHaveLength(enteredNamespaces.length);
    expect(target.process.pid).toBe(child.pid);
    await target.close();
  });

  test('is refused when its process has ended', async () => {
    const child = await startProcess();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect(pinProcess(child.pid as number, null)).rejects.toMatchObject({ code: 'targetChanged' });
  });

  test('is told apart later from what has its PID then', async () => {
    const child = await startProcess();
    const target = await pinProcess(child.pid as number, null);
    await target.check();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect(target.check()).rejects.toMatchObject({ code: 'targetChanged' });
    await target.close();
  });

  test('is refused when the PID is now a process that is not the container’s', async () => {
    const child = await startProcess();
    await expect(pinProcess(child.pid as number, 'f'.repeat(64))).rejects.toMatchObject({
      code: 'targetChanged',
    });
  });

  test('is not the same process as one that started at another time', async () => {
    const child = await startProcess();
    const identity = await readProcessIdentity(child.pid as number);
    if (identity === null) throw new Error('the process is gone');
    expect(await isProcessAlive(identity)).toBe(true);
    expect(await isProcessAlive({ ...identity, startTime: '1' })).toBe(false);
  });
});
