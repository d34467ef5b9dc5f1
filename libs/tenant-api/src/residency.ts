import {
  type DeploymentModel,
  type EgressClassName,
  type EgressContents,
  type EgressDestination,
} from '@atlas/deployment-profiles';
import { type Page, Optional, PageQuery } from '@atlas/platform';
import { IsTime } from './is-time';

/** What leaves the tenant's plane. */
export interface ResidencyApi {
  /** List what may leave the plane, and where it goes */
  'GET /api/residency': { 200: ResidencyView };
  /** List the calls that left the plane, and those that it refused, newest first */
  'GET /api/residency/ledger': { query: LedgerQuery; 200: Page<LedgerEntry> };
  /** Export the ledger, oldest call first, as one JSON object per line */
  'GET /api/residency/ledger/export': { query: LedgerSpan; 200: LedgerLines };
}

/** The media type of an exported ledger. */
export const LEDGER_TYPE = 'application/x-ndjson';

/** Entries of the ledger, one per line. */
export type LedgerLines = string;

/** A part of the ledger. */
export class LedgerSpan {
  /** Only calls at or after this time. */
  @Optional()
  @IsTime()
  from?: string;

  /** Only calls before this time. */
  @Optional()
  @IsTime()
  to?: string;
}

export class LedgerQuery extends PageQuery {
  /** Only calls at or after this time. */
  @Optional()
  @IsTime()
  from?: string;

  /** Only calls before this time. */
  @Optional()
  @IsTime()
  to?: string;
}

/**
 * A class of calls. The plane refuses to make any call that belongs to no class or contains any other
 * field.
 */
export interface EgressClassView {
  /** @example plane_report */
  readonly class: EgressClassName;
  readonly purpose: string;
  readonly destination: EgressDestination;
  /**
   * How much of the incidents, CMDB and automation a call may contain. `encrypted`: only the tenant's next
   * plane can read it.
   */
  readonly contents: EgressContents;
  /** Whether an admin of the tenant must have agreed. */
  readonly needs_consent: boolean;
  /**
   * Whether the tenant's ledger lists these calls. On a shared plane, it lists only those that concern the
   * tenant.
   */
  readonly in_ledger: boolean;
  /**
   * `/a`: a part of the path; `?a`: a parameter; `a.b[].c`: a member of the body, in any element of a
   * list.
   */
  readonly fields: readonly string[];
}

export interface ResidencyView {
  readonly deployment_model: DeploymentModel;
  /** Where incident, CMDB and automation data are stored. */
  readonly text: string;
  readonly classes: readonly EgressClassView[];
}

/** Calls of the same hour that differ in nothing but time and size. */
export interface LedgerEntry {
  /** The time of the first of these calls. */
  readonly at: Date;
  readonly last_at: Date;
  readonly count: number;
  /** An origin such as `https://cp.example.com`, or a host. */
  readonly destination: string;
  readonly class: EgressClassName;
  /** Which fields the calls contained. The ledger never contains their values. */
  readonly fields: readonly string[];
  /** The size of all bodies and queries together, without headers. */
  readonly bytes: number;
  /** Whether the plane refused to make these calls, so that nothing left. */
  readonly refused: boolean;
}
