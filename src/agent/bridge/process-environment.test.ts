import { describe, expect, test } from '@jest/globals';
import { selectVariables } from './process-environment.ts';

const select = (...entries: string[]) =>
  selectVariables(Buffer.from(entries.map((entry) => `${entry}\0`).join(''))).map(String);

describe('an imported environment', () => {
  test('has what applications are configured by, whatever is in it', () => {
    const own = [
      'DATABASE_URL=postgres://a:b=c@d',
      'http_proxy=http://p',
      'EMPTY=',
      'LINES_OF=$(id)\n;x',
      'PORT=1',
    ];
    // LINES is the terminal's.
    expect(select(...own)).toEqual(own.filter((entry) => !entry.startsWith('LINES')));
  });

  test.each([
    ...[
      'LD_PRELOAD',
      'LD_LIBRARY_PATH',
      'LD_AUDIT',
      'GCONV_PATH',
      'GLIBC_TUNABLES',
      'BASH_ENV',
      'ENV',
      'PATH',
      'HOME',
    ],
    ...[
      'SHELL',
      'PROMPT_COMMAND',
      'PS1',
      'PS4',
      'IFS',
      'NODE_OPTIONS',
      'PYTHONPATH',
      'PYTHONSTARTUP',
      'PERL5LIB',
    ],
    ...[
      'PERL5OPT',
      'RUBYOPT',
      'TAR_OPTIONS',
      'RSYNC_RSH',
      'LESSOPEN',
      'PAGER',
      'GIT_SSH_COMMAND',
      'EDITOR',
      'SHELLOPTS',
    ],
    ...[
      'OPENSSL_CONF',
      'JAVA_TOOL_OPTIONS',
      'PSQLRC',
      'VIMINIT',
      'BASH_FUNC_ls%%',
      'a-b',
      '',
      '1X',
      'CRASHCART_NODE',
    ],
    ...[
      'ld_preload',
      'XDG_CONFIG_HOME',
      'DEBUGINFOD_URLS',
      'TERMINFO',
      'HISTFILE',
      'LOCPATH',
      'SSLKEYLOGFILE',
    ],
  ])('leaves out %s', (name) => {
    expect(select(`${name}=x`, 'OWN=y')).toEqual(['OWN=y']);
  });

  test('leaves out what is no variable, and takes bytes that are no text', () => {
    expect(select('nothing', '')).toEqual([]);
    const bytes = Buffer.from([0x41, 0x3d, 0xff, 0xfe]);
    expect(selectVariables(bytes)).toEqual([bytes]);
  });
});
