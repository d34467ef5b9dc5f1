import { Alert, Group, List, Loader, Text } from '@mantine/core';
import { ProblemAlert, When, useNow } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { PageLink } from '../links';
import { type SourceWithKey, oneSource } from './source';

const POLL_MS = 2000;
const REDRAW_MS = 5000;
const HELP_MS = 120_000;

/** Turns green by itself once an alert arrives. */
export function Waiting({ source }: { readonly source: SourceWithKey }) {
  const { id, last_received_at: before, previous_key_until: oldKeyUntil } = source;
  const { data, error } = useQuery(oneSource(id, POLL_MS));
  const last = data?.last_received_at ?? null;
  const isFirst = before === null;
  if (last !== null && last !== before)
    return (
      <Alert
        color="green"
        role="status"
        title={isFirst ? 'The first alert arrived' : 'An alert arrived'}
        icon={<span aria-hidden>✓</span>}
      >
        It arrived <When at={last} />.{' '}
        {oldKeyUntil !== null && 'It may have used the old key, which still works. '}
        <PageLink to="/alerts" search={{ source_id: id, show: 'all' }} size="sm">
          Show the alerts of {source.name}
        </PageLink>
      </Alert>
    );
  return (
    <>
      <Alert color="blue" role="status">
        <Group gap="sm">
          <Loader size="xs" aria-hidden />
          <Text size="sm">
            {isFirst ? 'Waiting for the first alert …' : 'Waiting for the next alert …'} This turns green by
            itself.
          </Text>
        </Group>
        <Help source={source} />
      </Alert>
      <ProblemAlert error={error} />
    </>
  );
}

function Help({ source: { kind, ingest_url: url } }: { readonly source: SourceWithKey }) {
  const [start] = useState(() => Date.now());
  if (useNow(REDRAW_MS) - start < HELP_MS) return null;
  const { host } = new URL(url);
  const isAlertmanager = kind === 'alertmanager';
  return (
    <>
      <Text size="sm" mt="sm">
        Nothing yet. An alert is only sent when something fires. If something does:
      </Text>
      <List size="sm">
        {isAlertmanager && <List.Item>Has Alertmanager been reloaded?</List.Item>}
        <List.Item>
          Can {isAlertmanager ? 'it' : 'your program'} reach {host}?
        </List.Item>
        <List.Item>What does {isAlertmanager ? 'its log' : 'the answer to its request'} say?</List.Item>
      </List>
    </>
  );
}
