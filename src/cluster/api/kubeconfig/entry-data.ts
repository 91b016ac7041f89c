import { getErrorMessage } from '../../../failure/error-message.ts';
import { Failure } from '../../../failure/failure.ts';
import { readInputFile } from './input-file.ts';

/** A field of an entry that holds data itself, or the path of a file with them. */
export interface DataField {
  /** For messages: `the user "ada"`. */
  owner: string;
  /** The name of the field with the path; that of the field with the data ends with `-data`. */
  field: string;
  /** In base64; empty without. */
  data: string;
  /** Absolute; empty without. */
  path: string;
}

/**
 * Reads what a field holds.
 * @returns null when the field is not set.
 * @throws Failure `configuration`, which never quotes the data.
 */
export function readDataField({ owner, field, data, path }: DataField): Buffer | null {
  if (data !== '' && path !== '')
    throw new Failure('configuration', `${owner} has both ${field} and ${field}-data: only one is allowed`);
  if (data !== '') return decodeBase64(data, `${field}-data of ${owner}`);
  if (path === '') return null;
  try {
    return readInputFile(path);
  } catch (error) {
    const message = `${field} of ${owner} can't be read: ${getErrorMessage(error)}`;
    throw new Failure('configuration', message, null, { cause: error });
  }
}

/** Node skips what is not base64; Go, and so kubectl, refuses it. */
function decodeBase64(text: string, name: string): Buffer {
  const plain = text.replaceAll(/[\r\n]/g, '');
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain))
    throw new Failure('configuration', `${name} is not base64`);
  return Buffer.from(plain, 'base64');
}
