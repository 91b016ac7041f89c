import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCrashcart, startKubectl, waitUntil } from './harness/command-run.ts';
import {
  createObjects,
  createTestNamespace,
  deleteTestNamespace,
  expectSuccess,
} from './harness/test-namespace.ts';

const own = 'forward-ports';
const run = promisify(execFile);
/** A server in the toolbox: what a client sends is answered in capitals, and its end by how much came. */
const server = String.raw`
import socketserver, socket, struct, sys, threading
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        count = 0
        while data := self.request.recv(65536):
            if data == b"reset\n":
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return self.request.close()
            count += len(data)
            self.request.sendall(data.upper())
        self.request.sendall(b"%d bytes\n" % count)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 200
class UnixServer(socketserver.ThreadingUnixStreamServer):
    pass
threading.Thread(target=UnixServer("/target/tmp/app.sock", Handler).serve_forever, daemon=True).start()
one = Server(("127.0.0.1", 7000), Handler)
print("ready", flush=True)
one.serve_forever()
`;

let stopServer: () => Promise<unknown>;

beforeAll(async () => {
  await createTestNamespace(own);
  await createObjects([
    {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app', namespace: own } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'app', image: 'crashcart.test/musl:1' }],
      },
    },
  ]);
  await expectSuccess(['wait', '--for=condition=Ready', 'pod/app', '-n', own, '--timeout=30s']);
  const child = await startKubectl(['crashcart', 'app', '-n', own, '-q', '--', 'python3', '-c', server]);
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  stopServer = async () => {
    child.kill('SIGINT');
    await ended;
  };
}, 90_000);

afterAll(async () => {
  await stopServer();
  await deleteTestNamespace(own);
}, 60_000);

/** Starts a command, and waits until its ports are open. */
async function startForward(...args: string[]) {
  const child = await startKubectl(['crashcart', 'forward', 'app', '-n', own, ...args]);
  const ended = once(child, 'close') as Promise<[number]>;
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await waitUntil('the ports are open', () =>
    child.exitCode === null
      ? Promise.resolve(stdout.includes('Forwarding from'))
      : Promise.reject(new Error(stderr)),
  );
  const ports = [...stdout.matchAll(/from 127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
  return {
    ...{ ports, ended, stdout: () => stdout, stderr: () => stderr },
    stop: async () => {
      child.kill('SIGINT');
      const [code] = await ended;
      return code;
    },
  };
}

/** Sends all, ends, and reads to the end. */
async function ask(port: number, data: string | Buffer): Promise<Buffer> {
  const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
  const answer = buffer(socket);
  socket.end(data);
  return await answer;
}

describe('ports of a target', () => {
  test('are reached on its own loopback, by a socket of its file system, and by names that it knows', async () => {
    const forward = await startForward(':7000', ':/tmp/app.sock', ':app:7000');
    const [tcp = 0, unix = 0, byName = 0] = forward.ports;
    expect(forward.stdout()).toMatch(
      /^Forwarding from 127\.0\.0\.1:\d+ -> 7000\n(Forwarding from \[::1\]:\d+ -> 7000\n)?Forwarding from 127\.0\.0\.1:\d+ -> \/tmp\/app\.sock\n/,
    );
    // The end of what is sent is passed on, and the answer to it still comes.
    expect((await ask(tcp, 'hello')).toString()).toBe('HELLO5 bytes\n');
    expect((await ask(unix, 'unix')).toString()).toBe('UNIX4 bytes\n');
    // The pod's own name is of its address, where nothing listens.
    await expect(ask(byName, 'x')).rejects.toThrow('ECONNRESET');
    const refusal = 'error: no connection to app:7000 in the target: Connection refused\n';
    await waitUntil('the refusal is told', () => Promise.resolve(forward.stderr().includes(refusal)));
    expect(await forward.stop()).toBe(0);
  });

  test('carry many connections at once, and much data both ways without a byte changed', async () => {
    const forward = await startForward(':7000');
    const [port = 0] = forward.ports;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => ask(port, `number ${index};`)),
    );
    expect(answers.map(String)).toEqual(
      answers.map((_, index) => `NUMBER ${index};${`number ${index};`.length} bytes\n`),
    );
    // Without letters of ASCII, which the server changes.
    const data = randomBytes(20_000_000).map((byte) => byte | 0x80);
    const answer = await ask(port, Buffer.from(data));
    const end = Buffer.from(`${data.length} bytes\n`);
    expect(hash(answer)).toBe(hash(Buffer.concat([data, end])));
    expect(await forward.stop()).toBe(0);
  });

  test('pass a reset on as a reset, and not as an end', async () => {
    const forward = await startForward(':7000');
    const socket = createConnection({ port: forward.ports[0] ?? 0, host: '127.0.0.1' });
    socket.write('reset\n');
    await expect(text(socket)).rejects.toThrow('ECONNRESET');
    await forward.stop();
  });

  test('are behind a SOCKS5 proxy, names included; and a port of the target leads here with -R', async () => {
    const here = createServer((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nfrom here\n')).listen(
      0,
      '127.0.0.1',
    );
    await once(here, 'listening');
    const { port } = here.address() as AddressInfo;
    const forward = await startForward('-D', ':1', '-R', `7100:${port}`);
    const [socks] = forward.ports;
    expect(forward.stdout()).toContain(`Forwarding from 127.0.0.1:7100 of the target -> 127.0.0.1:${port}\n`);
    const proxy = ['--socks5-hostname', `127.0.0.1:${socks}`, '-sS', '--max-time', '20'];
    const reached = await run('curl', [...proxy, 'http://localhost:7100/']);
    expect(reached.stdout).toBe('from here\n');
    const refused = await run('curl', [...proxy, 'http://localhost:7999/']).catch(
      (error: Error) => error.message,
    );
    expect(refused).toContain('curl: (97)');
    expect(await forward.stop()).toBe(0);
    here.close();
  });
});

test('a port that is taken, or none at all, is refused before anything starts', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const { code, stderr } = await runCrashcart(['forward', 'app', `${port}:7000`, '-n', own]);
  taken.close();
  expect(code).toBe(125);
  expect(stderr).toContain(`the port ${port} of 127.0.0.1 can't be listened on: another program uses it`);
  expect((await runCrashcart(['forward', 'app', '-n', own])).code).toBe(2);
});

function hash(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
