import { defineArgument } from '../../command-line/argument.ts';
import { defineCommand } from '../../command-line/command.ts';
import { refuseCombinations } from '../../options/option-rules.ts';
import { sessionIDSchema } from '../../options/values/session-id.ts';
import { attachOptions } from './attach-options.ts';
import { runAttach } from './attach-run.ts';

/** Comes back to a session, or watches it. */
export const attachCommand = defineCommand({
  name: 'attach',
  usage: 'kubectl crashcart attach ID [--read-only]',
  summary: [
    'Attach to a session. Another client that is attached is detached, but not with',
    '--read-only, which only watches. ID: the first characters of its ID, as listed',
    'by `sessions`. Enter ~ d detaches again. A session that has ended shows the end',
    'of its output. Exit code: that of its command.',
  ].join('\n'),
  examples: [
    { purpose: 'Come back to a session', line: 'kubectl crashcart attach 1a2b3c4d' },
    { purpose: 'Only watch it', line: 'kubectl crashcart attach 1a2b3c4d --read-only' },
    {
      purpose: 'Detach by other keys than Enter ~ d',
      line: 'kubectl crashcart attach 1a2b3c4d --detach-keys ctrl-p,ctrl-q',
    },
  ],
  options: attachOptions,
  arguments: { id: defineArgument({ name: 'ID', schema: sessionIDSchema, values: 'session' }) },
  validate: (_values, sources) => refuseCombinations(sources, attachOptions.stdin, [attachOptions.readOnly]),
  run: runAttach,
});
