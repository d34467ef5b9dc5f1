import { type LockedPackage } from './locked-packages';

/** Those of what ships: they ask for their text to go along, and for nothing else. */
const ALLOWED = [
  ...[
    '0BSD',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'BlueOak-1.0.0',
    'ISC',
    'MIT',
    'MIT-0',
    'Python-2.0',
  ],
];
/** Those of tools, too. CC-BY-4.0: data on browsers. */
const ALLOWED_FOR_DEVELOPMENT = [...ALLOWED, 'CC-BY-4.0', 'Zlib'];

/** `name@version: licence` of each package whose licence is not allowed. */
export function refusedLicences(packages: readonly LockedPackage[]): string[] {
  return packages
    .filter(({ licence, isForDevelopment }) => !isAllowed(licence, isForDevelopment))
    .map(({ name, version, licence }) => `${name}@${version}: ${licence || 'none'}`);
}

/** Of alternatives one has to be allowed, of what holds together all. What is nested deeper is refused rather than allowed. */
function isAllowed(expression: string, isForDevelopment: boolean): boolean {
  const allowed = isForDevelopment ? ALLOWED_FOR_DEVELOPMENT : ALLOWED;
  return expression
    .split(' AND ')
    .every((part) => part.split(' OR ').some((id) => allowed.includes(id.replaceAll(/[()]/g, ''))));
}
