import { type Figure, atLeast, measured, moreThan, none } from '../figures';
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
export const proof: Proof = {
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
    none(`${plane}: answers 5xx`, failed),
    none(`${plane}: undocumented answers`, undocumented),
    none(`${plane}: answers that violate their schema`, otherwise),
    atLeast(`${plane}: broken requests refused`, broken - accepted, Math.ceil(broken * REFUSED)),
    none(`${plane}: operations that accept broken requests`, lax),
    moreThan(`${plane}: successful requests`, succeeded, 0),
    measured(`${plane}: legitimate 503`, ofOthers),
  ];
}
