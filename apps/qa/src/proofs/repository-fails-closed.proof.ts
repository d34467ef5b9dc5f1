import {
  databaseTarget,
  openDatabase,
  TenantDatabase,
  type TenantOwned,
  type TenantScope,
} from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { all } from '../figures';
import { type Proof } from '../proof';

/** An entity for a real tenant table, with only the columns that this proof needs. */
@Entity('onboarding_skipped_steps')
class SkippedStep implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('varchar') step: string;
  @Column({ type: Date, name: 'skipped_at' }) skippedAt: Date;
}

const NOTHING = [undefined, null] as unknown as string[];
const TENANT = '01890000-0000-7000-8000-000000000001';

/**
 * A repository call without a tenant, or with a condition that is undefined or null, reads and writes
 * nothing.
 *
 * To see it fail: in `TenantDatabase.read`, drop `requireTenant`; or in data-source.ts, drop
 * `invalidWhereValuesBehavior`.
 */
export const proof: Proof = {
  goal: 'repository calls without a tenant, or with an undefined or null condition: 100 % throw',
  databases: ['sqlite', 'postgres'],
  smallOn: ['postgres'],
  async run({ tenantPlaneDatabase }) {
    const opened = await openDatabase({
      target: databaseTarget((await tenantPlaneDatabase()).url),
      schema: { entities: [SkippedStep], migrations: [] },
    });
    try {
      const tenants = new TenantDatabase(opened);
      const calls = [...withoutTenant(tenants), ...withoutCondition(tenants)];
      const outcomes = await Promise.allSettled(calls.map((call) => call()));
      const thrown = outcomes.filter((outcome) => outcome.status === 'rejected').length;
      return [all('calls that throw', thrown, calls.length)];
    } finally {
      await opened.close();
    }
  },
};

type Call = () => Promise<unknown>;

function withoutTenant(tenants: TenantDatabase): Call[] {
  const works: ((scope: TenantScope) => Promise<unknown>)[] = [
    (scope) => scope.find(SkippedStep),
    (scope) => scope.findOne(SkippedStep, { step: 'ai' }),
    (scope) => scope.exists(SkippedStep),
    (scope) => scope.insert(SkippedStep, { step: 'ai', skippedAt: new Date() }),
    (scope) => scope.update(SkippedStep, { step: 'ai' }, { skippedAt: new Date() }),
    (scope) => scope.delete(SkippedStep, { step: 'ai' }),
    (scope) => scope.nextNumber('x'),
    (scope) => scope.query(SkippedStep, 'row').getMany(),
  ];
  return [...NOTHING, ''].flatMap((tenant) =>
    works.flatMap((work) => [() => tenants.read(tenant, work), () => tenants.write(tenant, work)]),
  );
}

function withoutCondition(tenants: TenantDatabase): Call[] {
  return NOTHING.flatMap((step) => [
    () => tenants.read(TENANT, (scope) => scope.find(SkippedStep, { where: { step } })),
    () => tenants.read(TENANT, (scope) => scope.findOne(SkippedStep, { step })),
    () => tenants.read(TENANT, (scope) => scope.exists(SkippedStep, { step })),
    () => tenants.write(TENANT, (scope) => scope.update(SkippedStep, { step }, { skippedAt: new Date() })),
    () => tenants.write(TENANT, (scope) => scope.delete(SkippedStep, { step })),
  ]);
}
