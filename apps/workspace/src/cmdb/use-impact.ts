import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, every } from '../api';
import { type Depth, type Direction } from './item-search';

const REFRESH_MS = 30_000;
/** How many items the picture shows at most. The list has all. */
export const MOST_NODES = 300;
/** Up to this many items, a picture shows all at once. */
export const FEW = 30;

type Schemas = TenantPlaneSchemas['schemas'];
export type Impact = Schemas['ImpactView'];
export type ImpactedItem = Schemas['ImpactedItemView'];

export function useImpact(id: string, direction: Direction, depth: Depth) {
  return useQuery({
    queryKey: ['items', 'impact', id, direction, depth],
    queryFn: async () => {
      const query = { direction, depth };
      const call = api.GET('/api/cmdb/items/{id}/impact', { params: { path: { id }, query } });
      // With what was asked, because the answer before stays until the next one is here.
      return { impact: await bodyOf(call), direction, depth };
    },
    placeholderData: keepPreviousData,
    // A large answer would cost much, again and again.
    refetchInterval: ({ state }) =>
      (state.data?.impact.items.length ?? 0) <= MOST_NODES && every(REFRESH_MS)(),
  });
}

const itemsOf = (count: number): string => (count === 1 ? '1 item' : `${count} items`);

/** What the picture says, in a sentence. */
export function sentenceOf({ root: { name }, items }: Impact, direction: Direction): string {
  const down = items.filter(({ state }) => state === 'down').length;
  const degraded = items.length - down;
  if (direction === 'dependencies') {
    if (items.length === 0) return `${name} needs no other item.`;
    const takes = `${itemsOf(down)} ${down === 1 ? 'takes' : 'take'} ${name} down`;
    return degraded === 0 ? `${takes}.` : `${takes}, ${degraded} degrade${degraded === 1 ? 's' : ''} it.`;
  }
  if (items.length === 0) return `Nothing else is affected if ${name} is down.`;
  const critical = items.filter(({ criticality }) => criticality === 'high').length;
  const counts = [`${down} down`, ...(degraded > 0 ? [`${degraded} degraded`] : [])].join(', ');
  return `If ${name} is down: ${counts}${critical > 0 ? `, ${critical} of them of high criticality` : ''}.`;
}
