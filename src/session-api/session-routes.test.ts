import { describe, expect, test } from '@jest/globals';
import { buildPath, findRoute, sessionRoutes } from './session-routes.ts';

const id = '2f1f6f5e-7c2c-4a2e-9c3b-0f8a4f1c2d3e';

describe('a route', () => {
  test.each(Object.entries(sessionRoutes))(
    'is found by the path that is built from it: %s',
    (name, route) => {
      expect(findRoute(route.method, buildPath(route, id))).toEqual({
        name,
        id: route.path.includes('{id}') ? id : '',
      });
    },
  );

  test('takes parameters into its path, but those that are null', () => {
    expect(buildPath(sessionRoutes.readStdout, id, { client: 'me', from: 0 })).toBe(
      `/v1/sessions/${id}/stdout?client=me&from=0`,
    );
    expect(buildPath(sessionRoutes.readStdout, id, { client: null, from: null })).toBe(
      `/v1/sessions/${id}/stdout`,
    );
  });
});

test.each([
  ['POST', '/v1', '/v1 has GET, not POST'],
  ['PUT', '/v1/node', '/v1/node has GET, not PUT'],
  ['DELETE', '/v1/sessions', '/v1/sessions has GET, not DELETE'],
  ['POST', `/v1/sessions/${id}`, 'has PUT and GET and DELETE, not POST'],
  ['POST', `/v1/sessions/${id}/stdin`, 'has PUT, not POST'],
])('a method that the path does not have is refused: %s %s', (method, path, message) => {
  expect(() => findRoute(method, path)).toThrow(
    expect.objectContaining({ code: 'methodNotAllowed', message: expect.stringContaining(message) }),
  );
});

test.each(['', '/', '//', '/v2', '/v1/', '/v1/sessions/', '/v1/sessions/{id}', `/v1/sessions/${id}/`, '/%'])(
  'an unknown path is not found: "%s"',
  (path) => {
    expect(() => findRoute('GET', path)).toThrow(expect.objectContaining({ code: 'notFound' }));
  },
);
