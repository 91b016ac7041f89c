import * as z from 'zod';
import { agentLifetimeSeconds } from '../../session-api/agent-lifetime.ts';
import { parseDetachKeys } from '../../terminal/escape-keys.ts';
import { createGroup } from '../command-line/option.ts';
import { leaseSecondsSchema } from './values/duration.ts';

const { defineOption, defineSwitch } = createGroup('Session:');

/** Options of every command that joins a session, whether it opens the session or comes back to it. */
export const attachmentOptions = {
  keepSeconds: defineOption({
    flag: 'keep',
    describe: `how long a detached session is kept; at most ${agentLifetimeSeconds / 3600}h without \`install\``,
    default: '8h',
    schema: leaseSecondsSchema,
  }),
  detachKeys: defineOption({
    flag: 'detach-keys',
    describe: 'keys that detach, such as ctrl-p,ctrl-q',
    unset: 'Enter ~ d',
    schema: z.string().transform((text, context) => {
      const keys = parseDetachKeys(text);
      if (keys !== null) return keys;
      context.addIssue({
        code: 'custom',
        message: `"${text}" is not a list of keys: write it as ctrl-p,ctrl-q`,
      });
      return z.NEVER;
    }),
  }),
  recordFile: defineOption({ flag: 'record', describe: 'file for a recording (asciicast)', values: 'file' }),
  reason: defineOption({
    flag: 'reason',
    describe: "why you do this; written to the agent's log",
    schema: z.string().min(1).max(1024, 'it takes at most 1024 characters'),
  }),
  compress: defineSwitch({ flag: 'compress', describe: 'compress the output (for slow connections)' }),
  quiet: defineSwitch({ flag: 'quiet', alias: 'q', describe: 'print nothing but errors' }),
};

/** Whether stdin goes to the command where that is not decided by the terminal. */
export const stdinOption = defineSwitch({ flag: 'stdin', alias: 'i', describe: 'pass stdin to the command' });
