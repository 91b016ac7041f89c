import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildImages } from '../images/build.ts';
import { pushImages } from '../images/image-push.ts';
import { readProvenance } from '../images/provenance.ts';
import packageJSON from '../package.json' with { type: 'json' };
import { bridge } from './cluster/cluster-layout.ts';
import { getClusterState } from './cluster/cluster-state.ts';
import { getNodeShell } from './cluster/nodes-machine.ts';
import { locateRegistries } from './cluster/node-configuration.ts';
import { runCommand } from '../images/machine/run-command.ts';
import { runCrashcart } from './harness/command-run.ts';
import { askDoctor } from './harness/doctor-findings.ts';
import { type ImageRegistry, registryUser, startImageRegistry } from './harness/image-registry.ts';
import {
  createTestNamespace,
  leaveTestNamespace,
  expectSuccess,
  privilegedLabels,
} from './harness/test-namespace.ts';

const namespace = 'pull-test';
/** As the nodes know it; another path in each run, as what they have they do not pull. */
const host = 'registry.crashcart.test';
const mirror = `${host}/run-${process.pid}`;
const inTargets = ['-n', 'targets', '--agent-namespace', namespace];
let registry: ImageRegistry;
let folder: string;
let digest: string;

beforeAll(async () => {
  registry = await startImageRegistry({ address: bridge.address, isClosed: true });
  folder = await mkdtemp(join(tmpdir(), 'crashcart-pull-'));
  await createTestNamespace(namespace, privilegedLabels);
  const { name, password } = registryUser;
  const login = [`--docker-server=${host}`, `--docker-username=${name}`, `--docker-password=${password}`];
  await expectSuccess(['create', 'secret', 'docker-registry', 'login', '-n', namespace, ...login]);
  await pushAgent();
  // The nodes reach it by HTTP, under a name of their own.
  const { nodes } = await getClusterState();
  const address = `http://${registry.host}`;
  const hosts = `server = "${address}"\n[host."${address}"]\ncapabilities = ["pull", "resolve"]\n`;
  for (const node of nodes) {
    await mkdir(join(locateRegistries(node), host), { recursive: true });
    await writeFile(join(locateRegistries(node), host, 'hosts.toml'), hosts);
  }
  await writeFile(join(folder, 'config.yaml'), `mirror: ${mirror}\nimagePullSecrets: [login]\n`);
}, 240_000);

afterAll(async () => {
  const { nodes, binaries } = await getClusterState();
  for (const node of nodes) {
    await rm(join(locateRegistries(node), host), { recursive: true, force: true });
    const [shell, ...before] = getNodeShell(node);
    const ctr = [join(binaries, 'ctr'), '--namespace', 'k8s.io', 'images'];
    const inNode = (args: string[]) => runCommand(shell, [...before, ...ctr, ...args]);
    const references = (await inNode(['list', '--quiet'])).split('\n');
    const ours = references.filter((reference) => reference.startsWith(mirror));
    if (ours.length > 0) await inNode(['remove', ...ours]);
  }
  await leaveTestNamespace(namespace);
  await registry.close();
  await rm(folder, { recursive: true });
}, 90_000);

/** As `npm run images -- --push` does, to where a mirror has the agent's image. */
async function pushAgent(): Promise<void> {
  const { name, password } = registryUser;
  const authFile = join(folder, 'auth.json');
  const auth = Buffer.from(`${name}:${password}`).toString('base64');
  await writeFile(authFile, JSON.stringify({ auths: { [registry.host]: { auth } } }));
  const { agent } = await buildImages();
  const tag = agent.reference.split(':').at(-1) ?? '';
  const provenance = await readProvenance(packageJSON.version);
  // Where buildah looks for credentials.
  process.env['REGISTRY_AUTH_FILE'] = authFile;
  const destination = `${registry.host}/run-${process.pid}/agent:${tag}`;
  try {
    const reference = await pushImages([agent], destination, { provenance, insecure: true });
    digest = reference.split('@')[1] ?? '';
  } finally {
    delete process.env['REGISTRY_AUTH_FILE'];
  }
}

test('without credentials the node is refused, and it is said what gives them', async () => {
  const { code, stderr } = await runCrashcart(['musl', ...inTargets, '--mirror', mirror, '--', 'true']);
  expect(code).toBe(125);
  expect(stderr).toMatch(
    /^error: the agent's image "registry\.crashcart\.test\/.*" can't be pulled on the node "node-\d": .*no basic auth credentials\n.*--image-pull-secret/,
  );
  const { findings } = await askDoctor(['musl', ...inTargets, '--mirror', mirror, '--start-agent']);
  expect(findings['image']).toMatchObject({ status: 'failed', message: expect.stringContaining(mirror) });
}, 60_000);

test('with a mirror and a pull secret in the configuration the agent’s image is pulled from there', async () => {
  const env = { CRASHCART_CONFIG: join(folder, 'config.yaml') };
  const { code, stdout, stderr } = await runCrashcart(['musl', ...inTargets, '-q', '--', 'hostname'], {
    env,
  });
  expect({ code, stdout: stdout.toString(), stderr }).toEqual({ code: 0, stdout: 'musl\n', stderr: '' });
  expect(await readImageIDs()).toEqual([`${mirror}/agent@${digest}`]);
}, 60_000);

test('by its digest the image is the one that was pushed', async () => {
  const image = ['--image', `${mirror}/agent@${digest}`, '--image-pull-secret', 'login'];
  const { code, stderr } = await runCrashcart(['distroless', ...inTargets, '-q', ...image, '--', 'true']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(await readImageIDs()).toContainEqual(`${mirror}/agent@${digest}`);
}, 60_000);

/** Of the agents that run. */
async function readImageIDs(): Promise<string[]> {
  const path = '{range .items[*]}{.status.containerStatuses[0].imageID}{"\\n"}{end}';
  const running = '--field-selector=status.phase=Running';
  const text = await expectSuccess(['get', 'pods', '-n', namespace, running, '-o', `jsonpath=${path}`]);
  return text.trim().split('\n');
}
