import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { keepProviderConfig } from './kept-config.ts';

const never = new AbortController().signal;
let directory: string;
let file: string;
const entry = () => ({ name: 'ada', fields: {}, file });
const keep = (settings: Record<string, string>) => keepProviderConfig(entry(), settings, never);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crashcart-kept-'));
  file = join(directory, 'config');
});
afterEach(() => rmSync(directory, { recursive: true }));

const config = `# mine
kind: Config
apiVersion: v1
preferences: {}
x-other: {kept: [1, "2", yes, "no", 012]}
clusters: &c
- {name: "123", cluster: {server: "https://a", extra: null}}
users:
- name: eve
  user: {token: "00123", auth-provider: {name: oidc, config: {id-token: hers}}}
- null
- name: ada
  user:
    as: "on"
    auth-provider: {name: oidc, config: {id-token: old, client-id: "7"}}
`;

test('the settings of one user are written, and all else stays what it says', async () => {
  writeFileSync(file, config, { mode: 0o640 });
  await keep({ 'id-token': 'new', 'refresh-token': '1e3' });
  const expected = load(config) as { users: [unknown, unknown, { user: { 'auth-provider': object } }] };
  Object.assign(expected.users[2].user['auth-provider'], {
    config: { 'id-token': 'new', 'client-id': '7', 'refresh-token': '1e3' },
  });
  expect(load(readFileSync(file, 'utf8'))).toEqual(expected);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(existsSync(`${file}.lock`)).toBe(false);
});

test('what a link leads to is written, and the link stays', async () => {
  writeFileSync(join(directory, 'real'), config);
  symlinkSync('real', file);
  await keep({ 'id-token': 'new' });
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(directory, 'real'), 'utf8')).toContain('id-token: new');
});

test('nothing is written for a user who is gone, and into a pipe', async () => {
  writeFileSync(file, 'users: [{name: eve, user: {}}, {name: ada, user: {token: t}}]');
  await keep({ 'id-token': 'new' });
  expect(readFileSync(file, 'utf8')).not.toContain('new');
  rmSync(file);
  execFileSync('mkfifo', [file]);
  await keep({ 'id-token': 'new' });
});

test('a lock of another command is waited for, and told if it stays', async () => {
  writeFileSync(file, config);
  writeFileSync(`${file}.lock`, '');
  const kept = keep({ 'id-token': 'new' });
  setTimeout(() => rmSync(`${file}.lock`), 200);
  await kept;
  expect(readFileSync(file, 'utf8')).toContain('id-token: new');
  writeFileSync(`${file}.lock`, '');
  await expect(keep({ 'id-token': 'newer' })).rejects.toThrow(`${file}.lock`);
  expect(existsSync(`${file}.lock`)).toBe(true);
  await expect(keepProviderConfig(entry(), {}, AbortSignal.timeout(100))).rejects.toThrow(/abort/);
});

test('a file that is broken by now stays as it is', async () => {
  writeFileSync(file, 'users: secret');
  await expect(keep({ 'id-token': 'new' })).rejects.toThrow('no longer a kubeconfig');
  expect(readFileSync(file, 'utf8')).toBe('users: secret');
  expect(existsSync(`${file}.lock`)).toBe(false);
});
