import { describe, expect, test } from '@jest/globals';
import { parseKubeconfigText } from './kubeconfig-text.ts';

const secret = 's3cret-t0ken';

function fail(text: string): Error {
  try {
    parseKubeconfigText(text, '/home/ada/config');
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was read');
}

describe('the text of a kubeconfig', () => {
  test.each([
    ['YAML', 'kind: Config'],
    ['JSON', '{"kind":"Config"}'],
    ['text with a byte order mark', '\uFEFFkind: Config'],
    ['text with the ends of lines of Windows', 'kind: Config\r\n'],
    ['a document that a mark begins', '# mine\n---\nkind: Config'],
    ['a document whose mark has a comment', '--- # mine\nkind: Config'],
    ['the first of two documents', 'kind: Config\n---\nkind: Pod'],
    ['a document before a broken one', '---\nkind: Config\n---\nkind: {'],
    ['a document that ends', 'kind: Config\n...\nkind: Pod'],
    ['the last of two keys with one name', 'kind: Pod\nkind: Config'],
    ['merged mappings', 'kind: &kind {kind: Config}\n<<: *kind'.replace('kind: &kind', 'x-kind: &kind')],
  ])('can be %s', (_what, text) => {
    expect(parseKubeconfigText(text, 'config')).toMatchObject({ kind: 'Config' });
  });

  test.each(['', ' \n', '# nothing', '---\n', '%YAML 1.2\n---\n'])('is nothing in %j', (text) => {
    expect(parseKubeconfigText(text, 'config')).toBeNull();
  });

  test.each([
    ['a line that is indented wrongly', `users:\n- user:\n    token: ${secret}\n   name: ada\n`, 4],
    ['an indented line after a value', `token: ${secret}\n  name: ada\n`, 2],
    ['a quotation that does not end', `token: "${secret}\n`, 1],
    ['an alias of nothing', `token: *${secret}\n`, 1],
    ['a tag that is not known', `token: !${secret} x\n`, 1],
    ['a tag that does not fit', `token: !!int ${secret}\n`, 1],
    ['a tab', `users:\n\t- token: ${secret}\n`, 2],
    ['a control character', `token: ${secret}\u0001\n`, 1],
    ['a mapping that does not end', `token: {${secret}: [\n`, 1],
    ['a null byte', `token: ${secret}\0\n`, 1],
    ['text that is not YAML', `${secret}: ${secret}: x\n`, 1],
  ])('with %s is refused by file, line and column, and is never quoted', (_what, text, line) => {
    const error = fail(text);
    expect(error.message).toMatch(/^the kubeconfig can't be read: \/home\/ada\/config:\d+:\d+: [a-z]/);
    expect(Number(/config:(\d+)/.exec(error.message)?.[1])).toBeGreaterThanOrEqual(line);
    expect(`${error.message}${error.stack}${JSON.stringify(error)}${String(error.cause)}`).not.toContain(
      secret,
    );
  });
});
