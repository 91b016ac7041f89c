import { describe, expect, test } from '@jest/globals';
import { commandSetupSchema, nameContext } from './command-setup.ts';

describe('what a command is set up with', () => {
  test('is little when the client says nothing of it', () => {
    expect(commandSetupSchema.parse({})).toMatchObject({ context: null, quiet: false });
  });

  test.each(['prod', 'arn:aws:eks:eu-1:1/clüster', 'a\u001b]0;x\u0007b', '', 'x'.repeat(1000), '\u009b2J'])(
    'takes the name that is made of the context %j',
    (name) => {
      const context = nameContext(name);
      expect(commandSetupSchema.parse({ context }).context).toBe(context);
    },
  );

  test('takes no context that a terminal would obey', () => {
    for (const context of ['a\u001b[2J', 'a\nb', '', 'x'.repeat(1000)])
      expect(commandSetupSchema.safeParse({ context }).success).toBe(false);
    expect(nameContext('a\u001b]0;x\u0007b')).toBe('a]0;xb');
    expect(nameContext(null)).toBeNull();
  });
});
