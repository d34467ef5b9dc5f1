import { PLANE_PATHS } from '@atlas/plane-contract';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { type PlaneSimulator } from '../plane-simulator.fixture';
import { type RawRequest, answersTo, bytesOf } from '../raw-socket.fixture';

const { report } = PLANE_PATHS;
const PUBLIC_AUTHORITY = '127.0.0.1:4100';
const SELF = '/api/tenant-planes/self';

/** The statuses for requests that are malformed, unauthenticated or sent to an unknown route. */
const REFUSALS = [400, 401, 404, 405, 417];

type Change = (signed: RawRequest) => RawRequest | string;

const sentTo =
  (target: string): Change =>
  (signed) => ({ ...signed, target });
const sentBy =
  (method: string): Change =>
  (signed) => ({ ...signed, method });
const withLines =
  (...lines: string[]): Change =>
  (signed) => ({ ...signed, headers: [...lines, ...signed.headers] });
const withBytes =
  (from: string | RegExp, to: string): Change =>
  (signed) =>
    bytesOf(signed).replace(from, to);
const withHeader =
  (name: string, change: (line: string) => string | string[]): Change =>
  (signed) => ({
    ...signed,
    headers: signed.headers.flatMap((line) => (line.startsWith(`${name}: `) ? change(line) : line)),
  });
const inChunks =
  (...lines: string[]): Change =>
  (signed) => ({
    ...signed,
    headers: [...signed.headers.filter((line) => !line.startsWith('content-length')), ...lines],
    body: `${signed.body.length.toString(16)}\r\n${signed.body}\r\n0\r\n\r\n`,
  });

const twice = (line: string): string[] => [line, line];
const SIGNED_HEADERS = ['signature', 'signature-input', 'content-digest', 'x-tenant-id'];

