import { setTimeout as delay } from 'node:timers/promises';
import {
  PLANE_PATHS,
  TENANT_PLANE_ID_PARAMETER,
  TRANSFER_PART_TYPE,
  type TransferProgress,
} from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { ControlPlaneClient, type SignedCall } from '../control-plane-client/control-plane-client';
import { ControlPlaneRefused, ControlPlaneUnreachable } from '../control-plane-client/control-plane.errors';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { Reportable } from '../plane-identity/reportable';

/** Whose rows a part contains, and why they leave. */
export interface Sending {
  readonly transferId: string;
  readonly tenantId: string;
  /** Whether the rows become a backup, rather than the rows of another plane. */
  readonly isBackup?: boolean;
}

/** The part that an import requests. */
export interface WantedPart {
  readonly transferId: string;
  /** The name of the import. Only the newest import of a transfer counts. */
  readonly importer: string;
  readonly attempt: string | undefined;
  readonly part: number;
}

const TIMEOUT_MS = 30_000;
const WAIT_SECONDS = 20;
const RETRY_MS = 1000;
/** The longest wait, even if `Retry-After` asks for more. */
const MAX_RETRY_MS = 15_000;

/** Connects the source and the target of a transfer. Both make only outbound calls, to the Control Plane. */
@Injectable()
export class TransferRelay {
  constructor(
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
  ) {}

  /**
   * Sends a part of a tenant's rows. Sending it again changes nothing. Returns what {@link imported} returns.
   * Throws {@link TargetBehind}.
   */
  async send(
    { transferId, tenantId, isBackup }: Sending,
    part: number,
    sealed: string,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const content = { type: TRANSFER_PART_TYPE, text: sealed };
    const call = this.callFor(`${transferId}/parts/${part}`);
    const egress = { class: isBackup ? 'backup_rows' : 'move_rows', path: ['transfer_id', 'part'] } as const;
    try {
      const sent = { ...call, egress, concerns: tenantId, method: 'PUT', content } as const;
      return importedIn(await this.persist(signal, sent));
    } catch (error) {
      throw isTargetBehind(error) ? new TargetBehind(pauseAfter(error)) : error;
    }
  }

  /**
   * Waits a while for the target to import `count` parts, and returns how many it has imported. Returns
   * undefined if the Control Plane is too old to say, or if the wait was aborted.
   */
  async imported(transferId: string, count: number, signal: AbortSignal): Promise<number | undefined> {
    const query = { wait: String(WAIT_SECONDS), count: String(count) };
    try {
      const call = this.callFor(`${transferId}/imported`, query, ['transfer_id']);
      return importedIn(await this.persist(signal, { ...call, mustBeSigned: true }));
    } catch (error) {
      if (error instanceof ControlPlaneRefused || signal.aborted) return undefined;
      throw error;
    }
  }

  /**
   * Waits a while for the part, and returns null if it does not arrive in that time. Requesting a part
   * reports all earlier parts as imported. If the source has started another attempt, returns the first part
   * of that attempt.
   */
  async receive(
    { transferId, importer, attempt, part }: WantedPart,
    signal: AbortSignal,
    waitSeconds = WAIT_SECONDS,
  ): Promise<string | null> {
    const query = { wait: String(waitSeconds), importer, ...(attempt !== undefined && { attempt }) };
    const call = this.callFor(`${transferId}/parts/${part}`, query);
    return (await this.persist(signal, { ...call, mustBeSigned: true })) || null;
  }

  /** Retries, so that a brief outage costs no more than the part in transit. */
  private async persist(signal: AbortSignal, call: SignedCall): Promise<string> {
    for (;;) {
      try {
        return await this.client.exchange({ ...call, ended: signal });
      } catch (error) {
        if (!isPassing(error) || signal.aborted) throw error;
        await delay(pauseAfter(error), undefined, { signal });
      }
    }
  }

  private callFor(
    path: string,
    query: Record<string, string> = {},
    named = ['transfer_id', 'part'],
  ): SignedCall {
    const { tenantPlaneId, incarnation } = this.identities.current;
    const copy = {
      [TENANT_PLANE_ID_PARAMETER]: tenantPlaneId ?? '',
      ...(incarnation !== null && { incarnation }),
    };
    return {
      egress: { class: 'transfer_progress', path: named },
      method: 'GET',
      path: `${PLANE_PATHS.transfers}/${path}`,
      query: { ...copy, ...query },
      timeoutMs: TIMEOUT_MS,
      mustBeSigned: false,
    };
  }
}

function importedIn(answer: string): number | undefined {
  return (JSON.parse(answer) as Partial<TransferProgress>).imported;
}

/** The target has started over, so no more changes are accepted until it has imported more. */
export class TargetBehind extends Reportable {
  /** How long to wait before sending again if it is unknown when the target will catch up. */
  constructor(readonly pauseMs: number) {
    super('The target of the transfer is behind.');
  }
}

function isTargetBehind(error: unknown): boolean {
  return error instanceof ControlPlaneRefused && error.code === 'target_behind';
}

/**
 * The pause is up to twice as long as necessary, so that planes refused at the same time do not retry at the
 * same time.
 */
function pauseAfter(error: unknown): number {
  const wanted = error instanceof ControlPlaneRefused ? error.retryAfterMs : 0;
  return Math.min(MAX_RETRY_MS, Math.max(RETRY_MS, wanted)) * (1 + Math.random());
}

function isPassing(error: unknown): boolean {
  if (isTargetBehind(error)) return false;
  if (error instanceof ControlPlaneRefused) return error.status >= 500 || error.status === 429;
  return error instanceof ControlPlaneUnreachable;
}
