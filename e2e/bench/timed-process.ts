import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { readPeakMemory } from './process-memory.ts';

const limitMs = 180_000;
const sampleMs = 50;

/** A run that ended well. */
export interface TimedRun {
  /** From the start of the process to its end, with all that it wrote read. */
  ms: number;
  stdout: { bytes: number; sha256: string; start: string };
  /** The most memory that the process had, in MB. */
  peakMemoryMB: number;
}

/**
 * Runs a program and takes the time.
 * @param inputFile what stdin is read from; null: nothing.
 * @throws with what it wrote to stderr, when it fails or takes longer than three minutes.
 */
export async function runTimed(
  [file = '', ...args]: string[],
  env: NodeJS.ProcessEnv,
  inputFile: string | null = null,
): Promise<TimedRun> {
  const input = openSync(inputFile ?? '/dev/null', 'r');
  const hash = createHash('sha256');
  let bytes = 0;
  let start = '';
  let peakMemoryMB = 0;
  const startedAt = performance.now();
  const child = spawn(file, args, { env, stdio: [input, 'pipe', 'pipe'], timeout: limitMs });
  closeSync(input);
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the pipes were not made');
  const sampler = setInterval(() => {
    if (child.pid !== undefined) peakMemoryMB = Math.max(peakMemoryMB, readPeakMemory(child.pid) ?? 0);
  }, sampleMs);
  try {
    stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
      if (start.length < 200) start += chunk.subarray(0, 200).toString('latin1');
    });
    const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(signal ?? code));
    });
    const [outcome, errors] = await Promise.all([ended, text(stderr)]);
    const ms = performance.now() - startedAt;
    if (outcome !== 0) throw new Error(`${[file, ...args].join(' ')} failed (${outcome}): ${errors.trim()}`);
    return { ms, stdout: { bytes, sha256: hash.digest('hex'), start }, peakMemoryMB };
  } finally {
    clearInterval(sampler);
  }
}
