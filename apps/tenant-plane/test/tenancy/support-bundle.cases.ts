import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@atlas/platform';
import { mintCredential } from '@atlas/service-auth';
import { EVERY_DATABASE, asAdmin, testServerUrl } from '@atlas/testing';
import { EgressLedger } from '../../src/egress/egress-ledger';
import { sealKept } from '../../src/plane-identity/known-secrets';
import { Redactor } from '../../src/support/redactor';
import { collectSupport, writeSupportBundle } from '../../src/support/support-bundle';
import { SUPPORT_ITEMS } from '../../src/support/support-items';
import { Link } from '../linked-plane.fixture';
import {
  type CallOptions,
  type TestTenantPlane,
  environmentFor,
  hostOf,
  tenantEntry,
} from '../tenant-plane.fixture';

const NAMES = ['manifest', ...SUPPORT_ITEMS.map(({ name }) => name)];
/** Planted in the environment, in the log and in the database. None may be in a bundle. */
const CANARIES = {
  metrics: 'canary-metrics-token-0123456789',
  smtp: 'canary-smtp-pass',
  other: 'canary-of-another-program',
  title: 'canary-title-of-an-incident',
  user: 'canary-user',
  password: 'canary correct horse battery',
  ip: '203.0.113.77',
};

/**
 * To see it fail: in `Redactor.text`, leave out the known values, or any of the patterns; in
 * `collected`, leave out `isLeaking`, or redact no problem.
 */
