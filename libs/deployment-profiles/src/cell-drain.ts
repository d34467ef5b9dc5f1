import { deepFreeze } from './parts/deep-freeze';

/** The steps that drain a cell: the cell stops accepting tenants, then its tenants move to other cells. */
export const CELL_DRAIN_STEPS: readonly string[] = deepFreeze(['close-cell', 'move-tenants']);
