import { deepFreeze } from './parts/deep-freeze';

/** How a cell is emptied: it stops accepting tenants, then its tenants move to other cells. */
export const CELL_DRAIN_STEPS: readonly string[] = deepFreeze(['close-cell', 'move-tenants']);
