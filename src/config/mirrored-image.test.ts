import { expect, test } from '@jest/globals';
import { mirrorSchema } from './config-schema.ts';
import { nameInMirror } from './mirrored-image.ts';

const digest = `sha256:${'0'.repeat(64)}`;

test.each([
  ['crashcart.dev/agent:0.1.0', 'registry.corp', 'registry.corp/agent:0.1.0'],
  [`crashcart.dev/agent:0.1.0@${digest}`, 'registry.corp/cache', `registry.corp/cache/agent:0.1.0@${digest}`],
  ['ghcr.io/crashcart/agent:1', 'registry.corp:5000/a/b', 'registry.corp:5000/a/b/crashcart/agent:1'],
  ['localhost:5000/agent:1', 'registry.corp', 'registry.corp/agent:1'],
  ['localhost/agent:1', 'registry.corp', 'registry.corp/agent:1'],
  ['crashcart/agent:1', 'registry.corp', 'registry.corp/crashcart/agent:1'],
  ['agent:1', 'registry.corp', 'registry.corp/agent:1'],
])('%s of the mirror %s is %s', (image, mirror, expected) => {
  expect(nameInMirror(image, mirror)).toBe(expected);
});

test.each([
  '',
  'registry.corp',
  'registry.corp:5000',
  'localhost',
  '10.0.0.1:5000/cache',
  'registry.corp/a_b/c-d',
  '[::1]:5000',
])('"%s" can be a mirror', (mirror) => {
  expect(mirrorSchema.parse(mirror)).toBe(mirror);
});

test.each(['https://registry.corp', 'HTTP://registry.corp/cache', 'oci://registry.corp'])(
  '%s is told to be no mirror by its scheme',
  (mirror) => {
    const scheme = mirror.slice(0, mirror.indexOf('://'));
    expect(mirrorSchema.safeParse(mirror).error?.issues).toMatchObject([
      { message: `leave "${scheme}://" off: write it as HOST[:PORT][/PATH]` },
    ]);
  },
);

test.each([
  'cache',
  'team/cache',
  '/cache',
  'registry.corp/',
  'registry.corp//a',
  'registry.corp:port',
  'a b',
  'registry.corp/agent:1',
  'registry.corp/Cache',
  'x@y',
])('"%s" is no mirror', (mirror) => {
  expect(() => mirrorSchema.parse(mirror)).toThrow('not a registry');
});
