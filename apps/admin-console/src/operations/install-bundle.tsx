import { Alert, Box, Button, Code, CopyButton, Group, Stack, Switch, Text } from '@mantine/core';
import { CopyBlock, useNow } from '@atlas/web';
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';
import { durationText } from '../parts/durations';
import { type Bundle } from '../parts/types';

/** The name of the file in the commands of a bundle. */
const FILE = 'atlas-tp.env';
const LEAVING = 'The install bundle cannot be shown again. Leave without it?';
/** Values with these prefixes are secrets. */
const SECRET = /\bat[ps]_\w+/g;

interface InstallBundleProps {
  readonly bundle: Bundle;
  readonly onSaved: () => void;
}

/** What starts a tenant plane. It is shown once and kept nowhere else. */
export function InstallBundle({ bundle, onSaved }: InstallBundleProps) {
  useBlocker({ shouldBlockFn: () => !window.confirm(LEAVING), enableBeforeUnload: true });
  const left = Date.parse(bundle.expires_at) - useNow(1000);
  return (
    <Alert
      color="yellow"
      styles={{ body: { minWidth: 0 } }}
      title="Copy this install bundle now. It is shown once."
    >
      <Text size="sm" mb="sm">
        Give it to whoever starts the plane. A new bundle can be issued, which makes this one useless.{' '}
        {left > 0 ? `It is valid for ${durationText(left)}.` : 'It has expired: issue a new one.'}
      </Text>
      <Stack gap="sm">
        <Box>
          <Text size="sm">
            1. Save this as <Code>{FILE}</Code>. Fill in lines that have a comment, or remove them.
          </Text>
          <EnvironmentFile env={bundle.env} />
        </Box>
        <Box>
          <Text size="sm">2. Start the plane in the same folder, with Docker:</Text>
          <CopyBlock name="the Docker command" text={bundle.commands.docker} />
        </Box>
        <Box>
          <Text size="sm">
            Or with Node, in a checkout of Atlas, after <Code>npm ci && npm run build</Code>:
          </Text>
          <CopyBlock name="the Node command" text={bundle.commands.npx} />
        </Box>
      </Stack>
      <Button mt="sm" onClick={onSaved}>
        I have saved the bundle
      </Button>
    </Alert>
  );
}

function EnvironmentFile({ env }: { readonly env: Bundle['env'] }) {
  const [isOpen, setOpen] = useState(false);
  const text = Object.entries(env)
    // A value that is only a comment has to be filled in.
    .map(([key, value]) => (value.startsWith('#') ? `${value}\n# ${key}=` : `${key}=${value}`))
    .join('\n');
  return (
    <Stack gap={4} mt={4}>
      <Group gap="xs" justify="space-between">
        <Switch
          size="xs"
          label="Show secrets"
          checked={isOpen}
          onChange={(event) => setOpen(event.currentTarget.checked)}
        />
        <Group gap="xs">
          <Button
            variant="default"
            size="compact-xs"
            component="a"
            download={FILE}
            href={`data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`}
          >
            Download
          </Button>
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button
                variant="default"
                size="compact-xs"
                onClick={copy}
                aria-label="Copy the environment file"
              >
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
        </Group>
      </Group>
      <Code block>{isOpen ? text : text.replaceAll(SECRET, '••••••••')}</Code>
    </Stack>
  );
}
