import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** So many that a reader takes in the names of a room at a glance. */
const mostSources = 12;

const entries = readdirSync(join(import.meta.dirname, '../../src'), { recursive: true, withFileTypes: true });
const sources = entries.filter(({ name }) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

describe('the rooms of src', () => {
  test('have at most 12 sources at their top, besides tests and rooms in them', () => {
    const rooms = Object.entries(Object.groupBy(sources, ({ parentPath }) => parentPath));

    const full = rooms.filter(([, files = []]) => files.length > mostSources).map(([room]) => room);

    expect(rooms.length).toBeGreaterThan(20);
    expect(full).toEqual([]);
  });

  test('have no two files of one name, so that a name is enough to find a file', () => {
    const files = Object.entries(Object.groupBy(sources, ({ name }) => name));

    const shared = files.filter(([, places = []]) => places.length > 1).map(([name]) => name);

    expect(shared).toEqual([]);
  });
});
