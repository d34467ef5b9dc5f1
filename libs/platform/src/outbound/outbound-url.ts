import { addressNotAllowed } from './outbound.errors';

/**
 * Browsers and Node read numbers such as 0x7f000001 as addresses too, and so does `URL`. Throws
 * `address_not_allowed`.
 */
export function outboundUrl(text: string | URL, base?: URL): URL {
  if (!URL.canParse(String(text), base?.href)) throw addressNotAllowed('This address', 'it is not a URL');
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw addressNotAllowed('This address', 'it must start with http:// or https://');
  if (url.username !== '' || url.password !== '')
    throw addressNotAllowed(url.host, 'a user name or password in the URL is not allowed. Use a header');
  return url;
}
