import { type Figure, atLeast, measured, moreThan, none } from '../figures';
import { ControlPlaneCaller } from '../fuzzing/control-plane-caller';
import { type FuzzCounts, fuzz } from '../fuzzing/fuzz';
import { TenantPlaneCaller } from '../fuzzing/tenant-plane-caller';
import { type Proof } from '../proof';

/** The same seed gives the same requests. */
const SEED = 20_261_126;
/** Requests per operation. */
const CASES = { full: 200, small: 3 } as const;
/** The share of invalid requests that must be refused, counted over all operations. */
const REFUSED = 0.99;

/**
 * The planes respond as their API descriptions say, regardless of what they are sent.
 *
 * To see it fail: drop `@Length` from `CreateConfigurationItemDto.type` and leave docs/openapi as it is;
 * throw in a handler; or respond with a different status or an extra property.
 */
export const proof: Proof = {
  goal:
    '200 requests per operation of both OpenAPI documents: 0 responses are 5xx or undocumented, or ' +
    'violate their schema; >= 99 % of the requests with one violation are refused',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run({ size, stack, served, progress, only }) {
    const options = { seed: SEED, count: CASES[size], only, progress };
    // With any other infrastructure driver, a dedicated tenant would get its own process.
    const controlPlane = await ControlPlaneCaller.at(await stack({ INFRASTRUCTURE_DRIVER: 'manual' }));
    const tenantPlane = await TenantPlaneCaller.at((await served()).stack);
    const [ours, theirs] = [await fuzz(controlPlane, options), await fuzz(tenantPlane, options)];
    const asked = Object.entries({ 'Control Plane': ours, 'Tenant Plane': theirs }).filter(
      ([, { operations }]) => operations > 0,
    );
    return [
      moreThan('operations', ours.operations + theirs.operations, 0),
      measured('requests', ours.cases + theirs.cases),
      ...asked.flatMap(([plane, counts]) => figuresOf(plane, counts)),
      measured('seed', SEED),
    ];
  },
};

function figuresOf(plane: string, counts: FuzzCounts): Figure[] {
  const { succeeded, failed, undocumented, otherwise, broken, accepted, lax, ofOthers } = counts;
  return [
    none(`${plane}: 5xx responses`, failed),
    none(`${plane}: undocumented responses`, undocumented),
    none(`${plane}: responses that violate their schema`, otherwise),
    atLeast(`${plane}: invalid requests refused`, broken - accepted, Math.ceil(broken * REFUSED)),
    none(`${plane}: operations that accept invalid requests`, lax),
    moreThan(`${plane}: successful requests`, succeeded, 0),
    measured(`${plane}: legitimate 503 responses`, ofOthers),
  ];
}
