import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, startKubectl, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';

const own = 'copy-files';
let directory = '';
/** A tree with all that a tree of files can have. */
let tree = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'copy-files-'));
  tree = join(directory, 'tree');
  const script = [
    'mkdir -p tree/folder/deep tree/empty tree/private; cd tree',
    'head -c 3000000 /dev/urandom >folder/big; truncate -s 20M folder/holes; echo end >>folder/holes',
    'printf x >"$(printf "not-\\377-text")"; printf y >"a name: with * and spaces"; : >folder/nothing',
    'ln folder/big folder/deep/same; ln -s ../../etc/passwd link; ln -s /nowhere folder/dangling',
    'chmod 640 folder/big; chmod 700 private; touch -d 2001-02-03T04:05:06.789 folder/nothing folder/deep empty',
  ];
  execFileSync('sh', ['-ec', script.join('\n')], { cwd: directory });
  await createTestNamespace(own);
  const pod = (name: string, rest: object, container: object) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: own, labels: { app: own } } },
    spec: {
      ...{ terminationGracePeriodSeconds: 0, ...rest },
      containers: [{ name: 'app', image: 'crashcart.test/musl:1', ...container }],
    },
  });
  const small = { name: 'small', emptyDir: { medium: 'Memory', sizeLimit: '4Mi' } };
  const volumes = [{ name: 'data', emptyDir: {} }, small];
  const volumeMounts = [
    { name: 'data', mountPath: '/data' },
    { name: 'small', mountPath: '/small' },
  ];
  await createObjects([
    pod('whole', { volumes }, { volumeMounts, workingDir: '/data' }),
    pod('read-only', { volumes }, { volumeMounts, securityContext: { readOnlyRootFilesystem: true } }),
    pod('user', { hostUsers: false, volumes }, { volumeMounts }),
    pod('ended', { restartPolicy: 'Never' }, { command: ['sh', '-c', 'echo last words >/tmp/core; exit 3'] }),
  ]);
  const ready = ['whole', 'read-only', 'user'].map((name) => `pod/${name}`);
  await expectSuccess(['wait', '--for=condition=Ready', ...ready, '-n', own, '--timeout=40s']);
}, 90_000);

afterAll(async () => {
  await deleteTestNamespace(own);
  await rm(directory, { recursive: true });
}, 60_000);

async function copy(...args: string[]) {
  const { code, stdout, stderr } = await runCrashcart(['cp', ...args, '-n', own]);
  return { code, stdout: stdout.toString(), stderr };
}

async function expectCopy(...args: string[]): Promise<void> {
  expect(await copy(...args)).toEqual({ code: 0, stdout: '', stderr: '' });
}

/** What files have besides their content; times to the microsecond, as Node sets them. */
function list(folder: string): string[] {
  return execFileSync('find', ['.', '-printf', '%P %y %m %T@ %n %l\n'], { cwd: folder, encoding: 'latin1' })
    .split('\n')
    .map((line) => line.replace(/(\.\d{6})\d*/, '$1'))
    .toSorted();
}

/** Runs a command in a target's own container, where there is a shell. */
async function inTarget(pod: string, script: string): Promise<string> {
  return (await expectSuccess(['exec', '-n', own, pod, '--', 'sh', '-c', script])).trim();
}

describe('a tree of files', () => {
  test.each(['whole', 'user'])('is the same after it was copied to the pod %s and back', async (pod) => {
    const back = join(directory, `back-${pod}`);
    await expectCopy(tree, `${pod}:/data/`);
    await expectCopy(`${pod}:/data/tree`, back);
    execFileSync('diff', ['-r', '--no-dereference', tree, back]);
    expect(list(back)).toEqual(list(tree));
    // Also as the container sees it: who copies is root here, and so is the container's user.
    expect(
      await inTarget(pod, 'stat -c "%u %g %a" /data/tree/folder/big; du -k /data/tree/folder/holes'),
    ).toMatch(/^0 0 640\n\d{1,3}\t/);
    expect((await stat(join(back, 'folder', 'holes'))).blocks).toBeLessThan(1000);
  });

  test('is what a pattern, --include and --exclude say, and comes as an archive to stdout', async () => {
    await inTarget(
      'whole',
      'mkdir -p /tmp/logs/old; for i in a.log b.log c.txt old/d.log; do echo $i >/tmp/logs/$i; done',
    );
    const [pattern, chosen] = [join(directory, 'pattern'), join(directory, 'chosen')];
    await expectCopy('whole:/tmp/logs/*.log', pattern);
    expect((await readdir(pattern)).toSorted()).toEqual(['a.log', 'b.log']);
    await expectCopy('whole:/tmp/logs', chosen, '--include', '*.log', '--exclude', 'old', '--no-preserve');
    expect((await readdir(chosen)).toSorted()).toEqual(['a.log', 'b.log']);
    expect(await copy('whole:/tmp/logs/a.log', '-')).toEqual({ code: 0, stdout: 'a.log\n', stderr: '' });
    const { stdout } = await runCrashcart(['cp', 'whole:/tmp/logs', '-', '-n', own]);
    const listed = execFileSync('tar', ['-tf', '-'], { input: stdout, encoding: 'utf8' });
    expect(listed.trim().split('\n')).toEqual([
      ...['logs/', 'logs/a.log', 'logs/b.log', 'logs/c.txt', 'logs/old/', 'logs/old/d.log'],
    ]);
  });

  test('of each pod of a selector has a folder of its own', async () => {
    const to = join(directory, 'many');
    const { code, stderr } = await copy('-l', `app=${own}`, ':/etc/hostname', to);
    // One of the pods has ended.
    expect(stderr).toContain('Copied 3 files of 3 targets');
    expect(code).toBe(0);
    expect(await readFile(join(to, 'whole.app', 'hostname'), 'utf8')).toBe('whole\n');
    expect((await readdir(to)).toSorted()).toEqual(['read-only.app', 'user.app', 'whole.app']);
  });

  test('is had from a container that has ended, and by any user of a container without a shell', async () => {
    const [core, os] = [join(directory, 'core'), join(directory, 'os-release')];
    await expectCopy('ended:/tmp/core', core, '--dead', '-q');
    expect(await readFile(core, 'utf8')).toBe('last words\n');
    await expectCopy('targets/distroless:/etc/hostname', os);
    expect(await readFile(os, 'utf8')).toBe('distroless\n');
  });
});

