import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCrashcart, runKubectl } from './harness/command-run.ts';
import { type IdentityServer, startIdentityServer } from './harness/identity-server.ts';
import { secret } from './harness/made-up-users.ts';

let directory: string;
let server: IdentityServer;
let flags: { name: string; standard: string }[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crashcart-flags-'));
  server = await startIdentityServer(directory);
  const { stdout } = await runKubectl(['options']);
  const found = stdout.toString().matchAll(/^ +(?:-\w, )?--([a-z-]+)='?([^':]*)/gm);
  flags = [...found].map(([, name = '', standard = '']) => ({ name, standard }));
});

afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

test('each of kubectl’s global flags has its place in the help', async () => {
  expect(flags.length).toBeGreaterThan(25);
  const help = (await runCrashcart(['sessions', '--help'])).stdout.toString();
  for (const { name } of flags) expect(help).toMatch(new RegExp(`-${name}\\b`));
});

test('all of them together are taken as kubectl takes them, with the values that they have anyhow', async () => {
  const cluster = { server: server.address, 'certificate-authority': server.authority };
  const config = {
    clusters: [{ name: 'lab', cluster }],
    users: [{ name: 'ada', user: { token: secret } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'ada' } }],
    'current-context': 'lab',
  };
  const path = join(directory, 'config');
  await writeFile(path, JSON.stringify(config));
  // A list that is empty is left out, as is a kuberc that does not exist.
  const words = flags
    .filter(
      ({ name, standard }) => standard !== '[]' && !['v', 'kubeconfig', 'kuberc', 'cache-dir'].includes(name),
    )
    .map(({ name, standard }) => `--${name}=${standard}`);
  const rest = [`--kubeconfig=${path}`, `--cache-dir=${directory}/cache`, '--v=10'];
  for (const command of [
    ['get', '--raw', '/api/v1/pods'],
    ['crashcart', 'sessions'],
  ]) {
    const { code, stderr } = await runKubectl([...command, ...words, ...rest]);
    expect({ command, code, stderr: code === 0 ? '' : stderr }).toEqual({ command, code: 0, stderr: '' });
    expect(server.takeIdentities()).toMatchObject([{ authorization: `Bearer ${secret}` }]);
  }
});
