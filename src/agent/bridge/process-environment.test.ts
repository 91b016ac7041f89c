import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { readTargetEnvironment, selectVariables } from './process-environment.ts';

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

  test('is read from the process', async () => {
    const child = spawn('cat', { env: { OWN: 'ä', LD_PRELOAD: '' }, stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      await once(child, 'spawn');
      expect((await readTargetEnvironment(child.pid as number)).map(String)).toEqual(['OWN=ä']);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('that is too large, or not there, is told', async () => {
    const env = { A: 'x'.repeat(100_000), B: 'x'.repeat(100_000) };
    const child = spawn('cat', { env, stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      await once(child, 'spawn');
      await expect(readTargetEnvironment(child.pid as number)).rejects.toMatchObject({
        code: 'bridgeFailed',
      });
      await expect(readTargetEnvironment(2 ** 30)).rejects.toMatchObject({ code: 'bridgeFailed' });
    } finally {
      child.kill('SIGKILL');
    }
  });
});
