import { posix } from 'node:path';
import { ProblemError } from '../../../session-api/problem.ts';
import type { SnapshotMount } from '../../cri/snapshot-service.ts';

/** A page, which the options of mount(2) have to fit in. */
const maxOptionsBytes = 4095;

/** The files of a container that has ended, by paths of the node. */
export type RemainingFiles =
  | {
      kind: 'overlay';
      /** What the layers' paths begin with. */
      folder: string;
      options: string;
      /** A folder that is there for as long as the files are. */
      anchor: string;
    }
  | { kind: 'bind'; folder: string; options: ''; anchor: string };

/** What is shown of a container that has ended. */
export interface Remains {
  files: RemainingFiles;
  volumes: { hostPath: string; containerPath: string }[];
  /** Empty when there is none. */
  logPath: string;
}

/**
 * Decides how the files of a container that has ended are mounted: from the mounts that containerd would make for a
 * container that runs. Its topmost layer becomes one more lower layer, so that nothing can be written to it, nor to the
 * folder that overlayfs works in.
 * @throws ProblemError `noRemains` for a kind of snapshot that is not known.
 */
export function describeFiles(mounts: SnapshotMount[]): RemainingFiles {
  const [mount, ...more] = mounts;
  if (mount === undefined || more.length > 0) throw refuseMounts(mounts);
  const { type, source, options } = mount;
  if (type === 'bind' && posix.isAbsolute(source))
    return { kind: 'bind', folder: source, options: '', anchor: source };
  if (type !== 'overlay') throw refuseMounts(mounts);
  const upper = findValue(options, 'upperdir');
  const lowers = findValue(options, 'lowerdir')?.split(':') ?? [];
  const layers = [...(upper === null ? [] : [upper]), ...lowers];
  const [anchor] = layers;
  if (anchor === undefined || !layers.every((layer) => posix.isAbsolute(layer))) throw refuseMounts(mounts);
  // overlayfs takes no single layer.
  if (layers.length === 1) return { kind: 'bind', folder: anchor, options: '', anchor };
  // Of an image of many layers, whole paths would not fit: containerd shortens them, too.
  const folder = findCommonFolder(layers);
  const names = layers.map((layer) => posix.relative(folder, layer));
  const mode = options.includes('userxattr') ? ',userxattr' : '';
  const text = `lowerdir=${names.join(':')}${mode}`;
  if (Buffer.byteLength(text) > maxOptionsBytes)
    throw new ProblemError('noRemains', `the image has ${lowers.length} layers, more than can be mounted`);
  return { kind: 'overlay', folder, options: text, anchor };
}

/** @returns it as mount-remains.c reads it: fields that are ended by a NUL byte. */
export function formatRemains({ files, volumes, logPath }: Remains): Buffer {
  const fields = [files.kind, files.folder, files.options, logPath];
  for (const { hostPath, containerPath } of volumes) fields.push(hostPath, containerPath);
  return Buffer.from(fields.map((field) => `${field}\0`).join(''));
}

function findValue(options: string[], name: string): string | null {
  return options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
}

function findCommonFolder([first = '/', ...others]: string[]): string {
  let folder = posix.dirname(first);
  while (!others.every((other) => other.startsWith(folder === '/' ? '/' : `${folder}/`)))
    folder = posix.dirname(folder);
  return folder;
}

function refuseMounts(mounts: SnapshotMount[]): ProblemError {
  const types = mounts.map(({ type }) => type).join(', ') || 'none';
  return new ProblemError(
    'noRemains',
    `the container's files are in a snapshot that can't be mounted here (mounts: ${types})`,
    'Snapshots of overlayfs, and those that are plain folders, can be.',
  );
}
