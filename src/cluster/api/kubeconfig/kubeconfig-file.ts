import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import * as z from 'zod';
import { getErrorMessage } from '../../../failure/error-message.ts';
import { Failure } from '../../../failure/failure.ts';
import { findHome } from './home-folder.ts';
import { readInputFile } from './input-file.ts';
import type { NamedEntry } from './kubeconfig-entries.ts';
import { parseKubeconfigText } from './kubeconfig-text.ts';

/** What the files of a kubeconfig say together. Entries are not looked into: only those that are selected have to be whole. */
export interface Kubeconfig {
  contexts: NamedEntry[];
  clusters: NamedEntry[];
  users: NamedEntry[];
  /** Empty when none is set. */
  currentContext: string;
}

const entriesSchema = z.array(z.unknown()).nullish().catch(null);
const fileSchema = z.object({
  kind: z.literal('Config').nullish(),
  contexts: entriesSchema,
  clusters: entriesSchema,
  users: entriesSchema,
  'current-context': z.union([z.string(), z.number()]).transform(String).nullish(),
});
const nameSchema = z.object({ name: z.union([z.string(), z.number(), z.boolean()]).transform(String) });

/**
 * Finds the files of the kubeconfig where kubectl does: the one that was asked for; else those of KUBECONFIG; else the
 * user's own.
 * @param path of --kubeconfig; null without it.
 * @returns absolute paths of the files that exist, and in any case the one that was asked for.
 */
export function findKubeconfigFiles(path: string | null, environment: NodeJS.ProcessEnv): string[] {
  if (path !== null) return [resolve(path)];
  const listed = environment['KUBECONFIG']?.split(delimiter).filter((file) => file !== '') ?? [];
  if (listed.length > 0) return listed.filter(existsSync).map((file) => resolve(file));
  const home = findHome(environment);
  return home === null ? [] : [join(home, '.kube', 'config')].filter(existsSync);
}

/**
 * Reads kubeconfigs and merges them as kubectl does: the first file that knows a name wins.
 * @throws Failure `configuration`, which names the file that can't be read.
 */
export function readKubeconfigFiles(files: string[]): Kubeconfig {
  const configs = files.map((file) => parseKubeconfig(readKubeconfigText(file), file));
  return {
    contexts: keepFirst(configs.flatMap(({ contexts }) => contexts)),
    clusters: keepFirst(configs.flatMap(({ clusters }) => clusters)),
    users: keepFirst(configs.flatMap(({ users }) => users)),
    currentContext: configs.find(({ currentContext }) => currentContext !== '')?.currentContext ?? '',
  };
}

/**
 * Reads what the text of a kubeconfig says. As for kubectl, an empty file is one without contexts.
 * @param file named in errors; paths in entries are relative to its folder.
 * @throws Failure `configuration`.
 */
export function parseKubeconfig(text: string, file: string): Kubeconfig {
  const parsed = fileSchema.safeParse(parseKubeconfigText(text, file) ?? {});
  if (!parsed.success) throw new Failure('configuration', `${file} is not a kubeconfig`);
  const { contexts, clusters, users, 'current-context': currentContext } = parsed.data;
  return {
    contexts: nameEntries(contexts, 'context', file),
    clusters: nameEntries(clusters, 'cluster', file),
    users: nameEntries(users, 'user', file),
    currentContext: currentContext ?? '',
  };
}

/** @throws Failure `configuration`. */
function readKubeconfigText(file: string): string {
  try {
    return readInputFile(file).toString();
  } catch (error) {
    const why = explainReadError(error);
    throw new Failure('configuration', `the kubeconfig ${file} can't be read: ${why}`, null, {
      cause: error,
    });
  }
}

function explainReadError(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  return getErrorMessage(error);
}

/** Entries without a name can't be selected. */
function nameEntries(entries: unknown[] | null | undefined, field: string, file: string): NamedEntry[] {
  return (entries ?? []).flatMap((entry) => {
    const { data } = nameSchema.safeParse(entry);
    return data ? [{ name: data.name, fields: (entry as Record<string, unknown>)[field], file }] : [];
  });
}

function keepFirst(entries: NamedEntry[]): NamedEntry[] {
  const byName = new Map<string, NamedEntry>();
  for (const entry of entries) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}
