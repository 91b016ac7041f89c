import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ignoredSignalsVariable, listIgnoredSignals } from './ignored-signals.ts';

const list = (text: string) => [...listIgnoredSignals({ [ignoredSignalsVariable]: text })];

test.each<[string, NodeJS.Signals[]]>([
  ['0000000000000001', ['SIGHUP']],
  ['0000000000004002', ['SIGINT', 'SIGTERM']],
  ['0000000000000000', []],
  ["trap -- '' HUP", ['SIGHUP']],
  ["trap -- '' SIGHUP\ntrap -- '' SIGINT", ['SIGHUP', 'SIGINT']],
  ["trap -- 'echo' SIGHUP", []],
  ['', []],
])('of what the launcher says, %j, these are ignored: %j', (text, signals) => {
  expect(list(text)).toEqual(signals);
});

test.each(['plugin/kubectl-crashcart', 'krew/launchers/kubectl-crashcart'])(
  '%s says what nohup ignores',
  (launcher) => {
    const script = readFileSync(join(import.meta.dirname, '../../..', launcher), 'utf8');
    const [look = ''] =
      /^CRASHCART_IGNORED_SIGNALS=[\s\S]*?^export CRASHCART_IGNORED_SIGNALS$/m.exec(script) ?? [];
    const program = `trap '' HUP; exec sh -c '${look.replaceAll("'", String.raw`'\''`)}\necho "$CRASHCART_IGNORED_SIGNALS"'`;
    const told = execFileSync('sh', ['-c', program], { encoding: 'utf8' });
    expect(list(told.trim())).toContain('SIGHUP');
  },
);
