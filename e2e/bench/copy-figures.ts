import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchCluster, benchNamespace, targetPod } from './bench-cluster.ts';
import { compareRuns, type Figure, type Target } from './figure.ts';
import { runTimed } from './timed-process.ts';
import { measureInTurns } from './turns.ts';

const root = '/tmp/copy';
const folders = 20;
const maxRuns = 20;
/** As many small files as a copy of 500 MB is to have 20,000 of. */
const bytesPerSmallFile = 25_000;

interface Copied {
  name: string;
  /** Below {@link root}. */
  path: string;
  /** null: a tree, of which the time counts. */
  bytes: number | null;
  target: Target;
}

/** Measures copies out of a container beside kubectl cp, and that each one has the bytes of its source. */
export async function measureCopies(cluster: BenchCluster, runs: number, bytes: number): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'crashcart-bench-copy-'));
  try {
    const smallFiles = await createFiles(cluster, bytes);
    const size = `${bytes / 1e6} MB`;
    const copies: Copied[] = [
      { name: `cp, ${size} random`, path: 'random', bytes, target: { comparison: 'at least', ratio: 1 } },
      { name: `cp, ${size} of zeros`, path: 'zeros', bytes, target: { comparison: 'at least', ratio: 4 } },
      {
        ...{ name: `cp, ${smallFiles} small files`, path: 'small', bytes: null },
        target: { comparison: 'at most', ratio: 1 / 3 },
      },
    ];
    const figures: Figure[] = [];
    for (const copied of copies)
      figures.push(await measureCopy(cluster, copied, Math.min(runs, maxRuns), directory));
    return figures;
  } finally {
    await rm(directory, { recursive: true });
    await cluster.kubectl(['exec', targetPod, '--', 'rm', '-rf', root]);
  }
}

async function measureCopy(
  { env, kubectl }: BenchCluster,
  { name, path, bytes, target }: Copied,
  runs: number,
  directory: string,
): Promise<Figure> {
  const to = join(directory, path);
  const expected = await hashSource(kubectl, path);
  const copy = async (command: string[]) => {
    await rm(to, { recursive: true, force: true });
    const { ms } = await runTimed(
      [...command, '-n', benchNamespace, `${targetPod}:${root}/${path}`, to],
      env,
    );
    const found = await hashTree(to);
    if (found !== expected) throw new Error(`other bytes were copied by ${command.join(' ')}`);
    return bytes === null ? ms : bytes / 1e6 / (ms / 1000);
  };
  const { ours, reference } = await measureInTurns(runs, {
    ours: () => copy(['kubectl', 'crashcart', 'cp', '-q', '--agent-namespace', benchNamespace]),
    // A connection that is reset ends kubectl cp, and would end the benchmark.
    reference: () => copy(['kubectl', 'cp', '--retries=3']),
  });
  await rm(to, { recursive: true });
  return compareRuns(`${name} : kubectl cp`, bytes === null ? 'ms' : 'MB/s', ours, reference, target);
}

/** Makes what is copied. @returns how many small files there are. */
async function createFiles({ kubectl }: BenchCluster, bytes: number): Promise<number> {
  const perFolder = Math.max(1, Math.round(bytes / bytesPerSmallFile / folders));
  // Zeros that are on the disk, with other bytes here and there, as a core dump has them.
  const part = Math.floor(bytes / 10);
  const noise = Math.min(100_000, part);
  const zeros = `for i in 0 1 2 3 4 5 6 7 8; do head -c ${noise} /dev/urandom; head -c ${part - noise} /dev/zero; done`;
  const rest = `head -c ${bytes - 9 * part} /dev/zero`;
  const small = `BEGIN { for (d = 0; d < ${folders}; d++) { system("mkdir -p ${root}/small/" d)
    for (i = 0; i < ${perFolder}; i++) { file = "${root}/small/" d "/" i
      for (k = 0; k < 50; k++) printf "%d %d %d\\n", d, i, k > file
      close(file) } } }`;
  const script = `set -e; rm -rf ${root}; mkdir ${root}; cd ${root}; head -c ${bytes} /dev/urandom >random
    { ${zeros}; ${rest}; } >zeros; awk '${small}'`;
  await kubectl(['exec', targetPod, '--', 'sh', '-c', script]);
  return perFolder * folders;
}

/** @returns the hash of {@link hashTree}, made in the container. */
async function hashSource(kubectl: BenchCluster['kubectl'], path: string): Promise<string> {
  const script = `cd ${root}/${path} 2>/dev/null || { sha256sum <${root}/${path}; exit; }
    find . -type f | LC_ALL=C sort | xargs cat | sha256sum`;
  return (await kubectl(['exec', targetPod, '--', 'sh', '-c', script])).slice(0, 64);
}

/** @returns the hash of a file, or of all files of a tree in the order of their paths. */
async function hashTree(path: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => null);
  if (entries === null) await addFile(hash, path);
  else {
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    for (const file of files.toSorted()) await addFile(hash, file);
  }
  return hash.digest('hex');
}

async function addFile(hash: Hash, path: string): Promise<void> {
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
}
