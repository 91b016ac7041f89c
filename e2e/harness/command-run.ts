import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { delimiter, join } from 'node:path';
import { slowness } from '../limits/slowness.ts';
import { getTestedCluster } from './tested-cluster.ts';

const checkout = join(import.meta.dirname, '../..');
const defaultTimeoutMs = 60_000;

/** How a run of a command ended, with all that it wrote. */
export interface CommandResult {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

export interface CommandRunOptions {
  /** What stdin brings; without, it is empty. */
  input?: string | Buffer;
  env?: NodeJS.ProcessEnv;
  timeoutMs?: number;
}

/** The environment in which `kubectl crashcart` is this checkout's plugin and the cluster is the tests'. */
export async function getUserEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { binaries, kubeconfig } = await getTestedCluster();
  return {
    ...process.env,
    KUBECONFIG: kubeconfig,
    PATH: [join(checkout, 'plugin'), binaries, process.env['PATH']].filter(Boolean).join(delimiter),
  };
}

/**
 * Starts kubectl as a user would; the caller looks after it.
 * @param via a program and its arguments to run kubectl by.
 */
export async function startKubectl(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  via: string[] = [],
): Promise<ChildProcessWithoutNullStreams> {
  const [program = 'kubectl', ...before] = [...via, 'kubectl'];
  return spawn(program, [...before, ...args], {
    env: { ...(await getUserEnvironment()), ...env },
    stdio: 'pipe',
  });
}

/** Runs kubectl to its end; a run that takes too long is killed, and its code is null. */
export async function runKubectl(args: string[], options: CommandRunOptions = {}): Promise<CommandResult> {
  const child = await startKubectl(args, options.env);
  const timer = setTimeout(() => child.kill('SIGKILL'), (options.timeoutMs ?? defaultTimeoutMs) * slowness);
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended]);
  clearTimeout(timer);
  return { code, stdout, stderr: stderr.toString() };
}

/** Runs `kubectl crashcart …`. */
export function runCrashcart(args: string[], options?: CommandRunOptions): Promise<CommandResult> {
  return runKubectl(['crashcart', ...args], options);
}

/** Waits for the next output of a program. @throws with what it wrote to stderr, when it ends without. */
export async function waitForOutput({ stdout, stderr }: ChildProcessWithoutNullStreams): Promise<string> {
  let errors = '';
  stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return await new Promise((resolve, reject) => {
    stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    stdout.once('close', () => reject(new Error(`it ended without a word: ${errors}`)));
  });
}

/** Polls until a condition holds. @throws when it does not within the limit. */
export async function waitUntil(
  what: string,
  condition: () => Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + limitMs * slowness;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs * slowness} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
