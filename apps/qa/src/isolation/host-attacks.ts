import { type Party } from '@atlas/isolation';

/**
 * What a plane that isolates its tenants returns: a refusal, the data of the tenant that signed in, or
 * either.
 */
type Expected = 'refused' | 'own' | 'either';

export interface HostAttack {
  readonly name: string;
  readonly expected: Expected;
  /** The header lines of the request, without the request line. */
  readonly lines: readonly string[];
  /** The request target, if it is not just the path. */
  readonly target?: (path: string) => string;
  readonly version?: '1.0' | '1.1';
}

type Sides = {
  readonly own: Party & { readonly host: string };
  readonly other: Party & { readonly host: string };
};

/**
 * Requests that contradict themselves about which tenant they are for. `own` is the tenant that signed in,
 * and `other` is another tenant that the request names. In the names of the attacks, "ours" refers to `own`
 * and "theirs" to `other`.
 */
export function hostAttacks(sides: Sides): HostAttack[] {
  return [
    ...hosts(sides),
    ...spelledHosts(sides),
    ...requestLines(sides),
    ...forwarded(sides),
    ...tenantHeaders(sides),
    ...cookies(sides),
    ...tokens(sides),
  ];
}

const bearer = ({ session }: Party): string => `Authorization: Bearer ${session}`;
const cookie = (...parties: Party[]): string =>
  `Cookie: ${parties.map(({ session }) => `atlas_session=${session}`).join('; ')}`;
const host = (value: string): string => `Host: ${value}`;

function hosts({ own, other }: Sides): HostAttack[] {
  const attack = (name: string, expected: Expected, ...lines: string[]): HostAttack => ({
    name,
    expected,
    lines: [...lines, bearer(own)],
  });
  return [
    attack('our own host', 'own', host(own.host)),
    attack('their host', 'refused', host(other.host)),
    attack('both hosts, ours first', 'refused', host(own.host), host(other.host)),
    attack('both hosts, theirs first', 'refused', host(other.host), host(own.host)),
    attack('our host twice', 'refused', host(own.host), host(own.host)),
    attack('no host', 'refused'),
    attack('an empty host', 'either', host('')),
    attack('their host folded after ours', 'refused', `${host(own.host)}\r\n ${other.host}`),
    attack('a list of hosts', 'either', host(`${own.host}, ${other.host}`)),
    attack('their host after a tab', 'refused', `Host:\t${other.host}`),
    attack('their host before a space', 'refused', `Host: ${other.host} `),
    attack('their host, space before the colon', 'refused', `Host : ${other.host}`),
  ];
}

/**
 * Variants of the other tenant's host. A variant that is not recognised names no tenant, so the session
 * decides which tenant is meant.
 */
