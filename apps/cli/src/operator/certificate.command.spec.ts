import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PublishedKey } from '@atlas/plane-contract';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { atlasWith } from '../../test/program.fixture';
import { RecordingTerminal } from '../../test/recording-terminal.fixture';
import { StubApi } from '../../test/stub-api.fixture';
import { tenantView } from '../../test/views.fixture';
import { runCommandLine } from '../command-line';
import { type CertificateView } from '../control-plane/views';
import { CERTIFICATE } from './certificate.command';
import { REAL_SURROUNDINGS, asCommand } from './operator-command';

const ROUTE = 'GET /api/tenants/tenant-1/deletion-certificate';

describe('a deletion certificate', () => {
  const directory = mkdtempSync(join(tmpdir(), 'atlas-certificate-'));
  let api: StubApi;
  let terminal: RecordingTerminal;
  let sign: (subject: string, typ?: string) => Promise<CertificateView>;
  let key: PublishedKey;

  beforeAll(async () => {
    api = await StubApi.start();
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    key = { kty: 'OKP', ...(await exportJWK(publicKey)), kid: 'deletion-1', purpose: 'deletion_certificate' };
    const facts = { slug: 'acme', rows_removed: { incidents: 3, users: 2, slos: 0 }, backup_erased_at: null };
    sign = async (subject, typ = 'atlas-deletion-certificate+jwt') => {
      const header = { alg: 'EdDSA', typ, kid: 'deletion-1' };
      const jwt = new SignJWT(facts)
        .setProtectedHeader(header)
        .setSubject(subject)
        .setIssuedAt(1_798_000_000);
      const certificate = await jwt.sign(privateKey);
      return { certificate, claims: { ...facts, sub: subject, iat: 1_798_000_000 }, public_key: key };
    };
  });
  beforeEach(() => (terminal = new RecordingTerminal()));
  afterAll(() => {
    api.stop();
    rmSync(directory, { recursive: true });
  });

  const atlas = (view: CertificateView | undefined, ...words: string[]): Promise<number> => {
    const deleted = tenantView({ slug: 'acme', status: 'deleted' });
    api.answers = {
      'GET /api/tenants/acme': [{ body: deleted }],
      ...(view && { [ROUTE]: [{ body: view }] }),
    };
    const env = { ATLAS_URL: api.url, ATLAS_API_KEY: 'aok_key' };
    const surroundings = { ...REAL_SURROUNDINGS, env, directory, timeZone: 'UTC' };
    const program = atlasWith(asCommand(CERTIFICATE, terminal, surroundings));
    return runCommandLine(['certificate', 'acme', ...words], program, terminal);
  };

  it('is shown with its claims and the result of verifying its signature', async () => {
    const view = await sign('tenant-1');
    expect(await atlas(view)).toBe(0);
    expect(terminal.written).toMatch(/rows removed +5 in 2 tables\n/);
    expect(terminal.written).toMatch(/backup erased +there was none\n/);
    expect(terminal.written).toMatch(/signature +valid \(key deletion-1\)\n/);
    expect(terminal.written).toContain(`\n${view.certificate}\n`);
  });

  it('is saved with its key for later verification, unless the file already exists', async () => {
    const view = await sign('tenant-1');
    expect(await atlas(view, '--out', 'acme.json')).toBe(0);
    expect(JSON.parse(readFileSync(join(directory, 'acme.json'), 'utf8'))).toEqual(view);
    expect(await atlas(view, '--out', 'acme.json')).toBe(1);
    expect(terminal.complaints).toBe('acme.json already exists.\nChoose another file.\n');
  });

  it('is printed unchanged with --json', async () => {
    const view = await sign('tenant-1');
    expect(await atlas(view, '--json')).toBe(0);
    expect(JSON.parse(terminal.written)).toEqual(view);
  });

  it.each<[string, () => Promise<CertificateView>]>([
    ['issued for another tenant', () => sign('tenant-2')],
    ['another kind of token', () => sign('tenant-1', 'atlas-signup+jwt')],
    [
      'altered',
      async () => {
        const { certificate, ...rest } = await sign('tenant-1');
        const [header, , signature] = certificate.split('.');
        const [, forged] = (await sign('tenant-1')).certificate.split('.');
        const claims = Buffer.from(forged ?? '', 'base64url')
          .toString()
          .replace('"incidents":3', '"incidents":0');
        return {
          ...rest,
          certificate: [header, Buffer.from(claims).toString('base64url'), signature].join('.'),
        };
      },
    ],
  ])('is reported as invalid if it is %s', async (_, view) => {
    expect(await atlas(await view())).toBe(1);
    expect(terminal.complaints).toMatch(/^The certificate is not valid: /);
  });

  it('is shown as not verified if the Control Plane no longer has the public key', async () => {
    const { certificate, claims } = await sign('tenant-1');
    expect(await atlas({ certificate, claims })).toBe(0);
    expect(terminal.written).toMatch(/signature +not verified: the Control Plane no longer has/);
  });

  it("is reported as missing, with the Control Plane's reason, if it does not exist yet", async () => {
    expect(await atlas(undefined)).toBe(1);
    expect(terminal.complaints).toContain('It does not exist.');
  });
});
