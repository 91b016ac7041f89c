import { afterEach, describe, test } from '@jest/globals';
import { UserTerminal } from './harness/user-terminal.ts';

const crashcart = 'kubectl crashcart musl -n targets -q';
const controlZ = '\x1a';
let terminal: UserTerminal | null = null;

afterEach(() => terminal?.close());

async function open(command: string): Promise<UserTerminal> {
  terminal = await UserTerminal.open(`${crashcart} ${command}; echo "code $?"`);
  return terminal;
}

/** A command that counts, so that one sees whether it goes on. */
const count = `i=0; while sleep 0.1; do i=$((i + 1)); echo "at $i."; done`;

describe('a command on a terminal goes on after', () => {
  test.each([
    ['Ctrl-Z', `-- sh -c '${count}'`, controlZ],
    ['Ctrl-Z, whatever character it is', `-- sh -c 'stty susp ^Y; ${count}'`, '\x19'],
    [
      'a stop that it gives to its group',
      `-- sh -c 'kill -TSTP 0; kill -TTIN 0; kill -TTOU 0; ${count}'`,
      '',
    ],
    ['a stop of its child that nothing can refuse', `-- sh -c '(kill -STOP $$) & ${count}'`, ''],
    [
      'a stop of its whole group that nothing can refuse',
      `-- sh -c '(sleep 0.3; kill -STOP 0) & ${count}'`,
      '',
    ],
  ])('%s', async (_what, command, key) => {
    const shell = await open(command);
    await shell.waitFor(/at 1\./);
    if (key !== '') await shell.pressAndWait(key, /at \d+\./);
    await shell.waitFor(/at 12\./);
    await shell.pressAndWait('\x03', /code 130\r\n/);
  });

  test('its own answer to Ctrl-Z, which is a stop', async () => {
    const shell = await open('-- top -d 0.2');
    await shell.waitFor(/load average/);
    shell.press(controlZ);
    // It draws its head again as it goes on.
    const { length } = shell.shown;
    await shell.waitFor(/load average/, length);
    await shell.pressAndWait('q', /code 0\r\n/);
  });

  test.each([
    ['less', '-- less /etc/os-release', /PRETTY_NAME/, /PRETTY_NAME[^]*END/, 'q'],
    ['vim', '-- vi -u NONE /tmp/note', /\/tmp\/note/, /./, ':q!\r'],
    [
      'a pipeline',
      `-- sh -c 'echo asked; read -r line | cat; read -r line; echo "$line"'`,
      /asked/,
      /\^Z/,
      '\rword\r',
    ],
  ])('Ctrl-Z in %s', async (_program, command, shown, again, end) => {
    const shell = await open(command);
    await shell.waitFor(shown);
    // A program that has a handler draws everything again.
    await shell.pressAndWait(controlZ, again);
    await shell.pressAndWait(end, /code 0\r\n/);
  });
});

describe('in a shell, job control works as ever:', () => {
  test.each([
    ['bash', ''],
    ['bash that is a command', '-- bash --norc'],
    ['bash below another command', `-- sh -c 'bash --norc; exit $?'`],
  ])('%s', async (_what, command) => {
    const shell = await open(command);
    await shell.waitFor(/[#$] $/);
    await shell.pressAndWait('sleep 4711\r', /sleep 4711\r\n/);
    await shell.pressAndWait(controlZ, /Stopped/);
    await shell.pressAndWait('jobs\r', /\[1\]\+ +Stopped +sleep 4711/);
    await shell.pressAndWait('bg; jobs\r', /Running +sleep 4711/);
    await shell.pressAndWait('fg\r', /sleep 4711\r\n/);
    await shell.pressAndWait('\x03', /[#$] $/);
    // bash tells of the stopped cat before its next prompt, or the one after.
    const offset = shell.shown.length;
    await shell.pressAndWait('cat &\r', /\[1\]/);
    shell.press('\r');
    await shell.waitFor(/Stopped/, offset);
    await shell.pressAndWait('fg\r', /cat\r\n/);
    await shell.pressAndWait('\x04', /[#$] $/);
    await shell.pressAndWait('exit 3\r', /code 3\r\n/);
  });

  test('a stopped job ends with the session', async () => {
    const shell = await open('');
    await shell.waitFor(/[#$] $/);
    await shell.pressAndWait('sleep 4712\r', /sleep 4712\r\n/);
    await shell.pressAndWait(controlZ, /Stopped/);
    await shell.pressAndWait('exit\r', /stopped jobs/);
    await shell.pressAndWait('exit 4\r', /code 4\r\n/);
  });
});
