import { describe, expect, test } from '@jest/globals';
import { sessionSpecSchema } from '../../session-api/session-spec.ts';
import { buildEnterCommand, buildEnvironment } from './enter-command.ts';

const id = '00000000-0000-4000-8000-000000000000';
const specOf = (setup?: object) =>
  sessionSpecSchema.parse({
    target: { kind: 'node', node: 'one' },
    command: null,
    terminal: null,
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
    const environment = buildEnvironment(specOf(), 1, 'one');
    expect(environment).toMatchObject({ CRASHCART_NODE: 'one', CRASHCART_TARGET_PID: '1' });
    expect(Object.keys(environment).filter((name) => /CONTEXT|QUIET/.test(name))).toEqual([]);
  });

  test('has the client’s context, and that it wants quiet', () => {
    const environment = buildEnvironment(specOf({ context: '$(id)', quiet: true }), 1, 'one');
    expect(environment).toMatchObject({ CRASHCART_CONTEXT: '$(id)', CRASHCART_QUIET: '1' });
  });
});

describe('the command line that enters a target', () => {
  const build = (hasTerminal: boolean, user: Parameters<typeof buildEnterCommand>[3]['user']) =>
    buildEnterCommand('/run/crashcart/1', hasTerminal, 'container', {
      ...{ toolbox: '/toolbox', user, workdir: '/root', command: ['id', '-u'] },
    }).args.join(' ');

  test('has a mount namespace, and ends with what session-init reads', () => {
    expect(build(false, null)).toMatch(
      /^unshare --mount .* \/run\/crashcart\/1 \/toolbox container root \/root id -u$/,
    );
    expect(build(false, { uid: 1000, gid: 2000, groups: [3, 4] })).toContain(
      ' container 1000:2000:3,4 /root ',
    );
    expect(build(false, { uid: 0, gid: 5, groups: [] })).toContain(' container 0:5: /root ');
  });

  test('takes the terminal, where there is one', () => {
    expect(build(true, null)).toMatch(/^-c unshare /);
  });
});
