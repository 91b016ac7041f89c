import type { Flags } from '../command-line/command.ts';

/** Every command has it; run-cli.ts answers it. */
export const helpFlag: Flags = {
  help: { type: 'boolean', alias: 'h', describe: 'this text', group: 'Other:' },
};
