import { describe, expect, test } from '@jest/globals';
import { labelTarget, type SelectedTarget } from '../../../../cluster/target/selection/target-selection.ts';
import { chooseFormat, formatEnd } from './line-format.ts';
import { nameFile } from './output-folder.ts';

const target = {
  kind: 'container' as const,
  ...{ namespace: 'shop', pod: 'web-1', podUID: 'u', container: 'app' },
  ...{ containerID: 'containerd://1', hasEnded: false },
};
const selected: SelectedTarget = { target, node: 'node-1', pod: null };
const node: SelectedTarget = { target: { kind: 'node', node: 'node-1' }, node: 'node-1', pod: null };

function format(line: string | Buffer, kind: 'prefix' | 'plain' | 'json', isTerminal = false): string {
  const show = chooseFormat(selected, 'web-1/app', 0, { format: kind }, { name: 'stdout', isTerminal });
  return Buffer.from(show(Buffer.from(line))).toString('latin1');
}

describe('a line of a target', () => {
  test('has the target before it, in its colour on a terminal', () => {
    expect(format('hi', 'prefix')).toBe('web-1/app hi\n');
    expect(format('hi', 'prefix', true)).toBe('\u001b[36mweb-1/app\u001b[39m hi\n');
    expect(format('hi', 'plain')).toBe('hi\n');
  });

  test('is byte for byte what was written, where it is not for a terminal', () => {
    expect(format(Buffer.from([0xff, 0x1b, 0x5b, 0x4b, 0x0d]), 'plain')).toBe('\u00ff\u001b[K\r\n');
  });

  test('can do nothing to a terminal but set colours, which end with it', () => {
    expect(format('a\u001b[2Kb\rother/app c\r', 'plain', true)).toBe('a\\x1b[2Kb\\x0dother/app c\n');
    expect(format('\u001b[31mred', 'plain', true)).toBe('\u001b[31mred\u001b[0m\n');
  });

  test('is an object that names where it is from', () => {
    const place = { namespace: 'shop', pod: 'web-1', container: 'app', node: 'node-1' };
    expect(JSON.parse(format('a "b"', 'json'))).toEqual({ ...place, stream: 'stdout', line: 'a "b"' });
    expect(JSON.parse(formatEnd(selected, { exitCode: 3, message: null }))).toEqual({
      ...place,
      ...{ exitCode: 3, error: null },
    });
  });
});

test('a target is called by its namespace, too, where there may be several', () => {
  expect([selected, node].map((one) => labelTarget(one, false))).toEqual(['web-1/app', 'node/node-1']);
  expect(labelTarget(selected, true)).toBe('shop/web-1/app');
  expect(nameFile({ path: 'out', kind: 'svg' }, selected, true)).toBe('out/shop.web-1.app.svg');
  expect(nameFile({ path: 'out', kind: 'text' }, node, false)).toBe('out/node.node-1.txt');
});
