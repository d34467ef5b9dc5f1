import { ControlPlaneCaller } from '../fuzzing/control-plane-caller';
import { type FuzzCounts, fuzz } from '../fuzzing/fuzz';
import { TenantPlaneCaller } from '../fuzzing/tenant-plane-caller';
import { type Proof } from '../proof';

/** The same seed gives the same requests. */
const SEED = 20_261_126;
/** Per operation. */
const CASES = { full: 200, small: 3 } as const;
/** Minimum share of broken requests that are refused, overall. */
const REFUSED = 0.99;

/**
 * The planes answer as their API descriptions say, whatever they are sent.
 *
 * To see it fail: drop `@Length` from `CreateConfigurationItemDto.type` and leave docs/openapi as it is;
 * throw in a handler; or answer with another status or one property more.
 */
export const API_FUZZ: Proof = {
  name: 'api-fuzz',
  goal:
    '200 cases per operation of both OpenAPI documents: 0 answers with 5xx, 0 undocumented, 0 that ' +
    'violate their schema; >= 99 % of requests broken in one place refused for it',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run({ size, stack, served, progress, only }) {
    const options = { seed: SEED, count: CASES[size], only, progress };
    // A dedicated tenant would otherwise get a process of its own.
    const controlPlane = await ControlPlaneCaller.at(await stack({ INFRASTRUCTURE_DRIVER: 'manual' }));
    const tenantPlane = await TenantPlaneCaller.at((await served()).stack);
    const [ours, theirs] = [await fuzz(controlPlane, options), await fuzz(tenantPlane, options)];
    const figure = `seed ${SEED}; Control Plane: ${figureOf(ours)}; Tenant Plane: ${figureOf(theirs)}`;
    const asked = [ours, theirs].filter(({ operations }) => operations > 0);
    return { figure, isGood: asked.length > 0 && asked.every(isGood) };
  },
};

function figureOf(counts: FuzzCounts): string {
  const { operations, cases, succeeded, failed, undocumented, otherwise, broken, accepted, lax, ofOthers } =
    counts;
  return (
    `${cases} requests to ${operations} operations, ${succeeded} succeeded, ${failed} answered 5xx ` +
    `(plus ${ofOthers} legitimate 503), ${undocumented} undocumented, ${otherwise} with a body that ` +
    `violates its schema, ${broken - accepted} of ${broken} broken ones refused as such, lax: ` +
    `${lax.join(', ') || 'none'}`
  );
}

function isGood({ failed, undocumented, otherwise, broken, accepted, lax, succeeded }: FuzzCounts): boolean {
  return (
    failed + undocumented + otherwise + lax.length === 0 &&
    broken - accepted >= broken * REFUSED &&
    succeeded > 0
  );
}
