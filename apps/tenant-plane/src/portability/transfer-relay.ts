import { setTimeout as delay } from 'node:timers/promises';
import { PLANE_PATHS, TENANT_PLANE_ID_PARAMETER, TRANSFER_PART_TYPE } from '@atlas/plane-contract';
import { Injectable } from '@nestjs/common';
import { ControlPlaneClient, type SignedCall } from '../control-plane-link/control-plane-client';
import { ControlPlaneRefused, ControlPlaneUnreachable } from '../control-plane-link/control-plane.errors';
import { PlaneIdentities } from '../control-plane-link/plane-identities';

/** What an import asks for. */
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

/** The way between source and target of a transfer: outbound calls to the Control Plane, on both sides. */
@Injectable()
export class TransferRelay {
  constructor(
    private readonly client: ControlPlaneClient,
    private readonly identities: PlaneIdentities,
  ) {}

  /** Sending the same part again changes nothing. */
  async send(transferId: string, part: number, sealed: string, signal: AbortSignal): Promise<void> {
    const content = { type: TRANSFER_PART_TYPE, text: sealed };
    await this.persist(signal, { ...this.callFor(transferId, part), method: 'PUT', content });
  }

  /**
   * Waits for the part for a while; null when it is not there yet. Asking for it says that those before are imported. When
   * the source has begun another attempt, that one's first part is the answer.
   */
  async receive(
    { transferId, importer, attempt, part }: WantedPart,
    signal: AbortSignal,
    waitSeconds = WAIT_SECONDS,
  ): Promise<string | null> {
    const query = { wait: String(waitSeconds), importer, ...(attempt !== undefined && { attempt }) };
    const call = this.callFor(transferId, part, query);
    return (await this.persist(signal, { ...call, mustBeSigned: true })) || null;
  }

  /** A line or a Control Plane that fails now and then costs no more than the part that was under way. */
  private async persist(signal: AbortSignal, call: SignedCall): Promise<string> {
    for (;;) {
      try {
        return await this.client.exchange({ ...call, ended: signal });
      } catch (error) {
        if (!isPassing(error) || signal.aborted) throw error;
        await delay(RETRY_MS, undefined, { signal });
      }
    }
  }

  private callFor(transferId: string, part: number, query: Record<string, string> = {}): SignedCall {
    return {
      method: 'GET',
      path: `${PLANE_PATHS.transfers}/${transferId}/parts/${part}`,
      query: { [TENANT_PLANE_ID_PARAMETER]: this.identities.current.tenantPlaneId ?? '', ...query },
      timeoutMs: TIMEOUT_MS,
      mustBeSigned: false,
    };
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof ControlPlaneRefused) return error.status >= 500 || error.status === 429;
  return error instanceof ControlPlaneUnreachable;
}
