import { BooleanInText, Optional, type Page, PageQuery } from '@atlas/platform';
import { IsBoolean } from 'class-validator';

/** Differences between the records and what exists, and the keys that seal secrets. */
export interface ReconciliationApi {
  /** List drifts: differences between the records and what exists */
  'GET /api/drifts': { query: ListDriftsQuery; 200: Page<DriftView> };
  /**
   * Compare the records with what exists now, and repair whatever can be repaired without losing data. If
   * there is much to compare, the response is 202 with the pass that is running
   */
  'POST /api/reconcile': { 200: Look; 202: ReconcilePassView };
  /** Show the newest pass: a comparison of everything that takes longer than a request */
  'GET /api/reconcile': { 200: ReconciliationView };
  /** List the keys that seal secrets, and how many values each seals */
  'GET /api/sealing-keys': { 200: { items: SealingKeyView[] } };
}

export type DriftSubject = 'tenant' | 'tenant_plane' | 'job' | 'infrastructure' | 'leftover' | 'pool';

export interface DriftView {
  readonly id: string;
  readonly kind: string;
  readonly subject: { readonly kind: DriftSubject; readonly id: string };
  readonly detail: string;
  readonly first_seen_at: Date;
  readonly last_seen_at: Date;
  readonly resolved_at: Date | null;
  readonly repaired: boolean;
}

/** The outcome of a reconciliation. */
export interface Look {
  /** How many subjects were compared. */
  looked_at: number;
  found: number;
  repaired: number;
  gone: number;
  /** Subjects that could not be compared. The log says why. */
  readonly not_looked_at: DriftSubject[];
}

export interface ReconciliationView {
  /** Null if there never was a pass. */
  readonly pass: ReconcilePassView | null;
}

/** A comparison of everything, in parts. Any process continues it if the one that runs it dies. */
export interface ReconcilePassView extends Look {
  readonly id: string;
  readonly status: 'running' | 'finished';
  readonly started_at: Date;
  readonly finished_at: Date | null;
  /** About how many subjects there are to compare; 0 until they have been counted. */
  readonly expected: number;
}

export interface SealingKeyView {
  readonly id: string;
  /** Whether new values are sealed with this key. */
  readonly seals: boolean;
  /** Whether the key is in CONTROL_PLANE_SEALING_KEYS. */
  readonly is_known: boolean;
  /** How many values the key seals. An older key that seals none can be removed. */
  readonly values: number;
}

export class ListDriftsQuery extends PageQuery {
  /** false: only open drifts; true: only resolved drifts. */
  @Optional()
  @BooleanInText()
  @IsBoolean()
  resolved?: boolean;
}
