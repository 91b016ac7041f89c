import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const checkout = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(checkout, path), 'utf8');
const listFiles = (...patterns: string[]) =>
  execFileSync('git', ['ls-files', '--', ...patterns], { cwd: checkout, encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '');

/** @returns the anchors of a page's headings, as GitHub makes them. */
function listAnchors(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\-_ ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** @returns what is wrong with a link; null when it leads to a file and, if it has an anchor, to a heading. */
function findFault(page: string, link: string): string | null {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(checkout, file))) return `${page}: ${link}: no such file`;
  if (anchor === undefined || listAnchors(file).includes(anchor)) return null;
  return `${page}: ${link}: no such heading`;
}

describe('a link leads to a file that is there, and to one of its headings', () => {
  test('between pages', () => {
    const faults = listFiles('*.md').flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^[a-z]+:/.test(link))
        .map((link) => findFault(page, link)),
    );
    expect(faults.length).toBeGreaterThan(30);
    expect(faults.filter((fault) => fault !== null)).toEqual([]);
  });

  test('from messages to pages', () => {
    const links = listFiles('src/*.ts').flatMap((file) =>
      [...read(file).matchAll(/linkDocs\('([^']+)'\)/g)].map(([, link = '']) => link),
    );
    expect(links).not.toEqual([]);
    expect(links.map((link) => findFault('README.md', link)).filter((fault) => fault !== null)).toEqual([]);
  });
});
