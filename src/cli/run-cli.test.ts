import { describe, expect, test } from '@jest/globals';
import { commandTable } from './commands/command-table.ts';
import type { Streams } from './context.ts';
import { runCLI } from './run-cli.ts';
import { version } from './plugin-version.ts';

async function run(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const open = (name: 'stdout' | 'stderr') => ({
    on: () => undefined,
    write: (text: string) => (written[name] += text),
  });
  const context = { stdin: {}, stdout: open('stdout'), stderr: open('stderr'), env: {} };
  const code = await runCLI(line === '' ? [] : line.split(' '), context as unknown as Streams);
  return { code, ...written };
}

describe('commands by name', () => {
  test.each(['version', '--version'])('%s prints the version', async (line) => {
    expect(await run(line)).toEqual({ code: 0, stdout: `kubectl-crashcart ${version}\n`, stderr: '' });
  });

  test('the help of the plugin lists all of them', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    for (const [name, { summary }] of commandTable)
      expect(stdout).toContain(`  ${name.padEnd(12)}${summary}\n`);
    expect(await run('help')).toMatchObject({ code, stdout });
  });

  test.each([...commandTable.keys()])('%s has a help of its own', async (name) => {
    const { code, stdout } = await run(`${name} --help`);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(`kubectl crashcart ${name}`),
    });
    expect(await run(`help ${name}`)).toMatchObject({ code, stdout });
  });

  test.each(['', ...[...commandTable.keys()].map((name) => `${name} `)])(
    'the help of "%s" has examples, fits into 80 columns and has no escape sequences',
    async (name) => {
      const { stdout } = await run(`${name}--help`);
      expect(stdout).toMatch(
        new RegExp(`^Examples:\\n {2}# .+\\n {2}.*kubectl crashcart ${name.trim()}`, 'm'),
      );
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(stdout).not.toContain('\x1b');
    },
  );

  test('one after a flag is refused: which flags there are depends on it', async () => {
    expect(await run('-n shop version')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: "version" is a command, and a command comes first; for a pod of that name use pod/version\n' +
        'See `kubectl crashcart --help`.\n',
    });
  });

  test.each([
    [
      'web --contaner app',
      'unknown flags: contaner (a command and its flags stand after --); did you mean --container?',
    ],
    ['web --no-tt -x -- ls', 'unknown flags: no-tt, x; did you mean --no-tty?'],
    ['web --nothing-like-it -- ls', 'unknown flags: nothing-like-it'],
    [
      'web --image-pull-policy always',
      '--image-pull-policy: "always" is not one of Always, IfNotPresent, Never; did you mean "Always"?',
    ],
    ['sessions -o wid', '--output: "wid" is not one of json, yaml, wide, name; did you mean "wide"?'],
    ['web --mem-limit 1Mi', '--mem-limit: it takes 32Mi to 1024Gi'],
    ['web --keep 1000h', '--keep: it takes at most 168h'],
    ['web --output-buffer 1Gi', '--output-buffer: it takes 256Ki to 64Mi'],
    ['web --run-as 4294967295', '--run-as: the highest UID and GID is 4294967294'],
    ['install --timeout soon', '--timeout: "soon" is not a duration (30s, 5m)'],
    ['stop x', 'ID: not a session ID: give at least its first 4 characters'],
    [
      'completion instal',
      '"instal" is not one of install, bash, zsh, fish, powershell; did you mean "install"?',
    ],
    ['config vew', '"vew" is not one of view, path, validate; did you mean "view"?'],
    ['help doctr', 'there is no command "doctr"; did you mean "doctor"?'],
    [
      'instal --priority-class high',
      'unknown flags: priority-class (a command and its flags stand after --); did you mean the command "install"?',
    ],
  ])('%s is told what is wrong, and what may have been meant', async (line, message) => {
    expect(await run(line)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: ${message}\nSee \`kubectl crashcart --help\`.\n`,
    });
  });

  test('arguments that a command does not take are refused', async () => {
    expect(await run('version now')).toMatchObject({ code: 2, stdout: '' });
  });
});
