import { type Party } from '@atlas/isolation';

/**
 * How a plane that isolates its tenants answers: it refuses, returns the asking tenant's own data, or either.
 */
type Expected = 'refused' | 'own' | 'either';

export interface HostAttack {
  readonly name: string;
  readonly expected: Expected;
  /** The header lines of the request, without the request line. */
  readonly lines: readonly string[];
  /** Sent instead of the path alone. */
  readonly target?: (path: string) => string;
  readonly version?: '1.0' | '1.1';
}

type Sides = {
  readonly own: Party & { readonly host: string };
  readonly other: Party & { readonly host: string };
};

/**
 * Every way to make contradictory statements about whose request this is. `own` is who signed in, `other`
 * whom it claims to be.
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
    attack('its host', 'refused', host(other.host)),
    attack('both hosts, ours first', 'refused', host(own.host), host(other.host)),
    attack('both hosts, its first', 'refused', host(other.host), host(own.host)),
    attack('our host twice', 'refused', host(own.host), host(own.host)),
    attack('no host', 'refused'),
    attack('an empty host', 'either', host('')),
    attack('its host folded after ours', 'refused', `${host(own.host)}\r\n ${other.host}`),
    attack('a list of hosts', 'either', host(`${own.host}, ${other.host}`)),
    attack('its host after a tab', 'refused', `Host:\t${other.host}`),
    attack('its host before a space', 'refused', `Host: ${other.host} `),
    attack('its host, space before the colon', 'refused', `Host : ${other.host}`),
  ];
}

/** Variants of its host: one that is not recognised names nobody, so our own session decides. */
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

/** The request line may name a host too (RFC 9112 section 3.2.2). */
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
    attack('the absolute form of its host', (path) => `http://${other.host}${path}`, own, 'either'),
    attack('the absolute form of our host', (path) => `http://${own.host}${path}`, other, 'refused'),
    attack(
      'the absolute form with a user',
      (path) => `http://${other.host}@${own.host}${path}`,
      own,
      'either',
    ),
    attack('two slashes and its host', (path) => `//${other.host}${path}`, own, 'either'),
    attack('a backslash and its host', (path) => `/\\${other.host}${path}`, own, 'either'),
    attack('a way up and its host', (path) => `/../${other.host}${path}`, own, 'either'),
    attack('its host with the scheme in capitals', (path) => `HTTP://${other.host}${path}`, own, 'either'),
    attack('a fragment', (path) => `${path}#@${other.host}`, own, 'either'),
    { name: 'HTTP/1.0 without a host', expected: 'own', version: '1.0', lines: [bearer(own)] },
    {
      name: 'HTTP/1.0 with its host',
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

/** Only the Host header counts: a proxy in front has already set it to the tenant's. */
function forwarded({ own, other }: Sides): HostAttack[] {
  return FORWARDING.flatMap((name) => {
    const value = (at: Party & { host: string }): string =>
      name === 'Forwarded' ? `Forwarded: host=${at.host};proto=https` : `${name}: ${at.host}`;
    const expected = name === ':authority' ? ('refused' as const) : ('own' as const);
    return [
      { name: `${name} of its host at ours`, expected, lines: [host(own.host), value(other), bearer(own)] },
      {
        name: `${name} of our host at its`,
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
        attack(`${tenant} at its host`, 'refused', host(other.host), ...named(tenant)),
      ],
    ),
    attack('ours at its host', 'refused', host(other.host), ...named(own.tenantId)),
    attack('both in two lines', 'refused', bare, ...named(own.tenantId, other.tenantId)),
    attack('both in two lines, its first', 'refused', bare, ...named(other.tenantId, own.tenantId)),
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
 * What a page of the other tenant can plant in a browser, and what a browser sends that is signed in to both.
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
    attack('ours at its host', 'refused', its, cookie(own)),
    attack(
      'ours at its host, claiming its page as origin',
      'refused',
      its,
      cookie(own),
      'Sec-Fetch-Site: same-origin',
    ),
    attack('ours in capitals', 'refused', ours, `Cookie: ATLAS_SESSION=${own.session}`),
    attack('ours in quotes', 'refused', ours, quoted),
    attack('its, planted before ours, at our host', 'refused', ours, cookie(other, own)),
    attack('its, planted after ours, at our host', 'own', ours, cookie(own, other)),
    attack('its, in a second line, at our host', 'own', ours, cookie(own), cookie(other)),
    attack('ours, after its in a first line, at our host', 'refused', ours, cookie(other), cookie(own)),
    attack('its alone at our host', 'refused', ours, cookie(other)),
    attack('its at our host, with our session', 'own', ours, cookie(other), bearer(own)),
    attack('ours at our host, with its session', 'refused', ours, cookie(own), bearer(other)),
    attack('ours at its host, with our session', 'refused', its, cookie(own), bearer(own)),
    attack('its at its host, with our session', 'refused', its, cookie(other), bearer(own)),
    attack(
      'its at its host, with an invalid session',
      'refused',
      its,
      cookie(other),
      'Authorization: Bearer x',
    ),
    attack(
      'its at its host, with another scheme',
      'refused',
      its,
      cookie(other),
      'Authorization: Basic eDp5',
    ),
    attack('ours, naming it in x-tenant-id', 'refused', ours, cookie(own), `x-tenant-id: ${other.tenantId}`),
    attack(
      'ours at the bare host, naming it',
      'refused',
      host('127.0.0.1'),
      cookie(own),
      `x-tenant-id: ${other.slug}`,
    ),
  ];
}

/** A token names its tenant; that is verified, not trusted. */
function tokens({ own, other }: Sides): HostAttack[] {
  const forged = own.session.replace(own.tenantId, other.tenantId);
  const attack = (name: string, token: string, at: string): HostAttack => ({
    name: `token: ${name}`,
    expected: 'refused',
    lines: [host(at), `Authorization: Bearer ${token}`],
  });
  const shouted = own.session.replace(own.tenantId, own.tenantId.toUpperCase());
  return [
    attack('ours, relabelled as its, at its host', forged, other.host),
    attack('ours, relabelled as its, at our host', forged, own.host),
    attack('ours, relabelled as its, at the bare host', forged, '127.0.0.1'),
    attack("the other's, at our host", other.session, own.host),
    attack('ours in capitals, at its host', shouted, other.host),
    {
      name: 'token: two lines, ours first, at its host',
      expected: 'refused',
      lines: [host(other.host), bearer(own), bearer(other)],
    },
  ];
}