/** Requests that differ from what was signed, or that two parsers could read differently. */
const ALTERED: readonly [string, Change][] = [
  ['a duplicated leading slash', sentTo(`/${report}`)],
  ['a duplicated inner slash', sentTo(`${SELF}//report`)],
  ['a trailing slash', sentTo(`${report}/`)],
  ['a dot segment', sentTo('/api/./tenant-planes/self/report')],
  ['dot segments that lead back', sentTo(`${SELF}/../self/report`)],
  ['dot segments that lead elsewhere', sentTo(`${SELF}/../..`)],
  ['escaped dot segments', sentTo(`${SELF}/%2e%2e/self/report`)],
  ['an escaped slash', sentTo(`${SELF}%2Freport`)],
  ['an escaped letter', sentTo(`${SELF}/%72eport`)],
  ['an escaped escape', sentTo(`${SELF}/%2572eport`)],
  ['upper case', sentTo(report.toUpperCase())],
  ['backslashes', sentTo(report.replaceAll('/', '\\'))],
  ['a path parameter at the end', sentTo(`${report};a=1`)],
  ['a path parameter in the middle', sentTo(`${SELF};a=1/report`)],
  ['an invalid escape', sentTo(`${report}%zz`)],
  ['an overlong escape', sentTo(`${SELF}%c0%afreport`)],
  ['a query', sentTo(`${report}?a=1`)],
  ['an extra question mark', sentTo(`${report}??`)],
  ['an escaped question mark', sentTo(`${report}%3f`)],
  ['a fragment', sentTo(`${report}#a`)],
  ['an escaped NUL', sentTo(`${report}%00`)],
  ['an escaped space', sentTo(`${report}%20`)],
  ['a NUL', sentTo(`${report}\0`)],
  ['a NUL and another path', sentTo(`${report}\0/../desired-state`)],
  ['a tab', sentTo(`${report}\t`)],
  ['a non-ASCII byte', sentTo(`${report}\xe9`)],
  ['an overlong segment', sentTo(`${SELF}/routes/${'a'.repeat(300)}`)],
  ['the absolute form', sentTo(`http://${PUBLIC_AUTHORITY}${report}`)],
  ['the absolute form with another scheme', sentTo(`https://${PUBLIC_AUTHORITY}${report}`)],
  ['the absolute form with an upper-case scheme', sentTo(`HTTP://${PUBLIC_AUTHORITY}${report}`)],
  ['the absolute form with another host', sentTo(`http://evil.example${report}`)],
  ['the absolute form with a user', sentTo(`http://evil.example@${PUBLIC_AUTHORITY}${report}`)],
  ['the authority form', sentTo(PUBLIC_AUTHORITY)],
  ['an asterisk', sentTo('*')],
  ['no leading slash', sentTo(report.slice(1))],
  ['another plane’s path', sentTo(PLANE_PATHS.enrol)],
  ['an operator’s path', sentTo('/api/tenants/provision')],
  ...['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'post', 'PO ST', 'POST\0'].map(
    (method): [string, Change] => [`the method ${JSON.stringify(method)}`, sentBy(method)],
  ),
  [
    'a method overridden by a header',
    (signed) => withLines('x-http-method-override: POST')(sentBy('PUT')(signed) as RawRequest),
  ],
  ['two Hosts', withLines('host: evil.example')],
  ['two equal Hosts', withLines(`host: ${PUBLIC_AUTHORITY}`)],
  [
    'no Host',
    (signed) => ({ ...signed, headers: signed.headers.filter((line) => !line.startsWith('host')) }),
  ],
  ...SIGNED_HEADERS.flatMap((name): [string, Change][] => [
    [`${name} twice`, withHeader(name, twice)],
    [`another ${name} before it`, withHeader(name, (line) => [`${name}: x`, line])],
    [`another ${name} after it`, withHeader(name, (line) => [line, `${name.toUpperCase()}: x`])],
    [`an empty ${name} after it`, withHeader(name, (line) => [line, `${name}:`])],
    [`${name} folded at the start`, withHeader(name, (line) => line.replace(': ', ':\r\n '))],
    [
      `${name} folded in the middle`,
      withHeader(name, (line) => `${line.slice(0, -3)}\r\n ${line.slice(-3)}`),
    ],
    [`${name} with a space before its colon`, withHeader(name, (line) => line.replace(':', ' :'))],
    [`${name} with a NUL`, withHeader(name, (line) => `${line}\0`)],
    [`${name} with a bare line feed`, withHeader(name, (line) => `${line}\nx: y`)],
    [`${name} left out`, withHeader(name, () => [])],
  ]),
  ...SIGNED_HEADERS.filter((name) => name.includes('-')).map((name): [string, Change] => [
    `${name} with an underscore`,
    withHeader(name, (line) => line.replace(name, name.replaceAll('-', '_'))),
  ]),
  ['lines that end in bare line feeds', (signed) => bytesOf(signed).replaceAll('\r\n', '\n')],
  ['a header line before the request line', (signed) => `x: y\r\n${bytesOf(signed)}`],
  ['a space before the first header', withBytes('\r\n', '\r\n ')],
  ['another HTTP version', withBytes('HTTP/1.1', 'HTTP/1.2')],
  ['a space after the version', withBytes('HTTP/1.1', 'HTTP/1.1 ')],
  ['tabs in the request line', withBytes(/^POST (\S+) /, 'POST\t$1\t')],
  ['a length and chunks', inChunks('content-length: 5', 'transfer-encoding: chunked')],
  ['chunks and a length', inChunks('transfer-encoding: chunked', 'content-length: 5')],
  ['a zero length and chunks', inChunks('content-length: 0', 'transfer-encoding: chunked')],
  ['an unknown transfer coding', withLines('transfer-encoding: xchunked')],
  ['chunks with a second coding', inChunks('transfer-encoding: chunked, identity')],
  ['chunks with a space after the header name', withLines('transfer-encoding : chunked')],
  ['two lengths', withHeader('content-length', twice)],
  ['two lengths that differ', withHeader('content-length', (line) => [line, 'content-length: 1'])],
  ['a list of lengths', withHeader('content-length', (line) => `${line}, 1`)],
  ['a length with a sign', withHeader('content-length', (line) => line.replace(': ', ': +'))],
  ['a length of zero', withHeader('content-length', () => 'content-length: 0')],
  ['an unknown expectation', withLines('expect: a-miracle')],
];

