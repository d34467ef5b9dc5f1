import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../../../..');

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. Empty if the package does not state a licence. */
  readonly licence: string;
  /** Whether the package is used only for development and is not included in any of our images. */
  readonly isForDevelopment: boolean;
  readonly hasInstallScript: boolean;
}

interface LockEntry {
  readonly name?: string;
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

/** The third-party packages in package-lock.json, for all platforms. */
export function lockedPackages(): LockedPackage[] {
  const { packages } = readJson<{ packages: Record<string, LockEntry> }>('package-lock.json');
  return Object.entries(packages)
    .filter(([path, { link }]) => path.startsWith('node_modules/') && !link)
    .map(([path, entry]) => ({
      name: entry.name ?? path.split('node_modules/').at(-1) ?? '',
      version: entry.version,
      licence: licenceOf(path) ?? entry.license ?? '',
      isForDevelopment: entry.dev === true,
      hasInstallScript: entry.hasInstallScript === true,
    }));
}

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;
}

/**
 * The licence stated by the installed package. Undefined for packages for other platforms, which are not
 * installed.
 */
function licenceOf(path: string): string | undefined {
  const manifest = `${path}/package.json`;
  return existsSync(join(ROOT, manifest)) ? readJson<{ license?: string }>(manifest).license : undefined;
}
