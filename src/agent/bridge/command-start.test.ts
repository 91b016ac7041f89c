import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { commandSetupSchema } from '../../session-api/command-setup.ts';
import { prepareCommand } from './command-start.ts';

let toolbox: string;
beforeEach(async () => {
  toolbox = await mkdtemp(join(tmpdir(), 'crashcart-toolbox-'));
  await mkdir(join(toolbox, 'bin'));
  await writeFile(join(toolbox, 'bin/bash'), '');
});
afterEach(() => rm(toolbox, { recursive: true }));

const own = { process: { pid: process.pid, startTime: '0' } };
const prepare = (setup: object, command: string[] | null = ['id']) =>
  prepareCommand({ command, setup: commandSetupSchema.parse(setup) }, own, toolbox, []);

describe('a command is started', () => {
  test('as root in its home, with nothing added, when nothing is said of it', async () => {
    expect(await prepare({}, null)).toEqual({
      command: ['/bin/bash', '-l'],
      toolbox,
      workdir: '/root',
      environment: Buffer.alloc(0),
      user: null,
    });
  });

  test('in the directory and with the variables that are asked for, as bytes that no shell reads', async () => {
    const { workdir, environment } = await prepare({
      workdir: '/target/a b',
      variables: { A: '$(id)\n', B: '' },
    });
    expect(workdir).toBe('/target/a b');
    expect(environment.toString()).toBe('A=$(id)\n\0B=\0');
  });

  test('as another user, in a folder that this user can write to', async () => {
    const { command, workdir, environment, user } = await prepare({ runAs: { uid: 1000, gid: 2000 } });
    expect(workdir).toBe('/tmp');
    expect(environment.toString()).toBe('HOME=/tmp\0USER=1000\0');
    // What session-init makes of a real process is seen in e2e/set-a-command-up.
    expect({ command, user }).toEqual({ command: ['id'], user: { uid: 1000, gid: 2000, groups: [] } });
  });

  test('as root with another group, at home as root is', async () => {
    const { workdir, environment, user } = await prepare({ runAs: { uid: 0, gid: 5 } });
    expect(user).toEqual({ uid: 0, gid: 5, groups: [] });
    expect({ workdir, environment: environment.toString() }).toEqual({ workdir: '/root', environment: '' });
  });

  test('as the target’s user and groups', async () => {
    const { user } = await prepare({ runAs: 'target' });
    expect(user).toMatchObject({ uid: process.geteuid?.(), gid: process.getegid?.() });
  });
});

describe('a shell', () => {
  test('is the best that the toolbox has, found as in it', async () => {
    const found = () => prepare({}, null).then(({ command }) => command);
    await rm(join(toolbox, 'bin/bash'));
    await expect(found()).rejects.toMatchObject({
      code: 'bridgeFailed',
      message: 'the toolbox has no shell',
    });
    await writeFile(join(toolbox, 'bin/busybox'), '');
    await symlink('/bin/busybox', join(toolbox, 'bin/sh'));
    expect(await found()).toEqual(['/bin/sh', '-l']);
    // Led nowhere in it, whatever this machine has there.
    await symlink('/usr/bin/env', join(toolbox, 'bin/bash'));
    expect(await found()).toEqual(['/bin/sh', '-l']);
  });
});

describe('what a client asks for', () => {
  test.each([
    { variables: { 'A=B': 'x' } },
    { variables: { '': 'x' } },
    { variables: { A: 'x\0LD_PRELOAD=y' } },
    { variables: { A: 'x'.repeat(40_000) } },
    { workdir: 'relative' },
    { workdir: '/a\0b' },
    { runAs: 'root' },
    { runAs: { uid: -1, gid: 0 } },
    // It stands for "unchanged", setresuid(2).
    { runAs: { uid: 4_294_967_295, gid: 0 } },
    { runAs: { uid: 1.5, gid: 0 } },
    { memoryBytes: 1024 },
  ])('is refused when it is %j', (setup) => {
    expect(commandSetupSchema.safeParse(setup).success).toBe(false);
  });
});