/** Requests that HTTP treats as the same message, or whose additions have no effect. */
const EQUAL: readonly [string, Change][] = [
  ['nothing changed', (signed) => signed],
  ['an empty query (RFC 9421, section 2.2.7)', sentTo(`${report}?`)],
  ['spaces around the target', withBytes(/^POST (\S+) /, 'POST  $1  ')],
  ['another Host', withHeader('host', () => 'host: evil.example')],
  ['an empty Host', withHeader('host', () => 'host:')],
  [
    'headers in upper case',
    (signed) => ({
      ...signed,
      headers: signed.headers.map((line) => line.replace(/^[^:]+/, (name) => name.toUpperCase())),
    }),
  ],
  ...SIGNED_HEADERS.map((name): [string, Change] => [
    `spaces around the value of ${name}`,
    withHeader(name, (line) => `${line.replace(': ', ':\t ')} \t`),
  ]),
  ['a body in chunks', inChunks('transfer-encoding: chunked')],
  [
    'headers that override the method',
    withLines('x-http-method-override: DELETE', 'x-method-override: DELETE', 'x-http-method: DELETE'),
  ],
  [
    'headers that override the path',
    withLines('x-original-url: /api/tenants', 'x-rewrite-url: /api/tenants', 'x-forwarded-prefix: /api'),
  ],
  [
    'headers that override the host',
    withLines('x-forwarded-host: evil.example', 'forwarded: host=evil.example'),
  ],
  ['an upgrade', withLines('upgrade: h2c', 'connection: upgrade')],
];

/** Header lines that could make two parsers disagree on where the request ends. */
const AMBIGUOUS: readonly (readonly string[])[] = [
  ['content-length: 5', 'transfer-encoding: chunked'],
  ['transfer-encoding: chunked', 'content-length: 5'],
  ['transfer-encoding: chunked', 'transfer-encoding: identity'],
  ['transfer-encoding: identity', 'content-length: 5'],
  ['transfer-encoding: xchunked', 'content-length: 5'],
  ['transfer-encoding:\x0bchunked', 'content-length: 5'],
  ['transfer-encoding : chunked', 'content-length: 5'],
  ['x: y', ' transfer-encoding: chunked', 'content-length: 5'],
  ['content-length: 5', 'content-length: 6'],
  ['content-length: 5, 5'],
];

/** Paths that are signed exactly as sent, so that only the router decides whether they exist. */
const SPELLED: readonly [string, number][] = [
  [report, 200],
  [`${report}?`, 200],
  // The same path in another spelling (RFC 3986, section 6.2.2.2).
  [`${SELF}/%72eport`, 200],
  [`/%61pi/tenant-planes/self/report`, 200],
  [`/${report}`, 404],
  [`${SELF}//report`, 404],
  [`${report}/`, 404],
  ['/api/./tenant-planes/self/report', 404],
  [`${SELF}/../self/report`, 404],
  [`${SELF}/desired-state/../report`, 404],
  [`${SELF}/%2e%2e/self/report`, 404],
  [`${SELF}%2Freport`, 404],
  [`${SELF}/%2572eport`, 404],
  [`${report};a=1`, 404],
  [`${SELF};a=1/report`, 404],
  [`${report}%00`, 404],
  [`${report}%20`, 404],
  [`${report}%3f`, 404],
  [`${report}%23a`, 404],
  [report.toUpperCase(), 404],
  [`${SELF}\\report`, 404],
  [`${report}%zz`, 400],
  [`${SELF}%c0%afreport`, 400],
  [`${report}??`, 400],
  [`${report}?a[b]=1`, 400],
  [`${report}?tenant_plane_id=%00`, 400],
];

