import { Box } from '@mantine/core';

interface BarProps {
  readonly of: number;
  /** What fills the whole width. */
  readonly most: number;
  readonly color?: 'orange' | 'red';
}

/** A number as a length. The number itself stands beside it, so this is not read out. */
export function Bar({ of, most, color }: BarProps) {
  const share = most > 0 ? Math.min(of / most, 1) : 0;
  const fill = color === undefined ? '--mantine-primary-color-filled' : `--mantine-color-${color}-filled`;
  return (
    <Box aria-hidden h={4} bg="var(--mantine-color-default-border)">
      <Box h={4} bg={`var(${fill})`} w={`${100 * share}%`} />
    </Box>
  );
}
