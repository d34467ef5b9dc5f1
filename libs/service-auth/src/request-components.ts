import { type SignatureComponent } from './signature-base';

/** The parts of a request that its signature covers. */
export interface RequestParts {
  readonly method: string;
  /** Lower-case host, with the port unless it is the scheme's default. */
  readonly authority: string;
  /** Path and query exactly as in the request line. */
  readonly target: string;
  readonly contentDigest: string;
  readonly tenantId: string | undefined;
}

export const REQUEST_COMPONENTS = ['"@method"', '"@authority"', '"@path"', '"@query"', '"content-digest"'];
export const TENANT_COMPONENT = '"x-tenant-id"';

const METHOD = /^[A-Z]+$/;
const AUTHORITY = /^[\x21-\x7e]+$/;
/** Origin form only: no absolute URL, no `*`, no fragment; non-ASCII must be percent-encoded. */
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e]*$/;
/** A tenant's id or slug. Commas and spaces are not allowed, so two joined values never pass as one. */
const TENANT_ID = /^[0-9A-Za-z._~-]{1,128}$/;

/** Why these parts cannot be signed, or null. The same rules apply to the signer and the verifier. */
export function faultOf(parts: RequestParts): string | null {
  if (!METHOD.test(parts.method)) return 'The method must be in upper case.';
  if (!AUTHORITY.test(parts.authority)) return 'The authority must be host[:port].';
  if (!ORIGIN_FORM.test(parts.target)) {
    return 'The request target must be an ASCII path with an optional query and no fragment.';
  }
  if (parts.tenantId !== undefined && !TENANT_ID.test(parts.tenantId)) {
    return 'The x-tenant-id header must be one tenant id or slug.';
  }
  return null;
}

/**
 * RFC 9421 sections 2.1 and 2.2. Path and query are the bytes of the request line, neither decoded nor
 * normalised.
 */
export function requestComponents(parts: RequestParts): SignatureComponent[] {
  const queryAt = parts.target.indexOf('?');
  const components: SignatureComponent[] = [
    ['"@method"', parts.method],
    ['"@authority"', parts.authority],
    ['"@path"', queryAt < 0 ? parts.target : parts.target.slice(0, queryAt)],
    ['"@query"', queryAt < 0 ? '?' : parts.target.slice(queryAt)],
    ['"content-digest"', parts.contentDigest],
  ];
  if (parts.tenantId !== undefined) components.push([TENANT_COMPONENT, parts.tenantId]);
  return components;
}

/**
 * The authority that signers derive from a public URL: lower case, punycode, without the scheme's default
 * port.
 */
export function authorityOf(publicUrl: string | URL): string {
  return new URL(publicUrl).host;
}
