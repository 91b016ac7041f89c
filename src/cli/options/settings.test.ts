import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RawArguments } from '../command-line/raw-arguments.ts';
import type { Streams } from '../context.ts';
import { agentOptions } from './agent/agent-options.ts';
import { readOptions } from './option-values.ts';
import { decideSettings } from './settings.ts';
import { runCLI } from '../run-cli.ts';
import { agentImage } from '../plugin-version.ts';
import { nameInMirror } from '../../config/mirrored-image.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crashcart-settings-'));
  const context = (name: string) => `{ name: ${name}, context: { cluster: any, user: any } }`;
  await writeFile(
    join(folder, 'kubeconfig'),
    `current-context: test\ncontexts: [${context('test')}, ${context('prod')}]\nclusters: []\nusers: []\n`,
  );
  await writeFile(
    join(folder, 'config.yaml'),
    [
      'agentNamespace: of-all',
      'toolbox: example.com/tools:1',
      'imagePullSecrets: [one, two]',
      'contexts:',
      '  prod:',
      '    agentNamespace: of-prod',
      '    mirror: registry.corp/cache',
      'recipes:',
      '  - name: queue',
      '    summary: what waits in its queue',
      '    command: [sh, -c, ss -tn]',
      '  - { name: tcpdump, summary: packets of one port, command: [tcpdump, port, "80"], output: stream }',
    ].join('\n'),
  );
  await writeFile(join(folder, 'broken.yaml'), 'image: example.com/agent:1\nagentNamespac: mistyped\n');
});
afterAll(() => rm(folder, { recursive: true }));

async function run(line: string, file = 'config.yaml', variables: NodeJS.ProcessEnv = {}) {
  const written = { stdout: '', stderr: '' };
  const open = (name: 'stdout' | 'stderr') => ({
    on: () => undefined,
    write: (text: string) => (written[name] += text),
  });
  const env = { KUBECONFIG: join(folder, 'kubeconfig'), CRASHCART_CONFIG: join(folder, file), ...variables };
  const context = { stdin: {}, stdout: open('stdout'), stderr: open('stderr'), env };
  const code = await runCLI(line.split(' '), context as unknown as Streams);
  return { code, ...written };
}

async function view(line = '', variables?: NodeJS.ProcessEnv): Promise<Record<string, [unknown, string]>> {
  const { stdout } = await run(`config view -o json${line}`, 'config.yaml', variables);
  const { items } = JSON.parse(stdout) as { items: { setting: string; value: unknown; source: string }[] };
  return Object.fromEntries(items.map(({ setting, value, source }) => [setting, [value, source]]));
}

describe('config', () => {
  test('view tells what holds, and what sets it', async () => {
    expect(await view()).toMatchObject({
      image: [expect.any(String), 'default'],
      imagePullPolicy: ['IfNotPresent', 'default'],
      imagePullSecrets: [['one', 'two'], 'config'],
      agentNamespace: ['of-all', 'config'],
      mirror: ['', 'default'],
      toolbox: ['example.com/tools:1', 'config'],
    });
    const { stdout } = await run('config view');
    expect(stdout).toMatch(/^SETTING +VALUE +SOURCE\n/);
    expect(stdout).toMatch(/^imagePullSecrets +one, two +config$/m);
  });

  test('view is of the context in use, or of the one that is asked for', async () => {
    expect(await view(' --context prod')).toMatchObject({ agentNamespace: ['of-prod', 'context'] });
    const variables = { CRASHCART_AGENT_NAMESPACE: 'of-env' };
    expect(await view(' --context prod', variables)).toMatchObject({
      agentNamespace: ['of-env', 'environment'],
    });
  });

  test('view tells the image as it comes from a mirror, unless an image goes before that', async () => {
    const inMirror = nameInMirror(agentImage, 'registry.corp/cache');
    expect(await view(' --context prod')).toMatchObject({
      image: [inMirror, 'context'],
      mirror: ['registry.corp/cache', 'context'],
    });
    expect(await view(' --context prod', { CRASHCART_IMAGE: 'agent:1' })).toMatchObject({
      image: ['agent:1', 'environment'],
    });
    expect(await view('', { CRASHCART_MIRROR: 'other.corp', CRASHCART_TOOLBOX: 'tools:2' })).toMatchObject({
      image: [nameInMirror(agentImage, 'other.corp'), 'environment'],
      toolbox: ['tools:2', 'environment'],
    });
  });

  test('path tells where the file is', async () => {
    expect(await run('config path')).toMatchObject({ code: 0, stdout: `${join(folder, 'config.yaml')}\n` });
  });

  test("validate takes a valid file, the user's own or another", async () => {
    expect(await run('config validate')).toMatchObject({ code: 0 });
    const file = join(folder, 'config.yaml');
    expect(await run(`config validate ${file}`)).toMatchObject({ code: 0, stdout: `${file} is valid.\n` });
  });

  test('validate tells what is wrong, by line and column', async () => {
    const { code, stderr } = await run('config validate', 'broken.yaml');
    expect(code).toBe(125);
    expect(stderr).toMatch(/^error: .*broken\.yaml:2:16: agentNamespac: there is no such setting\n/);
  });

  test('validate takes no file for a valid one only when nobody names it', async () => {
    expect(await run('config validate', 'absent.yaml')).toMatchObject({ code: 0 });
    expect(await run('config validate /no/such/file')).toMatchObject({ code: 125 });
  });

  test.each(['config', 'config show', 'config path more', 'config path -o json', 'config view -- x'])(
    '%s is refused',
    async (line) => {
      expect(await run(line)).toMatchObject({ code: 2 });
    },
  );
});

