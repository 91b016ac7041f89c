import type * as z from 'zod';
import type { Flags } from '../command-line/command.ts';
import { suggestName } from '../command-line/nearest-name.ts';

/** Options whose names are not those of their flags. */
const otherNames: Record<string, string> = {
  'agent.namespace': 'agent-namespace',
  'agent.idleSeconds': 'agent-idle',
  'agent.toolboxImage': 'toolbox',
  'agent.imagePullSecrets': 'image-pull-secret',
  'setup.variables': 'env',
  'setup.importEnvironment': 'import-env',
  'setup.memoryBytes': 'mem-limit',
  'outputFile.path': 'output-file',
  'dryRun.mode': 'dry-run',
  'dryRun.format': 'output',
  format: 'output',
  keepSeconds: 'keep',
  graceSeconds: 'grace',
  outputBufferBytes: 'output-buffer',
  recordFile: 'record',
  timeoutMs: 'timeout',
  tolerations: 'toleration',
};

/** Options that are given without a flag, as usage names them. */
const argumentNames: Record<string, string> = { id: 'ID', ids: 'ID' };

/**
 * Finds the flag that an option of a schema is given by.
 * @param path of the option.
 * @returns null when it is none: it is an argument, or nothing that is given.
 */
export function findOptionFlag(path: readonly PropertyKey[], flags: Flags): string | null {
  // What is wrong in a list or in an object is wrong with the flag.
  const parts = path.map((_, index) => path.slice(0, index + 1));
  const names = [
    ...parts.flatMap((part) => otherNames[part.join('.')] ?? []),
    ...parts.map((part) => toFlagName(String(part.at(-1)))),
  ];
  return names.find((name) => Object.hasOwn(flags, name)) ?? null;
}

/**
 * Says what is wrong with the options of a command line.
 * @param error of a schema that was asked to report its input.
 */
export function describeIssues(error: z.ZodError, flags: Flags): string {
  return error.issues
    .map((issue) => {
      const name = findOptionFlag(issue.path, flags);
      const text = describeIssue(issue, name === null ? undefined : flags[name]?.values);
      if (name !== null) return `--${name}: ${text}`;
      const argument = argumentNames[String(issue.path[0])];
      return argument === undefined ? text : `${argument}: ${text}`;
    })
    .join('; ');
}

function describeIssue(issue: z.core.$ZodIssue, offered: unknown): string {
  if (issue.code === 'too_small' && issue.origin === 'string' && issue.minimum === 1) return 'it is empty';
  if (issue.code !== 'invalid_value') return issue.message;
  // What completion offers; the schema has also what stands for a flag that is not given.
  const values = (Array.isArray(offered) ? offered : issue.values).map(String);
  const given = String(issue.input);
  return `"${given}" is none of ${values.join(', ')}${suggestName(given, values)}`;
}

/** `insecureSkipTLSVerify` is `insecure-skip-tls-verify`. */
function toFlagName(option: string): string {
  return option.replaceAll(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase();
}
