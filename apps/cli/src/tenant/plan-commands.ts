import { OUTAGE_STAGES, type OutageStage } from '@atlas/deployment-profiles';
import { type Json } from '@atlas/platform';
import { type EntitlementsView, type LeaseView } from '@atlas/tenant-api/entitlements';
import { type OutageContractView } from '@atlas/tenant-api/outage';
import { momentText } from '../moment-text';
import { factsText, tableText } from '../text';
import { type TenantCommand, sends } from './tenant-command';

const group = 'Plan';

export const PLAN_COMMANDS: readonly TenantCommand[] = [
  sends('GET /api/entitlements', {
    name: 'entitlements',
    group,
    summary: "Show the tenant's plan, its limits, what is used, and its lease",
    examples: ['entitlements', 'entitlements --json'],
    text: entitlementsText,
  }),
  sends('GET /api/outage-contract', {
    name: 'outage-contract',
    group,
    summary: 'Show what works without the Control Plane, now and later in an outage',
    examples: ['outage-contract', 'outage-contract --json'],
    text: contractText,
  }),
];

const STATES: Readonly<Record<LeaseView['state'], string>> = {
  valid: 'valid',
  late: 'late: it should have been renewed by now, but everything works',
  grace: 'about to expire: everything works, but paid extras become read-only when it does',
  expired: 'expired: paid extras are read-only until a new lease arrives',
};

const READ_ONLY = {
  past_due: 'read-only, because a bill is unpaid',
  lease_expired: 'read-only, because the lease has expired',
} as const;

function entitlementsText(view: Json<EntitlementsView>): string {
  const { plan, modules, limits, usage, lease, read_only: readOnly, retention_from: from } = view;
  const facts = factsText([
    ['plan', plan],
    ['modules', modules.join(', ')],
    ['paid extras', readOnly === null ? 'work' : READ_ONLY[readOnly]],
    ...leaseFacts(lease),
    ...(from ? [['old history', `is deleted from ${momentText(from, {})} on`] as const] : []),
  ]);
  const table = tableText(
    [
      { title: 'limit', of: ([name]) => name.replaceAll('_', ' ') },
      { title: 'used', of: ([name]) => usage[name] },
      { title: 'of', of: ([, limit]) => limit },
    ],
    Object.entries(limits),
  );
  return `${facts}\n${table}`;
}

function leaseFacts(lease: Json<LeaseView> | null): readonly (readonly [string, unknown])[] {
  if (lease === null) return [['lease', 'none yet: the plan decides']];
  const { state, issued_at: issued, expires_at: expires, next_effect_at: next } = lease;
  return [
    ['lease', STATES[state]],
    ['issued', momentText(issued, {})],
    ['expires', momentText(expires, {})],
    ['next change', next === null ? 'none' : `${momentText(next, {})}, unless a new lease arrives before`],
  ];
}

const STAGES: Readonly<Record<OutageStage, string>> = {
  PT0S: 'at once',
  PT1H: 'after 1 h',
  P1D: 'after 1 day',
  P30D: 'after 30 days',
};

function contractText({ control_plane: link, stage, capabilities }: Json<OutageContractView>): string {
  const { reachable: isReachable, last_contact_at: contact } = link;
  const facts = factsText([
    ['Control Plane', isReachable ? 'reachable' : 'unreachable'],
    ['last contact', momentText(contact, {}) ?? 'never'],
    ['stage', stage === null ? 'no outage' : STAGES[stage]],
  ]);
  const table = tableText(
    [
      { title: 'capability', of: ({ title }) => title },
      { title: 'now', of: ({ now }) => now },
      ...OUTAGE_STAGES.map((after) => ({
        title: STAGES[after],
        of: ({ stages }: Json<OutageContractView>['capabilities'][number]) =>
          stages.find((one) => one.after === after)?.behaviour,
      })),
    ],
    capabilities,
  );
  return `${facts}\n${table}`;
}
