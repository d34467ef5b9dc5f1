import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT, lockedPackages } from './locked-packages';

export interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly object[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

interface Dependency {
  readonly ref: string;
  readonly dependsOn: readonly string[];
}

export interface Sbom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
}

const ASK = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];

/**
 * A CycloneDX bill of materials for everything our images may contain, on any platform. npm's own
 * `--omit=dev` would also omit shipped packages that development tools depend on, such as `pg`.
 */
export async function shippedSbom(): Promise<Sbom> {
  const { stdout } = await promisify(execFile)('npm', ASK, { cwd: ROOT, maxBuffer: 2 ** 26 });
  const sbom = JSON.parse(stdout) as Sbom;
  const isLeftOut = isForDevelopmentOnly();
  const { component } = sbom.metadata;
  return {
    ...sbom,
    // npm would use the name of the folder, so the name is set here.
    metadata: {
      ...sbom.metadata,
      component: { ...component, name: component['bom-ref'].split('@')[0] ?? '' },
    },
    components: sbom.components.filter((part) => !isLeftOut(part['bom-ref'])),
    dependencies: sbom.dependencies
      .filter(({ ref }) => !isLeftOut(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => !isLeftOut(other)) })),
  };
}

/**
 * Reports packages that ship but are not listed, that are listed but do not ship, or that are described
 * incompletely.
 */
export function sbomFaults(sbom: Sbom): string[] {
  const listed = sbom.components.filter((one) => !one['bom-ref'].startsWith('@atlas/'));
  const refs = new Set(listed.map((one) => one['bom-ref']));
  const shipped = new Set(
    lockedPackages()
      .filter((one) => !one.isForDevelopment)
      .map(({ name, version }) => `${name}@${version}`),
  );
  const isWhole = ({ version, purl, licenses = [], hashes = [] }: Component): boolean =>
    purl.startsWith('pkg:npm/') &&
    purl.endsWith(`@${version.replaceAll('+', '%2B')}`) &&
    licenses.length === 1 &&
    hashes.some(({ alg, content }) => alg === 'SHA-512' && /^[0-9a-f]{128}$/.test(content));
  return [
    ...[...shipped].filter((ref) => !refs.has(ref)).map((ref) => `${ref} is missing`),
    ...[...refs].filter((ref) => !shipped.has(ref)).map((ref) => `${ref} does not ship`),
    ...listed.filter((one) => !isWhole(one)).map((one) => `${one['bom-ref']} is incomplete`),
  ];
}

function isForDevelopmentOnly(): (ref: string) => boolean {
  const packages = lockedPackages();
  const refs = (isForDevelopment: boolean): Set<string> =>
    new Set(
      packages
        .filter((one) => one.isForDevelopment === isForDevelopment)
        .map(({ name, version }) => `${name}@${version}`),
    );
  const [tools, shipped] = [refs(true), refs(false)];
  return (ref) => tools.has(ref) && !shipped.has(ref);
}
