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
  prepareCommand({ command, setup: commandSetupSchema.parse(setup) }, own, toolbox);

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

  test('as another user, who can’t become root again and can’t be traced by the target', async () => {
    const { command, workdir, environment, user } = await prepare({ runAs: { uid: 1000, gid: 2000 } });
    expect(workdir).toBe('/tmp');
    expect(environment.toString()).toBe('HOME=/tmp\0USER=1000\0');
    expect(user).toEqual({ uid: 1000, gid: 2000, groups: [] });
    // What that makes of a real process is seen in e2e/set-a-command-up.
    expect(command.join(' ')).toBe(
      '/usr/bin/setpriv --reuid 1000 --regid 2000 --clear-groups --inh-caps=-all,+wake_alarm ' +
        '--ambient-caps=-all,+wake_alarm --bounding-set=-all,+wake_alarm --no-new-privs -- id',
    );
  });

  test('as root with all capabilities where the target is root', async () => {
    const { command, user } = await prepare({ runAs: { uid: 0, gid: 5 } });
    expect(user).toBeNull();
    expect(command.join(' ')).toBe('/usr/bin/setpriv --regid 5 --clear-groups -- id');
  });

  test('as the target’s user and groups', async () => {
    const { command } = await prepare({ runAs: 'target' });
    expect(command.slice(0, 3)).toEqual(
      process.geteuid?.() === 0
        ? ['/usr/bin/setpriv', '--regid', String(process.getegid?.())]
        : ['/usr/bin/setpriv', '--reuid', String(process.geteuid?.())],
    );
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
