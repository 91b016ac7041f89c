import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { runCrashcart, waitUntil } from './harness/command-run.ts';
import { prepareSessionFiles, type SessionFiles } from './harness/session-files.ts';
import { expectSuccess } from './harness/test-namespace.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const agents = 'keep-a-record';
const target = ['musl', '-n', 'targets', '--agent-namespace', agents];
let files: SessionFiles;

beforeAll(async () => {
  files = await prepareSessionFiles(agents);
}, 60_000);

afterAll(() => files.remove(), 60_000);

const eventSchema = z.tuple([z.number(), z.enum(['o', 'i', 'r']), z.string()]);

async function readRecording(file: string) {
  const [header = '', ...events] = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const parsed = events.map((line) => eventSchema.parse(JSON.parse(line)));
  const join = (kind: string) => parsed.flatMap(([, type, data]) => (type === kind ? [data] : [])).join('');
  return { header: JSON.parse(header) as unknown, output: join('o'), input: join('i'), sizes: join('r') };
}

describe('a recording', () => {
  test('of a terminal has all that was shown, and what was typed only when that is asked for', async () => {
    for (const [name, flags] of [
      ['shown.cast', ''],
      ['typed.cast', '--record-input'],
    ] as const) {
      const file = join(files.directory, name);
      const shell = await UserTerminal.open(
        `kubectl crashcart ${target.join(' ')} --record ${file} ${flags}`,
      );
      try {
        await shell.waitFor(/# $/);
        await shell.pressAndWait('echo recor""ded\r', /recorded/);
        shell.resize(90, 25);
        await shell.pressAndWait(
          'while [ "$(stty size)" != "25 90" ]; do sleep 0.1; done; echo resi""zed\r',
          /resized/,
        );
        shell.press('exit\r');
        expect(await shell.waitForExit()).toBe(0);
      } finally {
        await shell.close();
      }
      const { header, output, input, sizes } = await readRecording(file);
      expect(header).toMatchObject({ version: 2, width: 100, height: 30, env: { TERM: 'xterm-256color' } });
      expect(output).toContain('recorded');
      expect(sizes).toBe('90x25');
      if (flags === '') expect(input).toBe('');
      else expect(input).toContain('echo recor""ded\r');
    }
  });

  test('of a command has both outputs, and does not change them', async () => {
    const file = join(files.directory, 'command.cast');
    const { code, stdout, stderr } = await runCrashcart([
      ...[...target, '--record', file],
      ...['--', 'sh', '-c', 'seq 50000; echo warning >&2'],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'warning\n' });
    const { output } = await readRecording(file);
    expect(output.replace('warning\n', '')).toBe(stdout.toString());
  });

  test('that is there already is left alone, and nothing is started', async () => {
    const file = join(files.directory, 'command.cast');
    const before = await readFile(file);
    const { code, stdout, stderr } = await runCrashcart([...target, '--record', file, '--', 'echo', 'ran']);
    expect({ code, stdout: stdout.toString(), stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: the recording ${file} exists already\nSee \`kubectl crashcart --help\`.\n`,
    });
    expect(await readFile(file)).toEqual(before);
  });
});

const auditSchema = z.looseObject({
  event: z.string(),
  session: z.uuid(),
  claimed_user: z.string(),
  tunnel: z.uuid(),
  reason: z.string().nullable(),
  command: z.array(z.string()).nullable(),
  end: z.looseObject({ exitCode: z.number(), reason: z.string() }).optional(),
  bytes: z.record(z.string(), z.number()).optional(),
});

describe('the agent’s log', () => {
  test('says who started what, why, and how it ended, and never what passed through', async () => {
    const { code } = await runCrashcart(
      [...target, '-i', '--reason', 'ticket 4711', '--', 'sh', '-c', 'cat; exit 7'],
      { input: 'top secret' },
    );
    expect(code).toBe(7);
    const log = await expectSuccess(['logs', '-n', agents, '-l', 'app.kubernetes.io/name=crashcart']);
    expect(log).not.toContain('top secret');
    const lines = log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => auditSchema.parse(JSON.parse(line)))
      .filter(({ reason }) => reason === 'ticket 4711');
    expect(lines).toMatchObject([
      { event: 'sessionStarted', claimed_user: 'admin', command: ['sh', '-c', 'cat; exit 7'] },
      {
        event: 'sessionEnded',
        end: { exitCode: 7, reason: 'exited' },
        bytes: { stdin: 10, stdout: 10, stderr: 0 },
      },
    ]);
    expect(lines[0]?.tunnel).toBe(lines[1]?.tunnel);
  });
});

describe('an Event on the target', () => {
  test('is left when that is asked for', async () => {
    const reason = 'an event for the record';
    await runCrashcart([...target, '--event', '--reason', reason, '--', 'true']);
    const path = 'jsonpath={range .items[*]}{.involvedObject.name} {.message}{"\\n"}{end}';
    const list = ['get', 'events', '-n', 'targets', '--field-selector', 'reason=DebugSession', '-o', path];
    await waitUntil('the event', async () =>
      (await expectSuccess(list)).includes(`musl admin debugs it with \`true\`: ${reason}\n`),
    );
  });

  test('that may not be left is a warning only', async () => {
    const { code, stdout, stderr } = await runCrashcart([
      ...['musl', '-n', 'targets', '--event', '--as', 'nobody-special', '--as-group', 'crashcart-users'],
      ...['--', 'echo', 'ran'],
    ]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'ran\n' });
    expect(stderr).toMatch(/^warning: no Event was left on the target: you may not create events/m);
  });
});
