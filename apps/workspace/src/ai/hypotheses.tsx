import { Group, List, Paper, Stack, Text } from '@mantine/core';
import { Bar, type TenantPlaneSchemas } from '@atlas/web';
import { CitationLink } from './citation-link';

type Hypothesis = TenantPlaneSchemas['schemas']['HypothesisView'];

interface HypothesesProps {
  /** The incident. */
  readonly id: string;
  readonly hypotheses: readonly Hypothesis[];
}

/** The possible causes, the most likely one first. */
export function Hypotheses({ id, hypotheses }: HypothesesProps) {
  if (hypotheses.length === 0) return null;
  return (
    <Stack component="ol" aria-label="Possible causes" gap="xs" m={0} p={0} style={{ listStyle: 'none' }}>
      {hypotheses.map((hypothesis, index) => (
        // They never change, and two may have the same title.
        <Cause key={index} id={id} place={index + 1} hypothesis={hypothesis} />
      ))}
    </Stack>
  );
}

interface CauseProps {
  readonly id: string;
  readonly place: number;
  readonly hypothesis: Hypothesis;
}

function Cause({ id, place, hypothesis: { title, confidence, reasoning, citations } }: CauseProps) {
  return (
    <Paper component="li" withBorder p="xs">
      <Stack gap={6}>
        <Group gap="xs" justify="space-between" align="baseline">
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            {place}. {title}
          </Text>
          <Text size="xs">Confidence {Math.round(100 * confidence)} %</Text>
        </Group>
        <Bar of={confidence} most={1} />
        <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {reasoning}
        </Text>
        {citations.length === 0 ? (
          <Text size="xs" c="dimmed">
            It cites nothing from this incident.
          </Text>
        ) : (
          <List size="sm" aria-label={`What supports cause ${place}`}>
            {citations.map((citation) => (
              <List.Item key={`${citation.kind} ${citation.id}`}>
                <CitationLink incidentId={id} citation={citation} />
              </List.Item>
            ))}
          </List>
        )}
      </Stack>
    </Paper>
  );
}
