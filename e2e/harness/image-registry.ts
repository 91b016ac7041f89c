import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildOnce, hashInputs } from '../../images/machine/build-cache.ts';
import { runCommand } from '../../images/machine/run-command.ts';

/** A registry of images, empty at first, that this machine and the cluster's nodes alone can reach. */
export interface ImageRegistry {
  /** As it stands in references. */
  host: string;
  close: () => Promise<void>;
}

export interface RegistryOptions {
  /** Where it listens; without, on loopback. */
  address?: string;
  /** Whether it is for {@link registryUser} alone. */
  isClosed?: boolean;
}

/** Who may use a closed registry. */
export const registryUser = { name: 'crashcart', password: 'for-tests' };
/** The password's bcrypt hash, as htpasswd(1) writes it. */
const passwordHash = '$2y$05$CI0R1W45OIcRXQVTZWVyIuZZBrokXvIN2iEnZnQUaDYrWK5Ah4R.C';

const readyLimitMs = 10_000;

/** Starts the registry that Docker publishes, on a free port, by HTTP. */
export async function startImageRegistry({
  address = '127.0.0.1',
  isClosed = false,
}: RegistryOptions = {}): Promise<ImageRegistry> {
  const program = await fetchRegistry();
  const folder = await mkdtemp(join(tmpdir(), 'crashcart-registry-'));
  const configuration = join(folder, 'config.yml');
  const storage = { filesystem: { rootdirectory: join(folder, 'storage') } };
  const users = join(folder, 'users');
  await writeFile(users, `${registryUser.name}:${passwordHash}\n`);
  const auth = isClosed ? { auth: { htpasswd: { realm: 'tests', path: users } } } : {};
  // JSON is YAML.
  await writeFile(
    configuration,
    JSON.stringify({ version: 0.1, storage, http: { addr: `${address}:0` }, ...auth }),
  );
  const child = spawn(program, ['serve', configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const close = async () => {
    child.kill();
    await ended;
    await rm(folder, { recursive: true });
  };
  const timer = setTimeout(() => child.kill(), readyLimitMs);
  const lines: string[] = [];
  // Read to its end: a full pipe would hold the registry up.
  const host = await new Promise<string | null>((resolve) => {
    const log = createInterface({ input: child.stderr });
    log.on('line', (line) => {
      lines.push(line);
      const found = /listening on (?<host>[\d.]+:\d+)/.exec(line)?.groups?.['host'];
      if (found !== undefined) resolve(found);
    });
    log.once('close', () => resolve(null));
  });
  clearTimeout(timer);
  if (host !== null) return { host, close };
  await close();
  throw new Error(`the registry did not start:\n${lines.join('\n')}`);
}

/** Not installed: Debian's package would start a registry for everybody, and leave it running. */
async function fetchRegistry(): Promise<string> {
  const key = await hashInputs(['docker-registry', process.arch]);
  const directory = await buildOnce('docker-registry', key, async (unfinished) => {
    await runCommand('apt-get', ['update', '-q'], { timeoutMs: 3 * 60_000 });
    // apt's own user can't write there, and it says so on stderr.
    await runCommand('apt-get', ['download', '-q', 'docker-registry'], { cwd: unfinished });
    await runCommand('sh', ['-c', 'dpkg-deb --extract docker-registry_*.deb . && rm docker-registry_*.deb'], {
      cwd: unfinished,
    });
  });
  return join(directory, 'usr/bin/docker-registry');
}
