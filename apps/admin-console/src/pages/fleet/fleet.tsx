import { Group, Progress, Select, Stack, Switch, Table, Text, TextInput } from '@mantine/core';
import { DEPLOYMENT_MODELS, profileOf } from '@atlas/deployment-profiles';
import { Page, When, oneOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { READ_ONLY, useMayChange } from '../../parts/access';
import { ButtonLink, PlaneLink } from '../../parts/links';
import { fleet, lagOf } from '../../parts/planes';
import { HEALTHS, given } from '../../parts/search';
import { type Plane } from '../../parts/types';
import { PlaneBadges } from './plane-state';
import { type KnownVersions, Versions, versions } from './versions';

const NAMES = ['Plane', 'Health', 'Version', 'Changes applied', 'Tenants', 'Region', 'Last report'];

export function Fleet() {
  const filter = useSearch({ from: '/signed-in/fleet' });
  const mayChange = useMayChange();
  const { data = [], error, isPending } = useQuery(fleet);
  const { data: known } = useQuery(versions);
  const planes = data.filter(
    ({ id, status, health, deployment_model: model, name }) =>
      (filter.behind !== true || known?.behind.has(id) === true) &&
      (filter.retired === true || status !== 'retired') &&
      (filter.health === undefined || health === filter.health) &&
      (filter.deployment_model === undefined || model === filter.deployment_model) &&
      name.toLowerCase().includes((filter.name ?? '').toLowerCase()),
  );
  return (
    <Page
      title="Fleet"
      about={
        mayChange ? 'Tenant planes: cells that many tenants share, and planes of one tenant.' : READ_ONLY
      }
      actions={
        mayChange && (
          <>
            <ButtonLink variant="default" to="/fleet/upgrade">
              Upgrade many
            </ButtonLink>
            <ButtonLink to="/fleet/register">Register a cell</ButtonLink>
          </>
        )
      }
      error={error}
      isLoading={isPending}
    >
      <Stack>
        {known && <Versions known={known} />}
        <Filters />
        {planes.length === 0 ? (
          <Text c="dimmed">
            {data.length === 0
              ? 'No plane yet. Register a shared cell, or provision a tenant with its own plane.'
              : 'No plane matches these filters.'}
          </Text>
        ) : (
          <Table.ScrollContainer minWidth={800}>
            <Table highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  {NAMES.map((name) => (
                    <Table.Th key={name}>{name}</Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {planes.map((plane) => (
                  <PlaneRow key={plane.id} plane={plane} known={known} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Stack>
    </Page>
  );
}

interface PlaneRowProps {
  readonly plane: Plane;
  readonly known: KnownVersions | undefined;
}

function PlaneRow({ plane, known }: PlaneRowProps) {
  const { tenants, capacity } = plane;
  const copies = plane.replaced_copies.length;
  return (
    <Table.Tr>
      <Table.Td>
        <PlaneLink id={plane.id} />
        <Text size="xs" c="dimmed">
          {profileOf(plane.deployment_model).title}
        </Text>
      </Table.Td>
      <Table.Td>
        <PlaneBadges plane={plane} />
        {copies > 0 && (
          <Text size="xs" c="dimmed">
            {copies === 1 ? '1 outdated copy' : `${copies} outdated copies`}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        {plane.version ?? '–'}
        {known?.behind.has(plane.id) === true && (
          <Text size="xs" c="orange">
            behind {known.latest}
          </Text>
        )}
      </Table.Td>
      <Table.Td>{lagOf(plane)}</Table.Td>
      <Table.Td>
        <Text size="sm">
          {tenants} of {capacity}
        </Text>
        <Progress
          size="xs"
          value={capacity === 0 ? 0 : (100 * tenants) / capacity}
          aria-label={`${tenants} of ${capacity} places are taken`}
        />
      </Table.Td>
      <Table.Td>{plane.region ?? '–'}</Table.Td>
      <Table.Td>
        <When at={plane.last_report_at} />
      </Table.Td>
    </Table.Tr>
  );
}

function Filters() {
  const filter = useSearch({ from: '/signed-in/fleet' });
  const navigate = useNavigate({ from: '/fleet' });
  const narrow = (change: {
    readonly [Name in keyof typeof filter]?: (typeof filter)[Name] | undefined;
  }): void => void navigate({ search: given({ ...filter, ...change }), replace: true });
  return (
    <Group align="flex-end">
      <TextInput
        label="Name"
        type="search"
        value={filter.name ?? ''}
        onChange={(event) => narrow({ name: event.currentTarget.value || undefined })}
      />
      <Select
        label="Health"
        placeholder="Any"
        clearable
        w={140}
        data={HEALTHS}
        value={filter.health ?? null}
        onChange={(value) => narrow({ health: oneOf(HEALTHS, value) })}
      />
      <Select
        label="Model"
        placeholder="Any"
        clearable
        data={DEPLOYMENT_MODELS.map((value) => ({ value, label: profileOf(value).title }))}
        value={filter.deployment_model ?? null}
        onChange={(value) => narrow({ deployment_model: oneOf(DEPLOYMENT_MODELS, value) })}
      />
      <Switch
        label="Only planes that are behind"
        mb="xs"
        checked={filter.behind ?? false}
        onChange={(event) => narrow({ behind: event.currentTarget.checked || undefined })}
      />
      <Switch
        label="Show retired planes"
        mb="xs"
        checked={filter.retired ?? false}
        onChange={(event) => narrow({ retired: event.currentTarget.checked || undefined })}
      />
    </Group>
  );
}
