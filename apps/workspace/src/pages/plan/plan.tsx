import { Alert, Group, Stack, Table, Text } from '@mantine/core';
import { profileOf } from '@atlas/deployment-profiles';
import {
  Bar,
  Facts,
  LIMIT_NAMES,
  MODULE_NAMES,
  PLAN_NAMES,
  Page,
  Section,
  StateBadge,
  When,
  useNow,
} from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { PageLink } from '../../links';
import { NeedsRole } from '../../needs-role';
import { BarrierText } from '../../plan/barrier-text';
import { type Entitlements, type Limit, entitlements } from '../../plan/entitlements';
import { LeaseText, NextText } from '../../plan/lease-text';
import { LoadLease } from '../../plan/load-lease';
import { plane } from '../../plane';
import { useMay } from '../../session';

const TITLE = 'Plan and usage';
const LIMITS = Object.keys(LIMIT_NAMES) as readonly Limit[];
const MODULES = Object.keys(MODULE_NAMES) as readonly Entitlements['modules'][number][];
/** From this share of a limit on, its bar has another colour. */
const NEARLY = 0.9;

/** What the workspace may use, what it has used, and what happens next. */
export function PlanPage() {
  return (
    <NeedsRole role="fulfiller" title={TITLE}>
      <Loaded />
    </NeedsRole>
  );
}

function Loaded() {
  const { data, error, isPending } = useQuery(entitlements);
  return (
    <Page title={TITLE} error={data ? undefined : error} isLoading={isPending}>
      {data && (
        <Stack gap="xl" maw={760}>
          <Bill of={data} />
          <Section title={`Plan: ${PLAN_NAMES[data.plan]}`}>
            <Limits of={data} />
            <Modules of={data} />
            <Text size="sm" c="dimmed">
              Whoever runs Atlas for you can change the plan.
            </Text>
          </Section>
          <Lease of={data} />
        </Stack>
      )}
    </Page>
  );
}

function Bill({ of: { read_only: barrier, read_only_from: from } }: { readonly of: Entitlements }) {
  const now = useNow(60_000);
  if (barrier !== null)
    return (
      <Alert color="red" role="status" title="SLOs, runbooks and AI can only be read">
        <BarrierText barrier={barrier} />
      </Alert>
    );
  if (from === null || Date.parse(from) <= now) return null;
  return (
    <Alert color="orange" role="status" title="A bill is unpaid">
      SLOs, runbooks and AI become read-only <When at={from} />, unless it is paid before.
    </Alert>
  );
}

function Limits({ of: { limits, usage } }: { readonly of: Entitlements }) {
  return (
    <Table aria-label="Limits and usage">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Limit</Table.Th>
          <Table.Th ta="right">Used</Table.Th>
          <Table.Th ta="right">Allowed</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {LIMITS.map((limit) => (
          <LimitRow key={limit} limit={limit} used={usage[limit]} allowed={limits[limit]} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface LimitRowProps {
  readonly limit: Limit;
  /** Undefined: the plane does not count it. */
  readonly used: number | undefined;
  readonly allowed: number;
}

function LimitRow({ limit, used, allowed }: LimitRowProps) {
  const isFull = used !== undefined && used >= allowed;
  const color = isFull ? ('red' as const) : ('orange' as const);
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500}>
        {LIMIT_NAMES[limit]}
        {used !== undefined && <Bar of={used} most={allowed} {...(used >= NEARLY * allowed && { color })} />}
      </Table.Th>
      <Table.Td ta="right">
        {used?.toLocaleString('en') ?? '–'}
        {isFull && <b> (full)</b>}
      </Table.Td>
      <Table.Td ta="right">{allowed.toLocaleString('en')}</Table.Td>
    </Table.Tr>
  );
}

function Modules({ of: { modules } }: { readonly of: Entitlements }) {
  const missing = MODULES.filter((module) => !modules.includes(module));
  const namesOf = (some: Entitlements['modules']): string =>
    some.map((module) => MODULE_NAMES[module]).join(', ');
  return (
    <Facts
      facts={[
        ['Included', namesOf(modules)],
        missing.length === 0 ? null : ['Not included', namesOf(missing)],
      ]}
    />
  );
}

function Lease({ of }: { readonly of: Entitlements }) {
  const { lease } = of;
  const { data: about } = useQuery(plane);
  const isAdmin = useMay('admin');
  const isOperator = useMay('operator');
  // Atlas itself runs the other planes, and they take no files.
  const takesFiles = about !== undefined && profileOf(about.deployment.model).installRequired;
  const isOverdue = lease !== null && lease.state !== 'valid';
  return (
    <Section title="Lease">
      <Group gap="sm">
        {lease && <StateBadge state={lease.state} />}
        <Text size="sm">
          <LeaseText lease={lease} /> <NextText of={of} />
        </Text>
      </Group>
      {isOverdue && isOperator && about?.offline === false && (
        <Text size="sm">
          A lease comes from the Control Plane.{' '}
          <PageLink to="/deployment" size="sm">
            See whether it can be reached
          </PageLink>
        </Text>
      )}
      {lease && (
        <Facts
          facts={[
            ['Serial', String(lease.serial)],
            ['Issued', <When key="issued" at={lease.issued_at} />],
            ['Expires', <When key="expires" at={lease.expires_at} />],
          ]}
        />
      )}
      {takesFiles && isAdmin && <LoadLease />}
    </Section>
  );
}
