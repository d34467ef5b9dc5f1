import { Alert, Badge, Group, Select, Stack, Table, Text } from '@mantine/core';
import { Page, Section, When, isMissing } from '@atlas/web';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ButtonLink, PageLink } from '../../links';
import { NeedsRole } from '../../needs-role';
import { useBarrier } from '../../plan/entitlements';
import { PlanNotice } from '../../plan/plan-notice';
import { type Parameter, type Runbook } from '../../runbooks/runbook';
import { StepShown } from '../../runbooks/step-shown';
import { useRunbook, useVersion } from '../../runbooks/use-runbooks';
import { useMay } from '../../session';
import { Archive } from './archive';
import { LastRuns } from './last-runs';
import { NoSuchRunbook, WITHIN } from './no-such';

/** One runbook: what it does, and what was done with it. */
export function OneRunbook() {
  const { id } = useParams({ from: '/signed-in/runbooks/$id' });
  return (
    <NeedsRole role="fulfiller" title="Runbook">
      <Loaded key={id} id={id} />
    </NeedsRole>
  );
}

function Loaded({ id }: { readonly id: string }) {
  const { version } = useSearch({ from: '/signed-in/runbooks/$id' });
  const current = useRunbook(id);
  const old = useVersion(id, version);
  const shown = version === undefined ? current : old;
  const { error } = shown.error ? shown : current;
  if (isMissing(error)) return <NoSuchRunbook />;
  if (!current.data || !shown.data)
    return <Page title="Runbook" within={WITHIN} error={error} isLoading={!error} />;
  return <Shown runbook={current.data} shown={{ ...shown.data, version: version ?? current.data.version }} />;
}

interface ShownProps {
  /** The current version. */
  readonly runbook: Runbook;
  /** The version that is shown. */
  readonly shown: Runbook;
}

function Shown({ runbook, shown }: ShownProps) {
  const barrier = useBarrier('runbooks');
  const isOperator = useMay('operator') && barrier === null;
  const isUsable = isOperator && runbook.archived_at === null;
  return (
    <Page title={runbook.name} within={WITHIN} actions={isUsable && <Actions runbook={runbook} />}>
      <PlanNotice module="runbooks" />
      <Stack gap="lg">
        {runbook.archived_at !== null && (
          <Alert color="gray">
            This runbook was archived <When at={runbook.archived_at} />. It can no longer be run or changed.
            {isOperator && (
              <>
                {' '}
                <PageLink to="/runbooks/new" size="sm" search={{ copy: runbook.id }}>
                  Write a copy of it
                </PageLink>
              </>
            )}
          </Alert>
        )}
        <Version runbook={runbook} shown={shown} />
        {shown.description && (
          <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{shown.description}</Text>
        )}
        {shown.parameters.length > 0 && <Parameters parameters={shown.parameters} />}
        <Section title="Steps">
          <Stack component="ol" gap="sm" m={0} p={0} style={{ listStyle: 'none' }}>
            {shown.steps.map((step, index) => (
              <StepShown key={step.name} step={step} index={index} />
            ))}
          </Stack>
        </Section>
        <Section title="Last runs">
          <LastRuns runbookId={runbook.id} />
        </Section>
      </Stack>
    </Page>
  );
}

function Actions({ runbook }: { readonly runbook: Runbook }) {
  const { id } = runbook;
  return (
    <>
      <ButtonLink to="/runbooks/$id/run" params={{ id }} size="xs">
        Run
      </ButtonLink>
      <ButtonLink to="/runbooks/$id/edit" params={{ id }} size="xs" variant="default">
        Edit
      </ButtonLink>
      <ButtonLink to="/runbooks/new" search={{ copy: id }} size="xs" variant="default">
        Duplicate
      </ButtonLink>
      <Archive runbook={runbook} />
    </>
  );
}

function Version({ runbook, shown }: ShownProps) {
  const navigate = useNavigate({ from: '/runbooks/$id' });
  const versions = Array.from({ length: runbook.version }, (_, index) => String(runbook.version - index));
  const isOld = shown.version !== runbook.version;
  return (
    <Group gap="sm" align="flex-end">
      <Select
        label="Version"
        size="xs"
        w={140}
        allowDeselect={false}
        data={versions.map((value) => ({
          value,
          label: Number(value) === runbook.version ? `${value} (current)` : value,
        }))}
        value={String(shown.version)}
        onChange={(value) =>
          void navigate({ search: Number(value) === runbook.version ? {} : { version: Number(value) } })
        }
      />
      <Text size="sm" c="dimmed">
        {isOld ? (
          'Not the current version. Runs use the current one.'
        ) : (
          <>
            Changed <When at={runbook.updated_at} />
          </>
        )}
      </Text>
    </Group>
  );
}

function Parameters({ parameters }: { readonly parameters: readonly Parameter[] }) {
  return (
    <Section title="Parameters">
      <Table.ScrollContainer minWidth={480}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Needed</Table.Th>
              <Table.Th>Allowed values</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {parameters.map((one) => (
              <Table.Tr key={one.name}>
                <Table.Td>
                  {one.name}
                  {one.secret && (
                    <Badge ml="xs" variant="light" color="grape" tt="none">
                      secret
                    </Badge>
                  )}
                </Table.Td>
                <Table.Td>{one.required ? 'yes' : 'no'}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{allowedOf(one)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}

function allowedOf({ enum: allowed, pattern }: Parameter): string {
  const parts = [
    ...(allowed ? [allowed.join(', ')] : []),
    ...(pattern === null ? [] : [`matching ${pattern}`]),
  ];
  return parts.join('; ') || 'any';
}
