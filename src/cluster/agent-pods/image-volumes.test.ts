import { describe, expect, test } from '@jest/globals';
import { hasImageVolume, isVolumeRefused } from './image-volumes.ts';

const jobWith = (volumes: object[] | undefined) => ({ spec: { template: { spec: { volumes } } } });

describe('a cluster has image volumes', () => {
  test('when it keeps the image of the volume, and not when it makes an empty folder of it', () => {
    expect(hasImageVolume(jobWith([{ name: 'toolbox', image: { reference: 'a' } }]))).toBe(true);
    expect(hasImageVolume(jobWith([{ name: 'toolbox', emptyDir: {} }]))).toBe(false);
    expect(hasImageVolume(jobWith([{ name: 'other', image: { reference: 'a' } }]))).toBe(false);
    expect(hasImageVolume(jobWith(undefined))).toBe(false);
  });

  test('not when it misses the type of the volume; other refusals say nothing of that', () => {
    const message =
      'Job.batch "a" is invalid: spec.template.spec.volumes[0]: Required value: must specify a volume type';
    expect(isVolumeRefused({ status: 422, message })).toBe(true);
    expect(isVolumeRefused({ status: 403, message: 'exceeded quota' })).toBe(false);
    expect(isVolumeRefused({ status: 409, message: 'jobs "a" already exists' })).toBe(false);
  });
});
