import { NumberInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { Page, bodyOf } from '@atlas/web';
import { useState } from 'react';
import { api } from '../../api';
import { JobsTable } from '../../jobs/jobs-table';
import { OperationFlow } from '../../operations/operation-drawer';
import { READ_ONLY, useMayChange } from '../../parts/access';
import { given } from '../../parts/search';
import { type Plan } from '../../parts/types';

const WITHIN = [{ to: '/fleet', label: 'Fleet' }];

/** Upgrades the planes that Atlas runs for one tenant each, in waves. */
export function UpgradeMany() {
  const mayChange = useMayChange();
  return (
    <Page
      title="Upgrade many planes"
      within={WITHIN}
      about={
        mayChange
          ? 'Upgrades dedicated planes in batches. Shared cells and customers’ planes are not included.'
          : READ_ONLY
      }
    >
      {mayChange && <UpgradeForm />}
      <Title order={2} size="h5" mt="xl" mb="xs">
        Earlier upgrades of many planes
      </Title>
      <JobsTable
        filter={{ operation: 'upgrade_wave' }}
        empty="None yet. Each one you start is listed here, with its progress."
        height="40vh"
      />
    </Page>
  );
}

function UpgradeForm() {
  const [fields, setFields] = useState({ version: '', region: '', batch: 5, failures: 0 });
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const change = (part: Partial<typeof fields>): void => setFields({ ...fields, ...part });
  return (
    <OperationFlow
      verb="Upgrade these planes"
      done="All of them are upgraded."
      onRefusal={setProblems}
      call={({ query, headers }) =>
        bodyOf(
          api.POST('/api/tenant-planes/upgrades', {
            params: { query },
            headers,
            body: {
              batch_size: fields.batch,
              max_failures: fields.failures,
              ...given({ version: fields.version || undefined, region: fields.region || undefined }),
            },
          }),
        )
      }
      explain={(plan) => <Waves plan={plan} failures={fields.failures} />}
      fields={
        <Stack maw={480}>
          <TextInput
            label="Version"
            description="Leave it empty for the version that this Control Plane offers."
            placeholder="1.2.3"
            value={fields.version}
            error={problems.version}
            onChange={(event) => change({ version: event.currentTarget.value.trim() })}
          />
          <TextInput
            label="Region"
            description="Leave it empty for all regions."
            value={fields.region}
            error={problems.region}
            onChange={(event) => change({ region: event.currentTarget.value.trim() })}
          />
          <NumberInput
            label="Planes at a time"
            min={1}
            max={50}
            value={fields.batch}
            error={problems.batch_size}
            onChange={(value) => change({ batch: Number(value) })}
          />
          <NumberInput
            label="Failures to accept"
            description="It stops when more upgrades than this fail."
            min={0}
            max={1000}
            value={fields.failures}
            error={problems.max_failures}
            onChange={(value) => change({ failures: Number(value) })}
          />
        </Stack>
      }
    />
  );
}

function Waves({ plan, failures }: { readonly plan: Plan; readonly failures: number }) {
  const waves = plan.waves ?? [];
  const named = waves.flat().length;
  const total = plan.total ?? named;
  return (
    <Stack gap="xs">
      <Text size="sm">
        {total === 1 ? 'One plane is' : `${total} planes are`} upgraded to {String(plan.to)}. If the first one
        fails, nothing else is upgraded. Afterwards it stops when more than {failures} upgrades fail.
      </Text>
      {waves.map((wave, index) => (
        <section key={wave[0]?.id ?? index}>
          <Title order={3} size="h6">
            {index === 0 ? 'First' : `Batch ${index}`}
          </Title>
          <Text size="sm">{wave.map(({ name, version }) => `${name} (${version ?? '–'})`).join(', ')}</Text>
        </section>
      ))}
      {total > named && <Text size="sm">and {total - named} more</Text>}
    </Stack>
  );
}
