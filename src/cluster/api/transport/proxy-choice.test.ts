import { describe, expect, test } from '@jest/globals';
import { chooseEnvironmentProxy } from './proxy-choice.ts';

const server = 'https://api.lab.invalid:6443';

function choose(address: string, environment: Record<string, string>): string | null {
  return chooseEnvironmentProxy(new URL(address), environment)?.url.href ?? null;
}

describe('the proxy of the environment', () => {
  test.each<[string, string, Record<string, string>, string | null]>([
    ['HTTPS_PROXY', server, { HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['https_proxy', server, { https_proxy: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['the upper case first', server, { HTTPS_PROXY: 'http://a', https_proxy: 'http://b' }, 'http://a/'],
    ['the lower case beside an empty one', server, { HTTPS_PROXY: '', https_proxy: 'http://b' }, 'http://b/'],
    ['one without a scheme', server, { HTTPS_PROXY: '127.0.0.1:7128' }, 'http://127.0.0.1:7128/'],
    ['a name alone', server, { HTTPS_PROXY: 'proxy' }, 'http://proxy/'],
    ['a SOCKS5 proxy', server, { HTTPS_PROXY: 'socks5://proxy:1080' }, 'socks5://proxy:1080'],
    ['HTTP_PROXY for an http:// server', 'http://api.lab.invalid', { HTTP_PROXY: 'http://p' }, 'http://p/'],
    ['not HTTP_PROXY for an https:// server', server, { HTTP_PROXY: 'http://p' }, null],
    ['not HTTPS_PROXY for an http:// server', 'http://api.lab.invalid', { HTTPS_PROXY: 'http://p' }, null],
    ['not ALL_PROXY', server, { ALL_PROXY: 'http://p', all_proxy: 'http://p' }, null],
    ['not what is not an address', server, { HTTPS_PROXY: 'http://[::' }, null],
    ['not a CGI client’s', 'http://api.lab.invalid', { HTTP_PROXY: 'http://p', REQUEST_METHOD: 'GET' }, null],
    ['not for localhost', 'https://localhost:6443', { HTTPS_PROXY: 'http://p' }, null],
    ['not for a loopback address', 'https://127.1.2.3', { HTTPS_PROXY: 'http://p' }, null],
    ['not for the loopback address of IPv6', 'https://[::1]:6443', { HTTPS_PROXY: 'http://p' }, null],
  ])('is %s', (_case, address, environment, proxy) => {
    expect(choose(address, environment)).toBe(proxy);
  });

  test('is named by its variable', () => {
    const { source } = chooseEnvironmentProxy(new URL(server), { https_proxy: 'http://p' }) ?? {};
    expect(source).toBe('https_proxy');
  });
});

describe('NO_PROXY', () => {
  const isDirect = (address: string, exclusions: string) =>
    choose(address, { HTTPS_PROXY: 'http://proxy', NO_PROXY: exclusions }) === null;

  test.each([
    ['everything', server, '*'],
    ['a name', server, 'api.lab.invalid'],
    ['a name in other letters', server, 'API.Lab.invalid'],
    ['a domain', server, 'lab.invalid'],
    ['a domain with a dot', server, '.lab.invalid'],
    ['a domain with a star', server, '*.lab.invalid'],
    ['a name with its port', server, 'api.lab.invalid:6443'],
    ['a name with the default port', 'https://api.lab.invalid', 'api.lab.invalid:443'],
    ['one of several', server, 'other , api.lab.invalid'],
    ['a CIDR', 'https://10.77.0.1:6443', '10.77.0.0/16'],
    ['an address', 'https://10.77.0.1:6443', '10.77.0.1'],
    ['an address with its port', 'https://10.77.0.1:6443', '10.77.0.1:6443'],
    ['a CIDR of IPv6', 'https://[fd00::1]:6443', 'fd00::/8'],
    ['an address of IPv6', 'https://[fd00::1]:6443', 'fd00::1'],
    ['an address of IPv6 with its port', 'https://[fd00::1]:6443', '[fd00::1]:6443'],
  ])('excludes %s', (_case, address, exclusions) => {
    expect(isDirect(address, exclusions)).toBe(true);
  });

  test.each([
    ['another port', server, 'api.lab.invalid:443'],
    ['a name that only ends alike', 'https://xlab.invalid', 'lab.invalid'],
    ['a domain with a dot for the domain itself', 'https://lab.invalid', '.lab.invalid'],
    ['another network', 'https://10.78.0.1', '10.77.0.0/16'],
    ['a network for a name', server, '0.0.0.0/0'],
    ['an address of the other family', 'https://[fd00::1]', '10.0.0.0/8'],
    ['a prefix that is too long', 'https://10.77.0.1', '10.77.0.1/64'],
    ['nothing', server, ' , '],
    ['a port alone', server, ':6443'],
  ])('does not exclude by %s', (_case, address, exclusions) => {
    expect(isDirect(address, exclusions)).toBe(false);
  });

  test('may be in lower case', () => {
    expect(choose(server, { HTTPS_PROXY: 'http://proxy', no_proxy: 'lab.invalid' })).toBeNull();
  });
});
