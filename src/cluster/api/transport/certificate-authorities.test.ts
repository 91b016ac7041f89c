import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSystemAuthorities } from './certificate-authorities.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crashcart-authorities-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

const read = (environment: Record<string, string>) => readSystemAuthorities(environment, 'linux');

function write(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

test('SSL_CERT_FILE replaces the bundle of the machine', () => {
  expect(read({ SSL_CERT_FILE: write('root.crt', 'ROOT') })).toEqual(['ROOT']);
});

test('SSL_CERT_DIR adds the files of its folders, and a missing folder is ignored', () => {
  mkdirSync(join(directory, 'folder'));
  write('folder/one.pem', 'ONE');
  write('folder/two.pem', 'TWO');
  const file = write('root.crt', 'ROOT');
  const folders = `${join(directory, 'missing')}:${join(directory, 'folder')}`;
  expect(read({ SSL_CERT_FILE: file, SSL_CERT_DIR: folders })).toEqual(['ROOT', 'ONE', 'TWO']);
});

test('a file that can’t be read gives none', () => {
  expect(read({ SSL_CERT_FILE: join(directory, 'missing') })).toEqual([]);
});

test('a FIFO is not waited for', () => {
  const path = join(directory, 'fifo');
  execFileSync('mkfifo', [path]);
  expect(read({ SSL_CERT_FILE: path })).toEqual([]);
});

test('without settings the bundle of the distribution is read', () => {
  const [bundle] = read({});
  expect(bundle).toContain('BEGIN CERTIFICATE');
});
