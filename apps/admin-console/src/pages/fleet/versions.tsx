import { Text } from '@mantine/core';
import { type ControlPlaneSchemas, bodyOf } from '@atlas/web';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api';

type VersionsView = ControlPlaneSchemas['schemas']['VersionsView'];

/** The newest version of planes, and which planes run an older one. */
export const versions = queryOptions({
  // Forgotten with the planes, because an upgrade changes both.
  queryKey: ['planes', 'versions'],
  queryFn: () => bodyOf(api.GET('/api/versions')),
  select: ({ latest, supported_from: oldest, planes }: VersionsView) => ({
    latest,
    oldest,
    enrolled: planes.length,
    behind: new Set(planes.filter(({ behind }) => behind).map(({ tenant_plane_id: id }) => id)),
  }),
  refetchInterval: 30_000,
});

export interface KnownVersions {
  readonly latest: string;
  readonly oldest: string;
  readonly enrolled: number;
  readonly behind: ReadonlySet<string>;
}

/** Whether the fleet is up to date, in a sentence. */
export function Versions({ known }: { readonly known: KnownVersions }) {
  const { latest, oldest, enrolled } = known;
  return (
    <Text size="sm">
      The newest version is {latest}. {enrolled > 0 && `${sentenceOf(known)} `}
      Versions from {oldest} on work with this Control Plane.
    </Text>
  );
}

function sentenceOf({ enrolled, behind: { size: count } }: KnownVersions): string {
  if (count === 0) return 'No plane runs an older one.';
  return `${count} of ${enrolled} enrolled planes ${count === 1 ? 'runs' : 'run'} an older one.`;
}
