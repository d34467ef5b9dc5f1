import { CELL_DRAIN_STEPS } from './cell-drain';
import { HINT_KINDS } from './parts/deployment-profile';
import { type EgressClass } from './parts/egress';
import { CELL_MODELS, CREATED_MODELS, DEPLOYMENT_MODELS, PROFILES, modelsWhere, profileOf } from './profiles';
import { SECRET_ROTATION_STEPS } from './secret-rotation';
import { UPGRADE_STEPS, UPGRADE_WAVE_STEPS } from './upgrade';

const CUSTOMERS_DATA = [/customer's network/, /TENANT_PLANE_DATABASE_URL/, /default.*SQLite under data\//];
const INSTALL = [
  /provisioning token/,
  /CONTROL_PLANE_BASE_URL.*INTERNAL_SERVICE_SECRET.*TENANT_PLANE_DATABASE_URL.*SQLite file path/,
];
const CUSTOMERS_BACKUP = [/snapshots of the database/, /TLS certificates/, /agent keys/];

// What the customer says about each model (MODELS.md), repeated here so that the tests fail if a profile
// departs from it.
const FACTS = {
  shared: {
    title: 'Shared SaaS',
    bestFor: [/fastest start/, /no infrastructure/],
    tenantPlaneBy: 'atlas',
    runBy: [/Atlas/, /one multi-tenant/],
    controlPlane: [/Atlas Cloud/],
    isolation: 'shared',
    production: ['postgres'],
    databases: [/shared Postgres/, /SQLite/, /tenant_id on every row/],
    dataBy: 'atlas',
    data: [/Atlas-managed tenant database/, /row-level tenancy/],
    backupBy: ['atlas'],
    backup: [/export.*through the product/],
    provisioning: [/No tenant plane of its own/, /x-tenant-id/, /subdomain/],
    customerInstalls: false,
    tenantFixed: false,
    enrolsByFile: false,
    outboundAddresses: 'public',
    aiRouting: 'control_plane',
    guide: { title: 'Shared SaaS', doc: '/help/shared-saas' },
  },
  dedicated: {
    title: 'Dedicated TP',
    bestFor: [/Isolation/, /managed upgrades/],
    tenantPlaneBy: 'atlas',
    runBy: [/Atlas/, /one tenant plane and one database/],
    controlPlane: [/Atlas Cloud/],
    isolation: 'isolated',
    production: ['postgres'],
    databases: [/instance of the tenant's own/],
    dataBy: 'atlas',
    data: [/cluster or database instance/, /this customer alone/],
    backupBy: ['atlas', 'customer'],
    backup: [/customer's own disaster recovery/, /contract/],
    provisioning: [/Provisioning jobs/, /endpoint and db_url on the tenant row/, /Terraform/, /ECS/],
    customerInstalls: false,
    tenantFixed: true,
    enrolsByFile: false,
    outboundAddresses: 'public',
    aiRouting: 'control_plane',
    guide: { title: 'Dedicated Tenant Plane', doc: '/help/dedicated-tenant-plane' },
  },
  on_prem: {
    title: 'On-prem / customer VPC',
    bestFor: [/Strict data residency/],
    tenantPlaneBy: 'customer',
    runBy: [/customer runs the tenant plane/],
    controlPlane: [/Reachable over HTTPS/, /AI if the admin allows it/],
    isolation: 'isolated',
    production: ['postgres', 'sqlite'],
    databases: [/customer's Postgres/, /local SQLite/],
    dataBy: 'customer',
    data: CUSTOMERS_DATA,
    backupBy: ['customer'],
    backup: CUSTOMERS_BACKUP,
    provisioning: INSTALL,
    customerInstalls: true,
    tenantFixed: true,
    enrolsByFile: true,
    outboundAddresses: 'any',
    aiRouting: 'control_plane_if_admin_allows',
    guide: { title: 'On-Prem Installation', doc: '/help/on-prem-installation' },
  },
  hybrid: {
    title: 'Hybrid',
    bestFor: [/Local data/, /cloud intelligence/],
    tenantPlaneBy: 'customer',
    runBy: [/customer runs the tenant plane, Atlas the Control Plane/],
    controlPlane: [/Cloud AI and routing/],
    isolation: 'isolated',
    production: ['postgres', 'sqlite'],
    databases: [/customer's Postgres/, /local SQLite/, /operational data/],
    dataBy: 'customer',
    data: CUSTOMERS_DATA,
    backupBy: ['customer'],
    backup: CUSTOMERS_BACKUP,
    provisioning: INSTALL,
    customerInstalls: true,
    tenantFixed: true,
    // Hybrid combines local data with cloud intelligence, so it needs a connection to the cloud.
    enrolsByFile: false,
    outboundAddresses: 'any',
    aiRouting: 'control_plane',
    guide: { title: 'Hybrid Deployment', doc: '/help/hybrid-deployment' },
  },
} as const;

const expectFacts = (text: string, facts: readonly RegExp[]) => {
  for (const fact of facts) expect(text).toMatch(fact);
};

const frozenThrough = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every(frozenThrough));

const duplicatesOf = (texts: readonly string[]) =>
  texts.filter((text, index) => texts.indexOf(text) !== index);

describe.each(DEPLOYMENT_MODELS)('the profile of %s', (model) => {
  const profile = profileOf(model);
  const facts = FACTS[model];

  it('is registered under its own model, with its title and its guide', () => {
    expect(profile.model).toBe(model);
    expect(profile.title).toBe(facts.title);
    expect(profile.guide).toEqual(facts.guide);
  });

  it('says what the model is best for, and who runs which plane', () => {
    expectFacts(profile.bestFor, facts.bestFor);
    expect(profile.runBy).toMatchObject({ tenantPlane: facts.tenantPlaneBy, controlPlane: 'atlas' });
    expectFacts(profile.runBy.text, facts.runBy);
    expectFacts(profile.controlPlaneRelation, facts.controlPlane);
  });

  it('says which databases the model supports, and recommends Postgres', () => {
    const { text, ...databases } = profile.databases;
    expect(databases).toEqual({
      allowed: ['postgres', 'sqlite'],
      allowedInProduction: facts.production,
      recommended: 'postgres',
      isolation: facts.isolation,
    });
    expectFacts(text, facts.databases);
  });

  it('says where incident, CMDB and automation data are stored, and who backs them up', () => {
    expect(profile.dataResidency.heldBy).toBe(facts.dataBy);
    expectFacts(profile.dataResidency.text, [/Incident, CMDB and automation data/, ...facts.data]);
    expect(profile.backupDuty.who).toEqual(facts.backupBy);
    expectFacts(profile.backupDuty.text, facts.backup);
  });

  it('says how a tenant is created', () => {
    expectFacts(profile.provisioning.text, facts.provisioning);
    expect(profile.installRequired).toBe(facts.customerInstalls);
  });

  it('says which addresses a tenant may have its plane call', () => {
    expect(profile.outboundAddresses).toBe(facts.outboundAddresses);
  });

  it('says how users register, planes enrol, requests name tenants, and AI questions are routed', () => {
    expect(profile.selfRegistrationAllowed).toBe(facts.customerInstalls);
    expect(profile.offlineEnrolmentAllowed).toBe(facts.enrolsByFile);
    expect(profile.tenantFixed).toBe(facts.tenantFixed);
    expect(profile.aiRouting).toBe(facts.aiRouting);
  });

  it('has a residency, a connectivity and a backup hint', () => {
    expect(profile.hints.map(({ kind }) => kind)).toEqual([...HINT_KINDS]);
    for (const { text } of profile.hints) expect(text).toMatch(/^[A-Z].{40,}\.$/);
    expect(profile.guide.doc).toMatch(/^\/help\/[a-z]+(-[a-z]+)*$/);
  });

  it('lists each relevant environment variable exactly once', () => {
    const names = profile.environment.map(({ name }) => name);
    expect(duplicatesOf(names)).toEqual([]);
    expect(names).toEqual(
      expect.arrayContaining([
        'ATLAS_TP_DEPLOYMENT',
        'CONTROL_PLANE_BASE_URL',
        'INTERNAL_SERVICE_SECRET',
        'ATLAS_PROVISIONING_TOKEN',
        'TENANT_PLANE_DATABASE_URL',
        'TENANT_PLANE_MIGRATION_DATABASE_URL',
      ]),
    );
    expect(names.includes('ATLAS_ALLOW_REGISTER')).toBe(profile.selfRegistrationAllowed);
    expect(names.includes('TENANT_BASE_DOMAIN')).toBe(facts.tenantPlaneBy === 'atlas');
  });

  it("lets readable operational data out only as a backup of Atlas's, or where the tenant sends it", () => {
    const { egress, runBy } = profile;
    const readable = egress.filter(({ contents }) => contents === 'readable').map(({ name }) => name);
    const backups = runBy.tenantPlane === 'atlas' ? ['backup_rows'] : [];
    expect(readable).toEqual([...backups, 'ai_prompt', 'ai_own_endpoint', 'runbook_http']);
  });

  it("lets a customer's operational data out to the Control Plane only with the consent of an admin", () => {
    const held = profile.egress.filter(({ needsConsent }) => needsConsent).map(({ name }) => name);
    const ofTheModel = {
      shared: [],
      dedicated: [],
      hybrid: ['move_rows'],
      on_prem: ['move_rows', 'ai_prompt'],
    };
    expect(held).toEqual(ofTheModel[model]);
    const isLeft = ({ name }: EgressClass): boolean => !held.includes(name) && name !== 'ai_prompt';
    const unasked = profile.egress.filter((one) => one.destination === 'control_plane' && isLeft(one));
    if (profile.runBy.tenantPlane === 'customer')
      expect(unasked.filter(({ contents }) => contents !== 'none')).toEqual([]);
  });

  it('is immutable', () => {
    expect(frozenThrough(profile)).toBe(true);
  });
});

it('the steps that all models share are immutable', () => {
  const shared = [SECRET_ROTATION_STEPS, UPGRADE_STEPS, UPGRADE_WAVE_STEPS, CELL_DRAIN_STEPS];
  expect(shared.every(frozenThrough)).toBe(true);
});

describe('the profiles', () => {
  const all = Object.values(PROFILES);

  it('list the required models in the required order, and cannot be extended at run time', () => {
    expect(DEPLOYMENT_MODELS).toEqual(Object.keys(FACTS));
    expect(Object.isFrozen(PROFILES)).toBe(true);
  });

  it('share no hints or guides', () => {
    expect(duplicatesOf(all.flatMap(({ hints }) => hints.map(({ text }) => text)))).toEqual([]);
    expect(duplicatesOf(all.map(({ guide }) => guide.doc))).toEqual([]);
  });

  it('say that infrastructure is created for exactly the models in CREATED_MODELS', () => {
    expect(modelsWhere(({ infrastructureCreated }) => infrastructureCreated)).toEqual(CREATED_MODELS);
  });

  it('require a separate schema owner only if tenants share a Postgres database', () => {
    const demanding = modelsWhere(({ environment }) =>
      environment.some(
        ({ name, required }) => name === 'TENANT_PLANE_MIGRATION_DATABASE_URL' && required === 'on_postgres',
      ),
    );
    expect(demanding).toEqual(CELL_MODELS);
  });
});
