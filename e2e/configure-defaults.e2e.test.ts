import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { z } from 'zod';
import { runCrashcart } from './session/command-run.ts';
import { createTestNamespace, deleteTestNamespace, expectSuccess } from './session/test-namespace.ts';

/** The namespaces of agents that the file names, for all contexts and for the one in use. */
const names = { all: 'doctor-config-all', context: 'doctor-config-context', other: 'doctor-config-other' };
let folder: string;

beforeAll(async () => {
  await Promise.all(Object.values(names).map((name) => createTestNamespace(name)));
  folder = await mkdtemp(join(tmpdir(), 'crashcart-config-'));
  const context = (await expectSuccess(['config', 'current-context'])).trim();
  const lines = ['imagePullPolicy: Always', `agentNamespace: ${names.all}`];
  await writeFile(join(folder, 'all.yaml'), lines.join('\n'));
  const contexts = { contexts: { [context]: { agentNamespace: names.context } } };
  // JSON is YAML.
  await writeFile(join(folder, 'context.yaml'), JSON.stringify({ agentNamespace: names.all, ...contexts }));
}, 60_000);

afterAll(async () => {
  await rm(folder, { recursive: true });
  await Promise.all(Object.values(names).map(deleteTestNamespace));
}, 60_000);

const jobSchema = z.object({
  metadata: z.object({ namespace: z.string() }),
  spec: z.object({
    template: z.object({
      spec: z.object({ containers: z.tuple([z.object({ imagePullPolicy: z.string() })]) }),
    }),
  }),
});

/** @returns the Job that a session would make. */
async function showJob(file: string, env: NodeJS.ProcessEnv = {}, ...flags: string[]) {
  const target = ['musl', '-n', 'targets', '--dry-run=client', ...flags];
  const { code, stdout, stderr } = await runCrashcart(target, {
    env: { CRASHCART_CONFIG: join(folder, file), ...env },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { metadata, spec } = jobSchema.parse(load(stdout.toString()));
  return { namespace: metadata.namespace, pullPolicy: spec.template.spec.containers[0].imagePullPolicy };
}

test('a session is as the file says, and the context’s settings go before those for all', async () => {
  expect(await showJob('all.yaml')).toEqual({ namespace: names.all, pullPolicy: 'Always' });
  expect(await showJob('context.yaml')).toEqual({ namespace: names.context, pullPolicy: 'IfNotPresent' });
});

test('an environment variable goes before the file, and a flag before that', async () => {
  const env = { CRASHCART_AGENT_NAMESPACE: names.other };
  expect((await showJob('context.yaml', env)).namespace).toBe(names.other);
  const flags = ['--agent-namespace', names.all];
  expect((await showJob('context.yaml', env, ...flags)).namespace).toBe(names.all);
});
