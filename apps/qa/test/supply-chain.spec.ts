import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALL_SCRIPTS } from '../src/supply-chain/install-scripts';
import { refusedLicences } from '../src/supply-chain/licences';
import { ROOT, lockedPackages, readJson } from '../src/supply-chain/locked-packages';
import { type Sbom, shippedSbom } from '../src/supply-chain/sbom';

const packages = lockedPackages();
const shipped = packages.filter((one) => !one.isForDevelopment);

// npm itself is asked.
jest.setTimeout(30_000);

describe('the bill of materials', () => {
  let sbom: Sbom;
  let names: Set<string>;
  beforeAll(async () => {
    sbom = await shippedSbom();
    names = new Set(
      sbom.components.map(({ purl }) => decodeURIComponent(purl).replace(/^pkg:npm\/(.+)@.+$/, '$1')),
    );
  });

  it('is CycloneDX, of this product', () => {
    expect(sbom.bomFormat).toBe('CycloneDX');
    expect(sbom.metadata.component.name).toBe('atlas-planes');
  });

  it('has each package of the lock file that ships, and no other of others', () => {
    const listed = sbom.components.map((one) => one['bom-ref']).filter((ref) => !ref.startsWith('@atlas/'));
    const locked = new Set(shipped.map(({ name, version }) => `${name}@${version}`));
    expect(locked.size).toBeGreaterThan(200);
    expect(listed.sort()).toEqual([...locked].sort());
  });

  it('has version, purl, licence and checksum of each', () => {
    for (const component of sbom.components.filter((one) => !one['bom-ref'].startsWith('@atlas/'))) {
      expect(component).toMatchObject({
        purl: expect.stringMatching(new RegExp(`^pkg:npm/.+@${component.version.replaceAll('+', '%2B')}$`)),
        licenses: [expect.any(Object)],
        hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }],
      });
    }
  });

  it('says what depends on what, among these', () => {
    const known = [sbom.metadata.component, ...sbom.components].map((one) => one['bom-ref']);
    const named = sbom.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
    expect([...new Set(named)].sort()).toEqual([...new Set(known)].sort());
  });

  it.each(['control-plane', 'tenant-plane'])('covers what the bundle of the %s has inside', (app) => {
    const { bundleDependencies: inside } = readJson<{ bundleDependencies: string[] }>(
      `dist/apps/${app}/package.json`,
    );
    expect(inside).toEqual(expect.arrayContaining(['@nestjs/core', 'pg', 'typeorm']));
    expect(inside.filter((name) => !names.has(name))).toEqual([]);
  });

  it('covers what the images copy beside their bundles', () => {
    const dockerfile = readFileSync(join(ROOT, 'docker/control-plane.Dockerfile'), 'utf8');
    const copied = [...dockerfile.matchAll(/ node_modules\/([@\w./-]+)(?= |$)/gm)].map(
      ([, name = '']) => name,
    );
    expect(copied).toContain('sqlite3');
    const isCovered = (name: string): boolean => [...names].some((one) => `${one}/`.startsWith(`${name}/`));
    expect(copied.filter((name) => !name.startsWith('sqlite3/') && !isCovered(name))).toEqual([]);
  });
});

describe('the licences', () => {
  it('are allowed, each', () => {
    expect(refusedLicences(packages)).toEqual([]);
  });

  const withLicence = (licence: string, isForDevelopment = false) => [
    { name: 'x', version: '1.2.3', licence, isForDevelopment, hasInstallScript: false },
  ];

  it.each(['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'UNLICENSED', 'CC-BY-4.0', '(MIT AND Zlib)'])(
    'may not be %s, and the package is named',
    (licence) => {
      expect(refusedLicences(withLicence(licence))).toEqual([`x@1.2.3: ${licence}`]);
    },
  );

  it('may not be missing', () => {
    expect(refusedLicences(withLicence(''))).toEqual(['x@1.2.3: none']);
  });

  it.each(['MIT', '(MIT OR GPL-3.0-only)', '(MIT AND BSD-3-Clause)'])('may be %s', (licence) => {
    expect(refusedLicences(withLicence(licence))).toEqual([]);
  });

  it('of tools may be a few more', () => {
    expect(refusedLicences(withLicence('CC-BY-4.0', true))).toEqual([]);
  });
});

describe('the install scripts', () => {
  it('are those that are named, each with a reason, and no other', () => {
    const found = new Set(packages.filter((one) => one.hasInstallScript).map(({ name }) => name));
    expect([...found].sort()).toEqual(Object.keys(INSTALL_SCRIPTS).sort());
  });

  it('run for those that npm is told of', () => {
    const { allowScripts } = readJson<{ allowScripts: object }>('package.json');
    const runs = Object.entries(INSTALL_SCRIPTS).map(([name, script]) => [name, script.runs]);
    expect(allowScripts).toEqual(Object.fromEntries(runs));
  });
});
