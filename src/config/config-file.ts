import { readFile } from 'node:fs/promises';
import type { Document } from 'yaml';
import { linkDocs } from '../failure/docs-link.ts';
import { getErrorMessage } from '../failure/error-message.ts';
import { Failure } from '../failure/failure.ts';
import { type Config, configSchema } from './config-schema.ts';

/** What is wrong at one place of the file, both counted from 1. */
export interface ConfigProblem {
  line: number;
  column: number;
  message: string;
}

/** The configuration file can't be used. */
export class ConfigFileError extends Failure {
  override name = 'ConfigFileError';
  /** In the order of the file; empty when the file can't be read at all. */
  readonly problems: ConfigProblem[];

  constructor(message: string, problems: ConfigProblem[] = [], options?: ErrorOptions) {
    super('configuration', message, `Every setting: ${linkDocs('docs/configuration.md')}`, options);
    this.problems = problems;
  }
}

/**
 * Reads the configuration file.
 * @returns null when there is none.
 * @throws ConfigFileError with all that is wrong in the file, or why it can't be read.
 */
export async function readConfigFile(file: string): Promise<Config | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new ConfigFileError(`${file} can't be read: ${getErrorMessage(error)}`, [], { cause: error });
  }
  return await parseConfig(file, text);
}

/** @param file named in errors. @throws ConfigFileError. */
export async function parseConfig(file: string, text: string): Promise<Config> {
  // Only for those who have such a file.
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const locate = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) {
    throw describeProblems(
      file,
      document.errors.map(({ message, pos }) => ({ ...locate(pos[0]), message })),
    );
  }
  // An empty file sets nothing. Aliases are followed up to a limit: a few lines can stand for gigabytes.
  const parsed = configSchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => {
    const where = issue.path.join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        ...locate(findOffset(document, [...issue.path, key])),
        message: `${[...issue.path, key].join('.')}: there is no such setting`,
      }));
    }
    const message = where === '' ? issue.message : `${where}: ${issue.message}`;
    return [{ ...locate(findOffset(document, issue.path)), message }];
  });
  throw describeProblems(file, problems);
}

function describeProblems(file: string, problems: ConfigProblem[]): ConfigFileError {
  const lines = problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  return new ConfigFileError(lines.join('\n'), problems);
}

/** @returns where in the text the value of a path stands, or as much of the path as there is. */
function findOffset(document: Document, path: PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
      return Number(node.range[0]);
  }
  return 0;
}
