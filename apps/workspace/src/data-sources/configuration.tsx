import { Code, Stack, Text } from '@mantine/core';
import { CopyBlock } from '@atlas/web';
import { type Source } from './source';

const ADDRESS_OF_THIS_MACHINE = '127.0.0.1';

function alertmanagerTextOf(url: string): string {
  return `route:
  receiver: atlas
receivers:
  - name: atlas
    webhook_configs:
      - url: ${url}
        send_resolved: true
        max_alerts: 500
`;
}

function curlTextOf(url: string): string {
  return `curl -fsSL '${url}' \\
  -H 'content-type: application/json' -d '{"alerts": [{
  "status": "firing",
  "labels": {"alertname": "DiskFull", "severity": "critical", "ci": "web-1"},
  "annotations": {"summary": "/var on web-1 is at 98 %"}
}]}'
`;
}

/** What to copy into the program that sends alerts. Without the key, `{key}` stands in its place. */
export function Configuration({ source: { kind, ingest_url: url } }: { readonly source: Source }) {
  return (
    <Stack gap="xs">
      {kind === 'alertmanager' ? <ForAlertmanager url={url} /> : <ForOthers url={url} />}
      <Text size="sm">The address contains the key. Treat it like a password.</Text>
    </Stack>
  );
}

function ForAlertmanager({ url }: { readonly url: string }) {
  const { hostname } = new URL(url);
  return (
    <>
      <Text size="sm">
        Put this into <Code>alertmanager.yml</Code>, then reload Alertmanager. If you have a route already,
        add only the receiver, and <Code>receiver: atlas</Code> to your route.
      </Text>
      <CopyBlock
        name="the configuration of Alertmanager"
        text={alertmanagerTextOf(url)}
        file="alertmanager-atlas.yml"
      />
      {hostname.endsWith('.localhost') && (
        <Text size="sm">
          Alertmanager may not resolve {hostname}. Use {ADDRESS_OF_THIS_MACHINE} in its place.
        </Text>
      )}
    </>
  );
}

function ForOthers({ url }: { readonly url: string }) {
  return (
    <>
      <Text size="sm">
        Let your program send this whenever something is wrong. When it is over, send it again with{' '}
        <Code>{'"status": "resolved"'}</Code>.
      </Text>
      <CopyBlock name="the command" text={curlTextOf(url)} />
    </>
  );
}
