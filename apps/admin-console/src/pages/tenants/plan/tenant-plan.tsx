import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { profileOf } from '@atlas/deployment-profiles';
import { Facts, LIMIT_NAMES, MODULE_NAMES, PLAN_NAMES, ProblemAlert, Section, When } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMayChange } from '../../../parts/access';
import { TextLink } from '../../../parts/links';
import { type PlanSpec, type Tenant } from '../../../parts/types';
import { LIMITS, plans } from '../../../plans/plans';
import { AgreementDialog } from './agreement-dialog';
import { Billing } from './billing';
import { LeaseFile } from './lease-file';
import { UsageOfMonth } from './usage-of-month';

/** What a tenant may use, whether it pays, what it has used, and its lease. */
export function TenantPlan({ tenant }: { readonly tenant: Tenant }) {
  const { installRequired: isRunByCustomer } = profileOf(tenant.deployment_model);
  return (
    <Stack gap="xl">
      <PlanAndLimits tenant={tenant} />
      <Billing tenant={tenant} />
      <UsageOfMonth tenant={tenant} />
      <Section title="Lease">
        <Text size="sm" maw={640}>
          The plane enforces the plan by a signed lease. While it is connected, it gets a new one every six
          hours, and whenever the plan or the bill changes. Each is valid for 30 days, and never ends before
          the newest lease file.
        </Text>
        {tenant.lease && (
          <Facts
            facts={[
              ['Newest lease', `Serial ${tenant.lease.serial}`],
              ['Issued', <When key="issued" at={tenant.lease.issued_at} />],
              ['Expires', <When key="expires" at={tenant.lease.expires_at} />],
            ]}
          />
        )}
        {isRunByCustomer ? (
          <LeaseFile tenant={tenant} />
        ) : (
          <Text size="sm" c="dimmed">
            Atlas runs this plane, so it is always connected and needs no file.
          </Text>
        )}
      </Section>
    </Stack>
  );
}

function PlanAndLimits({ tenant }: { readonly tenant: Tenant }) {
  const { data, error } = useQuery(plans);
  const [isChanging, setChanging] = useState(false);
  const mayChange = useMayChange();
  const spec = data?.find(({ key }) => key === tenant.plan);
  return (
    <Section
      title={`Plan: ${PLAN_NAMES[tenant.plan]}`}
      actions={
        mayChange &&
        data &&
        tenant.status !== 'deleted' && (
          <Button variant="default" size="xs" onClick={() => setChanging(true)}>
            Change the plan
          </Button>
        )
      }
    >
      <ProblemAlert error={error} />
      {spec && <Limits tenant={tenant} spec={spec} />}
      {isChanging && data && (
        <AgreementDialog tenant={tenant} specs={data} onClose={() => setChanging(false)} />
      )}
    </Section>
  );
}

function Limits({ tenant, spec }: { readonly tenant: Tenant; readonly spec: PlanSpec }) {
  const agreed = tenant.plan_overrides?.limits ?? {};
  const extra = (tenant.plan_overrides?.modules ?? []).filter((module) => !spec.modules.includes(module));
  const modules = [...spec.modules, ...extra].map((module) => MODULE_NAMES[module]);
  return (
    <>
      <Table maw={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Limit</Table.Th>
            <Table.Th ta="right">In the plan</Table.Th>
            <Table.Th ta="right">For this tenant</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {LIMITS.map((limit) => {
            const own = agreed[limit];
            return (
              <Table.Tr key={limit}>
                <Table.Th scope="row" fw={500}>
                  {LIMIT_NAMES[limit]}
                </Table.Th>
                <Table.Td ta="right">{spec.limits[limit].toLocaleString('en')}</Table.Td>
                <Table.Td ta="right">
                  {own === undefined ? 'the same' : <b>{own.toLocaleString('en')} (agreed)</b>}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      <Group gap="xs">
        <Text size="sm">
          Includes {modules.join(', ')}.{' '}
          {extra.length > 0 && (
            <b>Agreed in addition: {extra.map((module) => MODULE_NAMES[module]).join(', ')}. </b>
          )}
          <TextLink to="/plans" size="sm">
            Compare the plans
          </TextLink>
        </Text>
      </Group>
    </>
  );
}
