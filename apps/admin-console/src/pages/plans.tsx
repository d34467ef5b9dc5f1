import { Table, Text } from '@mantine/core';
import { LIMIT_NAMES, MODULE_NAMES, PLAN_NAMES, Page } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { TextLink } from '../parts/links';
import { type PlanSpec } from '../parts/types';
import { LIMITS, MODULES, plans } from '../plans/plans';

/** What each plan allows, side by side. */
export function Plans() {
  const { data, error, isPending } = useQuery(plans);
  return (
    <Page
      title="Plans"
      about={
        <>
          What tenants may use. Change the plan of a tenant, or agree on other limits, on{' '}
          <TextLink to="/tenants" size="sm">
            its page
          </TextLink>
          , under Plan.
        </>
      }
      error={error}
      isLoading={isPending}
    >
      {data && <PlansTable specs={data} />}
    </Page>
  );
}

function PlansTable({ specs }: { readonly specs: readonly PlanSpec[] }) {
  return (
    <Table maw={800} verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Limit</Table.Th>
          {specs.map(({ key }) => (
            <Table.Th key={key} ta="right" style={{ overflowWrap: 'anywhere' }}>
              {PLAN_NAMES[key]}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {LIMITS.map((limit) => (
          <Table.Tr key={limit}>
            <Table.Th scope="row" fw={500}>
              {LIMIT_NAMES[limit]}
            </Table.Th>
            {specs.map(({ key, limits }) => (
              <Table.Td key={key} ta="right">
                {limits[limit].toLocaleString('en')}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
        {MODULES.map((module) => (
          <Table.Tr key={module}>
            <Table.Th scope="row" fw={500}>
              {MODULE_NAMES[module]}
            </Table.Th>
            {specs.map(({ key, modules }) => (
              <Table.Td key={key} ta="right">
                {modules.includes(module) ? (
                  'yes'
                ) : (
                  <Text span size="sm" c="dimmed">
                    no
                  </Text>
                )}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
