import { readFileSync } from 'node:fs';
import { parseCredential } from '@atlas/service-auth';
import { type TestDatabase } from '@atlas/testing';
import { measured, moreThan, none } from '../figures';
import { type Proof } from '../proof';
import { secretLife } from '../secrets/secret-life';
import { findIn } from '../secrets/spellings';
import { repeatedByThief } from '../secrets/stolen-rows';
import { TenantRows } from '../tenant-rows';

/** A lease says what a tenant may use, and admits nobody. */
function isOfLease(header: string): boolean {
  return Buffer.from(header, 'base64url').toString().includes('"atlas-lease+jwt"');
}

/** Recognises secrets by their format, including secrets that are not on the scenario's list. */
const USABLE: Readonly<Record<string, (text: string) => boolean>> = {
  'a credential': (text) =>
    [...text.matchAll(/\b(atp|ats|aok|aos)_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}/g)].some(
      ([value, prefix]) => parseCredential(prefix as 'atp', value) !== null,
    ),
  "a user's token or a program's key": (text) =>
    /\b(at[a-z]|ads|aga)_[0-9a-f]{8}-[0-9a-f-]{27}_[\w-]{20,}/.test(text),
  'a secret of webhooks': (text) => /whsec_[A-Za-z0-9+/]{20,}/.test(text),
  'a signed token': (text) =>
    [...text.matchAll(/\b(eyJ[\w-]{10,})\.eyJ[\w-]{10,}\.[\w-]{20,}/g)].some(
      ([, header = '']) => !isOfLease(header),
    ),
  'a private key': (text) => /PRIVATE KEY-----|\\?"d\\?":\s*\\?"[\w-]{20,}/.test(text),
  'a database URL with its password': (text) => /postgres(ql)?:\/\/[^\s:/"]+:[^\s@"]+@/.test(text),
};

/**
 * A stolen copy of the databases contains nothing that grants access.
 *
 * The proof searches for the secrets from the same scenario as `redaction`, and for anything that looks like
 * a token, a private key or a database URL with its password. It then does what a thief of the rows could do:
 * start a tenant plane on a copy without the secrets in its environment, forge a session there, and repeat an
 * invitation whose `Idempotency-Key` can be guessed.
 *
 * To see it fail: have the tenant plane's `hashToken` return the token; or in `SealedAnswers`, leave out
 * `revealed(secret)`.
 */
export const proof: Proof = {
  goal:
    'a full dump of both databases, and of their files on SQLite, contains 0 usable tokens, sessions, ' +
    'links, service secrets or passwords',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run(context) {
    const { databases, secrets, tenants, stolen } = await context.once(secretLife);
    const repeat = await repeatedByThief(stolen);
    // If the thief was refused access, the request was not repeated, and the search would prove nothing.
    if ([401, 403, 404].includes(repeat.status)) throw new Error(JSON.stringify(repeat.body));
    const texts: Record<string, string> = {};
    for (const [at, database] of databases.entries())
      Object.assign(texts, await dumpOf(database, ['Control Plane', 'Tenant Plane'][at] ?? ''));
    const found = [
      ...findIn(
        { ...texts, 'the response to a request repeated by the thief': JSON.stringify(repeat.body) },
        secrets,
      ),
      ...Object.entries(texts).flatMap(([where, text]) =>
        Object.entries(USABLE).flatMap(([what, isIn]) => (isIn(text) ? [`${what} in ${where}`] : [])),
      ),
    ];
    // Values that are not secret must be found. Otherwise, the search has looked in the wrong place.
    const missed = tenants.filter(({ slug }) => !Object.values(texts).some((text) => text.includes(slug)));
    const bytes = Object.values(texts).reduce((sum, text) => sum + text.length, 0);
    return [
      measured('secrets', Object.keys(secrets).length),
      measured('secret formats', Object.keys(USABLE).length),
      none('secrets found', found),
      none(
        'tenants missing from the dump',
        missed.map(({ slug }) => slug),
      ),
      moreThan('searched', bytes / 1000, 10, 'kB'),
      measured('tables and files', Object.keys(texts).length),
    ];
  },
};

async function dumpOf(database: TestDatabase, whose: string): Promise<Record<string, string>> {
  const rows = await TenantRows.open(database);
  const dump: Record<string, string> = {};
  try {
    for (const table of await rows.tablesOfAll())
      dump[`${whose}, ${table}`] = (await rows.query(`select * from ${table}`))
        .map((row) => JSON.stringify(row))
        .join('\n');
  } finally {
    await rows.close();
  }
  if (database.driver === 'postgres') return dump;
  // Deleted rows stay in a file until their pages are reused, and the write-ahead log contains every version
  // of a page.
  for (const suffix of ['', '-wal'])
    dump[`${whose}, file${suffix}`] = readFileSync(`${database.url}${suffix}`, 'latin1');
  return dump;
}
