import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { Failure } from '../../../failure/failure.ts';

/** YAML reads `123` as a number; null is a field that is not set. */
const text = z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => {
  return value === null ? '' : String(value);
});
const optionalText = text.default('');
const flag = z.boolean().nullish().transform(Boolean);
const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);

const contextSchema = z.object({ cluster: optionalText, user: optionalText, namespace: optionalText });

const clusterSchema = z.object({
  server: optionalText,
  'tls-server-name': optionalText,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': optionalText,
  'certificate-authority-data': optionalText,
  'proxy-url': optionalText,
  'disable-compression': flag,
  extensions: list(z.object({ name: optionalText, extension: z.unknown() })),
});

const execSchema = z.object({
  command: optionalText,
  args: list(text),
  env: list(z.object({ name: optionalText, value: optionalText })),
  apiVersion: optionalText,
  installHint: optionalText,
  provideClusterInfo: flag,
  interactiveMode: optionalText,
});

const userSchema = z.object({
  'client-certificate': optionalText,
  'client-certificate-data': optionalText,
  'client-key': optionalText,
  'client-key-data': optionalText,
  token: optionalText,
  tokenFile: optionalText,
  as: optionalText,
  'as-uid': optionalText,
  'as-groups': list(text),
  'as-user-extra': z
    .record(z.string(), list(text))
    .nullish()
    .transform((extra) => extra ?? {}),
  username: optionalText,
  password: optionalText,
  'auth-provider': z
    .object({
      name: optionalText,
      config: z
        .record(z.string(), text)
        .nullish()
        .transform((config) => config ?? {}),
    })
    .nullish(),
  exec: execSchema.nullish(),
});

/** The fields of a kubeconfig's entry, by the names of the file. A text that is not set is empty. */
export type ContextEntry = z.output<typeof contextSchema>;
export type ClusterEntry = z.output<typeof clusterSchema>;
export type UserEntry = z.output<typeof userSchema>;
export type ExecEntry = z.output<typeof execSchema>;

/** An entry of a kubeconfig, before it is known whether it is needed. */
export interface NamedEntry {
  name: string;
  /** Its fields, of whatever shape. */
  fields: unknown;
  /** The kubeconfig that has it, as an absolute path: the entry's own paths are relative to its folder. */
  file: string;
}

/** Reads the fields of a context. @throws Failure `configuration`, which names a field of the wrong shape. */
export function readContext(entry: NamedEntry): ContextEntry {
  return readFields(contextSchema, 'context', entry);
}

/** Does the same for a cluster, with absolute paths. */
export function readCluster(entry: NamedEntry): ClusterEntry {
  const cluster = readFields(clusterSchema, 'cluster', entry);
  return { ...cluster, 'certificate-authority': resolvePath(cluster['certificate-authority'], entry) };
}

/** Does the same for a user, with absolute paths. */
export function readUser(entry: NamedEntry): UserEntry {
  const user = readFields(userSchema, 'user', entry);
  const { exec } = user;
  return {
    ...user,
    'client-certificate': resolvePath(user['client-certificate'], entry),
    'client-key': resolvePath(user['client-key'], entry),
    tokenFile: resolvePath(user.tokenFile, entry),
    // A bare name is looked up in PATH.
    ...(exec && {
      exec: {
        ...exec,
        command: /[/\\]/.test(exec.command) ? resolvePath(exec.command, entry) : exec.command,
      },
    }),
  };
}

/** @returns the fields of an entry that says nothing. */
export function makeEmptyUser(): UserEntry {
  return userSchema.parse({});
}

/** @returns the fields of an entry that says nothing. */
export function makeEmptyCluster(): ClusterEntry {
  return clusterSchema.parse({});
}

function readFields<Schema extends z.ZodType>(
  schema: Schema,
  kind: string,
  { name, fields, file }: NamedEntry,
): z.output<Schema> {
  const parsed = schema.safeParse(fields ?? {});
  if (parsed.success) return parsed.data;
  // The library's messages name what is expected, and quote nothing.
  const places = parsed.error.issues.map(({ path }) => path.join('.') || 'the entry itself');
  throw new Failure(
    'configuration',
    `the ${kind} "${name}" of ${file} has a value of the wrong type: ${[...new Set(places)].join(', ')}`,
  );
}

function resolvePath(path: string, { file }: NamedEntry): string {
  return path === '' ? '' : resolve(dirname(file), path);
}