test('what is configured holds for the agents that are installed', async () => {
  const { code, stderr } = await run('install --dry-run=client', 'config.yaml', {
    CRASHCART_MIRROR: 'https://registry.corp',
  });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('error: CRASHCART_MIRROR: leave "https://" off'),
  });
});

describe('the settings', () => {
  async function apply(flags: RawArguments['flags'], variables: NodeJS.ProcessEnv) {
    const env = {
      CRASHCART_CONFIG: join(folder, 'config.yaml'),
      KUBECONFIG: join(folder, 'kubeconfig'),
      ...variables,
    };
    const settings = await decideSettings({ flags }, Object.values(agentOptions), env);
    return readOptions(agentOptions, { flags, settings }).values;
  }

  test('give a command line one of image and mirror: what goes before', async () => {
    const variables = { CRASHCART_IMAGE: 'agent:1' };
    expect(await apply({ context: 'prod' }, variables)).toMatchObject({ image: 'agent:1' });
    expect(await apply({ mirror: 'other.corp' }, variables)).toMatchObject({
      mirror: 'other.corp',
      image: null,
    });
  });

  test('leave an empty toolbox of the command line for what it says', async () => {
    expect(await apply({}, {})).toMatchObject({ toolboxImage: 'example.com/tools:1' });
    const given = await apply({ toolbox: '' }, { CRASHCART_TOOLBOX: 'tools:2' });
    expect(given).toMatchObject({ toolboxImage: null });
  });
});

test('a command that reads a broken file fails by it, and others do not', async () => {
  const { code, stderr } = await run('sessions', 'broken.yaml');
  expect(code).toBe(125);
  expect(stderr).toContain('broken.yaml:2:16');
  expect(await run('version', 'broken.yaml')).toMatchObject({ code: 0 });
});

describe('recipes of your own', () => {
  test('are listed with those of the toolbox, and in place of one of their name', async () => {
    const { recipes } = JSON.parse((await run('tools -o json')).stdout) as { recipes: { name: string }[] };
    expect(recipes[0]).toEqual({
      name: 'queue',
      summary: 'what waits in its queue',
      command: ['sh', '-c', 'ss -tn'],
      needs: [],
      output: 'text',
    });
    expect(recipes.filter(({ name }) => name === 'tcpdump')).toMatchObject([
      { summary: 'packets of one port' },
    ]);
    expect((await run('tools')).stdout).toMatch(/^ {2}queue +what waits in its queue$/m);
  });

  test('are what --tool takes', async () => {
    expect(await run('web --tool queu')).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('Did you mean "queue"?'),
    });
    // The name is no mistake then, but what stands beside it.
    expect(await run('web --tool queue --force')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--force needs --output-file FILE'),
    });
  });

  test('with mistakes keep the list from being printed', async () => {
    expect(await run('tools', 'broken.yaml')).toMatchObject({
      code: 125,
      stdout: '',
      stderr: expect.stringContaining('broken.yaml:2:16'),
    });
  });
});
