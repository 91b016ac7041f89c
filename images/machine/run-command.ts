import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';

/** What one run of a command may be given. */
export interface CommandOptions {
  input?: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Default one minute. */
  timeoutMs?: number;
}

/**
 * Runs a command to its end.
 * @returns what it wrote to stdout.
 * @throws an error with the command line and what it wrote to stderr, when it fails or takes too long.
 */
export async function runCommand(
  file: string,
  args: string[],
  options: CommandOptions = {},
): Promise<string> {
  const { input = '', timeoutMs = 60_000, ...rest } = options;
  const child = spawn(file, args, { ...rest, stdio: 'pipe', timeout: timeoutMs, killSignal: 'SIGKILL' });
  // A command that does not read its stdin closes the pipe: its exit code says whether that mattered.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<string | null>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${file} cannot be run: ${error.message}`)));
    child.once('close', (code, signal) => resolve(code === 0 ? null : (signal ?? `exit code ${code}`)));
  });
  const [failure, stdout, stderr] = await Promise.all([ended, buffer(child.stdout), buffer(child.stderr)]);
  if (failure !== null) {
    const output = stderr.length > 0 ? stderr : stdout;
    throw new Error(`${[file, ...args].join(' ')} failed (${failure}): ${output.toString().trim()}`);
  }
  return stdout.toString();
}
