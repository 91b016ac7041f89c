import { expect, test } from '@jest/globals';
import { parseServerAddress } from './server-address.ts';

test.each([
  ['https://api:6443', 'https://api:6443/'],
  ['https://[::1]:7450', 'https://[::1]:7450/'],
  ['https://rancher/k8s/clusters/c-abc12', 'https://rancher/k8s/clusters/c-abc12/'],
  ['https://rancher/k8s/clusters/c-abc12//', 'https://rancher/k8s/clusters/c-abc12/'],
  ['https://rancher/k8s/clusters/c-abc12?x=1#top', 'https://rancher/k8s/clusters/c-abc12/'],
  ['http://localhost:8080', 'http://localhost:8080/'],
  ['localhost:8080', 'http://localhost:8080/'],
])('the address %s is %s', (address, expected) => {
  expect(parseServerAddress(address, false).href).toBe(expected);
});

test('an address without a scheme is https where TLS is set up', () => {
  expect(parseServerAddress('api:6443', true).href).toBe('https://api:6443/');
});

test.each(['', 'ftp://api', 'https://', 'https://api:port'])('"%s" is refused', (address) => {
  expect(() => parseServerAddress(address, false)).toThrow(/is not the address of an API server/);
});
