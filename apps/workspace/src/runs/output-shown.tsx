import { Box, Button, CopyButton, Group, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';

const HEIGHT = 360;
/** How far from the end counts as being at the end. */
const NEAR_PX = 24;

interface OutputShownProps {
  readonly name: string;
  readonly text: string;
}

/** What a step prints. It follows the end unless somebody has scrolled up. */
export function OutputShown({ name, text }: OutputShownProps) {
  const box = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (box.current && isAtEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const look = (): void => {
    const { current } = box;
    if (!current) return;
    isAtEnd.current = current.scrollHeight - current.scrollTop - current.clientHeight < NEAR_PX;
  };
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Text size="sm">Output</Text>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              size="compact-sm"
              onClick={copy}
              aria-label={`Copy the output of ${name}`}
            >
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Box
        component="pre"
        ref={box}
        onScroll={look}
        role="log"
        aria-live="off"
        aria-label={`Output of ${name}`}
        tabIndex={0}
        m={0}
        p="xs"
        mah={HEIGHT}
        fz="xs"
        bg="var(--mantine-color-default-hover)"
        style={{
          overflow: 'auto',
          whiteSpace: 'pre-wrap',
          overflowWrap: 'anywhere',
          fontFamily: 'var(--mantine-font-family-monospace)',
          borderRadius: 'var(--mantine-radius-sm)',
        }}
      >
        {text}
      </Box>
    </div>
  );
}
