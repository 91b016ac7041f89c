import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { runCrashcart } from './harness/command-run.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const pointer = /❯/;
const prompt = /# $/;
let terminal: UserTerminal | null = null;

afterEach(() => terminal?.close());

/** Opens a list of targets on a terminal, and waits until it is there. */
async function openList(line: string, pattern = pointer): Promise<UserTerminal> {
  terminal = await UserTerminal.open(`kubectl crashcart ${line}`, { columns: 120, rows: 40 });
  await terminal.waitFor(pattern);
  return terminal;
}

describe('without a target on a terminal', () => {
  test('the running containers of the namespace are shown', async () => {
    const list = await openList('-n targets');
    const shown = stripVTControlCharacters(list.shown);
    expect(shown).toMatch(/NAMESPACE +POD +CONTAINER +NODE +STATE +AGE/);
    expect(shown).toMatch(/targets +musl +server +node-\d +Running +\d+[smhd]/);
    expect(shown).not.toMatch(/kube-system/);
  });

  test('those of all namespaces are shown with -A', async () => {
    const list = await openList('-A');
    await list.pressAndWait('musl', /❯ targets +musl/);
    await list.pressAndWait('\x15zzqzz', /No results found/);
  });

  test('what is typed filters, and Enter opens a shell in what is left', async () => {
    const list = await openList('-n targets -q');
    await list.pressAndWait('musl', /❯ targets +musl/);
    await list.pressAndWait('\r', prompt);
    await list.pressAndWait('hostname\r', /^musl\r$/m);
    await list.pressAndWait('stty size\r', /40 120/);
    list.press('exit 7\r');
    expect(await list.waitForExit()).toBe(7);
  });

  test('arrows move, and what is chosen is told as it could have been given', async () => {
    const list = await openList('-n targets --dry-run=client');
    const [first, second] = [
      ...stripVTControlCharacters(list.shown).matchAll(/^(?:❯| ) targets +(\S+) +(\S+)/gm),
    ];
    await list.pressAndWait('\x1b[B', /❯/);
    list.press('\r');
    expect(await list.waitForExit()).toBe(0);
    const told = stripVTControlCharacters(list.shown);
    expect(told).toContain(`pod/${second?.[1]} -c ${second?.[2]} -n targets`);
    expect(told).not.toContain(`pod/${first?.[1]} -c ${first?.[2]} -n targets`);
    expect(told).toContain('kind: Job');
  });

  test('a command’s output goes elsewhere, and the list does not', async () => {
    const list = await openList(`-n targets -c server -q -- hostname | sed 's/^/<&/;s/$/>/'`);
    await list.pressAndWait('musl', /❯ targets +musl/);
    await list.pressAndWait('\r', /<musl>/);
    expect(await list.waitForExit()).toBe(0);
  });

  test.each([
    ['Esc', '\x1b'],
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('%s leaves, and the terminal is as it was', async (_name, key) => {
    const list = await openList('-n targets; code=$?; stty -a; echo "code $code"');
    await list.pressAndWait(key, /code 130/);
    expect(list.shown).toMatch(/ icanon /);
    expect(list.shown).toMatch(/ echo /);
    // The cursor that the list hid.
    const cursor = [...list.shown.matchAll(/\x1b\[\?25([hl])/g)].at(-1)?.[1];
    expect(cursor).not.toBe('l');
  });

  test('a namespace without any says so', async () => {
    const list = await openList('-n default -c no-such-container', /no container/);
    expect(await list.waitForExit()).toBe(125);
    expect(list.shown).toContain('no container "no-such-container" runs in the namespace "default"');
  });
});

test('without a terminal it is a wrong command line', async () => {
  const { code, stdout, stderr } = await runCrashcart(['-n', 'targets']);
  expect({ code, stdout: stdout.toString(), stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: TARGET is missing: kubectl crashcart TARGET [-- COMMAND]\nSee `kubectl crashcart --help`.\n',
  });
});
