import { createGroup, type OptionValues } from '../../command-line/option.ts';
import { agentAccessOptions } from '../../options/access-options.ts';
import { attachmentOptions, stdinOption } from '../../options/attachment-options.ts';

const { defineSwitch } = createGroup('Session:');

const readOnlyOption = defineSwitch({
  flag: 'read-only',
  describe: 'watch the session; nothing that is typed is passed on',
});

/** The options of `attach`. */
export const attachOptions = {
  stdin: {
    ...stdinOption,
    describe:
      'pass stdin to the command, even if it is not a terminal; its end ends the stdin of the command',
  },
  readOnly: readOnlyOption,
  ...attachmentOptions,
  ...agentAccessOptions,
};

/** What a command line of `attach` asks for. */
export type AttachOptions = OptionValues<typeof attachOptions> & { id: string };
