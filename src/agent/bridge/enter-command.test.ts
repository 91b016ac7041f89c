import { describe, expect, test } from '@jest/globals';
import { sessionSpecSchema } from '../../session-api/session-spec.ts';
import { buildEnterCommand, buildEnvironment } from './enter-command.ts';

const id = '00000000-0000-4000-8000-000000000000';
const specOf = (setup?: object, terminal: object | null = null) =>
  sessionSpecSchema.parse({
    target: { kind: 'node', node: 'one' },
    command: null,
    terminal,
    stdin: false,
    client: id,
    graceSeconds: 1,
    keepSeconds: null,
    outputBufferBytes: 1024 * 1024,
    audit: { claimedUser: null, tunnelID: id, reason: null },
    ...(setup && { setup }),
  });

describe('the environment of a session', () => {
  test('says what the session is in, and nothing of what its client did not say', () => {
    const environment = buildEnvironment(specOf(), 'dumb', 1, 'one');
    expect(environment).toMatchObject({ CRASHCART_NODE: 'one', CRASHCART_TARGET_PID: '1' });
    expect(Object.keys(environment).filter((name) => /CONTEXT|QUIET/.test(name))).toEqual([]);
  });

  test('has the client’s context, and that it wants quiet', () => {
    const environment = buildEnvironment(specOf({ context: '$(id)', quiet: true }), 'dumb', 1, 'one');
    expect(environment).toMatchObject({ CRASHCART_CONTEXT: '$(id)', CRASHCART_QUIET: '1' });
  });
});

describe('the environment on a terminal', () => {
  const variables = (colorTerm?: string | null) =>
    buildEnvironment(
      specOf(undefined, { columns: 80, rows: 24, term: 'kitty', colorTerm }),
      'xterm',
      1,
      'one',
    );

  test('names the terminal as the toolbox knows it, and its colours as the user’s terminal does', () => {
    expect(variables('truecolor')).toMatchObject({ TERM: 'xterm', COLORTERM: 'truecolor' });
  });

  test.each([[undefined], [null], ['']])('has no word on colours where there is none: %s', (colorTerm) => {
    expect(variables(colorTerm)).not.toHaveProperty('COLORTERM');
  });
});

describe('the command line that enters a target', () => {
  const build = (user: Parameters<typeof buildEnterCommand>[3]['user']) =>
    buildEnterCommand('/run/crashcart/1', 4096, 'container', {
      ...{ toolbox: '/toolbox', user, workdir: '/root', command: ['id', '-u'] },
    }).args.join(' ');

  test('has a mount namespace, and ends with what session-init reads', () => {
    expect(build(null)).toMatch(
      /^unshare --mount .* \/run\/crashcart\/1 4096 \/toolbox container root \/root id -u$/,
    );
    expect(build({ uid: 1000, gid: 2000, groups: [3, 4] })).toContain(' container 1000:2000:3,4 /root ');
    expect(build({ uid: 0, gid: 5, groups: [] })).toContain(' container 0:5: /root ');
  });
});
