import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALL_SCRIPTS } from '../src/supply-chain/install-scripts';
import { refusedLicences } from '../src/supply-chain/licences';
import { ROOT, lockedPackages, readJson } from '../src/supply-chain/locked-packages';
import { type Component, type Sbom, sbomFaults, shippedSbom } from '../src/supply-chain/sbom';
import { type AuditReport, DAYS, WAITING, overdue } from '../src/supply-chain/vulnerabilities';

const packages = lockedPackages();

// Runs npm itself.
jest.setTimeout(30_000);

/**
 * To see these tests fail: remove a line from `ALLOWED` or `INSTALL_SCRIPTS`, or add `--omit=dev` to the `npm
 * sbom` call in sbom.ts.
 */
describe('the bill of materials', () => {
  let sbom: Sbom;
  let names: Set<string>;
  beforeAll(async () => {
    sbom = await shippedSbom();
    names = new Set(
      sbom.components.map(({ purl }) => decodeURIComponent(purl).replace(/^pkg:npm\/(.+)@.+$/, '$1')),
    );
  });

  it('is in CycloneDX format and describes this product', () => {
    expect(sbom.bomFormat).toBe('CycloneDX');
    expect(sbom.metadata.component.name).toBe('atlas-planes');
  });

  it('lists each shipped third-party package with its version, purl, licence and checksum', () => {
    expect(sbom.components.length).toBeGreaterThan(200);
    expect(sbomFaults(sbom)).toEqual([]);
    const [first, second, ...rest] = sbom.components.filter(({ name }) => /^(pg|typeorm|jose)$/.test(name));
    const spoiled = { ...sbom, components: [{ ...second, hashes: [] } as Component, ...rest] };
    expect(sbomFaults(spoiled)).toEqual(
      expect.arrayContaining([`${first?.['bom-ref']} is missing`, `${second?.['bom-ref']} is incomplete`]),
    );
  });

  it('lists the dependencies between the packages', () => {
    const known = [sbom.metadata.component, ...sbom.components].map((one) => one['bom-ref']);
    const named = sbom.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
    expect([...new Set(named)].sort()).toEqual([...new Set(known)].sort());
  });

  it.each(['control-plane', 'tenant-plane'])('covers everything in the bundle of the %s', (app) => {
    const { bundleDependencies: inside } = readJson<{ bundleDependencies: string[] }>(
      `dist/apps/${app}/package.json`,
    );
    expect(inside).toEqual(expect.arrayContaining(['@nestjs/core', 'pg', 'typeorm']));
    expect(inside.filter((name) => !names.has(name))).toEqual([]);
  });

  it('covers the packages that the Dockerfile copies in addition to the bundle', () => {
    const dockerfile = readFileSync(join(ROOT, 'docker/control-plane.Dockerfile'), 'utf8');
    const copied = [...dockerfile.matchAll(/ node_modules\/([@\w./-]+)(?= |$)/gm)].map(
      ([, name = '']) => name,
    );
    expect(copied).toContain('sqlite3');
    const isCovered = (name: string): boolean => [...names].some((one) => `${one}/`.startsWith(`${name}/`));
    expect(copied.filter((name) => !name.startsWith('sqlite3/') && !isCovered(name))).toEqual([]);
  });
});

describe('known vulnerabilities', () => {
  const url = 'https://github.com/advisories/GHSA-xvch-5gv4-984h';
  const advisory = { name: 'minimist', title: 'Prototype Pollution', url, severity: 'critical' } as const;
  const report: AuditReport = {
    vulnerabilities: { minimist: { via: [advisory] }, mkdirp: { via: ['minimist'] } },
  };
  const day = (n: number): Date => new Date(Date.UTC(2026, 0, 1 + n));
  const waiting = { [url]: { since: '2026-01-01', because: 'it gets no external input' } };

  it('block a release unless each is listed as waiting and is within the time allowed', () => {
    const named = [`minimist: critical: Prototype Pollution (${url})`];
    expect(overdue(report, day(0), {})).toEqual(named);
    expect(overdue(report, day(DAYS.critical), waiting)).toEqual([]);
    expect(overdue(report, day(DAYS.critical + 1), waiting)).toEqual(named);
    expect(overdue({ vulnerabilities: {} }, day(0), {})).toEqual([]);
  });

  it('may wait only for a stated reason, and no longer than docs/security-inventory.md allows', () => {
    const text = readFileSync(join(ROOT, 'docs/security-inventory.md'), 'utf8');
    const told = /critical (\d+) days, high (\d+), moderate (\d+), low (\d+)/
      .exec(text)
      ?.slice(1)
      .map(Number);
    expect(told).toEqual([DAYS.critical, DAYS.high, DAYS.moderate, DAYS.low]);
    for (const { since, because } of Object.values(WAITING)) {
      expect(Date.parse(since)).toBeLessThanOrEqual(Date.now());
      expect(because).not.toBe('');
    }
  });
});

describe('licences', () => {
  it('of all installed packages are allowed', () => {
    expect(refusedLicences(packages)).toEqual([]);
  });

  const withLicence = (licence: string, isForDevelopment = false) => [
    { name: 'x', version: '1.2.3', licence, isForDevelopment, hasInstallScript: false },
  ];

  it.each(['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'UNLICENSED', 'CC-BY-4.0', '(MIT AND Zlib)'])(
    'are reported with the name of the package if not allowed: %s',
    (licence) => {
      expect(refusedLicences(withLicence(licence))).toEqual([`x@1.2.3: ${licence}`]);
    },
  );

  it('must be stated by every package', () => {
    expect(refusedLicences(withLicence(''))).toEqual(['x@1.2.3: none']);
  });

  it.each(['MIT', '(MIT OR GPL-3.0-only)', '(MIT AND BSD-3-Clause)'])(
    'are accepted if allowed licences satisfy the expression: %s',
    (licence) => {
      expect(refusedLicences(withLicence(licence))).toEqual([]);
    },
  );

  it('that are refused for shipped packages can be accepted for development tools', () => {
    expect(refusedLicences(withLicence('CC-BY-4.0', true))).toEqual([]);
  });
});

describe('the install scripts', () => {
  it('are exactly those listed in install-scripts.ts', () => {
    const found = new Set(packages.filter((one) => one.hasInstallScript).map(({ name }) => name));
    expect([...found].sort()).toEqual(Object.keys(INSTALL_SCRIPTS).sort());
  });

  it('run only if package.json allows them', () => {
    const { allowScripts } = readJson<{ allowScripts: object }>('package.json');
    const runs = Object.entries(INSTALL_SCRIPTS).map(([name, script]) => [name, script.runs]);
    expect(allowScripts).toEqual(Object.fromEntries(runs));
  });
});
