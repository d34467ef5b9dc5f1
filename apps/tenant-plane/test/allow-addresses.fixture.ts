import { type LookupAddress } from 'node:dns';
import { OutboundNetwork } from '@atlas/platform';
import { type TestTenantPlane } from './tenant-plane.fixture';

type Answer = (error: null, found: readonly LookupAddress[]) => void;

/** Lets a plane call servers on this machine as if they were on the internet. Names lead to this machine. */
export function allowAddresses({ app }: TestTenantPlane): void {
  const lookup = (_name: string, _options: object, answer: Answer): void =>
    answer(null, [{ address: '127.0.0.1', family: 4 }]);
  Object.assign(app.get(OutboundNetwork), { isPublic: () => true, lookup });
}
