import { Stack, Text } from '@mantine/core';
import { Page, Section } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { NeedsRole } from '../../needs-role';
import { Classes } from '../../residency/classes';
import { Ledger } from '../../residency/ledger';
import { residency } from '../../residency/residency';

const TITLE = 'What leaves';

/** What may leave the plane, and what has left it. */
export function Residency() {
  return (
    <NeedsRole role="admin" title={TITLE}>
      <Loaded />
    </NeedsRole>
  );
}

function Loaded() {
  const { data, error, isPending } = useQuery(residency);
  return (
    <Page
      title={TITLE}
      about="Everything that leaves this plane passes one door. It refuses what is not listed here, and writes
        down every call."
      error={error}
      isLoading={isPending}
    >
      {data && (
        <Stack gap="xl">
          <Text size="sm" maw={760}>
            {data.text}
          </Text>
          <Ledger />
          <Section title="What may leave">
            <Classes classes={data.classes} />
          </Section>
        </Stack>
      )}
    </Page>
  );
}