describe('a copy that was cut', () => {
  test('goes on with --resume, in both directions, and leaves nothing behind without', async () => {
    const big = join(directory, 'big');
    execFileSync('sh', ['-c', `head -c 60000000 /dev/urandom >${big}`]);
    const interrupt = async (args: string[], hasBegun: () => Promise<boolean>) => {
      const child = await startKubectl(['crashcart', 'cp', ...args, '-n', own]);
      const ended = new Promise((resolve) => child.once('close', resolve));
      await waitUntil('a part is there', hasBegun);
      child.kill('SIGINT');
      await ended;
    };
    const hasPart = async (script: string) => Number(await inTarget('whole', script)) > 1_000_000;
    const remote = 'cat /data/.big.crashcart-part 2>/dev/null | wc -c';
    await interrupt([big, 'whole:/data/'], () => hasPart(remote));
    expect(await inTarget('whole', 'ls -A /data | grep -c big || true')).toBe('0');
    await interrupt([big, 'whole:/data/', '--resume'], () => hasPart(remote));
    expect(await hasPart(remote)).toBe(true);
    await expectCopy(big, 'whole:/data/', '--resume', '-q');
    const again = await copy(big, 'whole:/data/', '--resume');
    expect(again).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Copied 0 files, 0.00 MB, 1 were there already.\n',
    });
    const back = join(directory, 'big-back');
    const part = join(directory, '.big-back.crashcart-part');
    const hasLocalPart = async () => ((await stat(part).catch(() => null))?.size ?? 0) > 1_000_000;
    await interrupt(['whole:/data/big', back], hasLocalPart);
    expect((await readdir(directory)).filter((name) => name.includes('big-back'))).toEqual([]);
    await interrupt(['whole:/data/big', back, '--resume'], hasLocalPart);
    expect(await hasLocalPart()).toBe(true);
    await expectCopy('whole:/data/big', back, '--resume', '-q');
    execFileSync('cmp', [big, back]);
    expect((await copy('whole:/data/big', back, '--resume')).stderr).toContain('1 were there already');
    await inTarget('whole', 'rm /data/big');
  });
});

describe('a hostile target', () => {
  test('gives no file but its own, and has none of its FIFOs and devices opened', async () => {
    await inTarget(
      'whole',
      [
        'mkdir /tmp/evil; cd /tmp/evil; mkfifo fifo; mknod device c 1 3; ln -s / root; ln -s /etc/hostname link',
        'ln -s ../../../../../../etc/hostname up; ln -s /proc/self/root/etc/hostname proc; ln -s loop loop',
        'mkdir -p "$(printf "a\\033[2Jb")"; echo x >plain',
      ].join('; '),
    );
    const to = join(directory, 'evil');
    // Each of these leads to the target's own file, and not to the node's or the toolbox's.
    for (const path of ['link', 'up', 'root/etc/hostname', 'proc', 'root/../tmp/evil/link'])
      expect(await copy(`whole:/tmp/evil/${path}`, '-')).toEqual({ code: 0, stdout: 'whole\n', stderr: '' });
    const loop = await copy('whole:/tmp/evil/loop', '-');
    expect(loop.code).toBe(125);
    expect(loop.stderr).toContain('Too many levels of symbolic links');
    const { code, stderr } = await copy('whole:/tmp/evil', to);
    expect(code).toBe(0);
    expect(stderr).toContain('note: evil/fifo: a FIFO, and is left out');
    expect(stderr).toContain('note: evil/device: a device, and is left out');
    expect(execFileSync('readlink', [join(to, 'root')], { encoding: 'utf8' })).toBe('/\n');
    expect((await copy('whole:/tmp/evil/fifo', '-')).code).toBe(125);
  });

  test('has files written in its own root alone, wherever its links lead', async () => {
    await inTarget(
      'whole',
      'mkdir -p /tmp/in/tree; ln -s /data /tmp/in/data; ln -s /tmp/kept /tmp/in/tree/folder; mkdir /tmp/kept',
    );
    // A link in the path of DESTINATION is the target's business; one in the place of a folder is not followed.
    await expectCopy(join(tree, 'folder', 'nothing'), 'whole:/tmp/in/data/nothing');
    expect(await inTarget('whole', 'ls /data/nothing')).toBe('/data/nothing');
    const { code, stderr } = await copy(tree, 'whole:/tmp/in/');
    expect(code).toBe(125);
    expect(stderr).toBe('error: tree/folder: something else than a folder has this name\n');
    expect(await inTarget('whole', 'ls -A /tmp/kept; cat "/tmp/in/tree/a name: with * and spaces"')).toBe(
      'y',
    );
  });
});

