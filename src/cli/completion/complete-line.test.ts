import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dump } from 'js-yaml';
import { chooseCommand } from '../commands/command-choice.ts';
import { commandTable } from '../commands/command-table.ts';
import { completeLine, formatAnswer } from './complete-line.ts';

const commands = { summaries: commandTable, choose: chooseCommand };

// A list of each kind, as the API server gives it: its speed is not what is tested here.
const answers: Record<string, unknown> = {
  '/api/v1/namespaces/shop/pods': [
    { metadata: { name: 'web-1' }, status: { phase: 'Running' } },
    { metadata: { name: 'db-0' }, status: { phase: 'Running' } },
    { metadata: { name: 'starting' }, status: { phase: 'Pending' } },
    { metadata: { name: 'web-over' }, status: { phase: 'Succeeded' } },
  ],
  '/api/v1/namespaces/other/pods': [{ metadata: { name: 'elsewhere' }, status: { phase: 'Running' } }],
  '/apis/apps/v1/namespaces/shop/deployments': [{ metadata: { name: 'web' } }],
  '/api/v1/nodes': [{ metadata: { name: 'worker-1' } }],
  '/api/v1/namespaces': [{ metadata: { name: 'shop' } }, { metadata: { name: 'other' } }],
};
const pod = {
  metadata: { name: 'web-1', namespace: 'shop' },
  spec: { containers: [{ name: 'app' }, { name: 'proxy' }], initContainers: [{ name: 'prepare' }] },
};

const folder = mkdtempSync(join(tmpdir(), 'crashcart-completion-'));
const kubeconfig = join(folder, 'kubeconfig');
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://server');
  if (pathname.endsWith('/silent/pods')) return void server.emit('silence');
  const items = answers[pathname];
  const found = pathname.endsWith('/pods/web-1') ? pod : items && { items };
  response.statusCode = found === undefined ? 404 : 200;
  response.end(JSON.stringify(found ?? { kind: 'Status', message: 'not found' }));
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cluster = { server: `http://127.0.0.1:${port}` };
  const context = { cluster: 'c', user: 'u', namespace: 'shop' };
  const configuration = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: {} }],
    contexts: [
      { name: 'prod', context },
      { name: 'staging', context },
      { name: 'bad\tname', context },
    ],
    'current-context': 'prod',
  };
  writeFileSync(kubeconfig, dump(configuration));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** @returns what is offered, without descriptions, and the directive. */
async function complete(
  words: string[],
  env: NodeJS.ProcessEnv = { KUBECONFIG: kubeconfig },
  limit = AbortSignal.timeout(20_000),
) {
  let output = '';
  const stdout = { write: (text: string) => (output += text) };
  expect(await completeLine(words, commands, { stdout, env }, limit)).toBe(0);
  const lines = output.trimEnd().split('\n');
  return { directive: lines.pop(), values: lines.map((line) => line.split('\t')[0]) };
}

describe('completion offers', () => {
  test('commands, pods that are not over and kinds as the first word', async () => {
    const { values, directive } = await complete(['']);
    expect(values).toEqual(expect.arrayContaining(['version', 'web-1', 'starting', 'deployment/', 'node/']));
    expect(values).not.toContain('web-over');
    expect(directive).toBe(':4');
  });

  test.each<[string[], string[], string]>([
    [['we'], ['web-1'], ':4'],
    [['web-0', 'we'], ['web-1'], ':4'],
    [['-l', 'app=web', '--all-c'], ['--all-containers'], ':4'],
    [['dep'], ['deployment/'], ':6'],
    [['deploy/'], ['deploy/web'], ':4'],
    [['node/w'], ['node/worker-1'], ':4'],
    [['-n', 'other', 'else'], ['elsewhere'], ':4'],
    [['-n', 'o'], ['other'], ':4'],
    [['web-1', '--namespace', ''], ['shop', 'other'], ':4'],
    [['--namespace=sh'], ['shop'], ':4'],
    [['--namespace='], ['shop', 'other'], ':4'],
    [['--context', ''], ['prod', 'staging'], ':4'],
    [['--cluster', ''], ['c'], ':4'],
    [['--user', ''], ['u'], ':4'],
    [['web-1', '-c', ''], ['app', 'proxy', 'prepare'], ':4'],
    [['-it', 'web-1', '--container=pro'], ['proxy'], ':4'],
    [['web-1', '--tool', 'tcp'], ['tcpdump'], ':4'],
    [['web-1', '--image-pull-policy', ''], ['Always', 'IfNotPresent', 'Never'], ':4'],
    [['web-1', '--agent-i'], ['--agent-idle'], ':4'],
    [['version', '--'], ['--help'], ':4'],
    [['completion', 'fi'], ['fish'], ':4'],
    [['help', 'comp'], ['completion'], ':4'],
    [['sessions', '-o', 'y'], ['yaml'], ':4'],
    [['stop', '--agent-namespace', 'sh'], ['shop'], ':4'],
    [['--kubeconfig', '/et'], [], ':0'],
  ])('%j: %j', async (words, values, directive) => {
    expect(await complete(words)).toEqual({ values, directive });
  });

  test('no flag again that is given, but those that are lists', async () => {
    const { values } = await complete(['web-1', '--quiet', '--as-group', 'a', '--']);
    expect(values).not.toContain('--quiet');
    expect(values).toEqual(expect.arrayContaining(['--as-group', '--tool']));
  });

  test.each([
    [['web-1', '--', 'l']],
    [['web-1', '--timeout', '']],
    [['version', '']],
    [['node/worker-1', '-c', '']],
    [['nosuch', '-c', '']],
    [['--no-such-flag', 'x', '-n', '']],
    [[]],
  ])('nothing for %j', async (words) => {
    if (words.length > 0) expect(await complete(words)).toEqual({ values: [], directive: ':4' });
    else expect((await complete(words)).directive).toBe(':4');
  });
});

test('a description is one line without control characters, whatever somebody has run', () => {
  const candidates = [{ value: '1a2b3c4d', description: 'shop/web[app] echo\nrm\t\u001b]52;c;x\u0007' }];
  const [line, ...others] = formatAnswer({ candidates, directive: 4 }).split('\n');
  expect(line).toMatch(/^1a2b3c4d\tshop\/web\[app\] echo rm [\x20-\x7e]+$/);
  expect(others).toEqual([':4', '']);
});

describe('completion is quiet', () => {
  test('without a kubeconfig: what needs no cluster is offered', async () => {
    const env = { KUBECONFIG: join(folder, 'nosuch') };
    expect(await complete(['vers'], env)).toEqual({ values: ['version'], directive: ':4' });
    expect(await complete(['-n', ''], env)).toEqual({ values: [], directive: ':4' });
  });

  test('about an API server that does not answer in time', async () => {
    const limit = new AbortController();
    server.once('silence', () => limit.abort());
    const answer = complete(['-n', 'silent', 'we'], { KUBECONFIG: kubeconfig }, limit.signal);
    expect(await answer).toEqual({ values: [], directive: ':4' });
  });
});
