import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { runCrashcart, startKubectl, waitForOutput, waitUntil } from './harness/command-run.ts';
import { SessionTracer } from './harness/session-traces.ts';
import { createTestNamespace, leaveTestNamespace, privilegedLabels } from './harness/test-namespace.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const agents = 'come-back';
const access = ['--agent-namespace', agents];
const target = ['musl', '-n', 'targets', ...access];
const prompt = /# $/;
const terminals: UserTerminal[] = [];

const stateSchema = z.object({
  id: z.uuid(),
  end: z.object({ reason: z.string(), exitCode: z.number() }).nullable(),
  holder: z.uuid().nullable(),
  clients: z.number(),
  claimedUser: z.string(),
  reason: z.string().nullable(),
  node: z.string(),
});
const listSchema = z.object({ items: z.array(stateSchema) });

beforeAll(() => createTestNamespace(agents, privilegedLabels), 60_000);

afterEach(async () => {
  await Promise.all(terminals.splice(0).map((terminal) => terminal.close()));
  for (const { id, end } of await listSessions())
    if (end === null) await runCrashcart(['stop', id, ...access]);
});

afterAll(() => leaveTestNamespace(agents), 60_000);

async function listSessions(): Promise<z.infer<typeof stateSchema>[]> {
  const { code, stdout, stderr } = await runCrashcart(['sessions', '-o', 'json', ...access]);
  if (code !== 0) throw new Error(stderr);
  return listSchema.parse(JSON.parse(stdout.toString())).items;
}

async function find(id: string): Promise<z.infer<typeof stateSchema>> {
  const found = (await listSessions()).find((session) => session.id === id);
  if (!found) throw new Error(`no session ${id}`);
  return found;
}

/** Starts a session and leaves it. @returns its ID. */
async function startDetached(script: string, flags: string[] = []): Promise<string> {
  const { code, stdout, stderr } = await runCrashcart([
    ...[...target, '--detach', ...flags],
    ...['--', 'bash', '-c', script],
  ]);
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('kubectl crashcart attach '),
  });
  return stdout.toString().trim();
}

async function openTerminal(args: string[]): Promise<UserTerminal> {
  const terminal = await UserTerminal.open(['kubectl', 'crashcart', ...args].join(' '));
  terminals.push(terminal);
  return terminal;
}

describe('a session that is started detached', () => {
  test('runs on, and gives all of its output and its exit code to whoever attaches', async () => {
    const id = await startDetached('echo out; echo err >&2; sleep 1; echo late; exit 6');
    const { code, stdout, stderr } = await runCrashcart(['attach', id, ...access]);
    expect({ code, stdout: stdout.toString(), stderr }).toEqual({
      code: 6,
      stdout: 'out\nlate\n',
      stderr: 'err\n',
    });
  });

  test('keeps its exit code and the end of its output when it is over', async () => {
    const id = await startDetached('echo done; exit 9');
    await waitUntil('it is over', async () => (await find(id)).end !== null);
    for (let time = 0; time < 2; time++) {
      const { code, stdout } = await runCrashcart(['attach', id.slice(0, 6), ...access]);
      expect({ code, stdout: stdout.toString() }).toEqual({ code: 9, stdout: 'done\n' });
    }
  });

  test('that nobody comes back to ends after as long as was said, and leaves nothing', async () => {
    const marker = randomUUID();
    const id = await startDetached(`: ${marker}; sleep 4248`, ['--keep', '2s']);
    const tracer = new SessionTracer(marker, undefined);
    await waitUntil('its end', async () => (await find(id)).end !== null);
    expect((await find(id)).end).toMatchObject({ reason: 'deleted' });
    await waitUntil('nothing is left', () =>
      Promise.resolve(Object.values(tracer.look()).flat().length === 0),
    );
  });

  test('is not begun when it is to be kept for longer than its agent runs', async () => {
    const long = [...target, '--detach', '--keep', '48h', '--', 'true'];
    const { code, stdout, stderr } = await runCrashcart(long);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch(
      /^error: the session can't be kept for longer than 24 h: its agent ends 24 h after its start\n/,
    );
  });

  test('does not get the stdin of a script that attaches, but with -i', async () => {
    const id = await startDetached('read line; echo "got $line"; exit 4', ['-t']);
    const watching = await startKubectl(['crashcart', 'attach', id, ...access]);
    watching.stdin.end();
    await waitUntil('it is attached', async () => (await find(id)).clients === 1);
    expect((await find(id)).end).toBeNull();
    watching.kill('SIGTERM');
    const { code, stdout } = await runCrashcart(['attach', id, '-i', ...access], { input: 'a line\n' });
    expect(code).toBe(4);
    expect(stdout.toString()).toContain('got a line');
  });

  test('holds its command back, and drops nothing, while nobody reads', async () => {
    const id = await startDetached('seq 2000000; echo over', ['--output-buffer', '1Mi']);
    const { code, stdout } = await runCrashcart(['attach', id, ...access]);
    const lines = stdout.toString().trimEnd().split('\n');
    expect({ code, last: lines.at(-1), count: lines.length }).toEqual({
      code: 0,
      last: 'over',
      count: 2_000_001,
    });
    expect(lines.findIndex((line, index) => line !== String(index + 1))).toBe(2_000_000);
  });
});

