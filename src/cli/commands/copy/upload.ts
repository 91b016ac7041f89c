import { once } from 'node:events';
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import {
  copyCountsSchema,
  type CopyCounts,
  copyFailureSchema,
  type CopyRemainder,
  copyRemainderSchema,
  type WholeFile,
} from '../../../copy-stream/copy-messages.ts';
import { FrameReader } from '../../../copy-stream/frame-reader.ts';
import type { SelectedTarget } from '../../../cluster/target/selection/target-selection.ts';
import { Failure } from '../../../failure/failure.ts';
import { parseJSON } from '../../../session-api/connection/json-text.ts';
import type { ToolSessions } from '../open/start/tool-sessions.ts';
import type { CopyListener, CopyResult } from './copy-result.ts';
import type { NamePatterns } from './local/name-filter.ts';
import { listTree } from './local/tree-list.ts';
import { readTree } from './local/tree-reader.ts';
import type { ToolRun } from '../open/start/tool-end.ts';
import { exchange } from './tool-exchange.ts';

export const receiveFiles = '/usr/local/lib/crashcart/copy/receive-files';

/** What is copied into a target. */
export interface UploadRequest extends NamePatterns {
  /** A path of this machine. */
  source: string;
  /** A path of the target. */
  path: string;
  preserve: boolean;
  resume: boolean;
}

/**
 * Copies files of this machine into a target.
 * @param describeEnd says why a session ended before the copy did.
 * @throws Failure `usage` when the source can't be read; what {@link exchange} throws.
 */
export async function upload(
  sessions: ToolSessions,
  selected: SelectedTarget,
  request: UploadRequest,
  listener: CopyListener,
  describeEnd: (run: ToolRun) => Promise<string>,
  signal: AbortSignal,
): Promise<CopyResult> {
  const { source, path, preserve, resume } = request;
  const isFolder = requireSource(source).isDirectory();
  // Of `folder/.` the content is meant, as by cp(1).
  const name = /(^|[\\/])\.$/.test(source) ? '.' : basename(resolve(source)) || '.';
  const list = (tell: Parameters<typeof listTree>[3]) => listTree(source, name, request, tell);
  const sender = { failures: 0, sent: null as CopyCounts | null };
  const tell = (where: Buffer, reason: string, isNote: boolean) => {
    if (!isNote) sender.failures++;
    listener.onFailure({ path: where.toString(), reason, isNote });
  };
  const answers = new Answers(listener);
  const files = resume ? describeFiles(list(() => undefined)) : null;
  async function* send(): AsyncGenerator<Buffer> {
    yield Buffer.from(`${JSON.stringify({ path, name, isFolder, preserve, resume: files })}\n`);
    const remainder = resume ? await answers.waitForRemainder(signal) : {};
    sender.sent = yield* readTree(list(tell), { remainder, tell, onRead: listener.onBytes });
  }
  const run = await exchange(
    sessions,
    selected,
    [receiveFiles],
    { input: send(), output: answers.sink },
    signal,
  );
  const { sent } = sender;
  const { counts } = answers;
  const failures = sender.failures + answers.failures;
  if (counts === null || sent === null) {
    // A refusal is told already; else the session has ended.
    const problem = answers.failures > 0 ? 'nothing was copied' : await describeEnd(run);
    return { counts: null, failures, problem, canResume: resume };
  }
  const unchanged = { ...counts, unchanged: sent.unchanged };
  const isEmpty = sent.files + sent.folders + sent.unchanged === 0 && failures === 0;
  const isShort = failures === 0 && counts.files !== sent.files;
  const problem = isShort ? `${counts.files} of ${sent.files} files have arrived` : null;
  return {
    ...{ counts: unchanged, failures, canResume: false },
    problem: isEmpty ? 'nothing was found that is to be copied' : problem,
  };
}

function requireSource(source: string) {
  try {
    return statSync(source);
  } catch (error) {
    throw new Failure('usage', `${source} can't be read: ${(error as Error).message}`, null, {
      cause: error,
    });
  }
}

/** @returns the regular files by path, for the receiver to say what it has of them. */
function describeFiles(files: ReturnType<typeof listTree>): Record<string, WholeFile> {
  const described: Record<string, WholeFile> = {};
  for (const { path, status } of files) {
    if (status.isFile())
      described[path.toString()] = { size: Number(status.size), mtimeNs: String(status.mtimeNs) };
  }
  return described;
}

/** What the receiver in the target says. */
class Answers {
  readonly sink: Writable;
  failures = 0;
  counts: CopyCounts | null = null;
  readonly #remainder = Promise.withResolvers<CopyRemainder>();

  constructor(listener: CopyListener) {
    const reader = new FrameReader({
      onData: () => undefined,
      onDataHead: () => undefined,
      onFrame: (kind, content) => {
        const value = parseJSON(content.toString());
        if (kind === 'have') this.#remainder.resolve(copyRemainderSchema.parse(value));
        else if (kind === 'done') this.counts = copyCountsSchema.parse(value);
        else if (kind === 'failure') {
          this.failures++;
          listener.onFailure(copyFailureSchema.parse(value));
        }
      },
    });
    this.sink = reader.createSink();
  }

  /** @throws the signal's reason. */
  async waitForRemainder(signal: AbortSignal): Promise<CopyRemainder> {
    // The session may end without an answer: then the stream that waits here is destroyed.
    const closed = once(this.sink, 'close', { signal }).then(() => ({}));
    return await Promise.race([this.#remainder.promise, closed]);
  }
}