test('a path that is not absolute begins in the folder of the process, as with kubectl cp', async () => {
  const content = join(directory, 'relative');
  await writeFile(content, 'here\n');
  await expectCopy(content, 'whole:relative');
  expect(await inTarget('whole', 'cat /data/relative')).toBe('here');
  const { code, stdout } = await copy('whole:./rel*', '-');
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'here\n' });
});

describe('what can not be copied', () => {
  test('is told by name, with the nearest one, and nothing is left half done', async () => {
    const to = join(directory, 'none');
    expect((await copy('whole:/etc/hostnam', to)).stderr).toBe(
      'error: /etc/hostnam: No such file or directory; did you mean /etc/hostname?\n',
    );
    expect((await copy('whole:/nowhere/*.log', to)).stderr).toBe(
      'error: /nowhere/*.log: nothing matches this pattern\n',
    );
    const file = join(tree, 'a name: with * and spaces');
    const readOnly = await copy(file, 'read-only:/etc/x');
    expect(readOnly.code).toBe(125);
    expect(readOnly.stderr).toContain('the file system is read-only');
    await expectCopy(file, 'read-only:/data/x');
    expect((await copy(tree, 'whole:/etc/hostname')).stderr).toContain(
      'error: /etc/hostname: it is a file, and the source is a folder\n',
    );
    expect((await copy('whole:/etc', join(tree, 'folder', 'big'))).stderr).toContain(
      'is a file, and a folder is to be copied',
    );
    expect((await copy(file, 'whole:/no/such/folder/x')).stderr).toContain('/no/such/folder');
    expect((await copy(join(directory, 'missing'), 'whole:/tmp/')).code).toBe(2);
    const missing = await copy('missing:/etc/hostname', to);
    expect(missing.stderr).toContain('pod "missing" was not found');
    expect(await readdir(directory)).not.toContain('none');
  });

  test('is the rest of a file when a disk is full, here or there', async () => {
    const big = join(directory, 'full');
    execFileSync('sh', ['-c', `head -c 20000000 /dev/urandom >${big}`]);
    const there = await copy(big, 'whole:/small/full');
    expect(there.code).toBe(125);
    expect(there.stderr).toBe('error: full: No space left on device\n');
    expect(await inTarget('whole', 'ls -A /small')).toBe('');
    await inTarget('whole', 'head -c 20000000 /dev/urandom >/tmp/full');
    const small = join(directory, 'small');
    await mkdir(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'small', small]);
    try {
      const here = await copy('whole:/tmp/full', join(small, 'full'));
      expect(here.code).toBe(125);
      expect(here.stderr).toContain("full can't be written: ENOSPC");
      expect(await readdir(small)).toEqual([]);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  test('is the rest when the pod ends in the middle: the reason is told, and nothing of the file is left', async () => {
    const pod = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'going', namespace: own } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'app', image: 'crashcart.test/musl:1' }],
      },
    };
    await createObjects([pod]);
    await expectSuccess(['wait', '--for=condition=Ready', 'pod/going', '-n', own, '--timeout=30s']);
    await inTarget('going', 'head -c 300000000 /dev/zero | tr "\\0" x >/tmp/much');
    const to = join(directory, 'going');
    const running = copy('going:/tmp/much', to);
    await waitUntil('a part is there', async () =>
      (await readdir(directory)).includes('.going.crashcart-part'),
    );
    await expectSuccess(['delete', 'pod', 'going', '-n', own, '--timeout=30s']);
    const { code, stderr } = await running;
    expect(code).toBe(125);
    expect(stderr).toContain('going/app: the copy is not whole: ');
    expect((await readdir(directory)).filter((name) => name.includes('going'))).toEqual([]);
  });
});
