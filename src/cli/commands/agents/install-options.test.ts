import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../command-line/adapter.ts';
import { listOptions } from '../../command-line/option.ts';
import { readCommand } from '../../options/option-values.ts';
import { installCommand } from './install-command.ts';
import { describePlacement } from './install-options.ts';

function parse(line: string) {
  const raw = parseArguments(line === '' ? [] : line.split(' '), listOptions(installCommand.options));
  return describePlacement(readCommand(installCommand, raw));
}

describe('install', () => {
  test('is for all nodes, whatever their taints, when nothing is said of them', () => {
    expect(parse('')).toMatchObject({ nodeSelector: {}, tolerations: null, priorityClass: null });
  });

  test('takes nodes by their labels', () => {
    expect(parse('--node-selector disk=ssd,node-role.kubernetes.io/worker=').nodeSelector).toEqual({
      disk: 'ssd',
      'node-role.kubernetes.io/worker': '',
    });
    for (const text of ['disk', '=ssd', 'disk=ssd,', 'disk!=ssd', 'disk=a b'.replace(' ', '\t')])
      expect(() => parse(`--node-selector ${text}`)).toThrow('is not a list of labels');
  });

  test('takes taints as kubectl taint writes them', () => {
    const flags = ['gpu', 'gpu=yes', 'gpu=yes:NoSchedule', 'a.b/c:NoExecute'];
    expect(parse(flags.map((taint) => `--toleration ${taint}`).join(' ')).tolerations).toEqual([
      { key: 'gpu', operator: 'Exists' },
      { key: 'gpu', operator: 'Equal', value: 'yes' },
      { key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' },
      { key: 'a.b/c', operator: 'Exists', effect: 'NoExecute' },
    ]);
    for (const text of ['=yes', 'gpu:Never', 'gpu:', ':NoSchedule'])
      expect(() => parse(`--toleration ${text}`)).toThrow('is not a taint');
  });

  test('takes no arguments', () => {
    expect(() => parse('node-1')).toThrow('takes no arguments');
  });
});
