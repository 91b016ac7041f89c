import { createServer, connect, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { duplexPair } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { initialWindowBytes, WindowEstimator } from './window-estimator.ts';

const maxWindowBytes = 1024 * 1024;
const opened: (() => void)[] = [];
afterEach(() => opened.splice(0).forEach((close) => close()));

/** Uploads to a real server over a pipe. @returns the window of one stream, and of all, at its end. */
async function upload(bytes: number): Promise<{ stream: number | undefined; session: number | undefined }> {
  const [ours, theirs] = duplexPair();
  const server = createServer({ settings: { initialWindowSize: initialWindowBytes } });
  const { promise: accepted, resolve: accept } = Promise.withResolvers<ServerHttp2Session>();
  const estimators: WindowEstimator[] = [];
  server.on('session', (session) => {
    session.setLocalWindowSize(initialWindowBytes * 2);
    estimators.push(new WindowEstimator(session, maxWindowBytes));
    accept(session);
  });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('data', (chunk: Buffer) => estimators[0]?.received(chunk.length));
    stream.once('end', () => {
      stream.respond();
      stream.end();
    });
  });
  server.emit('connection', theirs);
  const client = connect('http://server', { createConnection: () => ours });
  opened.push(() => client.destroy());
  opened.push(() => theirs.destroy());
  const request = client.request({ ':method': 'PUT' });
  request.end(Buffer.alloc(bytes));
  request.resume();
  await new Promise<void>((resolve, reject) => request.once('end', resolve).once('error', reject));
  const { localSettings, state } = await accepted;
  return { stream: localSettings.initialWindowSize, session: state.effectiveLocalWindowSize };
}

describe('the receive windows', () => {
  test('grow with what a fast connection carries, up to their limit', async () => {
    const { stream, session } = await upload(50_000_000);
    expect(stream).toBeGreaterThan(initialWindowBytes);
    expect(stream).toBeLessThanOrEqual(maxWindowBytes);
    expect(session).toBe(2 * (stream ?? 0));
  });

  test('stay as they are for what does not fill them', async () => {
    expect(await upload(1000)).toEqual({ stream: initialWindowBytes, session: 2 * initialWindowBytes });
  });
});
