import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CaughtStart, ThawReason } from './caught-start.ts';
import { holdPath, holdStates, joinHold } from './hold-file.ts';

const checkout = join(import.meta.dirname, '../../..');

describe('the agent and the command thaw agree', () => {
  test.each([
    ['images/toolbox/root/usr/local/bin/thaw', `hold=/${holdPath}\n`],
    ['images/toolbox/root/usr/local/bin/thaw', `echo ${holdStates.wanted} >`],
    ['images/toolbox/root/usr/local/bin/thaw', `= ${holdStates.over} ]`],
    ['images/agent/enter-target.sh', `"$root/${holdPath}"`],
  ])('in %s: %j', async (file, text) => {
    expect(await readFile(join(checkout, file), 'utf8')).toContain(text);
  });
});

describe('the file of a hold', () => {
  let directory: string;
  let caught: CaughtStart;
  let endHold: (why: ThawReason) => void;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crashcart-hold-'));
    const { promise: thawed, resolve } = Promise.withResolvers<ThawReason>();
    endHold = resolve;
    const thaw = () => Promise.resolve(resolve('asked'));
    caught = { containerID: 'containerd://a', pid: 1, thawed, thaw };
    await joinHold(caught).create(directory, join(directory, 'upper'));
  });
  afterEach(async () => {
    endHold('asked');
    await rm(directory, { recursive: true });
  });

  const read = () => readFile(join(directory, 'hold'), 'utf8');
  const waitFor = async (text: string) => {
    while ((await read()) !== text) await new Promise((resolve) => setImmediate(resolve));
  };

  test('says that the target is held, and has a mount point in the session’s root', async () => {
    expect(await read()).toBe('held\n');
    expect(await readFile(join(directory, 'upper', holdPath), 'utf8')).toBe('');
  });

  test('has the target thawed when the session writes so, and says it then', async () => {
    await writeFile(join(directory, 'hold'), 'thaw\n');
    expect(await caught.thawed).toBe('asked');
    await waitFor('running asked\n');
  });

  test('says why the target runs', async () => {
    endHold('time');
    await waitFor('running time\n');
  });
});
