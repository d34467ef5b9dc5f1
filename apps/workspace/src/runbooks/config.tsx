import { Code, Group, Stack, Table, Text } from '@mantine/core';
import { type ReactNode } from 'react';
import { type Config, type StepKind } from './runbook';

interface ConfigShownProps {
  readonly kind: StepKind;
  readonly config: Config;
}

/** What a step does. */
export function ConfigShown({ kind, config }: ConfigShownProps) {
  if (kind === 'manual') return <Instructions config={config} />;
  return kind === 'shell' ? <Command config={config} /> : <Request config={config} />;
}

function Instructions({ config: { instructions } }: { readonly config: Config }) {
  if (typeof instructions !== 'string' || instructions === '')
    return (
      <Text size="sm" c="dimmed">
        No instructions.
      </Text>
    );
  return (
    <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
      {instructions}
    </Text>
  );
}

function Command({ config: { command, args, shell } }: { readonly config: Config }) {
  const list = Array.isArray(args) ? args.map(String) : [];
  return (
    <Stack gap={4}>
      <Text size="sm">{shell === true ? 'In a shell' : 'Command'}</Text>
      <Lines text={textOf(command)} />
      {list.length > 0 && (
        <>
          <Text size="sm">Arguments</Text>
          <Group gap={4}>
            {list.map((arg, index) => (
              // Arguments have no identity of their own.
              <Code key={`${index} ${arg}`}>{arg === '' ? '(empty)' : arg}</Code>
            ))}
          </Group>
        </>
      )}
    </Stack>
  );
}

function Request({ config }: { readonly config: Config }) {
  const { method, url, headers, body, expect_status: expected } = config;
  const list = Object.entries(isRecord(headers) ? headers : {});
  return (
    <Stack gap={4}>
      <Lines text={`${textOf(method)} ${textOf(url)}`} />
      {list.length > 0 && (
        <Table withRowBorders={false} layout="fixed">
          <Table.Tbody>
            {list.map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Td w={180}>{name}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  {value === null ? <Dimmed>stored, not shown</Dimmed> : textOf(value)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {body !== null && body !== undefined && (
        <>
          <Text size="sm">Body</Text>
          <Lines text={typeof body === 'string' ? body : JSON.stringify(body, null, 2)} />
        </>
      )}
      <Text size="sm">
        Succeeds with {typeof expected === 'number' ? `status ${expected}` : 'any status from 200 to 299'}.
      </Text>
    </Stack>
  );
}

function Dimmed({ children }: { readonly children: ReactNode }) {
  return (
    <Text span size="sm" c="dimmed">
      {children}
    </Text>
  );
}

function Lines({ text }: { readonly text: string }) {
  return (
    <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
      {text}
    </Code>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isRecord(value: unknown): value is Config {
  return typeof value === 'object' && value !== null;
}
