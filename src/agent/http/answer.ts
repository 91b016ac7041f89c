import { constants, type ServerHttp2Stream } from 'node:http2';
import { ProblemError } from '../../session-api/problem.ts';
import { MemoryBudget } from './memory-budget.ts';

/** Of answers that their clients have not read. */
const answers = new MemoryBudget(64 * 1024 * 1024, 'answers');

/**
 * Answers a request with JSON. Nothing happens when the client has cut the request.
 * @throws ProblemError `capacity` when too many answers wait to be read.
 */
export function sendJSON(stream: ServerHttp2Stream, status: number, value: unknown): void {
  send(stream, status, 'application/json', value);
}

/** Answers a request with the problem that an error stands for. */
export function sendProblem(stream: ServerHttp2Stream, error: unknown): void {
  // The client or the session's lease has cut the request: the error follows from that, and no one reads the answer.
  if (stream.destroyed || stream.closed) return;
  const isKnown = error instanceof ProblemError;
  if (!isKnown) console.error(error);
  const problem = (isKnown ? error : new ProblemError('internal', String(error))).toProblem();
  // After the headers only the missing trailers can tell that something went wrong.
  if (stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else {
    try {
      send(stream, problem.status, 'application/problem+json', problem);
    } catch {
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    }
  }
}

function send(stream: ServerHttp2Stream, status: number, type: string, value: unknown): void {
  if (stream.destroyed || stream.closed) return;
  const body = Buffer.from(JSON.stringify(value));
  answers.take(body.length);
  stream.once('close', () => answers.release(body.length));
  stream.respond({ ':status': status, 'content-type': type });
  stream.end(body);
  // What no handler has read of the body is dropped: unread, it would take up the connection's window.
  stream.resume();
}
