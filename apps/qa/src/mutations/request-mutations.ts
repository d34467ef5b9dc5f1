import { PLANE_PATHS } from '@atlas/plane-contract';
import { contentDigest } from '@atlas/service-auth';
import { type SeededRandom } from '../seeded-random';
import {
  type Mutation,
  type TextChange,
  nothing,
  ofAnother,
  ofHeader,
  oneCharacter,
  withHeader,
  without,
  withoutHeader,
} from './mutation';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const AUTHORITIES = ['evil.example', 'localhost', '127.0.0.1:1', '127.0.0.2', '[::1]'];

/** Changes to the parts of a request that the signature covers. */
export const REQUEST_MUTATIONS: readonly Mutation[] = [
  {
    part: 'method',
    change: (request, { random }) => {
      const method = random.one(METHODS);
      const body = ['GET', 'HEAD'].includes(method) ? '' : request.body;
      return method === request.method ? null : { ...request, method, body };
    },
  },
  {
    part: 'authority',
    change: (request, { random, signedFor }) => signedFor(random.one(AUTHORITIES), request),
  },
  ofPath('a character', oneCharacter),
  ofPath('an escaped character', (path, { random }) => {
    const at = random.below(path.length);
    return `${path.slice(0, at)}%${path.charCodeAt(at).toString(16)}${path.slice(at + 1)}`;
  }),
  ofPath('another path for planes', (_, { random }) => random.one(Object.values(PLANE_PATHS)).slice(1)),
  ofQuery('a character', oneCharacter),
  ofQuery('an escape', (query) => query.replace('-', '%2D')),
  ofQuery('an extra parameter', (query, { random }) => `${query}&${random.word()}=${random.word()}`),
  ofQuery('a duplicated parameter', (query) => `${query}&${query}`),
  ofQuery('removed', nothing),
  ofBody('a character', (body, { random }) => inText(body, random)),
  ofBody('an extra space', (body) => `${body} `),
  ofBody('from another request', (_, { other }) => other.body),
  ofBody('removed', nothing),
  {
    part: 'body: with a matching digest',
    change: (request, { random }) => {
      if (request.body === '') return null;
      const body = inText(request.body, random);
      return { ...withHeader(request, 'content-digest', contentDigest(body)), body };
    },
  },
  ofHeader('content-digest', 'a character', oneCharacter),
  ofHeader('content-digest', 'another algorithm', (digest) => digest.replace('sha-256', 'sha-512')),
  ofHeader('content-digest', 'an additional one', (digest) => `${digest}, sha-512=:AAAA:`),
  ofAnother('content-digest'),
  withoutHeader('content-digest'),
  ofHeader('x-tenant-id', 'a character', oneCharacter),
  ofHeader('x-tenant-id', 'another tenant', (_, { tenantId }) => tenantId),
  ofHeader('x-tenant-id', 'twice', (tenantId) => `${tenantId}, ${tenantId}`),
  ofHeader('x-tenant-id', 'empty', nothing),
  withoutHeader('x-tenant-id'),
  {
    part: 'x-tenant-id: added',
    change: (request, { tenantId }) =>
      request.headers['x-tenant-id'] === undefined ? withHeader(request, 'x-tenant-id', tenantId) : null,
  },
  {
    part: 'x-tenant-id: removed, also from the components',
    change: (request) => {
      const input = request.headers['signature-input'] ?? '';
      const changed = input.replace(' "x-tenant-id"', '');
      return changed === input
        ? null
        : withHeader(without(request, 'x-tenant-id'), 'signature-input', changed);
    },
  },
];

/** Changes the path after its first slash. */
function ofPath(how: string, change: TextChange): Mutation {
  return {
    part: `path: ${how}`,
    change: (request, means) => {
      const [path = '', ...query] = request.target.slice(1).split('?');
      return { ...request, target: `/${[change(path, means), ...query].join('?')}` };
    },
  };
}

function ofQuery(how: string, change: TextChange): Mutation {
  return {
    part: `query: ${how}`,
    change: (request, means) => {
      const [path, query] = request.target.split('?');
      return query === undefined ? null : { ...request, target: `${path}?${change(query, means)}` };
    },
  };
}

function ofBody(how: string, change: TextChange): Mutation {
  return {
    part: `body: ${how}`,
    change: (request, means) =>
      request.body === '' ? null : { ...request, body: change(request.body, means) },
  };
}

/**
 * Changes one character inside a string, so that the JSON remains valid. Invalid JSON would be refused even
 * with a valid signature.
 */
function inText(json: string, random: SeededRandom): string {
  const text = random.one([...json.matchAll(/"[^"]+"/g)]);
  return (
    json.slice(0, text.index + 1) +
    random.changed(text[0].slice(1, -1)) +
    json.slice(text.index + text[0].length - 1)
  );
}
