import { type RelationshipType } from '@atlas/tenant-api/cmdb';

/** A relationship: `fromId` needs `toId`. */
export interface Edge {
  readonly fromId: string;
  readonly toId: string;
  readonly type: RelationshipType;
  readonly minUp: number | null;
}

export type Impact = 'degraded' | 'down';

/** What an item needs in one way: all of its targets or, with `minUp`, a number of them. */
interface Need {
  readonly itemId: string;
  readonly type: RelationshipType;
  readonly minUp: number | null;
  readonly targets: string[];
}

/** Which items need which others. */
export class NeedGraph {
  private readonly needsOf = new Map<string, Need[]>();
  private readonly needsFor = new Map<string, Need[]>();

  constructor(edges: readonly Edge[]) {
    for (const { fromId, toId, type, minUp } of edges) {
      let need = this.needsOf.get(fromId)?.find((one) => one.type === type);
      if (!need) {
        need = { itemId: fromId, type, minUp, targets: [] };
        add(this.needsOf, fromId, need);
      }
      need.targets.push(toId);
      add(this.needsFor, toId, need);
    }
  }

  /** The distance of every item that is reached from the root within `most` steps, and 0 for the root. */
  distances(root: string, direction: 'dependents' | 'dependencies', most: number): Map<string, number> {
    const distances = new Map([[root, 0]]);
    // Items that are added during the iteration are visited as well.
    for (const [id, distance] of distances) {
      if (distance === most) continue;
      const next =
        direction === 'dependents'
          ? (this.needsFor.get(id) ?? []).map(({ itemId }) => itemId)
          : (this.needsOf.get(id) ?? []).flatMap(({ targets }) => targets);
      for (const one of next) if (!distances.has(one)) distances.set(one, distance + 1);
    }
    return distances;
  }

  /**
   * The items that are not fully up if the item `id` is down. A state only ever becomes worse, so cycles end,
   * and the time grows with the number of relationships.
   */
  impactOf(id: string): ReadonlyMap<string, Impact> {
    const states = new Map<string, Impact>();
    const downTargets = new Map<Need, number>();
    const changes: (readonly [itemId: string, state: Impact])[] = [];
    const worsen = (itemId: string, state: Impact): void => {
      if (states.get(itemId) === 'down' || states.get(itemId) === state) return;
      states.set(itemId, state);
      changes.push([itemId, state]);
    };
    worsen(id, 'down');
    // Grows during the iteration. An item is in it at most once as degraded and once as down.
    for (const [itemId, state] of changes)
      for (const need of this.needsFor.get(itemId) ?? []) {
        if (state === 'down') downTargets.set(need, (downTargets.get(need) ?? 0) + 1);
        worsen(need.itemId, isMet(need, downTargets.get(need) ?? 0) ? 'degraded' : 'down');
      }
    return states;
  }
}

/** Whether the item stays up with this many of its targets down. It cannot need more targets than it has. */
function isMet({ minUp, targets }: Need, down: number): boolean {
  const needed = Math.min(minUp ?? targets.length, targets.length);
  return targets.length - down >= needed;
}

function add(map: Map<string, Need[]>, id: string, need: Need): void {
  const needs = map.get(id);
  if (needs) needs.push(need);
  else map.set(id, [need]);
}
