import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, startKubectl, waitForOutput } from '../harness/command-run.ts';
import { createTestNamespace, deleteTestNamespace, privilegedLabels } from '../harness/test-namespace.ts';
import {
  type ExecFault,
  type ExecFaultServer,
  type FaultyExec,
  startExecFaultServer,
} from './exec-fault-server.ts';

const agents = 'broken-server';
const target = ['musl', '-n', 'targets', '--agent-namespace', agents];
const statusChannel = 3;
let server: ExecFaultServer | null = null;

beforeAll(async () => {
  await createTestNamespace(agents, privilegedLabels);
  // An agent is there: what follows is about execs.
  expect(await runCrashcart([...target, '--', 'true'])).toMatchObject({ code: 0 });
}, 60_000);

afterEach(() => server?.close());

afterAll(() => deleteTestNamespace(agents), 60_000);

function sendStatus({ client }: FaultyExec, text: string): void {
  client.send(Buffer.concat([Buffer.from([statusChannel]), Buffer.from(text)]));
}

/** What a server may do to an exec in place of passing it on. */
const endings: [name: string, spoil: (exec: FaultyExec) => void][] = [
  [
    'says that it was a success, before our own end of the stream',
    (exec) => {
      sendStatus(exec, '{"metadata":{},"status":"Success"}');
      exec.client.close(1000);
    },
  ],
  ['closes it as if all were well', ({ client }) => client.close(1000)],
  ['drops it (1006)', ({ socket }) => socket.destroy()],
  ['resets it', ({ socket }) => socket.resetAndDestroy()],
  [
    'sends a status that is none',
    (exec) => {
      sendStatus(exec, '{"status":"Perhaps"}');
      exec.client.close(1000);
    },
  ],
];

describe('a server that does it once in mid-session is survived:', () => {
  test.each(endings)('it %s', async (_name, spoil) => {
    let exec: FaultyExec | null = null;
    server = await startExecFaultServer({ spoil: (first) => (exec ??= first) });
    const script = 'echo started; read line; echo "$line"; exit 3';
    const args = ['crashcart', ...target, ...server.flags, '-i', '--', 'bash', '-c', script];
    const client = await startKubectl(args);
    let output = await waitForOutput(client);
    client.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = once(client, 'close');
    spoil(exec as unknown as FaultyExec);
    client.stdin.end('after the fault\n');
    const [code] = (await ended) as [number];
    expect({ code, output }).toEqual({ code: 3, output: 'started\nafter the fault\n' });
    expect(server.countExecs()).toBe(2);
  });
});

describe('a server that always does it is no success, and no endless try:', () => {
  const limitMs = 20_000;

  async function run(fault: ExecFault) {
    server = await startExecFaultServer(fault);
    const startedAt = performance.now();
    const { code, stdout, stderr } = await runCrashcart([
      ...[...target, ...server.flags, '--grace', '5s'],
      ...['--', 'sh', '-c', 'sleep 2; echo over'],
    ]);
    expect(performance.now() - startedAt).toBeLessThan(limitMs);
    return { code, stdout: stdout.toString(), stderr };
  }

  test.each(endings)('it %s', async (_name, spoil) => {
    const { code, stdout, stderr } = await run({ spoil });
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch(/^error: .*(the tunnel|the connection|the agent|was cut|the exec)/);
  });

  const answer = (status: string, body: string) => (socket: Duplex) => {
    socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
    return true;
  };

  test('it refuses the upgrade with a bare 403', async () => {
    const { code, stderr } = await run({ refuse: answer('403 Forbidden', '') });
    expect(code).toBe(125);
    expect(stderr).toMatch(
      /^error: the API server does not support the exec protocols v5\.channel\.k8s\.io, v4/,
    );
  });

  test('it answers with garbage', async () => {
    const { code, stderr } = await run({ refuse: answer('502 Bad Gateway', '<html>nginx</html>') });
    expect(code).toBe(125);
    expect(stderr).toMatch(
      /^error: what answers at \S+ is not an API server: an HTML page, with HTTP status 502\n/,
    );
  });
});

test('a server that speaks the older protocol only is as good', async () => {
  server = await startExecFaultServer({ protocols: ['v4.channel.k8s.io'] });
  const args = [...target, ...server.flags, '-i', '--', 'sh', '-c', 'cat; exit 5'];
  const { code, stdout } = await runCrashcart(args, { input: 'through v4' });
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 5, stdout: 'through v4' });
});
