import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createInstrumentedPlugin } from './harness/instrumented-plugin.ts';
import { UserTerminal } from './harness/user-terminal.ts';

const crashcart = 'kubectl crashcart musl -n targets -q';
const prompt = /# $/;
let terminal: UserTerminal | null = null;

afterEach(() => terminal?.close());

async function openShell(script = crashcart): Promise<UserTerminal> {
  terminal = await UserTerminal.open(script);
  await terminal.waitFor(prompt);
  return terminal;
}

describe('a shell in a target', () => {
  test('is a login shell of the toolbox on a terminal of the user’s size and type', async () => {
    const shell = await openShell();
    expect(await shell.pressAndWait('stty size; tty; echo "$TERM $-"\r', /xterm-256color \w+/)).toMatch(/i/);
    expect(shell.shown).toMatch(/30 100\r\n\/dev\/pts\/\d+\r\n/);
    await shell.pressAndWait('shopt login_shell\r', /login_shell\s+on/);
    await shell.pressAndWait('hostname\r', /^musl\r$/m);
  });

  test('tells where one is: the context and the target, and a greeting unless quiet is wanted', async () => {
    const quiet = await openShell();
    expect(quiet.shown).toContain('crashcart:targets/musl[server] (crashcart) #');
    expect(quiet.shown).not.toContain('check-tools');
    await quiet.close();
    const shell = await openShell(crashcart.replace(' -q', ''));
    expect(shell.shown).toContain('check-tools tells what works here');
  });

  test('follows the window’s size', async () => {
    const shell = await openShell();
    await shell.pressAndWait('while sleep 0.1; do stty size; done\r', /30 100/);
    shell.resize(132, 43);
    await shell.waitFor(/43 132/);
  });

  test('ends with the exit code of its last command at Ctrl-D', async () => {
    const shell = await openShell();
    await shell.pressAndWait('(exit 5)\r', prompt);
    shell.press('\x04');
    expect(await shell.waitForExit()).toBe(5);
  });

  test('passes Ctrl-C on to the program that runs, and lives on', async () => {
    const shell = await openShell();
    await shell.pressAndWait('echo be""gun; sleep 4245\r', /begun/);
    await shell.pressAndWait('\x03', prompt);
    await shell.pressAndWait('echo "code $?"\r', /code 130/);
  });

  test('stops and continues a program by Ctrl-Z and fg', async () => {
    const shell = await openShell();
    await shell.pressAndWait('sleep 4246\r', /4246/);
    await shell.pressAndWait('\x1a', /Stopped/);
    await shell.pressAndWait('fg\r', /sleep 4246/);
    await shell.pressAndWait('\x03', prompt);
  });

  test('shows full-screen programs', async () => {
    const shell = await openShell();
    await shell.pressAndWait('less /etc/os-release\r', /\x1b\[\?1049h[^]*PRETTY_NAME/);
    await shell.pressAndWait('q', /\x1b\[\?1049l/);
    await shell.pressAndWait('vi /tmp/note\r', /\x1b\[\?1049h/);
    await shell.pressAndWait('ihello', /hello|INSERT/);
    await shell.pressAndWait('\x1b:wq\r', /\x1b\[\?1049l/);
    await shell.pressAndWait('cat /tmp/note\r', /^hello\r$/m);
  });

  test('takes bytes as they are', async () => {
    const shell = await openShell();
    await shell.pressAndWait('read -r line; echo "$line" | od -An -tx1\r', /\n/);
    await shell.pressAndWait('\u00fc\u{1f6df}\r', /c3 bc f0 9f 9b 9f 0a/);
  });
});

describe('the user’s terminal', () => {
  let crash: string;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crashcart-terminal-'));
    crash = join(directory, 'crash.cjs');
    await writeFile(crash, "process.on('SIGUSR2', () => { throw new Error('a defect'); });");
  });
  afterAll(() => rm(directory, { recursive: true }));

  /** Opens a shell, ends its client by a signal, and looks at the terminal then. */
  async function endBy(signal: NodeJS.Signals, prefix = ''): Promise<string> {
    const shell = await openShell(`${prefix} ${crashcart}; echo "code $?"; stty -a; echo over`);
    const [client] = await shell.listChildren();
    if (client === undefined) throw new Error('the client does not run');
    process.kill(client, signal);
    await shell.waitFor(/over\r\n$/);
    return shell.shown;
  }

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('is given back as it was after %s', async (signal, code) => {
    const shown = await endBy(signal);
    expect(shown).toMatch(new RegExp(`code ${code}\\r\\n`));
    expect(shown).toMatch(/ icanon [^]* echo /);
  });

  test('is given back as it was after a crash', async () => {
    const folder = await createInstrumentedPlugin(directory, [`--require=${crash}`]);
    const shown = await endBy('SIGUSR2', `PATH=${folder}:$PATH`);
    expect(shown).toMatch(/a defect/);
    expect(shown).toMatch(/ icanon [^]* echo /);
  });

  test('is given back when the command ends', async () => {
    terminal = await UserTerminal.open(`${crashcart} -- true; echo "code $?"; stty -a; echo over`);
    await terminal.waitFor(/over\r\n$/);
    expect(terminal.shown).toMatch(/code 0\r\n[^]* icanon [^]* echo /);
  });
});

describe('a command on a terminal', () => {
  test('has a terminal too; with --no-tty, or with a pipe on either side, it has none', async () => {
    const script = [
      `${crashcart} -- tty`,
      `${crashcart} --no-tty -- tty`,
      `${crashcart} -- tty | cat`,
      `${crashcart} -t -- tty | cat`,
      'echo over',
    ].join('; ');
    terminal = await UserTerminal.open(script);
    await terminal.waitFor(/over\r\n$/, 0, 40_000);
    // cat may print a session's line when the user's terminal is as it was again: it adds a carriage return.
    expect(terminal.shown).toMatch(
      /^\/dev\/pts\/\d+\r\nnot a tty\r\nnot a tty\r\n\/dev\/pts\/\d+\r+\nover\r\n$/,
    );
  });

  test('shows what an agent’s start waits for on one line, which is wiped', async () => {
    const fresh = `kubectl crashcart musl -n targets --agent-idle 2s -- true; echo over`;
    terminal = await UserTerminal.open(fresh);
    await terminal.waitFor(/over\r\n$/);
    const { shown } = terminal;
    // Nothing where the agent was there fast; else a line that ends in its wiping.
    expect(shown).toMatch(/^(over|(\r\x1b\[K[^\n]*)+\r\x1b\[Kover)\r\n$/);
  });
});
