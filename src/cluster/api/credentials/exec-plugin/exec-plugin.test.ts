import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecEntry } from '../../kubeconfig/kubeconfig-entries.ts';
import { readCluster } from '../../kubeconfig/kubeconfig-entries.ts';
import { refuseUnusablePlugin, runPlugin } from './exec-plugin.ts';
import type { LendTerminal, PluginSurroundings } from './plugin-surroundings.ts';

const apiVersion = 'client.authentication.k8s.io/v1';
const secret = 's3cret-t0ken';
const cluster = readCluster({
  name: 'lab',
  fields: {
    server: 'https://lab:6443',
    'tls-server-name': 'kubernetes',
    'proxy-url': 'http://proxy:3128',
    extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'lab', level: 5 } }],
  },
  file: '/config',
});
const never = new AbortController().signal;
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crashcart-plugin-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A plugin that is a shell's script. */
function describePlugin(script: string, more: Partial<ExecEntry> = {}): ExecEntry {
  return {
    ...{ command: 'sh', args: ['-c', script], env: [], apiVersion, installHint: '' },
    ...{ provideClusterInfo: false, interactiveMode: 'Never' },
    ...more,
  };
}

function answer(status: object | undefined, version = apiVersion): string {
  return JSON.stringify({ kind: 'ExecCredential', apiVersion: version, status });
}

/** A script that prints a text. */
const print = (text: string) => `cat <<'END'\n${text}\nEND`;

interface Ran {
  outcome: Awaited<ReturnType<typeof runPlugin>> | Error;
  stderr: string;
}

async function run(
  exec: ExecEntry,
  {
    lendTerminal = null,
    environment = process.env,
    signal = never,
  }: Partial<PluginSurroundings & { signal: AbortSignal }> = {},
): Promise<Ran> {
  let stderr = '';
  const surroundings = {
    environment,
    lendTerminal,
    stderr: { write: (chunk: Uint8Array) => (stderr += Buffer.from(chunk).toString()) },
  };
  const outcome = await runPlugin(exec, cluster, surroundings, signal).catch(
    (error: unknown) => error as Error,
  );
  return { outcome, stderr };
}

describe('a credential plugin', () => {
  test('answers with a token', async () => {
    const status = { token: `${secret}\n`, expirationTimestamp: '2030-01-01T00:00:00Z' };
    expect(await run(describePlugin(print(answer(status))))).toEqual({
      outcome: { token: secret, certificate: null, expiresAt: Date.parse('2030-01-01T00:00:00Z') },
      stderr: '',
    });
    expect((await run(describePlugin(print(answer({ token: 'x' }))))).outcome).toMatchObject({
      expiresAt: Number.POSITIVE_INFINITY,
    });
  });

  test('answers with a certificate and its key', async () => {
    const files = [join(directory, 'key'), join(directory, 'cert')] as const;
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=ada'];
    execFileSync('openssl', ['req', '-x509', ...made, '-keyout', files[0], '-out', files[1]], {
      stdio: 'ignore',
    });
    const [key, cert] = files.map((file) => readFileSync(file, 'utf8'));
    const status = { clientCertificateData: cert, clientKeyData: key };
    expect((await run(describePlugin(print(answer(status))))).outcome).toMatchObject({
      token: '',
      certificate: { cert, key },
    });
  });

  test('is told what it is asked for, with its own environment beside ours', async () => {
    const file = join(directory, 'asked');
    const script = `printf '%s %s %s' "$OURS" "$ITS" "$KUBERNETES_EXEC_INFO" > ${file}; ${print(answer({ token: 'x' }))}`;
    const exec = describePlugin(script, { provideClusterInfo: true, env: [{ name: 'ITS', value: 'its' }] });
    await run(exec, { environment: { ...process.env, OURS: 'ours' } });
    const [ours, its, ...info] = readFileSync(file, 'utf8').split(' ');
    expect([ours, its]).toEqual(['ours', 'its']);
    expect(JSON.parse(info.join(' '))).toEqual({
      kind: 'ExecCredential',
      apiVersion,
      spec: {
        interactive: false,
        cluster: {
          server: 'https://lab:6443',
          'tls-server-name': 'kubernetes',
          'proxy-url': 'http://proxy:3128',
          config: { audience: 'lab', level: 5 },
        },
      },
    });
  });

  test('is not told of the cluster without need', async () => {
    const file = join(directory, 'asked');
    await run(
      describePlugin(`printf '%s' "$KUBERNETES_EXEC_INFO" > ${file}; ${print(answer({ token: 'x' }))}`),
    );
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      kind: 'ExecCredential',
      apiVersion,
      spec: { interactive: false },
    });
  });

  test('speaks on stderr, whether it works or not', async () => {
    const warned = await run(describePlugin(`echo careful >&2; ${print(answer({ token: 'x' }))}`));
    expect(warned).toMatchObject({ outcome: { token: 'x' }, stderr: 'careful\n' });
    const failed = await run(describePlugin('echo no network >&2; exit 7'));
    expect(failed.stderr).toBe('no network\n');
  });

  test('reads nothing where nobody can answer', async () => {
    const script = `read line; echo "read:$line" >&2; ${print(answer({ token: 'x' }))}`;
    for (const interactiveMode of ['Never', 'IfAvailable', '']) {
      const exec = describePlugin(script, { interactiveMode });
      expect(await run(exec)).toMatchObject({ outcome: { token: 'x' }, stderr: 'read:\n' });
    }
  });

  test('has the terminal for as long as it runs', async () => {
    const file = join(directory, 'asked');
    const steps: string[] = [];
    const lendTerminal: LendTerminal = async (use) => {
      steps.push('lent');
      const result = await use();
      steps.push('given back');
      return result;
    };
    const script = `printf '%s' "$KUBERNETES_EXEC_INFO" > ${file}; ${print(answer({ token: 'x' }))}`;
    for (const interactiveMode of ['IfAvailable', 'Always']) {
      await run(describePlugin(script, { interactiveMode }), { lendTerminal });
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ spec: { interactive: true } });
      expect(steps.splice(0)).toEqual(['lent', 'given back']);
    }
    await run(describePlugin(script, { interactiveMode: 'Never' }), { lendTerminal });
    expect(steps).toEqual([]);
  });

  test('that needs a terminal is not started without one', async () => {
    const file = join(directory, 'started');
    const { outcome } = await run(describePlugin(`touch ${file}`, { interactiveMode: 'Always' }));
    expect(outcome).toMatchObject({
      code: 'credentials',
      message: expect.stringContaining('needs a terminal'),
    });
    expect(existsSync(file)).toBe(false);
  });

  test('ends when it is no longer waited for', async () => {
    const file = join(directory, 'pid');
    const controller = new AbortController();
    const running = run(describePlugin(`echo $$ > ${file}; exec sleep 60`), { signal: controller.signal });
    while (!existsSync(file) || readFileSync(file, 'utf8') === '')
      await new Promise((resolve) => setTimeout(resolve, 10));
    const enough = new Error('enough');
    controller.abort(enough);
    expect((await running).outcome).toBe(enough);
    const isAlive = () => {
      try {
        return process.kill(Number(readFileSync(file, 'utf8')), 0);
      } catch {
        return false;
      }
    };
    while (isAlive()) await new Promise((resolve) => setTimeout(resolve, 10));
  });
});

