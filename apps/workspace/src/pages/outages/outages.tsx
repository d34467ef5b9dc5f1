import { Box, Group, List, Stack, Table, Text } from '@mantine/core';
import { Explained, Page, Section, StateBadge, type TenantPlaneSchemas, When, bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api, every } from '../../api';
import { NeedsRole } from '../../needs-role';

type Contract = TenantPlaneSchemas['schemas']['OutageContractView'];
type Capability = Contract['capabilities'][number];
type Stage = NonNullable<Contract['stage']>;

const TITLE = 'Outages';
const REFRESH_MS = 30_000;
const STAGES: readonly (readonly [Stage, string])[] = [
  ['PT0S', 'At once'],
  ['PT1H', 'After 1 hour'],
  ['P1D', 'After 1 day'],
  ['P30D', 'After 30 days'],
];

/** What keeps working while the Control Plane cannot be reached. */
export function Outages() {
  return (
    <NeedsRole role="fulfiller" title={TITLE}>
      <Loaded />
    </NeedsRole>
  );
}

function Loaded() {
  const { data, error, isPending } = useQuery({
    queryKey: ['outage-contract'],
    queryFn: () => bodyOf(api.GET('/api/outage-contract')),
    refetchInterval: every(REFRESH_MS),
  });
  return (
    <Page
      title={TITLE}
      about="The Control Plane is the part of Atlas that sets up workspaces, and passes questions on to the
        AI. This page says what keeps working here while it cannot be reached."
      error={data ? undefined : error}
      isLoading={isPending}
    >
      {data && (
        <Stack gap="xl">
          <Now contract={data} />
          <Section title="What you can rely on">
            <Meanings />
            <WideTable contract={data} />
            <NarrowList contract={data} />
          </Section>
        </Stack>
      )}
    </Page>
  );
}

function Now({ contract: { control_plane: link, stage, capabilities } }: { readonly contract: Contract }) {
  const affected = capabilities.filter(({ now }) => now !== 'works');
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <StateBadge state={link.reachable ? 'reachable' : 'unreachable'} />
        <Text size="sm">
          {link.last_contact_at === null ? (
            'There was no contact with the Control Plane yet.'
          ) : (
            <>
              {link.reachable ? 'The Control Plane answers.' : 'The Control Plane cannot be reached.'} Last
              contact: <When at={link.last_contact_at} />.{stage !== null && ` ${stageText(stage)}`}
            </>
          )}
        </Text>
      </Group>
      <Text size="sm">
        {affected.length === 0
          ? 'Everything works now.'
          : `Not everything works now: ${affected.map(({ title, now }) => `${title} (${now})`).join(', ')}.`}
      </Text>
    </Stack>
  );
}

function stageText(stage: Stage): string {
  const name = STAGES.find(([key]) => key === stage)?.[1].toLowerCase() ?? '';
  return `The column “${name}” applies.`;
}

function Meanings() {
  return (
    <List size="sm">
      <List.Item>
        <b>works</b>: you notice nothing.
      </List.Item>
      <List.Item>
        <b>degraded</b>: it can be read, but not changed.
      </List.Item>
      <List.Item>
        <b>refused</b>: an error says why, until the Control Plane is back.
      </List.Item>
    </List>
  );
}

interface ContractProps {
  readonly contract: Contract;
}

function WideTable({ contract: { capabilities, stage } }: ContractProps) {
  return (
    <Table visibleFrom="sm" verticalSpacing="xs" aria-label="What works in an outage">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Capability</Table.Th>
          <Table.Th>Now</Table.Th>
          {STAGES.map(([key, name]) => (
            <Table.Th key={key} aria-current={key === stage ? true : undefined}>
              {name}
              {key === stage && ' (now)'}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {capabilities.map((capability) => (
          <Table.Tr key={capability.key}>
            <Table.Th scope="row" fw={500}>
              {capability.title}
              <Text size="xs" c="dimmed" maw={320}>
                {textAt(capability, stage ?? 'PT0S')}
              </Text>
            </Table.Th>
            <Table.Td>
              <StateBadge state={capability.now} />
            </Table.Td>
            {STAGES.map(([key]) => (
              <Table.Td key={key}>
                <Cell capability={capability} stage={key} shown={textAt(capability, stage ?? 'PT0S')} />
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface CellProps {
  readonly capability: Capability;
  readonly stage: Stage;
  /** The sentence that is shown beside it already. */
  readonly shown: string | undefined;
}

function Cell({ capability, stage, shown }: CellProps) {
  const step = capability.stages.find(({ after }) => after === stage);
  if (!step) return '–';
  const badge = <StateBadge state={step.behaviour} />;
  return step.text === shown ? badge : <Explained text={step.text}>{badge}</Explained>;
}

/** The same as a list, because the columns would not fit. */
function NarrowList({ contract: { capabilities, stage } }: ContractProps) {
  return (
    <Stack hiddenFrom="sm" gap="md" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
      {capabilities.map((capability) => (
        <Box component="li" key={capability.key}>
          <Group gap="xs">
            <Text fw={500} size="sm">
              {capability.title}
            </Text>
            <StateBadge state={capability.now} />
          </Group>
          <Text size="xs" c="dimmed">
            {textAt(capability, stage ?? 'PT0S')}
          </Text>
          <Text size="xs">
            {STAGES.map(([key, name]) => `${name.toLowerCase()}: ${behaviourAt(capability, key)}`).join(', ')}
          </Text>
        </Box>
      ))}
    </Stack>
  );
}

function textAt({ stages }: Capability, stage: Stage): string | undefined {
  return stages.find(({ after }) => after === stage)?.text;
}

function behaviourAt({ stages }: Capability, stage: Stage): string {
  return stages.find(({ after }) => after === stage)?.behaviour ?? '–';
}
