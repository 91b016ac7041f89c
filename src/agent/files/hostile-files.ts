import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { raceAbort } from '../../failure/abort-race.ts';
import { agentPaths } from '../../session-api/agent-paths.ts';

/** For all files of a reading together. On a node in trouble, a file of its own disk may take a second. */
const answerLimitMs = 3000;
/** For the program itself, to be started and to write what it has. */
const programLimitMs = 2000;
/** Of a record's first line, as read-target.c writes it. */
const maxHeaderBytes = 64;
const maxReasonBytes = 256;
/** Of one reading: as in read-target.c. */
export const maxHostileFiles = 16;

/** A small regular file that is somebody else's: its file system may never answer. */
export interface HostileFile {
  /** What the path is resolved in, such as `/proc/PID/root`; itself trusted, unlike what is below it. */
  root: string;
  path: string;
  /** A longer file is refused. */
  maxBytes: number;
}

export type FileReading =
  | { status: 'read'; content: Buffer }
  | { status: 'missing' }
  | { status: 'refused'; reason: string }
  /** `limitMs`: how long it was waited for. */
  | { status: 'unanswered'; limitMs: number };

export interface ReadingOptions {
  /** Whose files they are, as one name: a PID alone may be another process's later. */
  owner: string;
  signal: AbortSignal;
  /** Others are for tests. */
  program?: string;
  limitMs?: number;
}

/** Files that a process still hangs in, by their owners: it may do so for as long as the target runs. */
const hanging = new Map<string, Set<HostileFile>>();

/**
 * Reads files by the program read-target.c, which says why. Nothing here waits for a process to end: one that hangs in
 * the kernel never does. While one does, the owner's file is not asked again: each time would leave one more behind.
 * @returns one reading for each file, in their order.
 * @throws Error when the program fails; the signal's reason.
 */
export async function readHostileFiles(
  files: HostileFile[],
  { owner, signal, program = agentPaths.readTarget, limitMs = answerLimitMs }: ReadingOptions,
): Promise<FileReading[]> {
  signal.throwIfAborted();
  const hung = [...(hanging.get(owner) ?? [])];
  const isHung = ({ root, path }: HostileFile) => hung.some((one) => one.root === root && one.path === path);
  const asked = files.filter((file) => !isHung(file));
  const reading = asked.length === 0 ? [] : runProgram(asked, { owner, program, limitMs });
  const readings = [...(await raceAbort(Promise.resolve(reading), signal))];
  return files.map((file) => {
    const one = isHung(file) ? undefined : readings.shift();
    return one === undefined || one.status === 'unanswered' ? { status: 'unanswered', limitMs } : one;
  });
}

type Record = Exclude<FileReading, { status: 'unanswered' }> | { status: 'unanswered' };

/** Goes to its end also when nobody waits for it any longer: only so is it known what hangs. */
async function runProgram(
  files: HostileFile[],
  { owner, program, limitMs }: Required<Omit<ReadingOptions, 'signal'>>,
): Promise<Record[]> {
  const requests = files.flatMap(({ root, maxBytes, path }) => [root, String(maxBytes), path]);
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  const child = spawn(program, [String(limitMs), ...requests], { cwd: '/', env: {}, stdio });
  const limit = AbortSignal.timeout(limitMs + programLimitMs);
  const maxBytes = files.reduce((sum, file) => sum + file.maxBytes + maxHeaderBytes + maxReasonBytes, 0);
  const failed = new Promise<never>((_resolve, reject) => child.on('error', reject));
  try {
    const outputs = Promise.all([
      collect(child.stdout, maxBytes, limit),
      collect(child.stderr, maxReasonBytes, limit),
    ]);
    const [output, errors] = await Promise.race([outputs, failed]);
    const records = parseRecords(output);
    if (records.length < files.length && !limit.aborted)
      throw new Error(`read-target failed: ${errors.toString().trim()}`);
    const unanswered = files.filter(
      (_file, index) => (records[index]?.status ?? 'unanswered') === 'unanswered',
    );
    noteHanging(owner, unanswered, child);
    return files.map((_file, index) => records[index] ?? { status: 'unanswered' });
  } finally {
    // Somebody has stopped it.
    if (limit.aborted) child.kill('SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** Remembers files for as long as the program runs: it waits for its processes that hang. */
function noteHanging(owner: string, files: HostileFile[], child: ChildProcess): void {
  if (files.length === 0 || child.exitCode !== null || child.signalCode !== null) return;
  const all = hanging.get(owner) ?? new Set();
  hanging.set(owner, all);
  for (const file of files) all.add(file);
  child.once('exit', () => {
    for (const file of files) all.delete(file);
    if (all.size === 0 && hanging.get(owner) === all) hanging.delete(owner);
  });
}

/** @returns what came until the end, the limit or as many bytes. */
function collect(stream: Readable, maxBytes: number, limit: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = () => resolve(Buffer.concat(chunks));
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) finish();
    });
    stream.once('end', finish).once('error', reject);
    limit.addEventListener('abort', finish, { once: true });
  });
}

/** @returns the records that are there whole. */
function parseRecords(output: Buffer): Record[] {
  const records: Record[] = [];
  for (let start = 0; start < output.length;) {
    const lineEnd = output.indexOf(0x0a, start);
    const line = output.subarray(start, lineEnd === -1 ? start : lineEnd).toString('latin1');
    const [, status, length] = /^(read|missing|refused|unanswered) (\d+)$/.exec(line) ?? [];
    const end = lineEnd + 1 + Number(length);
    if (status === undefined || end > output.length) break;
    const content = output.subarray(lineEnd + 1, end);
    if (status === 'read') records.push({ status, content });
    else if (status === 'refused') records.push({ status, reason: content.toString() });
    else records.push({ status: status as 'missing' | 'unanswered' });
    start = end;
  }
  return records;
}