function spelledHosts({ own, other }: Sides): HostAttack[] {
  const [name = '', port = ''] = other.host.split(':');
  const { slug } = other;
  const wide = Buffer.from(
    slug.replace(/[a-z]/, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
  );
  const refused = [
    name.toUpperCase(),
    `${name}.`,
    `${name}.:${port}`,
    `${name}:9`,
    name,
    `${name}:${port}`,
    `${name.toUpperCase()}.:${port}`,
    `${name}:0`,
  ];
  const either = [
    `%${slug.charCodeAt(0).toString(16)}${name.slice(1)}`,
    `${slug}%2elocalhost`,
    `${slug}%00.localhost`,
    `xn--${name}`,
    `${wide.toString('latin1')}.localhost`,
    `${slug}\u00ad.localhost`,
    `${slug}..localhost`,
    `${name}@${own.host}`,
    `${own.host}@${name}`,
    `${name}#${own.host}`,
    `${name}/${own.host}`,
    `${name}\\${own.host}`,
    `deeper.${name}`,
    `${name}.example.com`,
    `${slug}.localhost.localhost`,
    `${name}:${port}:${port}`,
    `${name}:x`,
    `[${name}]`,
    '[::1]',
    '127.0.0.1',
    'localhost',
    '.localhost',
    `.${name}`,
    `_${name}`,
    `${slug}_.localhost`,
    `http://${name}`,
    `"${name}"`,
    `${name};${own.host}`,
    `*.localhost`,
    'www.localhost',
    'null',
    '0',
  ];
  const attack = (expected: Expected) => (spelled: string) => ({
    name: `host ${spelled}`,
    expected,
    lines: [host(spelled), bearer(own)],
  });
  return [...refused.map(attack('refused')), ...either.map(attack('either'))];
}

/** The request line can also name a host (RFC 9112 section 3.2.2). */
function requestLines({ own, other }: Sides): HostAttack[] {
  const attack = (
    name: string,
    target: (path: string) => string,
    at: Party & { host: string },
    expected: Expected,
  ) => ({
    name,
    expected,
    target,
    lines: [host(at.host), bearer(own)],
  });
  return [
    attack('the absolute form of their host', (path) => `http://${other.host}${path}`, own, 'either'),
    attack('the absolute form of our host', (path) => `http://${own.host}${path}`, other, 'refused'),
    attack(
      'the absolute form with a user',
      (path) => `http://${other.host}@${own.host}${path}`,
      own,
      'either',
    ),
    attack('two slashes and their host', (path) => `//${other.host}${path}`, own, 'either'),
    attack('a backslash and their host', (path) => `/\\${other.host}${path}`, own, 'either'),
    attack('two dots and their host', (path) => `/../${other.host}${path}`, own, 'either'),
    attack('their host with the scheme in capitals', (path) => `HTTP://${other.host}${path}`, own, 'either'),
    attack('a fragment', (path) => `${path}#@${other.host}`, own, 'either'),
    { name: 'HTTP/1.0 without a host', expected: 'own', version: '1.0', lines: [bearer(own)] },
    {
      name: 'HTTP/1.0 with their host',
      expected: 'refused',
      version: '1.0',
      lines: [host(other.host), bearer(own)],
    },
  ];
}

const FORWARDING = [
  'X-Forwarded-Host',
  'X-Forwarded-Server',
  'X-Host',
  'X-Original-Host',
  'X-HTTP-Host-Override',
  'X-Real-Host',
  'X-Rewrite-URL',
  'X-Original-URL',
  'Forwarded',
  'X-Tenant',
  'X-Tenant-Slug',
  'Tenant-Id',
  'X_Tenant_Id',
  'Origin',
  'Referer',
  'Via',
  ':authority',
  'X-Forwarded-Prefix',
  'X-Atlas-Tenant',
];

/**
 * Forwarding headers must be ignored: only the Host header counts, since a proxy in front of the plane has
 * already set it.
 */
function forwarded({ own, other }: Sides): HostAttack[] {
  return FORWARDING.flatMap((name) => {
    const value = (at: Party & { host: string }): string =>
      name === 'Forwarded' ? `Forwarded: host=${at.host};proto=https` : `${name}: ${at.host}`;
    const expected = name === ':authority' ? ('refused' as const) : ('own' as const);
    return [
      {
        name: `${name} with their host, sent to ours`,
        expected,
        lines: [host(own.host), value(other), bearer(own)],
      },
      {
        name: `${name} with our host, sent to theirs`,
        expected: 'refused' as const,
        lines: [host(other.host), value(own), bearer(own)],
      },
    ];
  });
}

function tenantHeaders({ own, other }: Sides): HostAttack[] {
  const bare = host('127.0.0.1');
  const named = (...tenants: string[]): string[] => tenants.map((tenant) => `x-tenant-id: ${tenant}`);
  const attack = (name: string, expected: Expected, ...lines: string[]): HostAttack => ({
    name: `x-tenant-id: ${name}`,
    expected,
    lines: [...lines, bearer(own)],
  });
  return [
    ...[own.tenantId, own.slug, own.tenantId.toUpperCase()].map((tenant) =>
      attack(`ours, ${tenant}`, 'own', bare, ...named(tenant)),
    ),
    ...[other.tenantId, other.slug, other.tenantId.toUpperCase(), other.slug.toUpperCase()].flatMap(
      (tenant) => [
        attack(`${tenant} at the bare host`, 'refused', bare, ...named(tenant)),
        attack(`${tenant} at our host`, 'refused', host(own.host), ...named(tenant)),
        attack(`${tenant} at their host`, 'refused', host(other.host), ...named(tenant)),
      ],
    ),
    attack('ours at their host', 'refused', host(other.host), ...named(own.tenantId)),
    attack('both in two lines', 'refused', bare, ...named(own.tenantId, other.tenantId)),
    attack('both in two lines, theirs first', 'refused', bare, ...named(other.tenantId, own.tenantId)),
    attack('both in one line', 'refused', bare, ...named(`${own.tenantId}, ${other.tenantId}`)),
    attack('empty', 'refused', host(own.host), 'x-tenant-id:'),
    attack('a wildcard', 'refused', bare, ...named('%')),
    attack('a quote', 'refused', bare, ...named(`${other.slug}' or '1'='1`)),
    attack('null', 'refused', bare, ...named('null')),
    attack('in braces', 'refused', bare, ...named(`{${other.tenantId}}`)),
    attack('without hyphens', 'refused', bare, ...named(other.tenantId.replaceAll('-', ''))),
  ];
}

/**
 * Cookies that a page of the other tenant can plant in a browser, and cookies that a browser sends if its
 * user is signed in to both tenants.
 */
function cookies({ own, other }: Sides): HostAttack[] {
  const attack = (name: string, expected: Expected, ...lines: string[]): HostAttack => ({
    name: `cookie: ${name}`,
    expected,
    lines,
  });
  const [ours, its] = [host(own.host), host(other.host)];
  const quoted = `Cookie: atlas_session="${own.session}"`;
  return [
    attack('ours at our host', 'own', ours, cookie(own)),
    attack('ours at their host', 'refused', its, cookie(own)),
    attack(
      'ours at their host, claiming to come from their page',
      'refused',
      its,
      cookie(own),
      'Sec-Fetch-Site: same-origin',
    ),
    attack('ours in capitals', 'refused', ours, `Cookie: ATLAS_SESSION=${own.session}`),
    attack('ours in quotes', 'refused', ours, quoted),
    attack('theirs, planted before ours, at our host', 'refused', ours, cookie(other, own)),
    attack('theirs, planted after ours, at our host', 'own', ours, cookie(own, other)),
    attack('theirs, in a second line, at our host', 'own', ours, cookie(own), cookie(other)),
    attack('ours, after theirs in a first line, at our host', 'refused', ours, cookie(other), cookie(own)),
    attack('theirs alone at our host', 'refused', ours, cookie(other)),
    attack('theirs at our host, with our session', 'own', ours, cookie(other), bearer(own)),
    attack('ours at our host, with their session', 'refused', ours, cookie(own), bearer(other)),
    attack('ours at their host, with our session', 'refused', its, cookie(own), bearer(own)),
    attack('theirs at their host, with our session', 'refused', its, cookie(other), bearer(own)),
    attack(
      'theirs at their host, with an invalid session',
      'refused',
      its,
      cookie(other),
      'Authorization: Bearer x',
    ),
    attack(
      'theirs at their host, with another scheme',
      'refused',
      its,
      cookie(other),
      'Authorization: Basic eDp5',
    ),
    attack(
      'ours at our host, naming them in x-tenant-id',
      'refused',
      ours,
      cookie(own),
      `x-tenant-id: ${other.tenantId}`,
    ),
    attack(
      'ours at the bare host, naming them in x-tenant-id',
      'refused',
      host('127.0.0.1'),
      cookie(own),
      `x-tenant-id: ${other.slug}`,
    ),
  ];
}

/** A token contains its tenant's id. The plane must verify the id instead of trusting it. */
function tokens({ own, other }: Sides): HostAttack[] {
  const forged = own.session.replace(own.tenantId, other.tenantId);
  const attack = (name: string, token: string, at: string): HostAttack => ({
    name: `token: ${name}`,
    expected: 'refused',
    lines: [host(at), `Authorization: Bearer ${token}`],
  });
  const shouted = own.session.replace(own.tenantId, own.tenantId.toUpperCase());
  return [
    attack('ours, relabelled as theirs, at their host', forged, other.host),
    attack('ours, relabelled as theirs, at our host', forged, own.host),
    attack('ours, relabelled as theirs, at the bare host', forged, '127.0.0.1'),
    attack('theirs, at our host', other.session, own.host),
    attack('ours in capitals, at their host', shouted, other.host),
    {
      name: 'token: two lines, ours first, at their host',
      expected: 'refused',
      lines: [host(other.host), bearer(own), bearer(other)],
    },
  ];
}
