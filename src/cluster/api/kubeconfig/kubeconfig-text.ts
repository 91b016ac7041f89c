import { CORE_SCHEMA, load, mergeTag, YAMLException } from 'js-yaml';
import { Failure } from '../../../failure/failure.ts';

const schema = CORE_SCHEMA.withTags(mergeTag);
/** Begins or ends a document: https://yaml.org/spec/1.2.2/#91-documents */
const documentMark = /^(---|\.\.\.)(?=\s|$)/;
/** What may stand before the mark that begins the first document: nothing, a comment, a directive. */
const preamble = /^\s*(#|%|$)/;

/**
 * Parses the text of a kubeconfig, YAML or JSON. As for kubectl, further documents are ignored, and of two keys with the
 * same name the last one counts.
 * @param file named in errors.
 * @returns null for a text without a document.
 * @throws Failure `configuration` with the place of the mistake, but nothing of what stands there: it may be a token.
 */
export function parseKubeconfigText(text: string, file: string): unknown {
  const document = cutFirstDocument(text.replace(/^\uFEFF/, ''));
  if (document.split('\n').every((line) => preamble.test(line))) return null;
  try {
    return load(document, { schema, json: true });
  } catch (error) {
    const { mark, reason } = error instanceof YAMLException ? error : { mark: undefined, reason: '' };
    const place = mark ? `${file}:${mark.line + 1}:${mark.column + 1}` : file;
    // The library's error is not the cause: its message has the lines around the mistake.
    throw new Failure(
      'configuration',
      `the kubeconfig can't be read: ${place}: ${dropQuotations(reason) || 'not YAML'}`,
      'The mistake is in that line, or in one before.',
    );
  }
}

/** The lines of the document keep their numbers. */
function cutFirstDocument(text: string): string {
  const lines = text.split('\n');
  const begin = lines.findIndex((line) => !preamble.test(line));
  const end = lines.findIndex((line, index) => index > begin && documentMark.test(line));
  return begin === -1 || end === -1 ? text : lines.slice(0, end).join('\n');
}

/** What is quoted in a reason is text of the file: the name of an anchor or of a tag. */
function dropQuotations(reason: string): string {
  return reason.replace(/\s*(["<:]|!<).*$/s, '');
}
