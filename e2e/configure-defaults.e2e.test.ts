import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { z } from 'zod';
import { nameInMirror } from '../src/config/mirrored-image.ts';
import { runCrashcart } from './harness/command-run.ts';
import { createTestNamespace, leaveTestNamespace, expectSuccess } from './harness/test-namespace.ts';

/** The namespaces of agents that the file names, for all contexts and for the one in use. */
const names = { all: 'doctor-config-all', context: 'doctor-config-context', other: 'doctor-config-other' };
let folder: string;

beforeAll(async () => {
  await Promise.all(Object.values(names).map((name) => createTestNamespace(name)));
  folder = await mkdtemp(join(tmpdir(), 'crashcart-config-'));
  const context = (await expectSuccess(['config', 'current-context'])).trim();
  const lines = [
    'imagePullPolicy: Always',
    `agentNamespace: ${names.all}`,
    'mirror: registry.example:5000/cache',
    'toolbox: registry.example/tools:1',
  ];
  await writeFile(join(folder, 'all.yaml'), lines.join('\n'));
  const contexts = { contexts: { [context]: { agentNamespace: names.context, image: 'agent:2' } } };
  // JSON is YAML.
  await writeFile(
    join(folder, 'context.yaml'),
    JSON.stringify({ agentNamespace: names.all, mirror: 'registry.example', ...contexts }),
  );
}, 60_000);

afterAll(async () => {
  await rm(folder, { recursive: true });
  await Promise.all(Object.values(names).map(leaveTestNamespace));
}, 60_000);

/** A Job, or a DaemonSet. */
const controllerSchema = z.object({
  metadata: z.object({ namespace: z.string() }),
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([z.object({ image: z.string(), imagePullPolicy: z.string() })]),
        volumes: z.tuple([z.object({ image: z.object({ reference: z.string() }) })]).optional(),
      }),
    }),
  }),
});

/** @returns what a command would make of an agent. */
async function show(command: string[], file: string, env: NodeJS.ProcessEnv) {
  const { code, stdout, stderr } = await runCrashcart([...command, '--dry-run=client'], {
    env: { CRASHCART_CONFIG: join(folder, file), ...env },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { metadata, spec } = controllerSchema.parse(load(stdout.toString()));
  const { containers, volumes } = spec.template.spec;
  const [{ image, imagePullPolicy }] = containers;
  const toolbox = volumes?.[0].image.reference ?? null;
  return { namespace: metadata.namespace, pullPolicy: imagePullPolicy, image, toolbox };
}

const showJob = (file: string, env: NodeJS.ProcessEnv = {}, ...flags: string[]) =>
  show(['musl', '-n', 'targets', ...flags], file, env);

/** @returns the image that the plugin has without any setting, as a mirror has it. */
async function nameOwnImage(mirror: string): Promise<string> {
  const { image } = await showJob('absent.yaml', {}, '--agent-namespace', names.all);
  return nameInMirror(image, mirror);
}

/** @returns what all.yaml says. */
async function describeAll() {
  const image = await nameOwnImage('registry.example:5000/cache');
  return { namespace: names.all, pullPolicy: 'Always', image, toolbox: 'registry.example/tools:1' };
}

test('a session is as the file says, and the context’s settings go before those for all', async () => {
  expect(await showJob('all.yaml')).toEqual(await describeAll());
  expect(await showJob('context.yaml')).toEqual({
    ...{ namespace: names.context, pullPolicy: 'IfNotPresent', image: 'agent:2' },
    toolbox: null,
  });
});

test('agents are installed as the file says', async () => {
  expect(await show(['install'], 'all.yaml', {})).toEqual(await describeAll());
});

test('the doctor looks at the image of the mirror', async () => {
  const env = { CRASHCART_CONFIG: join(folder, 'all.yaml') };
  const { stdout } = await runCrashcart(['doctor', 'musl', '-n', 'targets', '-o', 'json'], { env });
  expect(stdout.toString()).toContain(await nameOwnImage('registry.example:5000/cache'));
});

test('of image and mirror that one counts which goes before the other', async () => {
  const env = { CRASHCART_MIRROR: 'registry.example' };
  expect((await showJob('context.yaml', env)).image).toBe(await nameOwnImage('registry.example'));
  const flags = ['--mirror', 'other.example/cache'];
  expect((await showJob('context.yaml', env, ...flags)).image).toBe(
    await nameOwnImage('other.example/cache'),
  );
  expect((await showJob('context.yaml', env, '--image', 'agent:3')).image).toBe('agent:3');
});

test('a toolbox that is configured is left out for once by an empty one', async () => {
  expect((await showJob('all.yaml', {}, '--toolbox', 'tools:2')).toolbox).toBe('tools:2');
  expect((await showJob('all.yaml', {}, '--toolbox=')).toolbox).toBeNull();
});

test('an environment variable goes before the file, and a flag before that', async () => {
  const env = { CRASHCART_AGENT_NAMESPACE: names.other };
  expect((await showJob('context.yaml', env)).namespace).toBe(names.other);
  const flags = ['--agent-namespace', names.all];
  expect((await showJob('context.yaml', env, ...flags)).namespace).toBe(names.all);
});