describe('a shell on a terminal', () => {
  test('is left by Enter ~ d, and is as it was for who attaches, whatever size that terminal has', async () => {
    const first = await openTerminal(target);
    await first.waitFor(prompt);
    await first.pressAndWait('secret=4711; cd /proc\r', prompt);
    const shown = await first.pressAndWait('\r~d', /kubectl crashcart attach [0-9a-f]{8}/);
    expect(await first.waitForExit()).toBe(0);
    const id = shown.slice(-8);
    const second = await UserTerminal.open(`kubectl crashcart attach ${id} ${access.join(' ')}`, {
      columns: 70,
      rows: 20,
    });
    terminals.push(second);
    await second.waitFor(prompt);
    await second.pressAndWait('echo $secret $PWD $(stty size)\r', /4711 \/proc 20 70/);
    second.press('exit 3\r');
    expect(await second.waitForExit()).toBe(3);
  });

  test('draws a full-screen program again', async () => {
    const first = await openTerminal([...target, '--', 'less', '/etc/os-release']);
    await first.waitFor(/PRETTY_NAME/);
    // Its first key: ~ d is at the beginning of a line only.
    first.press('\r~d');
    expect(await first.waitForExit()).toBe(0);
    const [session] = (await listSessions()).filter(({ end }) => end === null);
    const second = await openTerminal(['attach', session?.id ?? '', ...access]);
    await second.waitFor(/PRETTY_NAME|HOME_URL/);
    second.press('q');
    expect(await second.waitForExit()).toBe(0);
  });

  test('is watched by others, of whom nothing is passed on, and taken over by one', async () => {
    const first = await openTerminal(target);
    await first.waitFor(prompt);
    const [session] = (await listSessions()).filter(({ end }) => end === null);
    const id = session?.id ?? '';
    const watcher = await openTerminal(['attach', id, '--read-only', ...access]);
    await watcher.waitFor(/Watching/);
    await waitUntil('it is counted', async () => (await find(id)).clients === 2);
    watcher.press('echo from the wat""cher\r');
    await first.pressAndWait('echo from the hol""der\r', /from the holder/);
    await watcher.waitFor(/from the holder/);
    expect(first.shown).not.toContain('watcher');

    const second = await openTerminal(['attach', id, ...access]);
    await second.waitFor(prompt);
    await first.waitFor(/another client has taken the session over/);
    expect(await first.waitForExit()).toBe(125);
    await second.pressAndWait('echo from the sec""ond\r', /from the second/);
    await watcher.waitFor(/from the second/);
    watcher.press('\x03');
    expect(await watcher.waitForExit()).toBe(130);
    await second.pressAndWait('echo still h""ere\r', /still here/);
  });

  test('is ended by Enter ~ .', async () => {
    const shell = await openTerminal(target);
    await shell.waitFor(prompt);
    await shell.pressAndWait('\r~?', /~d {2}detach/);
    shell.press('\r~.');
    expect(await shell.waitForExit()).toBe(125);
    expect((await listSessions()).every(({ end }) => end !== null)).toBe(true);
  });

  test('is left by other keys when those are asked for', async () => {
    const shell = await openTerminal([...target, '--detach-keys', 'ctrl-p,ctrl-q']);
    await shell.waitFor(prompt);
    shell.press('\x10\x11');
    await shell.waitFor(/Detached\./);
    expect(await shell.waitForExit()).toBe(0);
  });
});

describe('the list of sessions', () => {
  test('shows who runs what where, and why', async () => {
    const id = await startDetached('sleep 4249', ['--reason', 'ticket 42']);
    const { stdout } = await runCrashcart(['sessions', '-o', 'wide', ...access]);
    const [heading, ...rows] = stdout.toString().trimEnd().split('\n');
    expect(heading?.split(/ {2,}/)).toEqual(
      'ID USER TARGET NODE COMMAND STATE AGE CLIENTS EXPIRES REASON AGENT'.split(' '),
    );
    const row = rows.find((line) => line.startsWith(id))?.split(/ {2,}/);
    expect(row?.slice(1, 3)).toEqual(['admin', 'targets/musl[server]']);
    expect(row?.slice(4, 6)).toEqual(['bash -c sleep 4249', 'Detached']);
    expect(row?.[9]).toBe('ticket 42');
    expect(await find(id)).toMatchObject({
      claimedUser: 'admin',
      reason: 'ticket 42',
      holder: null,
      clients: 0,
    });
    const yaml = await runCrashcart(['sessions', '-o', 'yaml', ...access]);
    expect(yaml.stdout.toString()).toContain(`id: ${id}`);
    const names = await runCrashcart(['sessions', '-o', 'name', ...access]);
    expect(names.stdout.toString().split('\n')).toContain(id);
  });

  test('counts who is attached', async () => {
    const client = await startKubectl(['crashcart', ...target, '--', 'sh', '-c', 'echo here; sleep 4250']);
    await waitForOutput(client);
    const [session] = (await listSessions()).filter(({ end }) => end === null);
    expect(session).toMatchObject({ clients: 1, holder: expect.any(String) });
    client.kill('SIGTERM');
  });
});

describe('a session that is stopped', () => {
  test('ends with all that runs in it', async () => {
    const marker = randomUUID();
    const id = await startDetached(`: ${marker}; sleep 4251 & sleep 4252`);
    const tracer = new SessionTracer(marker, undefined);
    const { code, stdout } = await runCrashcart(['stop', id.slice(0, 8), ...access]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: `session ${id} stopped\n` });
    expect(tracer.look()).toEqual({ processes: [], cgroups: [] });
  });

  test('has to be one that there is', async () => {
    const { code, stderr } = await runCrashcart(['stop', '00000000', ...access]);
    expect(code).toBe(125);
    expect(stderr).toMatch(/^error: no agent in the namespace "come-back" has a session 00000000\n/);
  });
});