describe.each(EVERY_DATABASE)('a support bundle of a running plane, on %s', (driver) => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-support-'));
  const rotated = mintCredential('ats').value.reveal();
  let link: Link;
  let plane: TestTenantPlane;
  let admin: CallOptions;
  let env: NodeJS.ProcessEnv;
  const tenant = tenantEntry('acme');

  beforeAll(async () => {
    link = await Link.create(driver);
    link.control.model = 'on_prem';
    link.control.wanted.put({ ...tenant, admin_email: 'canary-admin@acme.example' });
    const own = {
      METRICS_TOKEN: CANARIES.metrics,
      SMTP_URL: `smtp://mailer:${CANARIES.smtp}@127.0.0.1:1`,
      MAIL_FROM: 'Atlas <canary-from@acme.example>',
      OTHER_PROGRAM_PASSWORD: CANARIES.other,
    };
    plane = await link.startPlane(own);
    await link.reported(tenant.tenant_id);
    const email = `${CANARIES.user}@acme.example`;
    admin = { session: (await plane.user(tenant, 'admin', { email })).session, host: hostOf('acme') };
    await plane.post('/api/incidents', { title: CANARIES.title, severity: 'P2' }, admin).expect(201);
    await plane.app.get(EgressLedger).flush();
    const { identities } = plane;
    const sealed = sealKept([new Secret(rotated)], new Secret(link.control.secret), identities.current);
    await identities.update({ serviceSecretsSealed: sealed });
    env = { ...environmentFor(plane.database), ...link.control.env, ...own };
    const lines = [
      {
        level: 'info',
        msg: `sent to ${email} from ${CANARIES.ip}`,
        authorization: `Bearer ${admin.session}`,
      },
      { level: 'info', msg: `the value ${CANARIES.metrics} was given` },
      { level: 'error', msg: `password=${CANARIES.smtp} ${link.control.secret} ${rotated}` },
      { level: 'error', msg: `cannot connect to ${plane.database.url}`, token: link.control.token },
    ];
    writeFileSync(join(folder, 'plane.log'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
  afterAll(async () => {
    await link.close();
    rmSync(folder, { recursive: true });
  });

  const unpacked = async (request: Partial<Parameters<typeof collectSupport>[0]> = {}) => {
    const now = new Date();
    const items = await collectSupport({ env, now, logFile: join(folder, 'plane.log'), ...request });
    const file = join(folder, 'bundle.tar.gz');
    writeSupportBundle(file, items, now);
    const target = mkdtempSync(join(folder, 'unpacked-'));
    expect(spawnSync('tar', ['-xzf', file, '-C', target]).status).toBe(0);
    const files = readdirSync(join(target, 'atlas-support'));
    const texts = files.map((name) => [
      name.replace(/\.\w+$/, ''),
      readFileSync(join(target, 'atlas-support', name), 'utf8'),
    ]);
    return { items, mode: statSync(file).mode & 0o777, texts: Object.fromEntries(texts) };
  };

  it('contains every item, and is readable only by its owner', async () => {
    const { items, mode, texts } = await unpacked();
    expect([Object.keys(texts).sort(), mode]).toEqual([[...NAMES].sort(), 0o600]);
    expect(items.filter(({ problem }) => problem !== undefined)).toEqual([]);
    const of = (name: string) => JSON.parse(texts[name] ?? '');
    expect(of('status')).toMatchObject({ enrolled: true, tenants: [{ slug: 'acme' }] });
    expect(of('migrations')).toMatchObject({ lacking: [], unknown: [] });
    expect(Object.keys(of('rows').tables)).toEqual(expect.arrayContaining(['incidents', 'users']));
    expect(of('work')).toMatchObject({ mails_waiting: 0, entries_unreported: 0 });
    expect(of('ledger').last_24_hours).toContainEqual(expect.objectContaining({ class: 'plane_report' }));
    expect(of('database')).toMatchObject({ driver, version: expect.any(String) });
    expect(of('configuration')).toMatchObject({
      ATLAS_PROVISIONING_TOKEN: { set: true, characters: link.control.token.length },
      CONTROL_PLANE_BASE_URL: { set: true, value: link.control.url },
    });
    expect(of('outage-contract').capabilities).toHaveLength(11);
    expect(texts['log']).toContain('sent to [email');
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('contains nothing of what is planted in the environment, the log and the database', async () => {
    const { texts } = await unpacked();
    expect(texts['log']).toContain('the value [secret METRICS_TOKEN] was given');
    const all = Object.values(texts).join('\n');
    const { control } = link;
    const secrets = [control.secret, control.token, rotated, admin.session ?? '', plane.database.url];
    for (const canary of [...Object.values(CANARIES), ...secrets, 'acme.example', 'canary'])
      expect([canary, all.includes(canary)]).toEqual([canary, false]);
  });

  it('leaves out what the operator does not want to send, and refuses items that do not exist', async () => {
    const { texts } = await unpacked({ leaveOut: ['log', 'machine'] });
    expect(Object.keys(texts).sort()).toEqual(NAMES.filter((name) => !/log|machine/.test(name)).sort());
    expect(JSON.parse(texts['manifest'] ?? '').left_out).toEqual(['log', 'machine']);
    await expect(unpacked({ leaveOut: ['logs'] })).rejects.toThrow('The items are: version,');
  });

  it('contains no part of a key or a cookie whose beginning the end of the log lacks', async () => {
    const key = ['-----BEGIN PRIVATE KEY-----', ...Array(1999).fill('Y2FuYXJ5'), '-----END PRIVATE KEY-----'];
    const logFile = join(folder, 'key.log');
    writeFileSync(logFile, [...key, 'cookie: a=canary1; b=canary2', 'later', ''].join('\n'));
    const { texts } = await unpacked({ logFile });
    expect(texts['log']).toBe('[key]\ncookie: [secret]\nlater\n');
    // The end of a log that has become longer than what is read of it.
    writeFileSync(logFile, [...key.slice(1), 'later', ''].join('\n'));
    expect((await unpacked({ logFile })).texts['log']).toBe('[key]\nlater\n');
  });

  it('contains neither the passphrase of backups nor that of an identity file', async () => {
    const passphrase = 'canary twelve words';
    const logFile = join(folder, 'passphrase.log');
    writeFileSync(logFile, `tried ${passphrase} twice\n`);
    const { texts } = await unpacked({ env: { ...env, ATLAS_BACKUP_PASSPHRASE: passphrase }, logFile });
    expect(texts['log']).toBe('tried [secret ATLAS_BACKUP_PASSPHRASE] twice\n');
    expect(Object.values(texts).join()).not.toContain(passphrase);
  });

  it('names the tenants unless the operator hides them', async () => {
    const logFile = join(folder, 'tenants.log');
    writeFileSync(logFile, 'acme.example.com was asked\n');
    const shown = await unpacked({ logFile });
    expect(JSON.parse(shown.texts['status'] ?? '').tenants).toMatchObject([{ slug: 'acme' }]);
    const { texts } = await unpacked({ logFile, hidesTenants: true });
    expect(JSON.parse(texts['status'] ?? '').tenants).toMatchObject([{ slug: '[tenant 1]' }]);
    expect(texts['log']).toBe('[tenant 1].example.com was asked\n');
    expect(Object.values(texts).join()).not.toMatch(/\bacme\b/i);
  });

  it.each([
    ['outgoing_mails', ['work']],
    ['plane_identity', ['status', 'migrations', 'rows', 'work', 'entitlements', 'ledger', 'database']],
  ])('is whole but for what a query on %s hangs for', async (table, hanging) => {
    if (driver !== 'postgres') return;
    const own = new URL(new URL(plane.database.url).pathname, testServerUrl()).toString();
    await asAdmin(own, async (client) => {
      await client.query('begin');
      await client.query(`lock table ${table} in access exclusive mode`);
      const { items } = await unpacked({ limitMs: 2000 });
      await client.query('rollback');
      const late = items.filter(({ problem }) => problem?.includes('within 2 s'));
      expect(late.map(({ name }) => name)).toEqual(expect.arrayContaining(hanging.slice(0, 1)));
      const names = items.filter(({ problem }) => problem !== undefined).map(({ name }) => name);
      expect(hanging).toEqual(expect.arrayContaining(names.filter((name) => name !== 'preflight')));
      expect(items.find(({ name }) => name === 'log')?.content).toContain('was given');
    });
  });

  it('says why an item is lacking, if the database and the Control Plane cannot be reached', async () => {
    const url = 'postgres://atlas:canary-pw@127.0.0.1:1/atlas';
    const broken = {
      ...env,
      TENANT_PLANE_DATABASE_URL: url,
      CONTROL_PLANE_BASE_URL: 'http://127.0.0.1:1',
      ATLAS_TP_DEPLOYMENT: 'on_prem',
    };
    const logFile = join(folder, `${CANARIES.user}@acme.example`);
    const { items, texts } = await unpacked({ env: broken, logFile });
    const lacking = items.filter(({ problem }) => problem !== undefined).map(({ name }) => name);
    const ofDatabase = ['migrations', 'rows', 'work', 'entitlements', 'ledger', 'database'];
    expect(lacking).toEqual(expect.arrayContaining(['status', 'log', ...ofDatabase]));
    expect(JSON.parse(texts['preflight'] ?? '').ok).toBe(false);
    expect(JSON.parse(texts['rows'] ?? '').not_read).toContain('ECONNREFUSED');
    expect(JSON.parse(texts['log'] ?? '').not_read).toContain('ENOENT');
    for (const canary of ['canary-pw', CANARIES.user])
      expect(Object.values(texts).join()).not.toContain(canary);
  });

  it('is written even if the environment is invalid', async () => {
    const { texts } = await unpacked({ env: { ...env, CONTROL_PLANE_BASE_URL: 'nowhere' } });
    expect(texts['preflight']).toContain('CONTROL_PLANE_BASE_URL must be the http(s) URL');
    expect(JSON.parse(texts['status'] ?? '').not_read).toContain('CONTROL_PLANE_BASE_URL');
    expect(Object.values(texts).join()).not.toContain(link.control.secret);
  });

  it('withholds an item in which a secret is left', async () => {
    jest.spyOn(Redactor.prototype, 'text').mockImplementation((text) => text);
    const { texts } = await unpacked();
    jest.restoreAllMocks();
    expect(texts['log']).toContain('left out');
    expect(Object.values(texts).join()).not.toContain(link.control.secret);
  });
});
