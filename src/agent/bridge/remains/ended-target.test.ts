import { mkdtemp, open, rename, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { HeldRemains } from './ended-target.ts';
import { VolumeMounts } from './volume-mounts.ts';

const target = {
  kind: 'container' as const,
  namespace: 'shop',
  pod: 'web',
  podUID: '7f',
  container: 'app',
  containerID: 'containerd://dead',
  hasEnded: true,
};

test('what is left of a container is there until its topmost layer is removed, whatever that is called', async () => {
  const anchor = await mkdtemp(join(tmpdir(), 'layer-'));
  const files = { kind: 'bind' as const, folder: anchor, options: '' as const, anchor };
  const held = new HeldRemains(
    { files, volumes: [], logPath: '' },
    new VolumeMounts([]),
    await open(anchor, 'r'),
    target,
  );
  try {
    expect(await held.isAlive()).toBe(true);
    // As containerd removes a snapshot.
    await rename(anchor, `${anchor}-rm`);
    await held.check();
    await rmdir(`${anchor}-rm`);
    expect(await held.isAlive()).toBe(false);
    expect(held.endMessage).toContain('what was left of container "app" was removed from the node');
    await expect(held.check()).rejects.toMatchObject({
      code: 'noRemains',
      hint: expect.stringContaining('kubectl logs web -c app -n shop'),
    });
  } finally {
    await held.close();
  }
});
