import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { Writable } from 'node:stream';
import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import { raceAbort } from '../../failure/abort-race.ts';
import { offsetHeader, type OutputStreamName } from '../../session-api/session-routes.ts';
import { formatTrailers } from '../../session-api/stream-trailers.ts';
import type { OutputReading } from '../sessions/streams/output-buffer.ts';
import type { Session } from '../sessions/session.ts';

/** Progress is told at least this often. */
const progressIntervalMs = 20;
const progressIntervalBytes = 256 * 1024;

export interface OutputRequest {
  name: OutputStreamName;
  reading: OutputReading;
  /** Whether the client that holds the session reads it. */
  isHeld: boolean;
  compress: boolean;
}

/** Sends an output to its end, then how the session ended, as trailers. */
export async function sendOutput(
  stream: ServerHttp2Stream,
  session: Session,
  { name, reading, isHeld, compress }: OutputRequest,
): Promise<void> {
  const { chunks, offset } = reading;
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/octet-stream',
      [offsetHeader]: String(offset),
      ...(compress ? { 'content-encoding': 'zstd' } : {}),
    },
    { waitForTrailers: true },
  );
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  const sink = compress ? openCompressor(stream) : stream;
  try {
    await sendChunks(chunks, { stream, sink, gone: gone.signal });
    const end = await raceAbort(session.ended, gone.signal);
    const output = session.output(name);
    stream.once('wantTrailers', () => {
      stream.sendTrailers(formatTrailers({ bytes: output.bytes, sha256: output.sha256, end }));
      if (isHeld) session.markEndTold();
    });
    sink.end();
  } catch (error) {
    // The client has cut the request, and asks again.
    if (!gone.signal.aborted) throw error;
  }
}

/** @throws the reason of `gone` when the request is cut; the error of the output. */
async function sendChunks(
  chunks: OutputReading['chunks'],
  { stream, sink, gone }: { stream: ServerHttp2Stream; sink: Writable; gone: AbortSignal },
): Promise<void> {
  try {
    for (;;) {
      const { value, done } = await raceAbort(chunks.next(), gone);
      if (done === true || stream.destroyed) return;
      const taken = sink.write(value);
      if (sink !== stream) flush(sink as ZstdCompress);
      if (taken) continue;
      const drained = once(sink, 'drain').catch(() => undefined);
      await raceAbort(drained, gone);
    }
  } finally {
    // The reader may wait for output that is still to come, and can end only then.
    void chunks.return();
    if (sink !== stream && stream.destroyed) sink.destroy();
  }
}

/**
 * Passes a request's body on to the command's stdin, and answers how much was received. The end of the body closes the
 * command's stdin; a cut does not.
 * @param offset of the body's first byte; null: the body follows everything that was received before.
 * @param onReceived called with the size of each piece as it comes.
 */
export async function receiveStdin(
  stream: ServerHttp2Stream,
  session: Session,
  offset: number | null,
  onReceived: (bytes: number) => void,
): Promise<void> {
  const { stdin } = session;
  stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
  stream.on('data', (chunk: Buffer) => onReceived(chunk.length)).pause();
  let told = -1;
  let timer: NodeJS.Timeout | null = null;
  const tell = () => {
    if (timer) clearTimeout(timer);
    timer = null;
    told = stdin.progress.received;
    if (stream.writable) stream.write(`${JSON.stringify(stdin.progress)}\n`);
  };
  const onProgress = () => {
    // One line for whatever has come meanwhile; the first at once, as it says where a new client begins.
    if (told === -1 || stdin.progress.received - told >= progressIntervalBytes) tell();
    else timer ??= setTimeout(tell, progressIntervalMs);
  };
  try {
    await stdin.writeFrom(stream, offset, onProgress);
  } catch (error) {
    // Cut, or superseded: the client's next request goes on where this one was.
    if (stream.destroyed) return;
    throw error;
  } finally {
    if (timer) clearTimeout(timer);
    timer = null;
  }
  if (stream.aborted || stream.rstCode !== 0) return;
  stdin.end();
  tell();
  stream.end();
}

/** Level 1: on a slow line only the line counts, on a fast line every millisecond of compressing. */
function openCompressor(stream: ServerHttp2Stream): ZstdCompress {
  const compressor = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  compressor.on('error', () => stream.destroy());
  compressor.pipe(stream);
  return compressor;
}

/** Sends what the compressor holds: the other end waits for it, and more may not come for long. */
function flush(compressor: ZstdCompress): void {
  compressor.flush();
}
