import { Box, Button, Code, CopyButton, Group } from '@mantine/core';

interface Copied {
  /** What the text is, for the button's name. */
  readonly name: string;
  readonly text: string;
  /** Offers the text as a file with this name, too. */
  readonly file?: string;
}

/** Text to copy and paste, such as a command. */
export function CopyBlock({ name, text, file }: Copied) {
  return (
    <Box>
      <Group gap="xs" justify="flex-end" mb={4}>
        {file !== undefined && (
          <Button
            variant="default"
            size="compact-xs"
            component="a"
            download={file}
            href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}
          >
            Download
          </Button>
        )}
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button variant="default" size="compact-xs" onClick={copy} aria-label={`Copy ${name}`}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
      {/* Long lines are scrolled, also by keyboard. */}
      <Code block tabIndex={0}>
        {text}
      </Code>
    </Box>
  );
}
