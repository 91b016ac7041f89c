import { parseArgs } from 'node:util';
import { kernels, type Kernel } from './disk.ts';

/** What a machine is made of; a machine that was kept up serves only the same. */
export interface MachineOptions {
  kernel: Kernel;
  /** Words for the kernel's command line. */
  kernelOptions: string[];
  /** Of kernel.yama.ptrace_scope; null: the distribution's own. */
  yama: number | null;
  driver: CgroupDriver;
  runtime: DefaultRuntime;
}

export type CgroupDriver = 'systemd' | 'cgroupfs';
export type DefaultRuntime = 'runc' | 'crun';

/** What `npm run test:vm` was asked for. */
export interface LaneOptions extends MachineOptions {
  /** The machine stays up afterwards. */
  keep: boolean;
  /** The machine that was kept up is taken down, and nothing is run. */
  stop: boolean;
  /** A command to run where the tests run, in place of them. */
  command: string[] | null;
  /** Parts of the names of the test files to run; none: all. */
  files: string[];
  /** Flags of jest. */
  jestFlags: string[];
}

const usage = `npm run test:vm -- [FLAGS…] [FILE…] [-- COMMAND…]
  --kernel ${kernels.join('|')}
  --driver systemd|cgroupfs    of the kubelet and of the runtimes
  --runtime runc|crun          of pods that name none
  --kernel-option WORD         for the kernel's command line, as lockdown=confidentiality; may be repeated
  --yama 0|1|2|3               kernel.yama.ptrace_scope
  -t NAME                      only the tests whose names match
  --verbose                    a line for each test
  --keep                       leave the machine up for the next run
  --stop                       take down the machine that was left up
  -- COMMAND…                  run this where the tests run, not the tests`;

/**
 * Reads the words after `npm run test:vm --`.
 * @throws Error with the usage, when a word is not known.
 */
export function readLaneOptions(words: string[]): LaneOptions {
  const separator = words.indexOf('--');
  const own = separator === -1 ? words : words.slice(0, separator);
  const { values, positionals } = parseArgs({
    args: own,
    allowPositionals: true,
    options: {
      kernel: { type: 'string', default: kernels[0] },
      driver: { type: 'string', default: 'systemd' },
      runtime: { type: 'string', default: 'runc' },
      'kernel-option': { type: 'string', multiple: true, default: [] },
      yama: { type: 'string' },
      testNamePattern: { type: 'string', short: 't' },
      verbose: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      stop: { type: 'boolean', default: false },
    },
  });
  return {
    kernel: choose('--kernel', kernels, values.kernel),
    driver: choose('--driver', ['systemd', 'cgroupfs'], values.driver),
    runtime: choose('--runtime', ['runc', 'crun'], values.runtime),
    kernelOptions: values['kernel-option'],
    yama: values.yama === undefined ? null : Number(choose('--yama', ['0', '1', '2', '3'], values.yama)),
    keep: values.keep,
    stop: values.stop,
    command: separator === -1 ? null : words.slice(separator + 1),
    files: positionals,
    jestFlags: [
      ...(values.testNamePattern === undefined ? [] : ['-t', values.testNamePattern]),
      ...(values.verbose ? ['--verbose'] : []),
    ],
  };
}

function choose<Choice extends string>(flag: string, choices: readonly Choice[], value: string): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new Error(`${flag} can't be "${value}"\n${usage}`);
  return found;
}
