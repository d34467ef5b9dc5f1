import { Alert, Badge, Grid, Group, Stack, Text } from '@mantine/core';
import { Page, Section, When, wordsOf } from '@atlas/web';
import { CriticalityBadge } from '../../../cmdb/criticality-badge';
import { type Item } from '../../../cmdb/item';
import { useMay } from '../../../session';
import { ArchiveItem } from './archive-item';
import { Attributes } from './attributes';
import { EditItem } from './edit-item';
import { Impact } from './impact';
import { Incidents, OpenIncidents } from './incidents';
import { Objectives } from './objectives';
import { Relationships } from './relationships';

export const WITHIN = [{ to: '/cmdb', label: 'Configuration items' }];

interface ItemPageProps {
  readonly item: Item;
  readonly error: unknown;
}

/** What the item is, what hangs on it, and what is wrong with it now. */
export function ItemPage({ item, error }: ItemPageProps) {
  const { id, name, archived_at: archivedAt } = item;
  const isArchived = archivedAt !== null;
  const mayChange = useMay('operator') && !isArchived;
  return (
    <Page
      title={name}
      within={WITHIN}
      error={error}
      actions={
        mayChange && (
          <>
            <EditItem item={item} />
            <ArchiveItem item={item} />
          </>
        )
      }
    >
      <Stack mb="lg">
        {isArchived && (
          <Alert color="gray" title="Archived">
            Archived <When at={archivedAt} />. It can no longer be changed or linked to.
          </Alert>
        )}
        <OpenIncidents id={id} />
        <Facts item={item} />
        <Section title="Impact">
          <Impact item={item} />
        </Section>
      </Stack>
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Relationships item={item} mayChange={mayChange} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack gap="lg">
            <Section title="SLOs">
              <Objectives id={id} />
            </Section>
            <Section title="Incidents">
              <Incidents id={id} />
            </Section>
            <Section title="Attributes">
              <Attributes attributes={item.attributes} mayChange={mayChange} />
            </Section>
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

const SOURCES = { manual: 'a person', discovery: 'discovery', import: 'an import' } as const;

function Facts({ item }: { readonly item: Item }) {
  const { type, key, status, criticality, source, created_at: created, updated_at: updated } = item;
  return (
    <Stack gap={4}>
      <Group gap="xs">
        <Badge variant="light" color="indigo" tt="none">
          {type}
        </Badge>
        <Badge variant="light" color="gray" tt="none">
          {wordsOf(status)}
        </Badge>
        <CriticalityBadge criticality={criticality} />
        <Text span size="xs" c="dimmed">
          criticality
        </Text>
      </Group>
      <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {key !== null && <>Key {key} · </>}
        Added by {SOURCES[source]} <When at={created} /> · Changed <When at={updated} />
      </Text>
    </Stack>
  );
}
