import { expect, test } from '@jest/globals';
import { readLaneOptions } from './lane-options.ts';

test('without words, all tests run on the oldest kernel, as most distributions set a node up', () => {
  expect(readLaneOptions([])).toEqual({
    kernel: '6.1',
    kernelOptions: [],
    yama: null,
    driver: 'systemd',
    runtime: 'runc',
    keep: false,
    stop: false,
    command: null,
    files: [],
    jestFlags: [],
  });
});

test('files, flags and options of the kernel are told apart', () => {
  const words = [
    '--kernel',
    '6.12',
    '--kernel-option',
    'lockdown=confidentiality',
    '--yama',
    '3',
    'run-a-command',
  ];
  expect(readLaneOptions([...words, '--driver=cgroupfs', '-t', 'a name'])).toMatchObject({
    kernel: '6.12',
    kernelOptions: ['lockdown=confidentiality'],
    yama: 3,
    driver: 'cgroupfs',
    files: ['run-a-command'],
    jestFlags: ['-t', 'a name'],
  });
});

test('what follows -- is a command, with its own flags', () => {
  expect(readLaneOptions(['--keep', '--', 'kubectl', 'get', 'nodes', '--keep'])).toMatchObject({
    keep: true,
    command: ['kubectl', 'get', 'nodes', '--keep'],
  });
});

test.each([[['--kernel', '2.6']], [['--driver', 'none']], [['--yama', '4']], [['--unknown']]])(
  'what is not known is refused: %j',
  (words) => {
    expect(() => readLaneOptions(words)).toThrow(words[0]);
  },
);
