import { constants } from 'node:os';

/** How the launchers say which signals were ignored at their start. */
export const ignoredSignalsVariable = 'CRASHCART_IGNORED_SIGNALS';

/**
 * Lists the signals that were ignored when the plugin was started: by nohup, or as a background job of a script. They
 * stay ignored, as for kubectl. Node.js gives every signal its default action at its start, so the launchers, which are
 * shell scripts, look before (`ResetSignalHandlers` in https://github.com/nodejs/node/blob/main/src/node.cc).
 * @returns empty without a launcher, and where the launcher could not tell.
 */
export function listIgnoredSignals(environment: NodeJS.ProcessEnv): Set<NodeJS.Signals> {
  const told = environment[ignoredSignalsVariable] ?? '';
  // SigIgn of proc_pid_status(5): a mask, in which bit N-1 stands for signal N.
  const mask = /^[0-9a-f]+$/.test(told) ? BigInt(`0x${told}`) : null;
  const isIgnored = ([name, number]: [string, number]) =>
    mask === null
      ? // Lines of the shell's `trap`, where there is no /proc: trap -- '' HUP
        new RegExp(String.raw`^trap -- '' (SIG)?${name.slice(3)}$`, 'm').test(told)
      : (mask & (1n << BigInt(number - 1))) !== 0n;
  return new Set(
    Object.entries(constants.signals)
      .filter(isIgnored)
      .map(([name]) => name as NodeJS.Signals),
  );
}
