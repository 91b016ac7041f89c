import { expect, test } from '@jest/globals';
import { describePlace, parseForwardRule, parseReverseRule } from './forward-rule.ts';

test.each([
  ['80', 80, { host: 'localhost', port: 80 }],
  [':80', 0, { host: 'localhost', port: 80 }],
  ['8080:80', 8080, { host: 'localhost', port: 80 }],
  ['5432:db.shop:5432', 5432, { host: 'db.shop', port: 5432 }],
  ['db:5432', 5432, { host: 'db', port: 5432 }],
  [':10.0.0.1:80', 0, { host: '10.0.0.1', port: 80 }],
  ['9:[fd00::1]:80', 9, { host: 'fd00::1', port: 80 }],
  ['8080:/run/app.sock', 8080, { path: '/run/app.sock' }],
  ['/run/a:b.sock', 0, { path: '/run/a:b.sock' }],
])('%j is forwarded from the port %d to %j', (text, localPort, place) => {
  expect(parseForwardRule(text)).toEqual({ localPort, place });
});

test.each(['', 'http', '80:', '1:2:3:4', '70000', '0', '8080:0', 'a/b:80'])('%j is refused', (text) => {
  expect(() => parseForwardRule(text)).toThrow(`"${text}"`);
});

test.each([
  ['9000', { host: '127.0.0.1', port: 9000 }, { host: '127.0.0.1', port: 9000 }],
  ['9000:3000', { host: '127.0.0.1', port: 9000 }, { host: '127.0.0.1', port: 3000 }],
  ['9000:db:3000', { host: '127.0.0.1', port: 9000 }, { host: 'db', port: 3000 }],
  ['0.0.0.0:9000:3000', { host: '0.0.0.0', port: 9000 }, { host: '127.0.0.1', port: 3000 }],
  ['[::]:9000:[::1]:3000', { host: '::', port: 9000 }, { host: '::1', port: 3000 }],
])('%j leads from the target to this machine', (text, target, local) => {
  expect(parseReverseRule(text)).toEqual({ target, local });
});

test('a place is called what the user calls it', () => {
  const places = ['80', 'db:80', '1:[::1]:80', '1:/run/x'].map((text) => parseForwardRule(text).place);
  expect(places.map(describePlace)).toEqual(['80', 'db:80', '[::1]:80', '/run/x']);
});
