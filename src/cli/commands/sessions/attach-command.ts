import * as z from 'zod';
import { agentAccessFlags, agentAccessSchema, completeAgentAccess } from '../../options/access-options.ts';
import type { Command } from '../../command-line/command.ts';
import { UsageError } from '../../errors.ts';
import { sessionIDSchema } from '../../options/session-id.ts';
import { detachKeysSchema, leaseSecondsSchema } from '../open/session-options.ts';
import { runAttach } from './attach-run.ts';

const group = 'Session:';
const schema = agentAccessSchema.extend({
  id: sessionIDSchema,
  readOnly: z.boolean(),
  stdin: z.boolean(),
  keepSeconds: leaseSecondsSchema,
  detachKeys: detachKeysSchema.nullable(),
  compress: z.boolean(),
  recordFile: z.string().min(1).nullable(),
  reason: z.string().min(1).max(1024).nullable(),
  quiet: z.boolean(),
});
export type AttachOptions = z.infer<typeof schema>;

/** Comes back to a session, or watches it. */
export const attachCommand: Command<AttachOptions> = {
  usage: 'kubectl crashcart attach ID [--read-only]',
  summary: [
    'Come back to a session. Who is attached to it then is sent away; with',
    '--read-only it is only watched. ID: its first characters, as `sessions` shows',
    'them. Enter ~ d leaves it running again. An ended one shows the end of its',
    'output. Exit code: that of its command.',
  ].join('\n'),
  examples: [
    { purpose: 'Come back to a session', line: 'kubectl crashcart attach 1a2b3c4d' },
    { purpose: 'Only watch it', line: 'kubectl crashcart attach 1a2b3c4d --read-only' },
    {
      purpose: 'Leave it by other keys than Enter ~ d',
      line: 'kubectl crashcart attach 1a2b3c4d --detach-keys ctrl-p,ctrl-q',
    },
  ],
  flags: {
    stdin: {
      type: 'boolean',
      alias: 'i',
      describe: 'pass stdin on, also where it is no terminal; its end is the end of the command’s',
      group,
    },
    'read-only': { type: 'boolean', describe: 'watch it; nothing that is typed is passed on', group },
    keep: {
      type: 'string',
      describe: 'how long it is kept when you detach; at most 24h without `install` [8h]',
      group,
    },
    'detach-keys': { type: 'string', describe: 'keys that detach, such as ctrl-p,ctrl-q [Enter ~ d]', group },
    record: { type: 'string', describe: 'file for a recording (asciicast)', group, values: 'file' },
    compress: { type: 'boolean', describe: 'compress the output (for slow connections)', group },
    reason: { type: 'string', describe: "why; stands in the agent's log", group },
    quiet: { type: 'boolean', alias: 'q', describe: 'print nothing but errors', group },
    ...agentAccessFlags,
  },
  argument: 'session',
  complete: (raw) => {
    const { flags, positional, rest } = raw;
    if (flags['stdin'] === true && flags['read-only'] === true)
      throw new UsageError('--stdin and --read-only exclude each other');
    if (positional.length !== 1 || rest !== null) throw new UsageError('attach takes the ID of one session');
    return {
      ...completeAgentAccess(raw),
      id: positional[0],
      readOnly: flags['read-only'] === true,
      stdin: flags['stdin'] === true,
      keepSeconds: flags['keep'] ?? '8h',
      detachKeys: flags['detach-keys'] ?? null,
      compress: flags['compress'] === true,
      recordFile: flags['record'] ?? null,
      reason: flags['reason'] ?? null,
      quiet: flags['quiet'] === true,
    };
  },
  schema,
  run: runAttach,
};
