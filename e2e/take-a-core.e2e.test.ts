import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordExample } from './cookbook/recorded-example.ts';
import { runCrashcart } from './harness/command-run.ts';
import { prepareSessionFiles, type SessionFiles } from './harness/session-files.ts';
import { createObjects, expectSuccess } from './harness/test-namespace.ts';

const agents = 'take-a-core';
const target = ['big', '-n', agents, '--agent-namespace', agents];
const mib = 1024 * 1024;
const touchedMib = 300;
/** What a small program takes besides. */
const otherMib = 16;
let files: SessionFiles;

beforeAll(async () => {
  files = await prepareSessionFiles(agents);
  const env = [{ name: 'ALLOCATE_MIB', value: String(touchedMib) }];
  const containers = [{ name: 'server', image: 'crashcart.test/debian:1', env }];
  await createObjects([
    {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'big', namespace: agents } },
      spec: { terminationGracePeriodSeconds: 0, containers },
    },
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/big', '-n', agents, '--timeout=60s']);
}, 90_000);

afterAll(() => files.remove(), 60_000);

/** @returns where the file of an ELF core has to end by its program headers: elf(5). */
function findEnd(core: Buffer): number {
  const [start, count] = [Number(core.readBigUInt64LE(32)), core.readUInt16LE(56)];
  const ends = Array.from({ length: count }, (_, index) => {
    const header = start + index * 56;
    return Number(core.readBigUInt64LE(header + 8) + core.readBigUInt64LE(header + 32));
  });
  return Math.max(...ends);
}

/** Runs a script in the target's session, in which $reserve is a process that has touched 40 MiB, far apart, of 2 GiB. */
const runBeside = (script: string) =>
  runCrashcart([...target, '-i', '--', 'bash', '-s'], {
    timeoutMs: 120_000,
    input: `
cat >/tmp/reserve.py <<'END'
import ctypes, mmap, time
memory = mmap.mmap(-1, 2 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for start in range(0, 2 << 30, 512 << 20):
    memory[start : start + (10 << 20)] = b"touched " * (10 << 17)
print(hex(ctypes.addressof(ctypes.c_char.from_buffer(memory))), flush=True)
def planted_wait():
    while True:
        time.sleep(0.1)
planted_wait()
END
python3 /tmp/reserve.py >/tmp/ready & reserve=$!
until [ -s /tmp/ready ]; do sleep 0.1; done
${script}`,
  });

describe('--tool core', () => {
  test('brings a whole core of a process that is larger than the room of its session, which goes on', async () => {
    const path = join(files.directory, 'core');
    const args = [...target, '--output-file', path, '--tool', 'core'];
    const result = await runCrashcart(args, { timeoutMs: 120_000 });
    await recordExample('big-core', args, result);
    const { code, stderr } = result;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^core: about 3\d\d MiB, and the session has room for \d+ MiB: the process stands still until all is sent, at 10 MiB\/s about 3\d s \(with --scratch 3\d\dMi about 1 s\)\ncore: 3\d\d MiB of \d+ mappings; the process stood still for [\d.]+ s\n$/,
      ),
    });
    const core = await readFile(path);
    expect(findEnd(core)).toBe(core.length);
    expect(core.length).toBeGreaterThan(touchedMib * mib);
    expect(core.length).toBeLessThan((touchedMib + otherMib) * mib);
    const state = await runCrashcart([...target, '--', 'grep', '-E', '^(State|TracerPid)', '/proc/1/status']);
    expect(state.stdout.toString()).toMatch(/^State:\tS.*\nTracerPid:\t0$/m);
  }, 150_000);

  test('has of reserved memory what was touched, which gdb reads as what it was', async () => {
    const { code, stdout, stderr } = await runBeside(`
recipe core -p $reserve >/tmp/core || exit
stat -c 'size %s' /tmp/core
readelf -hW /tmp/core 2>&1 | grep -c -i warning
start=$(cat /tmp/ready)
gdb -q -batch -ex 'info threads' -ex "x/1s $start + (100 << 20)" -ex "x/2xw $start + (512 << 20)" /usr/bin/python3 /tmp/core 2>&1 | tail -n 2
kill -0 $reserve && echo runs`);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^core: \d\d MiB of \d+ mappings/),
    });
    const text = stdout.toString();
    const size = Number(/^size (\d+)$/m.exec(text)?.[1]);
    expect(size).toBeGreaterThan(40 * mib);
    expect(size).toBeLessThan(100 * mib);
    expect(text).toMatch(/^0$\n^0x[0-9a-f]+:\t""\n0x[0-9a-f]+:\t0x63756f74\t0x20646568\nruns$/m);
  }, 150_000);

  test('fails, and leaves the process running and no file, when gdb is killed in the middle', async () => {
    const before = await readdir(files.directory);
    const script = `
recipe core | (until pid=$(pgrep -x gdb); do sleep 0.1; done; sleep 1; kill -KILL $pid; cat >/dev/null; sleep 1)
code=\${PIPESTATUS[0]}; grep TracerPid /proc/1/status; ls /tmp; exit $code`;
    const path = join(files.directory, 'killed');
    const { code, stderr } = await runCrashcart([
      ...[...target, '--output-file', path, '--', 'bash', '-c', `{ ${script}\n} >&2`],
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^core: the dump is not whole$/m);
    expect(stderr).toMatch(
      /^TracerPid:\t0$\nerror: .*killed was not written: the command ended with code 1/m,
    );
    expect(await readdir(files.directory)).toEqual(before);
  }, 60_000);
});

test('--output-file takes no room for zeros', async () => {
  const path = join(files.directory, 'zeros');
  const command = ['sh', '-c', 'echo begin; head -c 50000000 /dev/zero; echo end'];
  expect((await runCrashcart([...target, '--output-file', path, '--', ...command])).code).toBe(0);
  const { size, blocks } = await stat(path);
  expect(size).toBe(50_000_010);
  expect(blocks * 512).toBeLessThan(mib);
  const content = await readFile(path);
  expect([content.subarray(0, 6).toString(), content.subarray(-4).toString()]).toEqual(['begin\n', 'end\n']);
}, 60_000);