describe('a credential plugin fails by its name, and its answer is not quoted:', () => {
  test.each<[string, string, string]>([
    ['it ends with a code', 'exit 7', 'failed with exit code 7'],
    ['it ends by a signal', 'kill -9 $$', 'was ended by SIGKILL'],
    ['it prints nothing', 'exit 0', 'printed nothing'],
    ['it prints no JSON', `echo ${secret}`, 'printed something that is not JSON'],
    ['it prints other JSON', `echo '["${secret}"]'`, 'printed something that is not an ExecCredential'],
    [
      'it prints another object',
      `echo '{"kind":"Secret","apiVersion":"v1","data":"${secret}"}'`,
      'not an ExecCredential',
    ],
    [
      'its API version is another',
      print(answer({ token: secret }, 'client.authentication.k8s.io/v1beta1')),
      'another API version',
    ],
    ['it has no status', print(answer(undefined)), 'printed no credentials'],
    ['its status is empty', print(answer({})), 'neither a token nor a certificate'],
    ['its token is not a text', print(answer({ token: { secret } })), 'wrong type: status.token'],
    [
      'its time is not a time',
      print(answer({ token: secret, expirationTimestamp: secret })),
      'status.expirationTimestamp',
    ],
    [
      'it has a certificate alone',
      print(answer({ clientCertificateData: secret })),
      'a certificate without its key',
    ],
    ['it has a key alone', print(answer({ clientKeyData: secret })), 'a key without its certificate'],
    [
      'its certificate is not one',
      print(answer({ clientCertificateData: secret, clientKeyData: secret })),
      'is not a certificate',
    ],
  ])('%s', async (_why, script, message) => {
    const { outcome } = await run(describePlugin(script));
    expect(outcome).toMatchObject({ code: 'credentials', message: expect.stringContaining(message) });
    expect(outcome).toMatchObject({ message: expect.stringContaining('the credential plugin "sh"') });
    const { message: text, stack, cause } = outcome as Error;
    expect(`${text}${stack}${String(cause)}`).not.toContain(secret);
  });

  test('it is not installed', async () => {
    const missing = { command: 'no-such-plugin', installHint: 'Get it at example.com.' };
    expect((await run(describePlugin('', missing))).outcome).toMatchObject({
      message: 'the credential plugin "no-such-plugin" is not installed',
      hint: 'Get it at example.com.',
    });
  });

  test('it can’t be started', async () => {
    const file = join(directory, 'plain');
    writeFileSync(file, 'text', { mode: 0o600 });
    const { outcome } = await run(describePlugin('', { command: file, args: [secret] }));
    expect(outcome).toMatchObject({ message: `the credential plugin "${file}" can't be started: EACCES` });
    const odd = await run(describePlugin(`${secret}\0`));
    expect(odd.outcome).toMatchObject({ code: 'credentials' });
    expect((odd.outcome as Error).stack).not.toContain(secret);
  });
});

describe('a plugin’s entry is refused', () => {
  test.each<[string, Partial<ExecEntry>, string]>([
    ['without a command', { command: '' }, 'has no command'],
    ['without an apiVersion', { apiVersion: '' }, 'apiVersion that is not supported: ""'],
    ['with an apiVersion that is gone', { apiVersion: 'client.authentication.k8s.io/v1alpha1' }, 'v1alpha1'],
    ['with a variable without a name', { env: [{ name: '', value: secret }] }, 'without a name'],
    ['of v1 without an interactiveMode', { interactiveMode: '' }, 'has no interactiveMode'],
    ['with another interactiveMode', { interactiveMode: 'Sometimes' }, '"Sometimes"'],
  ])('%s', (_how, more, message) => {
    expect(() => refuseUnusablePlugin(describePlugin('', more), 'the user "ada"')).toThrow(message);
  });

  test('but not one of v1beta1 without an interactiveMode', () => {
    const beta = { apiVersion: 'client.authentication.k8s.io/v1beta1', interactiveMode: '' };
    expect(() => refuseUnusablePlugin(describePlugin('', beta), 'the user "ada"')).not.toThrow();
  });
});
