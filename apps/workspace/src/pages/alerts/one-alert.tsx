import { Grid, Group, Stack, Table, Text } from '@mantine/core';
import { CopyBlock, Facts, Page, Section, StateBadge, When, isMissing } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type Alert, alertNameOf, oneAlert } from '../../alerts/alert';
import { ButtonLink, PageLink } from '../../links';
import { useMay } from '../../session';
import { NeedsRole } from '../../needs-role';
import { NoSuch } from '../../no-such';

const WITHIN = [{ to: '/alerts', label: 'Alerts' }];

/** Everything that is known about one alert. */
export function OneAlert() {
  const { id } = useParams({ from: '/signed-in/alerts/$id' });
  return (
    <NeedsRole role="fulfiller" title="Alert">
      <Loaded id={id} />
    </NeedsRole>
  );
}

function Loaded({ id }: { readonly id: string }) {
  const { data: alert, error } = useQuery(oneAlert(id));
  if (isMissing(error))
    return (
      <NoSuch thing="alert" within={WITHIN}>
        <PageLink to="/alerts">Go to the alerts</PageLink>
      </NoSuch>
    );
  if (!alert) return <Page title="Alert" within={WITHIN} error={error} isLoading={!error} />;
  return <Shown alert={alert} error={error} />;
}

function Shown({ alert, error }: { readonly alert: Alert; readonly error: unknown }) {
  const isOperator = useMay('operator');
  const { id, status, labels, annotations, count, starts_at: start, ends_at: end } = alert;
  const { summary, ...others } = annotations;
  return (
    <Page
      title={alertNameOf(alert)}
      within={WITHIN}
      error={error}
      actions={
        isOperator && (
          <ButtonLink to="/silences" search={{ like: id }} variant="default" size="xs">
            Silence alerts like this
          </ButtonLink>
        )
      }
    >
      <Stack gap="lg">
        <Group gap="xs">
          <StateBadge state={status} />
          {summary && <Text style={{ overflowWrap: 'anywhere' }}>{summary}</Text>}
        </Group>
        <Grid gap="xl">
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Facts
              facts={[
                ['Incident', <Incident key="incident" alert={alert} />],
                ['Started', <When key="start" at={start} />],
                ['Ended', end === null ? 'It still fires.' : <When key="end" at={end} />],
                ['Last received', <When key="last" at={alert.last_received_at} />],
                ['Received', count === 1 ? 'once' : `${count} times`],
                ['Data source', <Source key="source" alert={alert} />],
              ]}
            />
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Stack gap="lg">
              <Section title="Labels">
                <Texts texts={labels} none="It has no labels." />
              </Section>
              <Section title="Annotations">
                <Texts texts={others} none={summary ? 'Only the summary.' : 'It has no annotations.'} />
              </Section>
              <Section title="Fingerprint">
                <Text size="xs" c="dimmed">
                  Alerts of the same data source with the same fingerprint are the same alert.
                </Text>
                <CopyBlock name="the fingerprint" text={alert.fingerprint} />
              </Section>
            </Stack>
          </Grid.Col>
        </Grid>
      </Stack>
    </Page>
  );
}

function Incident({ alert: { incident_id: incident, silence_id: silence } }: { readonly alert: Alert }) {
  const isOperator = useMay('operator');
  if (incident !== null)
    return (
      <PageLink to="/incidents/$id" params={{ id: incident }} size="sm">
        Open the incident
      </PageLink>
    );
  if (silence === null) return 'None: it was never received as firing.';
  return (
    <>
      None: a silence keeps it quiet.{' '}
      {isOperator && (
        <PageLink to="/silences" size="sm">
          Show the silences
        </PageLink>
      )}
    </>
  );
}

function Source({ alert: { source_id: id, source_name: name } }: { readonly alert: Alert }) {
  const isOperator = useMay('operator');
  if (!isOperator) return name;
  return (
    <PageLink to="/data-sources/$id" params={{ id }} size="sm">
      {name}
    </PageLink>
  );
}

interface TextsProps {
  readonly texts: Readonly<Record<string, string>>;
  readonly none: string;
}

function Texts({ texts, none }: TextsProps) {
  const entries = Object.entries(texts).sort(([one], [other]) => one.localeCompare(other));
  if (entries.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {none}
      </Text>
    );
  return (
    <Table withTableBorder layout="fixed">
      <Table.Tbody>
        {entries.map(([name, text]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" w="35%" fw={500} style={{ overflowWrap: 'anywhere' }}>
              {name}
            </Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>{text}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
