import { posix } from 'node:path';
import type { Writable } from 'node:stream';
import {
  copyCountsSchema,
  type CopyCounts,
  copyFailureSchema,
  copyTotalsSchema,
} from '../../../copy-stream/copy-messages.ts';
import { decodeEntry } from '../../../copy-stream/copy-entry.ts';
import { type FrameHandler, FrameReader } from '../../../copy-stream/frame-reader.ts';
import type { SelectedTarget } from '../../../cluster/target/selection/target-selection.ts';
import { Failure } from '../../../failure/failure.ts';
import { parseJSON } from '../../../session-api/connection/json-text.ts';
import type { ToolSessions } from '../open/start/tool-sessions.ts';
import type { CopyListener, CopyResult } from './copy-result.ts';
import { choosePlace, type Destination } from './local/destination-place.ts';
import { findRemainder } from './local/local-remainder.ts';
import { describeChange } from './local/tree-reader.ts';
import { TreeWriter, type WriterRules } from './local/tree-writer.ts';
import type { ToolRun } from '../open/start/tool-end.ts';
import { exchange } from './tool-exchange.ts';

export const sendFiles = '/usr/local/lib/crashcart/copy/send-files';

/** What is copied from a target. */
export interface DownloadRequest {
  path: string;
  include: string[];
  exclude: string[];
  destination: Destination;
  rules: WriterRules;
  resume: boolean;
  /** Whether the sender counts first: for a progress bar. */
  wantsTotals: boolean;
}

/**
 * Copies files of a target to this machine.
 * @param describeEnd says why a session ended before the copy did.
 * @throws Failure `outputFile` when nothing more can be written; what {@link exchange} throws.
 */
export async function download(
  sessions: ToolSessions,
  selected: SelectedTarget,
  request: DownloadRequest,
  listener: CopyListener,
  describeEnd: (run: ToolRun) => Promise<string>,
  signal: AbortSignal,
): Promise<CopyResult> {
  const { path, include, exclude, destination, resume, wantsTotals } = request;
  const compare = resume ? await findRemainder(destination, nameTop(path)) : {};
  const asked = `${JSON.stringify({ path, include, exclude, compare, totals: wantsTotals })}\n`;
  const receiver = new Receiver(request, listener);
  try {
    const streams = { input: [Buffer.from(asked)], output: receiver.sink };
    const run = await exchange(sessions, selected, [sendFiles], streams, signal);
    if (receiver.counts !== null) return receiver.finish(receiver.counts);
    return { ...receiver.cut(), problem: await describeEnd(run) };
  } catch (error) {
    const { canResume } = receiver.cut();
    if (canResume && error instanceof Failure)
      throw new Failure(error.code, error.message, 'The same command goes on with what has come.', {
        cause: error,
      });
    throw error;
  }
}

/** What a target's sender calls the source; null: a pattern may match several. */
function nameTop(path: string): string | null {
  if (isPattern(path)) return null;
  const name = posix.basename(path);
  return ['', '.', '..'].includes(name) ? '.' : name;
}

/** Whether a path of the target may match several files. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/** Reads the frames of the sender, and has them written. */
class Receiver {
  /** What the sender writes. */
  readonly sink: Writable;
  readonly #writer: TreeWriter;
  readonly #listener: CopyListener;
  #failures = 0;
  /** What the sender says that it has sent; null before the end. */
  counts: CopyCounts | null = null;

  constructor({ destination, rules }: DownloadRequest, listener: CopyListener) {
    this.#listener = listener;
    const fail = (path: Buffer, reason: string) =>
      this.#tell({ path: path.toString(), reason, isNote: false });
    this.#writer = new TreeWriter((top) => choosePlace(destination, top), rules, fail);
    this.sink = new FrameReader(this.#handle()).createSink();
  }

  finish(counts: CopyCounts): CopyResult {
    this.#writer.finish();
    const { files } = this.#writer;
    const isEmpty = counts.files + counts.folders + counts.unchanged === 0 && this.#failures === 0;
    const isShort = this.#failures === 0 && files !== counts.files;
    const problem = isShort ? `${files} of ${counts.files} files have come` : null;
    return {
      ...{ counts, failures: this.#failures, canResume: false },
      problem: isEmpty ? 'nothing was found that is to be copied' : problem,
    };
  }

  /** No more comes. */
  cut(): Omit<CopyResult, 'problem'> {
    return { counts: null, failures: this.#failures, canResume: this.#writer.abandon() };
  }

  #handle(): FrameHandler {
    const writer = this.#writer;
    let entry: ReturnType<typeof decodeEntry> | null = null;
    return {
      onDataHead: (head) => writer.dataHead(head),
      onData: (piece) => {
        writer.data(piece);
        this.#listener.onBytes(piece.length);
      },
      onFrame: (kind, content, frame) => {
        if (kind === 'entry' || kind === 'hardLink') {
          entry = decodeEntry(content);
          writer.begin(entry, kind === 'hardLink');
        } else if (kind === 'hole') {
          const length = Number(content.readBigUInt64LE());
          writer.hole(length, frame);
          this.#listener.onBytes(length);
        } else if (kind === 'end') {
          const isWhole = writer.end(content.subarray(1));
          if (isWhole) this.#listener.onFile();
          if (isWhole && content[0] === 1 && entry !== null)
            this.#tell({ path: entry.path.toString(), reason: describeChange(entry.size), isNote: true });
        } else if (kind === 'cut') writer.cut(content.toString());
        else if (kind === 'failure') this.#tell(copyFailureSchema.parse(parseJSON(content.toString())));
        else if (kind === 'totals')
          this.#listener.onTotals(copyTotalsSchema.parse(parseJSON(content.toString())));
        else if (kind === 'done') this.counts = copyCountsSchema.parse(parseJSON(content.toString()));
      },
    };
  }

  #tell(failure: Parameters<CopyListener['onFailure']>[0]): void {
    if (!failure.isNote) this.#failures++;
    this.#listener.onFailure(failure);
  }
}
