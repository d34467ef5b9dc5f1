import { oneOf, textOf } from '@atlas/web';
import { CRITICALITIES, type Criticality, ITEM_STATUSES, type ItemStatus } from './item';

/** What the address of the list says. */
export interface ItemSearch {
  /** Text in the name or the key. */
  readonly q?: string;
  readonly type?: string;
  /** Not `status`, which the incidents have in their address. */
  readonly state?: ItemStatus;
  readonly criticality?: Criticality;
  readonly archived?: true;
}

export function itemSearchOf(search: Readonly<Record<string, unknown>>): ItemSearch {
  return {
    q: textOf(search['q']),
    type: textOf(search['type']),
    state: oneOf(ITEM_STATUSES, search['state']),
    criticality: oneOf(CRITICALITIES, search['criticality']),
    archived: search['archived'] === true || undefined,
  };
}

export const DIRECTIONS = ['dependents', 'dependencies'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export const DEPTHS = [1, 2, 3, 5, 20] as const;
export type Depth = (typeof DEPTHS)[number];
/** As far as the plane looks. */
export const FARTHEST: Depth = 20;
/** Where a picture of many items ends, unless somebody wants more. */
export const NEAR: Depth = 3;

/** What the address of an item says about its map. */
export interface MapSearch {
  readonly direction?: Direction;
  readonly depth?: Depth;
  /** The item that the map is drawn from, if it is another one. */
  readonly around?: string;
}

export function mapSearchOf({ direction, depth, around }: Readonly<Record<string, unknown>>): MapSearch {
  return {
    direction: oneOf(DIRECTIONS, direction),
    depth: DEPTHS.find((one) => one === depth),
    around: typeof around === 'string' ? around : undefined,
  };
}
