import { expect, test } from '@jest/globals';
import type { Asciicast } from './asciicast.ts';
import { prependOpening } from './cast-opening.ts';

const header = { version: 2 as const, width: 80, height: 24, title: 'shop/web: shell' };
const opening: Asciicast['events'] = [
  [0, 'o', '$ '],
  [0.5, 'o', 'kubectl'],
  [1, 'o', '\r\n'],
];

test('a recording begins with the command line, and its session when its prompt was seen', () => {
  const recorded: Asciicast['events'] = [
    [0.1, 'o', 'a greeting\r\n'],
    [0.2, 'o', 'shop/web #'],
    [0.3, 'o', ' '],
    [1.3, 'o', 'ls'],
  ];
  expect(prependOpening({ events: opening, promptSeconds: 3 }, { header, events: recorded })).toEqual({
    header,
    events: [
      ...opening,
      [2.8, 'o', 'a greeting\r\n'],
      [2.9, 'o', 'shop/web #'],
      [3, 'o', ' '],
      [4, 'o', 'ls'],
    ],
  });
});

test('a recording without a prompt is refused', () => {
  const recorded: Asciicast['events'] = [[0, 'o', 'error\r\n']];
  expect(() => prependOpening({ events: opening, promptSeconds: 3 }, { header, events: recorded })).toThrow(
    'there is no prompt',
  );
});
