import { execa, type Options } from 'execa';

/** How a command is run; without `env` it gets this process's environment. */
export interface CommandOptions extends Pick<Options, 'cwd' | 'env' | 'input'> {
  /** Default one minute. */
  timeoutMs?: number;
}

/**
 * Runs a command to its end.
 * @returns what it wrote to stdout.
 * @throws ExecaError with the command line, the exit code and stderr, when it fails or takes too long.
 */
export async function runCommand(
  file: string,
  args: string[],
  { timeoutMs = 60_000, input = '', ...options }: CommandOptions = {},
): Promise<string> {
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL' } as const;
  const { stdout } = await execa(file, args, {
    ...{ ...options, ...limits, input },
    ...{ extendEnv: options.env === undefined, stripFinalNewline: false },
  });
  return stdout;
}
