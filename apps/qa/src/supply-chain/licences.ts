import { type LockedPackage } from './locked-packages';

/** Licences allowed for shipped packages. These licences only require that their text is included. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
];
/**
 * Licences allowed for development tools. CC-BY-4.0 is the licence of a package with browser data, MPL-2.0
 * that of tools that build or check pages, and are used unchanged.
 */
const ALLOWED_FOR_DEVELOPMENT = [...ALLOWED, 'CC-BY-4.0', 'MPL-2.0', 'Zlib'];

/** `name@version: licence` for each package whose licence is not allowed. */
export function refusedLicences(packages: readonly LockedPackage[]): string[] {
  return packages
    .filter(({ licence, isForDevelopment }) => !isAllowed(licence, isForDevelopment))
    .map(({ name, version, licence }) => `${name}@${version}: ${licence || 'none'}`);
}

/**
 * For OR, at least one operand must be allowed. For AND, all operands must be allowed. If the two are nested,
 * an acceptable expression may be refused, but an unacceptable one is never allowed.
 */
function isAllowed(expression: string, isForDevelopment: boolean): boolean {
  const allowed = isForDevelopment ? ALLOWED_FOR_DEVELOPMENT : ALLOWED;
  return expression
    .split(' AND ')
    .every((part) => part.split(' OR ').some((id) => allowed.includes(id.replaceAll(/[()]/g, ''))));
}