describe.each(EVERY_DATABASE)('a signed call sent as raw bytes on %s', (driver) => {
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  let tenantId: string;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    cell = await plane.enrolledCell();
    tenantId = (await plane.provision()).body.tenant.id;
    await cell.serve(tenantId);
    const isActive = async () => (await plane.get(`/api/tenants/${tenantId}`)).body.status === 'active';
    await eventually(isActive, { what: 'the tenant is active, and no work remains' });
  });
  afterAll(() => plane.close());

  /** A signed report. The plane's row shows whether it was accepted. */
  function signed(target: string = report): RawRequest & { readonly sequence: number } {
    const sequence = (cell.sequence += 1);
    const facts = { revision: 'none.0', version: '0.1.0', sequence, link_id: cell.linkId };
    const body = JSON.stringify({ ...facts, tenants: [], usage: {}, health: {} });
    const queryAt = target.indexOf('?');
    const [pathname, search] = queryAt < 0 ? [target, ''] : [target.slice(0, queryAt), target.slice(queryAt)];
    // A URL object would normalise the path.
    const url = { host: PUBLIC_AUTHORITY, pathname, search } as URL;
    const headers = cell.sign({ method: 'POST', path: report, text: body, signed: { url, tenantId } });
    return {
      method: 'POST',
      target,
      sequence,
      body,
      headers: [
        `host: ${PUBLIC_AUTHORITY}`,
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        'content-type: application/json',
        `content-length: ${body.length}`,
        'connection: close',
      ],
    };
  }

  const send = (request: RawRequest | string) =>
    answersTo(plane.url, typeof request === 'string' ? request : bytesOf(request));

  /** Everything that a call could have changed. */
  const state = async () => ({
    planes: await plane.rows(TenantPlane),
    audited: await plane.count(AuditEvent),
    jobs: await plane.count(ProvisioningJob),
  });
  const lastSequence = async () => (await plane.rows(TenantPlane, { id: cell.id }))[0]?.sequence;

  it.each(ALTERED)(
    'is refused with %s, has no effect, and is still accepted afterwards if sent as signed',
    async (_, change) => {
      const request = signed();
      const before = await state();
      const answers = await send(change(request));
      expect(REFUSALS).toContain(answers[0]?.status);
      expect(answers).toHaveLength(1);
      expect(await state()).toEqual(before);
      expect(await send(request)).toMatchObject([{ status: 200, body: '{"usage_counted":true}' }]);
    },
  );

  it.each(EQUAL)('is accepted with %s', async (_, change) => {
    const request = signed();
    expect(await send(change(request))).toMatchObject([{ status: 200, body: '{"usage_counted":true}' }]);
    expect(await lastSequence()).toBe(request.sequence);
    expect(await send(request)).toMatchObject([{ status: 401 }]);
  });

  it.each(SPELLED)('with the signed target %s gets status %s', async (target, status) => {
    const request = signed(target);
    const before = await state();
    expect(await send(request)).toMatchObject([{ status }]);
    if (status === 200) expect(await lastSequence()).toBe(request.sequence);
    else expect(await state()).toEqual(before);
  });

  it.each(AMBIGUOUS.map((lines) => [lines.join(', '), lines] as const))(
    'cannot be smuggled in behind a request with ambiguous headers: %s',
    async (_, lines) => {
      const [hidden, before] = [signed(), await state()];
      const outer = { method: 'POST', target: report, headers: ['host: x', ...lines], body: '0\r\n\r\n' };
      expect(await send(bytesOf(outer) + bytesOf(hidden))).toMatchObject([{ status: 400 }]);
      expect(await state()).toEqual(before);
      expect(await send(hidden)).toMatchObject([{ status: 200 }]);
    },
  );

  it('is checked separately from other calls on the same connection', async () => {
    const kept = (request: RawRequest): RawRequest => ({
      ...request,
      headers: request.headers.filter((line) => line !== 'connection: close'),
    });
    const [refused, taken, last] = [signed(`${report}?a=1`), signed(), signed()];
    const requests = [kept({ ...refused, target: report }), kept(taken), last];
    const answers = await send(requests.map(bytesOf).join(''));
    expect(answers.map(({ status }) => status)).toEqual([401, 200, 200]);
    expect(await lastSequence()).toBe(last.sequence);
  });
});
