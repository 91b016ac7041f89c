import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { UserTerminal } from './harness/user-terminal.ts';

/**
 * Types into the terminal of the shell that starts it, as a program would that has been taken over. Perl: the target
 * `debian-nonroot` has no other language.
 */
const type = String.raw`perl -e 'open my $t, "+<", "/dev/tty" or die "no terminal\n";
for (split //, "echo ty\"\"ped\n") { ioctl($t, 0x5412, $_) or die "refused: $!\n" }'`.replace('\n', ' ');

let shell: UserTerminal;

beforeEach(async () => {
  shell = await UserTerminal.open('kubectl crashcart debian-nonroot -n targets -q');
  await shell.waitFor(/# $/);
});
afterEach(() => shell.close());

/** Runs a line in the session's shell. @returns what was shown until the shell ran the next one. */
async function runLine(line: string): Promise<string> {
  const before = shell.shown.length;
  await shell.pressAndWait(`${line}; sleep 0.3\r`, /# $/);
  await shell.pressAndWait('echo ne""xt\r', /next/);
  return shell.shown.slice(before);
}

test('what runs without root’s rights can’t type into the shell of root that has started it', async () => {
  const shown = await runLine(`drop-privileges ${type}`);
  expect(shown).toContain('refused: Operation not permitted');
  expect(shown).not.toMatch(/^typed/m);
});

test('a program of the container that stdin is piped to has neither this terminal nor another way to type', async () => {
  const shown = await runLine(`true | container-shell ${type}`);
  expect(shown).toContain('no terminal');
  expect(shown).not.toMatch(/^typed/m);
  // By stdout or stderr it could read what is typed later.
  expect(await runLine('true | container-shell ls -l /proc/self/fd')).not.toContain('/dev/pts');
});

test.each(['container-shell', 'debug-in-ns -m', 'debug-in-ns -p 1 -m'])(
  'a program of the container types into a terminal of its own alone: %s',
  async (start) => {
    expect(await runLine(`${start} sh -c "tty -s && echo a terminal"`)).toMatch(/^a terminal/m);
    expect(await runLine(`${start} ${type}`)).not.toMatch(/^typed/m);
  },
);

test('Ctrl-C still ends both', async () => {
  for (const command of ['drop-privileges sleep 4290', 'true | container-shell sleep 4290']) {
    const before = shell.shown.length;
    shell.press(`${command}; echo ended $?\r`);
    await shell.waitFor(/sleep 4290; echo/, before);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await shell.pressAndWait('\x03', /ended 130|# $/);
  }
  const shown = await runLine('pgrep -f "sleep 429[0]" || echo none left');
  expect(shown).toMatch(/^none left/m);
});
