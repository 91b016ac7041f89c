import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { runCrashcart, startKubectl, waitForOutput } from './harness/command-run.ts';

const target = ['musl', '-n', 'targets', '-q'];
const works = { code: 0, stdout: Buffer.from('musl\n'), stderr: '' };

describe('a session that is started', () => {
  test('under nohup goes on when the terminal is closed', async () => {
    const script = 'echo open; read -r line; echo "$line"';
    const args = ['crashcart', ...target, '-i', '--', 'bash', '-c', script];
    const client = await startKubectl(args, {}, ['nohup']);
    const ended = once(client, 'close');
    await waitForOutput(client);
    const rest = buffer(client.stdout);
    client.kill('SIGHUP');
    client.stdin.end('still here\n');
    expect(await ended).toEqual([0, null]);
    expect((await rest).toString()).toBe('still here\n');
  });

  test.each([
    ['of a debugger that is gone', { NODE_OPTIONS: '--require=/missing/debugger.js' }],
    ['that Node.js does not know', { NODE_OPTIONS: '--no-such-option' }],
    ['for less memory', { NODE_OPTIONS: '--max-old-space-size=8' }],
    ['for another parent', { NODE_CHANNEL_FD: '3' }],
    ['for authorities that are not there', { NODE_EXTRA_CA_CERTS: '/missing/ca.pem' }],
  ])('with settings of Node.js %s does not notice', async (_case, env) => {
    expect(await runCrashcart([...target, '--', 'hostname'], { env })).toEqual(works);
  });
});
