import { describe, expect, test } from '@jest/globals';
import {
  decideSetting,
  type EffectiveSetting,
  isImageOfRelease,
  type SettingSource,
} from './effective-settings.ts';

const config = { image: 'of-all', contexts: { prod: { image: 'of-prod' } } };
const env = { CRASHCART_IMAGE: 'of-env' };

describe('a setting', () => {
  test.each([
    ['of-flag', env, 'prod', { value: 'of-flag', source: 'flag' }],
    [undefined, env, 'prod', { value: 'of-env', source: 'environment' }],
    [undefined, {}, 'prod', { value: 'of-prod', source: 'context' }],
    [undefined, { CRASHCART_IMAGE: '' }, 'prod', { value: 'of-prod', source: 'context' }],
    [undefined, {}, 'test', { value: 'of-all', source: 'config' }],
    [undefined, {}, 'toString', { value: 'of-all', source: 'config' }],
    [undefined, {}, null, { value: 'of-all', source: 'config' }],
  ])(
    'with the flag %s, the environment %j and the context %s is %j',
    (flag, environment, context, decided) => {
      expect(decideSetting('image', flag, environment, config, context)).toEqual(decided);
    },
  );

  test('that nothing sets is none', () => {
    expect(decideSetting('agentNamespace', undefined, env, config, 'prod')).toBeNull();
    expect(decideSetting('image', undefined, {}, null, null)).toBeNull();
  });

  test('that is a list stands in its variable by commas', () => {
    const variables = { CRASHCART_IMAGE_PULL_SECRETS: 'one,two,' };
    expect(decideSetting('imagePullSecrets', undefined, variables, null, null)?.value).toEqual([
      'one',
      'two',
    ]);
  });
});

describe('the image is the release’s own', () => {
  const set = (source: SettingSource): EffectiveSetting => ({ value: 'any', source });

  test.each<[SettingSource | null, SettingSource | null, boolean]>([
    [null, null, true],
    [null, 'config', true],
    ['config', null, false],
    ['config', 'config', false],
    ['config', 'context', true],
    ['config', 'flag', true],
    ['context', 'config', false],
    ['environment', 'context', false],
    ['environment', 'flag', true],
  ])('with an image by %s and a mirror by %s: %s', (image, mirror, expected) => {
    const settings = new Map([
      ...(image === null ? [] : [['image', set(image)] as const]),
      ...(mirror === null ? [] : [['mirror', set(mirror)] as const]),
    ]);
    expect(isImageOfRelease(settings)).toBe(expected);
  });
});
