import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../adapter.ts';
import type { Context } from '../context.ts';
import { completeSessionOptions, sessionFlags, sessionOptionsSchema } from './session-options.ts';

function makeContext(terminals: Partial<Record<'stdin' | 'stdout' | 'stderr', boolean>> = {}): Context {
  const { stdin = false, stdout = false, stderr = false } = terminals;
  const streams = { stdin: { isTTY: stdin }, stdout: { isTTY: stdout }, stderr: { isTTY: stderr } };
  return { ...streams, env: {} } as unknown as Context;
}

function parse(line: string, context = makeContext()) {
  const raw = parseArguments(line.split(' '), sessionFlags);
  return sessionOptionsSchema.parse(completeSessionOptions(raw, context));
}

const onTerminal = makeContext({ stdin: true, stdout: true, stderr: true });

describe('the command line', () => {
  test('opens a login shell without a command', () => {
    expect(parse('pod/web', onTerminal)).toMatchObject({
      target: { kind: 'pod', name: 'web' },
      command: null,
      terminal: true,
      stdin: true,
    });
  });

  test('leaves the target to be chosen where someone can choose, also with the output elsewhere', () => {
    const choosing = makeContext({ stdin: true, stderr: true });
    expect(parse('-A -- ls', choosing)).toMatchObject({ target: null, allNamespaces: true, command: ['ls'] });
    for (const context of [makeContext(), makeContext({ stdin: true }), makeContext({ stderr: true })])
      expect(() => parse('-n shop', context)).toThrow('TARGET is missing');
    expect(() => parse('web -A', onTerminal)).toThrow('--all-namespaces is for choosing a target');
  });

  test('passes on what follows --, flags and all', () => {
    expect(parse('web -c app -- ls -la --help -- x').command).toEqual(['ls', '-la', '--help', '--', 'x']);
  });

  test('runs a tool with what follows --', () => {
    expect(parse('web --tool tcpdump -- -i eth0').command).toEqual(['tcpdump', '-i', 'eth0']);
    expect(parse('web --tool ps').command).toEqual(['ps']);
  });

  test('runs a recipe with what follows --', () => {
    expect(parse('web --tool syscalls -- -s 5').command).toEqual(['recipe', 'syscalls', '-s', '5']);
  });

  test.each([
    ['web -- ls', makeContext(), false, false],
    ['web -i -- cat', makeContext(), false, true],
    ['web', makeContext(), false, true],
    ['web -- top', onTerminal, true, true],
    ['web --no-tty -- top', onTerminal, false, false],
    ['web --no-tty', onTerminal, false, true],
    ['web -i -- cat', onTerminal, false, true],
    ['web -it -- cat', onTerminal, true, true],
    ['web -t -- top', makeContext(), true, true],
    ['web -- ls', makeContext({ stdin: true, stdout: true }), false, false],
    ['web -- ls', makeContext({ stdin: true, stderr: true }), false, false],
  ])('%s: a terminal and stdin as they are wanted', (line, context, terminal, stdin) => {
    expect(parse(line, context)).toMatchObject({ terminal, stdin });
  });

  test('fills in what was not given', () => {
    expect(parse('web')).toMatchObject({
      container: null,
      timeoutMs: 60_000,
      agent: { namespace: 'crashcart', idleSeconds: 300, imagePullPolicy: 'IfNotPresent' },
    });
  });

  test('takes the image from the environment, and from its flag before that', () => {
    const context = { ...makeContext(), env: { CRASHCART_IMAGE: 'agent:env' } };
    expect(parse('web', context).agent.image).toBe('agent:env');
    expect(parse('web --image agent:flag', context).agent.image).toBe('agent:flag');
  });

  test("takes kubectl's connection flags", () => {
    const line = 'web -n shop --context prod --as jane --as-group a --as-group b --request-timeout 1m30s';
    expect(parse(line).connection).toMatchObject({
      namespace: 'shop',
      context: 'prod',
      as: 'jane',
      asGroup: ['a', 'b'],
      requestTimeout: 90_000,
    });
  });

  test('takes a dry run, which is printed as YAML unless JSON is wanted', () => {
    expect(parse('web').dryRun).toBeNull();
    expect(parse('web --dry-run=client').dryRun).toEqual({ mode: 'client', format: 'yaml' });
    expect(parse('web --dry-run server -o json').dryRun).toEqual({ mode: 'server', format: 'json' });
  });

  test.each([
    '--quiet',
    'web -o yaml',
    'web --dry-run',
    'web --dry-run=none',
    'web --dry-run=client -o wide',
    'web ls',
    'web --',
    'web --no-such-flag',
    'web -c',
    'web -t --no-tty',
    'web -c a -c b',
    'web --timeout soon',
    'web --timeout 0s',
    'web --image-pull-policy Sometimes',
    'web --agent-namespace ../x',
  ])('%s is refused', (line) => {
    expect(() => parse(line)).toThrow();
  });

  test('says which tool was probably meant', () => {
    expect(() => parse('web --tool tcpdmp')).toThrow(
      expect.objectContaining({ code: 'toolNotFound', hint: 'Did you mean "tcpdump"?' }),
    );
  });
});
