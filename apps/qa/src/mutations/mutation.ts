import { type SeededRandom } from '../seeded-random';
import { type SignedRequest } from '../signed-plane';

/**
 * One way to change a signed request. `change` returns null if the request does not have the part to be
 * changed.
 */
export interface Mutation {
  readonly part: string;
  readonly change: (request: SignedRequest, means: Means) => SignedRequest | null;
}

/** Values that a change can use. */
export interface Means {
  readonly random: SeededRandom;
  /** Another request from the same plane. */
  readonly other: SignedRequest;
  /** The key id of another plane. */
  readonly keyId: string;
  /** Another tenant of the same plane. */
  readonly tenantId: string;
  /** Signs the same request with the correct key, but for a different authority. */
  readonly signedFor: (authority: string, request: SignedRequest) => SignedRequest;
}

export type TextChange = (text: string, means: Means) => string;

export const oneCharacter: TextChange = (text, { random }) => random.changed(text);
export const nothing: TextChange = () => '';

export function ofHeader(name: string, how: string, change: TextChange): Mutation {
  return {
    part: `${name}: ${how}`,
    change: (request, means) => {
      const value = request.headers[name];
      return value === undefined ? null : withHeader(request, name, change(value, means));
    },
  };
}

/** Replaces the header with the same header from another request. */
export function ofAnother(name: string): Mutation {
  return ofHeader(name, 'from another request', (_, { other }) => other.headers[name] ?? '');
}

export function withoutHeader(name: string): Mutation {
  return {
    part: `${name}: removed`,
    change: (request) => (request.headers[name] === undefined ? null : without(request, name)),
  };
}

export function withHeader(request: SignedRequest, name: string, value: string): SignedRequest {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

export function without(request: SignedRequest, name: string): SignedRequest {
  const others = Object.entries(request.headers).filter(([other]) => other !== name);
  return { ...request, headers: Object.fromEntries(others) };
}
