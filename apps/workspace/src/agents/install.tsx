import { Code, List, Stack, Text } from '@mantine/core';
import { CopyBlock, KeyOnce, Section } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { plane } from '../plane';
import {
  ALLOW,
  ALLOWED_COMMANDS,
  FROM_IMAGE,
  INSTALL,
  START,
  SYSTEMD_UNIT,
  enrolLine,
  planeUrl,
} from './install-texts';
import { WaitingForAgent } from './waiting';

interface InstallProps {
  readonly id: string;
  readonly agentKey: string | null;
}

/** How an agent gets onto its machine. */
export function Install({ id, agentKey }: InstallProps) {
  const model = useQuery(plane).data?.deployment.model;
  const isOwnPlane = model === 'on_prem' || model === 'hybrid';
  return (
    <Stack maw={760} gap="lg">
      <KeyOnce value={agentKey} ifLost="Rotate the key on the agent’s page to get another." />
      <Section title="1. Get the agent">
        <Text size="sm">
          It is one file, <Code>atlas-agent.cjs</Code>, and needs only Node 20.19 or later.{' '}
          {isOwnPlane
            ? 'The container image of this deployment contains it:'
            : 'Get it from whoever runs Atlas for you, and copy it to the machine.'}
        </Text>
        {isOwnPlane && <CopyBlock name="the lines to get the agent" text={FROM_IMAGE} />}
      </Section>
      <Section title="2. Install it">
        <CopyBlock name="the lines to install it" text={INSTALL} />
      </Section>
      <Section title="3. Enrol it">
        <Text size="sm">Paste the key when it waits for input, then press Enter and Ctrl + D.</Text>
        <CopyBlock name="the line to enrol it" text={enrolLine(planeUrl(location))} />
        <Text size="sm" c="dimmed">
          Never give the key as an argument: other users of the machine could read it.
        </Text>
      </Section>
      <Section title="4. Start it">
        <Text size="sm">
          Save this as <Code>/etc/systemd/system/atlas-agent.service</Code>:
        </Text>
        <CopyBlock name="the unit" text={SYSTEMD_UNIT} file="atlas-agent.service" />
        <CopyBlock name="the line to start it" text={START} />
        <WaitingForAgent id={id} />
      </Section>
      <Section title="5. Allow commands">
        <Text size="sm">
          The agent runs only what <Code>/var/lib/atlas-agent/allowed-commands.json</Code> lists. Without this
          file, nothing is allowed. Atlas cannot change it. An example:
        </Text>
        <CopyBlock name="the example" text={ALLOWED_COMMANDS} file="allowed-commands.json" />
        <CopyBlock name="the line to install the file" text={ALLOW} />
        <List size="sm">
          <List.Item>
            <Code>*</Code> stands for any characters except <Code>/</Code>.
          </List.Item>
          <List.Item>
            <Code>&quot;...&quot;</Code> at the end allows any further arguments.
          </List.Item>
          <List.Item>Do not list a shell or an interpreter.</List.Item>
        </List>
      </Section>
    </Stack>
  );
}
