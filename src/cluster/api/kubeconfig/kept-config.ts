import { closeSync, openSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dump } from 'js-yaml';
import * as z from 'zod';
import type { NamedEntry } from './kubeconfig-entries.ts';
import { parseKubeconfigText } from './kubeconfig-text.ts';

/** So long other commands may write the file. */
const lockLimitMs = 2000;
const lockDelayMs = 50;

/** What is not named here stays as it is. */
const fileSchema = z.looseObject({ users: z.array(z.unknown()) });
const userSchema = z.looseObject({
  name: z.union([z.string(), z.number()]).transform(String),
  user: z.looseObject({ 'auth-provider': z.looseObject({ config: z.looseObject({}).nullish() }) }),
});

/**
 * Writes settings of a user's auth-provider into the user's kubeconfig, as client-go does: under its lock, into the file
 * itself, which may be a link, and without the file's comments
 * (`ModifyConfig` of https://pkg.go.dev/k8s.io/client-go/tools/clientcmd). Nothing is written for a user who is no longer
 * there, nor into a pipe.
 * @param signal ends the wait for the lock.
 * @throws what the file system says; an error for a file that is broken by now; the signal's reason.
 */
export async function keepProviderConfig(
  { name, file }: NamedEntry,
  settings: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  if (!statSync(file).isFile()) return;
  const lock = `${file}.lock`;
  await takeLock(lock, signal);
  try {
    const { data } = fileSchema.safeParse(parseKubeconfigText(readFileSync(file, 'utf8'), file));
    if (data === undefined) throw new Error('it is no longer a kubeconfig');
    const users = data.users.map((user) => changeProvider(user, name, settings));
    // A file that two programs read may be YAML 1.1 or 1.2: this package quotes what means two things.
    writeFileSync(file, dump({ ...data, users }, { lineWidth: -1, noRefs: true }));
  } finally {
    unlinkSync(lock);
  }
}

/** @throws the file system's error when the lock is still there after the limit. */
async function takeLock(lock: string, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + lockLimitMs;
  for (;;) {
    try {
      closeSync(openSync(lock, 'wx', 0o600));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || performance.now() > deadlineMs) throw error;
    }
    await delay(lockDelayMs, undefined, { signal });
  }
}

function changeProvider(entry: unknown, name: string, settings: Record<string, string>): unknown {
  const { data } = userSchema.safeParse(entry);
  if (data?.name !== name) return entry;
  const provider = data.user['auth-provider'];
  const changed = { ...provider, config: { ...provider.config, ...settings } };
  return { ...data, user: { ...data.user, 'auth-provider': changed } };
}
