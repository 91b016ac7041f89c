import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { OutputStreamName } from '../session/session-routes.ts';
import { formatTrailers } from '../session/stream-trailers.ts';
import type { Session } from './sessions/session.ts';

/**
 * Sends an output from an offset to its end, then how the session ended, as trailers.
 * @throws ProblemError `notFound`, `offsetUnavailable`; before anything is sent.
 */
export async function sendOutput(
  stream: ServerHttp2Stream,
  session: Session,
  name: OutputStreamName,
  offset: number,
): Promise<void> {
  const output = session.output(name);
  const chunks = output.readFrom(offset);
  stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' }, { waitForTrailers: true });
  const gone = new Promise<void>((resolve) => stream.once('close', resolve));
  for (;;) {
    const next = await Promise.race([chunks.next(), gone]);
    if (next === undefined || stream.destroyed) return;
    if (next.done === true) break;
    if (!stream.write(next.value)) await Promise.race([once(stream, 'drain').catch(() => undefined), gone]);
  }
  const end = await Promise.race([session.ended, gone]);
  if (end === undefined) return;
  stream.once('wantTrailers', () => {
    stream.sendTrailers(formatTrailers({ bytes: output.bytes, sha256: output.sha256, end }));
  });
  stream.end();
}

/**
 * Passes a request's body on to the command's stdin, and tells how much was written. The end of the body
 * closes the command's stdin; a cut does not.
 * @param onReceived called with the size of each piece as it comes.
 */
export async function receiveStdin(
  stream: ServerHttp2Stream,
  session: Session,
  offset: number,
  onReceived: (bytes: number) => void,
): Promise<void> {
  const { stdin } = session;
  stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
  let pending = false;
  const report = () => {
    if (stream.writable) stream.write(`${JSON.stringify({ written: stdin.written })}\n`);
  };
  const progress = () => {
    if (pending) return;
    pending = true;
    // One line for whatever was written meanwhile.
    setTimeout(() => {
      pending = false;
      report();
    }, progressIntervalMs);
  };
  await stdin.writeFrom(countBytes(stream, onReceived), offset, progress);
  if (stream.aborted || stream.rstCode !== 0) return;
  stdin.end();
  report();
  stream.end();
}

const progressIntervalMs = 20;

async function* countBytes(source: AsyncIterable<Buffer>, onReceived: (bytes: number) => void) {
  for await (const chunk of source) {
    onReceived(chunk.length);
    yield chunk;
  }
}
