import { readFile, stat } from 'node:fs/promises';
import { linkDocs } from '../failure/docs-link.ts';
import { getErrorMessage } from '../failure/error-message.ts';
import { Failure } from '../failure/failure.ts';
import { type Config, configSchema } from './config-schema.ts';
import type { TextPlace } from './yaml-offsets.ts';

/** Contexts may share what they set; the limit is for a file whose few lines stand for gigabytes. */
const maxAliases = 100;

/** A mistake at one place of the file. */
export interface ConfigProblem extends TextPlace {
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
    if (await isMissing(file, (error as NodeJS.ErrnoException).code)) return null;
    throw new ConfigFileError(`${file} can't be read: ${getErrorMessage(error)}`, [], { cause: error });
  }
  return await parseConfig(file, text);
}

/** Whether the file is missing, as far as this user can see: the home folder may be a device, or belong to another user. */
async function isMissing(file: string, code: string | undefined): Promise<boolean> {
  if (code !== 'EACCES') return code === 'ENOENT' || code === 'ENOTDIR';
  // What can be seen but not read is there.
  return await stat(file).then(
    () => false,
    () => true,
  );
}

/**
 * @param file named in errors.
 * @throws ConfigFileError.
 */
export async function parseConfig(file: string, text: string): Promise<Config> {
  // Loaded only if there is such a file.
  const [{ constructFromEvents, parseEvents, YAMLException }, { locateValues }] = await Promise.all([
    import('js-yaml'),
    import('./yaml-offsets.ts'),
  ]);
  let events;
  let documents;
  try {
    events = parseEvents(text, {});
    documents = constructFromEvents(events, { source: text, maxAliases });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { line = 0, column = 0 } = error.mark ?? {};
    throw describeProblems(file, [{ line: line + 1, column: column + 1, message: error.reason }]);
  }
  const locate = locateValues(text, events);
  if (documents.length > 1)
    throw describeProblems(file, [{ ...locate([]), message: 'there is more than one YAML document' }]);
  // An empty file sets nothing.
  const parsed = configSchema.safeParse(documents[0] ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => {
    const where = issue.path.join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        ...locate([...issue.path, key]),
        message: `${[...issue.path, key].join('.')}: there is no such setting`,
      }));
    }
    const message = where === '' ? issue.message : `${where}: ${issue.message}`;
    return [{ ...locate(issue.path), message }];
  });
  throw describeProblems(file, problems);
}

function describeProblems(file: string, problems: ConfigProblem[]): ConfigFileError {
  const lines = problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  return new ConfigFileError(lines.join('\n'), problems);
}
