import { Button, Group, Stack, Text } from '@mantine/core';
import { ProblemAlert, type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { quietApi } from '../api';
import { type SourceKind } from './source';

type Status = TenantPlaneSchemas['schemas']['AlertStatus'];
type Receipt = TenantPlaneSchemas['schemas']['ReceiptView'];

const LABELS = { alertname: 'AtlasTest', severity: 'info' };
const ANNOTATIONS = { summary: 'A test from the workspace' };

function send(kind: SourceKind, key: string, status: Status): Promise<Receipt> {
  const params = { path: { key } };
  if (kind === 'generic')
    return bodyOf(
      quietApi.POST('/api/ingest/generic/{key}', {
        params,
        body: { alerts: [{ status, labels: LABELS, annotations: ANNOTATIONS }] },
      }),
    );
  const startsAt = new Date().toISOString();
  const alert = { fingerprint: 'atlas-test', status, labels: LABELS, annotations: ANNOTATIONS, startsAt };
  return bodyOf(
    quietApi.POST('/api/ingest/alertmanager/{key}', { params, body: { version: '4', alerts: [alert] } }),
  );
}

interface TestAlertProps {
  readonly id: string;
  readonly kind: SourceKind;
  readonly sourceKey: string;
}

/** Sends an alert as the data source would, from this browser. */
export function TestAlert({ id, kind, sourceKey }: TestAlertProps) {
  const queries = useQueryClient();
  const [sent, setSent] = useState<Status | null>(null);
  const test = useMutation({
    mutationFn: (status: Status) => send(kind, sourceKey, status),
    onSuccess: async (_, status) => {
      setSent(status);
      void queries.invalidateQueries({ queryKey: ['alerts'] });
      await queries.invalidateQueries({ queryKey: ['data-sources', 'one', id] });
    },
  });
  return (
    <Stack gap="xs">
      <Text size="sm">
        A test alert shows what becomes of an alert. It comes from your browser, so it does not test your
        program’s way to Atlas. It opens an incident of severity P4, which “Resolve the test” resolves.
      </Text>
      <Group gap="xs">
        <Button
          size="xs"
          variant="default"
          loading={test.isPending && test.variables === 'firing'}
          onClick={() => test.mutate('firing')}
        >
          Send a test alert
        </Button>
        {sent !== null && (
          <Button
            size="xs"
            variant="default"
            disabled={sent === 'resolved'}
            loading={test.isPending && test.variables === 'resolved'}
            onClick={() => test.mutate('resolved')}
          >
            Resolve the test
          </Button>
        )}
      </Group>
      {test.data && (
        <Text size="sm" role="status">
          {textOf(test.data)}
        </Text>
      )}
      <ProblemAlert error={test.error} />
    </Stack>
  );
}

function textOf({ opened, resolved, silenced }: Receipt): string {
  if (opened > 0) return 'It arrived and opened an incident.';
  if (resolved > 0) return 'It is resolved.';
  return silenced > 0 ? 'It arrived. A silence keeps it quiet.' : 'It arrived. It was known already.';
}
