import { authorityOf } from './request-components';

describe(authorityOf.name, () => {
  it.each([
    ['https://cp.example.com', 'cp.example.com'],
    ['https://CP.Example.com:443/base/', 'cp.example.com'],
    ['http://127.0.0.1:4100', '127.0.0.1:4100'],
    ['http://cp.example.com:443', 'cp.example.com:443'],
    ['https://[::1]:4100', '[::1]:4100'],
    ['https://münchen.example', 'xn--mnchen-3ya.example'],
  ])('given %s, returns the authority %s', (url, authority) => {
    expect(authorityOf(url)).toBe(authority);
    expect(authorityOf(new URL(url))).toBe(authority);
  });
});
