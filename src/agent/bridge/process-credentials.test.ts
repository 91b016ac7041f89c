import { describe, expect, test } from '@jest/globals';
import { parseCredentials, readCredentials } from './process-credentials.ts';

describe('a process’s credentials', () => {
  test('are the effective ones, with all groups', () => {
    const status =
      'Name:\tx\\nUid:\t0\nUmask:\t0022\nUid:\t1\t1000\t3\t4\nGid:\t5\t2000\t7\t8\nFDSize:\t64\nGroups:\t7 9 \nNStgid:\t1\n';
    expect(parseCredentials(status)).toEqual({ uid: 1000, gid: 2000, groups: [7, 9] });
  });

  test('may be without groups', () => {
    expect(parseCredentials('Uid:\t1\t2\t3\t4\nGid:\t1\t2\t3\t4\nGroups:\t \nNStgid:\t1\n')?.groups).toEqual(
      [],
    );
  });

  test('are those of this process, and none of one that is gone', async () => {
    const credentials = await readCredentials(process.pid);
    expect(credentials).toMatchObject({ uid: process.geteuid?.(), gid: process.getegid?.() });
    expect(await readCredentials(2 ** 30)).toBeNull();
  });
});
