import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bundlePlugin } from './plugin-bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'crashcart-maps-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  const { files } = await bundlePlugin({ version: '1.2.3' });
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
});

/** Has the bundle meet an error that no code of ours expects: a stdout that has no write(). */
function crash(): string {
  const script = `require('./run-cli.cjs')
    .runCLI(['tools'], { stdin: process.stdin, stdout: { on() {} }, stderr: process.stderr, env: {} })
    .then((code) => process.exit(code));`;
  const { stderr, status } = spawnSync(process.execPath, ['-e', script], { cwd: folder });
  expect(status).toBe(125);
  return stderr.toString();
}

describe('a crash of a release', () => {
  test('names our source files, at the lines that failed', () => {
    const stderr = crash();
    expect(stderr).toMatch(/^error: unexpected: TypeError: /);
    const [, file = '', line = ''] = /\(?(src\/[\w/-]+\.ts):(\d+):\d+\)?/.exec(stderr) ?? [];
    const source = readFileSync(join(import.meta.dirname, '..', file), 'utf8').split('\n');
    expect(source[Number(line) - 1]).toMatch(/stdout/);
    expect(stderr).not.toMatch(/run-cli\.cjs:\d+/);
  });

  test('has its stack also where the source map can not be read, which no start needs', () => {
    writeFileSync(join(folder, 'run-cli.cjs.map'), 'not a source map');
    expect(crash()).toMatch(/run-cli\.cjs:\d+/);
    const tools = execFileSync(process.execPath, ['kubectl-crashcart.cjs', 'tools'], { cwd: folder });
    expect(tools.toString()).toContain('strace');
  });
});
