import { expect, test } from '@jest/globals';
import { VolumeMounts } from './volume-mounts.ts';

const folder = '/pods/7f/volumes';
const disk = `30 1 8:1 / /data/kubelet${folder}/kubernetes.io~csi/pv/mount rw shared:1 - ext4 /dev/sdb rw`;
const secret = `31 1 0:9 / /data/kubelet${folder}/kubernetes.io~secret/key rw - tmpfs tmpfs rw`;
const hostPaths = ['csi/pv/mount', 'secret/key', 'empty-dir/tmp'].map(
  (name) => `/var/lib/kubelet${folder}/kubernetes.io~${name}`,
);

async function watch(before: string[], after: string[]): Promise<boolean> {
  let table = before;
  const mounts = new VolumeMounts(hostPaths, () => Promise.resolve(table.join('\n')));
  await mounts.begin();
  table = after;
  return await mounts.areMounted();
}

test('a disk that the kubelet unmounts is noticed, also where its folder is behind a link', async () => {
  expect(await watch([disk, secret], [disk, secret])).toBe(true);
  expect(await watch([disk, secret], [secret])).toBe(false);
});

test('what is in memory, or was not mounted at the beginning, may go', async () => {
  expect(await watch([disk, secret], [disk])).toBe(true);
  expect(await watch([secret], [])).toBe(true);
});
