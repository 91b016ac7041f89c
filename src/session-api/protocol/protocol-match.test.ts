import { describe, expect, test } from '@jest/globals';
import { formatProtocolRange, requireCommonProtocol } from './protocol-match.ts';
import { protocolRange } from './protocol-version.ts';

const agent = { version: '0.3.0', protocol: { minimum: 3, maximum: 4 } };

describe('an agent that speaks 3 and 4', () => {
  test.each(['3-3', '4-4', '1-3', '4-9', '1-9', '3-4', undefined])(
    'takes a client that speaks %s',
    (header) => {
      expect(() => requireCommonProtocol(header, agent)).not.toThrow();
    },
  );

  test('is told to be too old by a client that speaks later versions only, and how it is replaced', () => {
    expect(() => requireCommonProtocol('5-6', agent)).toThrow(
      expect.objectContaining({
        code: 'versionMismatch',
        message:
          'the agent, of version 0.3.0, is too old for this plugin: the agent speaks the session API 3 to 4, the plugin 5 to 6',
        hint: 'Remove it: `kubectl crashcart clean --force` (its sessions end). Installed agents are replaced by `kubectl crashcart install`.',
      }),
    );
  });

  test('tells a client that speaks earlier versions only that it is too old, and how it is upgraded', () => {
    expect(() => requireCommonProtocol('1-2', agent)).toThrow(
      expect.objectContaining({
        code: 'versionMismatch',
        message: expect.stringMatching(
          /^this plugin is too old for the agent, of version 0\.3\.0: .* the plugin 1 to 2$/,
        ),
        hint: 'Upgrade the plugin: `kubectl krew upgrade crashcart`.',
      }),
    );
  });

  test.each(['', '3', '3-', 'a-b', '3-4, 3-4'])('does not take "%s" for a range', (header) => {
    expect(() => requireCommonProtocol(header, agent)).toThrow(
      expect.objectContaining({ code: 'invalidRequest' }),
    );
  });
});

test('client and agent of one build understand each other', () => {
  const own = { version: 'any', protocol: protocolRange };
  expect(() => requireCommonProtocol(formatProtocolRange(protocolRange), own)).not.toThrow();
});
