import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { Failure } from '../../../../failure/failure.ts';
import type { ClusterEntry, ExecEntry } from '../../kubeconfig/kubeconfig-entries.ts';
import { formatQuestion, parseAnswer, type PluginAnswer } from './exec-credential.ts';
import { restoreNodeSettings } from './plugin-environment.ts';
import type { PluginSurroundings } from './plugin-surroundings.ts';

const modes = ['Never', 'IfAvailable', 'Always'];
const apiGroup = 'client.authentication.k8s.io';
const apiVersions = [`${apiGroup}/v1`, `${apiGroup}/v1beta1`];
const documentation = `https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins`;

/** A user needs that long to log in: a code for another device is good for 15 minutes (RFC 8628). */
const limitMs = 15 * 60_000;
/** What does not end by SIGTERM in this time is killed. */
const endLimitMs = 2000;

/**
 * Refuses a plugin's entry that kubectl refuses.
 * @param owner the user, for messages: `the user "ada"`.
 * @throws Failure `configuration`.
 */
export function refuseUnusablePlugin(exec: ExecEntry, owner: string): void {
  const refuse = (why: string): never => {
    throw new Failure('configuration', `exec of ${owner} ${why}`);
  };
  if (exec.command === '') refuse('has no command');
  if (!apiVersions.includes(exec.apiVersion))
    refuse(`has an apiVersion that is not supported: "${exec.apiVersion}"`);
  if (exec.env.some(({ name }) => name === '')) refuse('has an environment variable without a name');
  // https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#ExecInteractiveMode
  if (exec.interactiveMode === '' && exec.apiVersion === apiVersions[0])
    refuse(`has no interactiveMode: ${modes.join(', ')}`);
  if (exec.interactiveMode !== '' && !modes.includes(exec.interactiveMode))
    refuse(`has an interactiveMode that is not known: "${exec.interactiveMode}"`);
}

/**
 * Runs a credential plugin, as client-go does (https://pkg.go.dev/k8s.io/client-go/plugin/pkg/client/auth/exec).
 * @param signal ends the plugin.
 * @throws Failure `credentials`, which names the plugin and never quotes its answer, `interrupted` when the user has
 *   ended it by Ctrl-C; the signal's reason.
 */
export async function runPlugin(
  exec: ExecEntry,
  cluster: ClusterEntry,
  surroundings: PluginSurroundings,
  signal: AbortSignal,
): Promise<PluginAnswer> {
  const plugin = `the credential plugin "${exec.command}"`;
  const { lendTerminal } = surroundings;
  if (exec.interactiveMode === 'Always' && lendTerminal === null) {
    throw new Failure(
      'credentials',
      `${plugin} needs a terminal, and stdin is not a terminal`,
      'Its interactiveMode is Always. Run the command on a terminal, or log in beforehand.',
    );
  }
  const isInteractive = lendTerminal !== null && exec.interactiveMode !== 'Never';
  const run = () => collectOutput(exec, { plugin, isInteractive, cluster, surroundings, signal });
  return parseAnswer(isInteractive ? await lendTerminal(run) : await run(), exec, plugin);
}

interface PluginRun {
  plugin: string;
  isInteractive: boolean;
  cluster: ClusterEntry;
  surroundings: PluginSurroundings;
  signal: AbortSignal;
}

/** @returns what the plugin printed on stdout. */
async function collectOutput(exec: ExecEntry, run: PluginRun): Promise<string> {
  const { plugin, signal } = run;
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(limitMs);
  let child: ChildProcess | null = null;
  try {
    child = startPlugin(exec, run);
    const output = child.stdout === null ? '' : text(child.stdout);
    const [stdout, [code, endedBy]] = await rejectOnAbort(
      Promise.all([output, once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>]),
      AbortSignal.any([signal, limit]),
    );
    if (code === 0) return stdout;
    if (endedBy === 'SIGINT') throw new Failure('interrupted', `${plugin} was interrupted`);
    const how = endedBy === null ? `failed with exit code ${code}` : `was ended by ${endedBy}`;
    throw new Failure('credentials', `${plugin} ${how}`);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (limit.aborted)
      throw new Failure('credentials', `${plugin} did not end within ${limitMs / 60_000} minutes`);
    throw explainStart(error, plugin, exec);
  } finally {
    if (child !== null) endPlugin(child);
  }
}

function startPlugin(exec: ExecEntry, { isInteractive, cluster, surroundings }: PluginRun): ChildProcess {
  const { environment, stderr } = surroundings;
  const child = spawn(exec.command, exec.args, {
    stdio: [isInteractive ? 'inherit' : 'ignore', 'pipe', stderr.fd ?? 'pipe'],
    env: {
      ...restoreNodeSettings(environment),
      ...Object.fromEntries(exec.env.map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: formatQuestion(exec, isInteractive, cluster),
    },
  });
  child.stderr?.on('data', (chunk: Buffer) => stderr.write(chunk));
  return child;
}

/** A plugin's own children may keep its stdout open: nobody waits for them longer than wanted. */
async function rejectOnAbort<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const fail = () => reject(signal.reason as Error);
  signal.addEventListener('abort', fail, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', fail);
    work.catch(() => undefined);
  }
}

function endPlugin(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), endLimitMs).unref();
}

function explainStart(error: unknown, plugin: string, { installHint }: ExecEntry): unknown {
  if (error instanceof Failure) return error;
  const { code } = error as NodeJS.ErrnoException;
  // Node's own messages quote arguments, which may be secret.
  if (code !== 'ENOENT') return new Failure('credentials', `${plugin} can't be started: ${code}`);
  return new Failure(
    'credentials',
    `${plugin} is not installed`,
    installHint.trim() || `The kubeconfig needs it to log in: ${documentation}`,
    { cause: error },
  );
}
