import { expect, test } from '@jest/globals';
import { describeProcesses } from './target-processes.ts';

test('a process is offered by its ID, and processes of one name together', () => {
  const processes = [
    { pid: 1, name: 'tini' },
    { pid: 7, name: 'gunicorn' },
    { pid: 8, name: 'gunicorn' },
  ];
  expect(describeProcesses(processes)).toEqual([
    { value: '1', description: 'tini' },
    { value: '7', description: 'gunicorn' },
    { value: '8', description: 'gunicorn' },
    { value: 'tini', description: '1' },
    { value: 'gunicorn', description: '7 8' },
  ]);
});

test.each(['$(reboot)', '-x', 'two words', '12', '\u001b[2J', 'a;b', '', '../up'])(
  'a name that a shell or --pid would take for something else is not offered: %j',
  (name) => {
    expect(describeProcesses([{ pid: 4, name }])).toEqual([{ value: '4', description: name }]);
  },
);
