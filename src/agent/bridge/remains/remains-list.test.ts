import { describe, expect, test } from '@jest/globals';
import { describeFiles, formatRemains } from './remains-list.ts';

const snapshots = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';
const overlay = (...options: string[]) => ({ type: 'overlay', source: 'overlay', options });
const layersOf = (count: number) =>
  Array.from({ length: count }, (_, index) => `${snapshots}/${index}/fs`).join(':');

describe('the files of a container that has ended', () => {
  test('have its own layer on top, and no layer that could be written to', () => {
    const mount = overlay(
      'index=off',
      `workdir=${snapshots}/9/work`,
      `upperdir=${snapshots}/9/fs`,
      `lowerdir=${snapshots}/4/fs:${snapshots}/3/fs`,
    );
    expect(describeFiles([mount])).toEqual({
      kind: 'overlay',
      folder: snapshots,
      options: 'lowerdir=9/fs:4/fs:3/fs',
      anchor: `${snapshots}/9/fs`,
    });
  });

  test('keep the attributes of a runtime that is not root', () => {
    const mount = overlay('userxattr', `upperdir=${snapshots}/9/fs`, `lowerdir=${snapshots}/4/fs`);
    expect(describeFiles([mount])).toMatchObject({ options: 'lowerdir=9/fs:4/fs,userxattr' });
  });

  test('can have as many layers as an image may have', () => {
    const mount = overlay(`upperdir=${snapshots}/999/fs`, `lowerdir=${layersOf(127)}`);
    expect(describeFiles([mount])).toMatchObject({ kind: 'overlay' });
    expect(() => describeFiles([overlay(`lowerdir=${layersOf(900)}`)])).toThrow('900 layers');
  });

  test('are one folder where there is one layer', () => {
    const bind = { kind: 'bind', folder: `${snapshots}/9/fs`, options: '', anchor: `${snapshots}/9/fs` };
    const options = ['rw', 'rbind'];
    expect(describeFiles([{ type: 'bind', source: `${snapshots}/9/fs`, options }])).toEqual(bind);
    expect(describeFiles([overlay(`lowerdir=${snapshots}/9/fs`)])).toEqual(bind);
  });

  test.each([
    ['nothing', []],
    ['a device', [{ type: 'ext4', source: '/dev/dm-1', options: [] }]],
    ['a path that is not whole', [overlay('upperdir=9/fs', 'lowerdir=4/fs')]],
    ['two mounts', [overlay(), overlay()]],
  ])('can’t be shown when the runtime names %s', (_case, mounts) => {
    expect(() => describeFiles(mounts)).toThrow(expect.objectContaining({ code: 'noRemains' }));
  });
});

test('what is to be mounted is written in fields that no path can end', () => {
  const files = describeFiles([overlay(`upperdir=${snapshots}/9/fs`, `lowerdir=${snapshots}/4/fs`)]);
  const volumes = [{ hostPath: '/var/lib/kubelet/a b', containerPath: '/data' }];
  expect(formatRemains({ files, volumes, logPath: '' }).toString().split('\0')).toEqual([
    ...['overlay', snapshots, 'lowerdir=9/fs:4/fs', '', '/var/lib/kubelet/a b', '/data', ''],
  ]);
});
