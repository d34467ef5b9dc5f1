import { type ControlPlaneClient } from '../control-plane-client/control-plane-client';
import { ControlPlaneRefused } from '../control-plane-client/control-plane.errors';
import { type PlaneIdentities } from '../plane-identity/plane-identities';
import { TargetBehind, TransferRelay } from './transfer-relay';

describe(TransferRelay.name, () => {
  /** A relay whose Control Plane refuses every part. */
  const refusedRelay = (retryAfter: string | null): TransferRelay => {
    const refusal = new ControlPlaneRefused(429, 'target_behind', 'The target is behind.', retryAfter);
    const client = { exchange: () => Promise.reject(refusal) };
    // The relay uses nothing else from these two dependencies.
    return new TransferRelay(client as unknown as ControlPlaneClient, { current: {} } as PlaneIdentities);
  };

  it.each([
    ['7', 7000, 14_000],
    ['3600', 15_000, 30_000],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 1000, 2000],
    [null, 1000, 2000],
  ])(
    'limits the pause before the next part if the target is behind and Retry-After is %s',
    async (after, least, most) => {
      const sent = refusedRelay(after).send(
        { transferId: 't', tenantId: 'a' },
        5,
        'sealed',
        new AbortController().signal,
      );
      const error: unknown = await sent.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TargetBehind);
      const { pauseMs } = error as TargetBehind;
      expect(pauseMs).toBeGreaterThanOrEqual(least);
      expect(pauseMs).toBeLessThanOrEqual(most);
    },
  );
});
