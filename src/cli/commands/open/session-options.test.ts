import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../command-line/adapter.ts';
import type { Context } from '../../context.ts';
import { agentImage } from '../../plugin-version.ts';
import { listCommandOptions } from '../../command-line/command.ts';
import { readCommand } from '../../options/option-values.ts';
import { sessionCommand } from './session-command.ts';
import { describeRequest } from './session-request.ts';

function makeContext(terminals: Partial<Record<'stdin' | 'stdout' | 'stderr', boolean>> = {}): Context {
  const { stdin = false, stdout = false, stderr = false } = terminals;
  const streams = { stdin: { isTTY: stdin }, stdout: { isTTY: stdout }, stderr: { isTTY: stderr } };
  return { ...streams, env: {} } as unknown as Context;
}

function parse(line: string, context = makeContext()) {
  const raw = parseArguments(line.split(' '), listCommandOptions(sessionCommand));
  return describeRequest(readCommand(sessionCommand, raw), [], context);
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
    expect(parse('web --tool ip -- -brief link').command).toEqual(['ip', '-brief', 'link']);
    expect(parse('web --tool ps').command).toEqual(['ps']);
  });

  test('runs a recipe with what follows --', () => {
    expect(parse('web --tool syscalls -- -s 5').command).toEqual(['recipe', 'syscalls', '-s', '5']);
    expect(parse('web --tool tcpdump -- -i eth0').command).toEqual(['recipe', 'tcpdump', '-i', 'eth0']);
  });

  test.each([
    ['--tool strace', 'execve'],
    ['-- recipe syscalls', 'execve'],
    ['-- /usr/local/bin/trace-files -p 1', 'execve'],
    ['--tool gdb', 'program'],
    ['', 'program'],
  ])('catches a start for %j at the %s', (rest, at) => {
    const line = `web --catch --hold 2m ${rest}`.trim();
    expect(parse(line, onTerminal).catch).toEqual({ waitSeconds: 600, holdSeconds: 120, at });
  });

  test.each([
    ['web --hold 5s', '--hold is for --catch'],
    ['web --catch --hold 11m', 'it takes at most 10m'],
    ['web --catch --wait', "--catch and --wait can't be combined"],
    ['web --catch --detach', "--catch and --detach can't be combined"],
    ['node/one --catch', '--catch is for containers: the target is a node'],
    ['-A --catch', '--catch needs a TARGET'],
  ])('refuses %j', (line, message) => {
    expect(() => parse(line, onTerminal)).toThrow(message);
  });

  test.each(['large', '7'])('tells recipes the process %s by a variable', (process) => {
    expect(parse(`web --pid ${process} --env A=b`).setup.variables).toEqual({
      A: 'b',
      CRASHCART_PID: process,
    });
  });

  test.each([
    ['web -- ls', makeContext(), false, false],
    ['web -i -- cat', makeContext(), false, true],
    ['web', makeContext(), false, true],
    ['web -- top', onTerminal, true, true],
    ['web --no-tty -- top', onTerminal, false, false],
    ['web --no-tty', onTerminal, false, true],
    ['web --tty=false', onTerminal, false, true],
    ['web -t=false -- top', onTerminal, false, false],
    ['web --tty=false -i -- cat', onTerminal, false, true],
    ['web -i --tty=true -- cat', makeContext(), true, true],
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

  test('takes an image as it is given, and the release’s own from a mirror', () => {
    expect(parse('web').agent.image).toBe(agentImage);
    const inMirror = `registry.corp/cache/${agentImage.replace(/^[^/]*\//, '')}`;
    expect(parse('web --mirror registry.corp/cache').agent.image).toBe(inMirror);
    expect(parse('web --mirror=').agent.image).toBe(agentImage);
    expect(parse('web --image agent:1 --mirror registry.corp').agent.image).toBe('agent:1');
  });

  test('takes the agent’s own toolbox, unless another one is given', () => {
    expect(parse('web --toolbox tools:1').agent.toolboxImage).toBe('tools:1');
    for (const line of ['web', 'web --toolbox=']) expect(parse(line).agent.toolboxImage).toBeNull();
  });

  test("takes kubectl's connection flags", () => {
    const line = 'web -n shop --context prod --as jane --as-group a --as-group b --request-timeout 1m30s';
    expect(parse(line).connection).toMatchObject({
      namespace: 'shop',
      context: 'prod',
      as: 'jane',
      asGroup: ['a', 'b'],
      requestTimeoutMs: 90_000,
    });
  });

  test('takes a dry run, which is printed as YAML unless JSON is wanted', () => {
    expect(parse('web').dryRun).toBeNull();
    expect(parse('web --dry-run=client').dryRun).toEqual({ mode: 'client', format: 'yaml' });
    expect(parse('web --dry-run server -o json').dryRun).toEqual({ mode: 'server', format: 'json' });
  });

  test.each(['--agent-idle', '--timeout', '--request-timeout'])('%s is at most a day', (flag) => {
    expect(() => parse(`web ${flag} 600h`)).toThrow('it takes at most 24h');
    expect(() => parse(`web ${flag} 24h`)).not.toThrow();
  });

  test('sets the command up', () => {
    const line =
      'web --env A=1=2 --env B --workdir /target/srv --run-as 1000:2000 --import-env --mem-limit 64Mi --scratch 32Mi -- ls';
    expect(parse(line, { ...makeContext(), env: { B: 'mine' } }).setup).toEqual({
      variables: { A: '1=2', B: 'mine' },
      workdir: '/target/srv',
      runAs: { uid: 1000, gid: 2000 },
      importEnvironment: true,
      memoryBytes: 64 * 1024 * 1024,
      scratchBytes: 32 * 1024 * 1024,
    });
    expect(parse('web --run-as 7').setup.runAs).toEqual({ uid: 7, gid: 7 });
    expect(parse('web --run-as target').setup.runAs).toBe('target');
  });

  test('waits for a container that is to be followed, too, and only for a target that is named', () => {
    expect(parse('web --wait')).toMatchObject({ wait: true, follow: false, waitLimitMs: 600_000 });
    expect(parse('web --follow --pod-running-timeout 30s')).toMatchObject({
      wait: true,
      waitLimitMs: 30_000,
    });
    expect(() => parse('--wait', onTerminal)).toThrow('--wait needs a TARGET');
    expect(() => parse('--dead', onTerminal)).toThrow('--dead needs a TARGET');
  });

  test('chooses what is left of a container by itself only for a shell on a terminal', () => {
    expect(parse('web', onTerminal)).toMatchObject({ dead: false, deadIfEnded: true });
    for (const line of [
      'web -- ps',
      'web -t -- ps',
      'web --wait',
      'web --catch',
      'web --run-as target',
      'web --import-env',
    ])
      expect(parse(line, onTerminal).deadIfEnded).toBe(false);
    expect(parse('web').deadIfEnded).toBe(false);
  });

  test('sends stdout to a file, then without a terminal', () => {
    expect(parse('web --output-file out --force -- ls', onTerminal)).toMatchObject({
      outputFile: { path: 'out', force: true },
      terminal: false,
    });
    expect(parse('web -- ls').outputFile).toBeNull();
  });

  test('keeps an SVG and a dump from the terminal, and their help not', () => {
    for (const line of ['web --tool flamegraph', 'web --tool core', 'web --tool core --no-tty'])
      expect(() => parse(line, onTerminal)).toThrow('use --output-file FILE');
    expect(() => parse('web -t --tool core')).toThrow('use --output-file FILE');
    for (const line of ['web --tool core --output-file core', 'web --tool core --detach'])
      expect(parse(line, onTerminal).command).toEqual(['recipe', 'core']);
    expect(parse('web --tool core').command).toEqual(['recipe', 'core']);
    expect(parse('web --tool core -- --help', onTerminal).command).toEqual(['recipe', 'core', '--help']);
    expect(parse('web --tool syscalls', onTerminal).terminal).toBe(true);
  });

  test.each([
    '--quiet',
    'web --env B -- ls',
    'web --env =1 -- ls',
    'web --workdir srv -- ls',
    'web --run-as jane -- ls',
    'web --run-as 4294967295 -- ls',
    'web --mem-limit 2000Gi -- ls',
    'web --scratch 1Mi -- ls',
    'web --mem-limit 1Mi -- ls',
    'web --force -- ls',
    'web --output-file out -t -- ls',
    'web --output-file out --detach -- ls',
    'web --output-file out --follow -- ls',
    'web --wait --dry-run=client -- ls',
    'node/one --wait -- ls',
    'node/one --dead -- ls',
    'web --dead --wait -- ls',
    'web --dead --follow -- ls',
    'web --dead --import-env -- ls',
    'web --dead --pid 1 -- ls',
    'web --dead -- gdb -p 1',
    'web --pod-running-timeout 5m -- ls',
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
    'web --mirror https://registry.corp',
  ])('%s is refused', (line) => {
    expect(() => parse(line)).toThrow();
  });

  test('says which tool was probably meant', () => {
    expect(() => parse('web --tool tcpdmp')).toThrow(
      expect.objectContaining({ code: 'toolNotFound', hint: 'Did you mean "tcpdump"?' }),
    );
  });
});
