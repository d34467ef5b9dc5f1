import { Alert, Button, Group, Loader, SegmentedControl, Select, Stack, Text } from '@mantine/core';
import { ProblemAlert } from '@atlas/web';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, Suspense, lazy, useCallback, useEffect, useRef, useState } from 'react';
import { ImpactList } from '../../../cmdb/impact-list';
import { type Item } from '../../../cmdb/item';
import {
  DEPTHS,
  DIRECTIONS,
  type Depth,
  type Direction,
  type MapSearch,
  FARTHEST,
  NEAR,
} from '../../../cmdb/item-search';
import { FEW, type Impact as Answer, MOST_NODES, sentenceOf, useImpact } from '../../../cmdb/use-impact';

const TEXTS = { dependents: 'If this is down', dependencies: 'What this needs' } as const;

// The libraries for the picture are large, and the list needs none of them.
const ImpactMap = lazy(async () => {
  const { ImpactMap: component } = await import('../../../cmdb/impact-map');
  return { default: component };
});

/** What an outage of the item would do, as a picture and as a list. */
export function Impact({ item }: { readonly item: Item }) {
  const { direction = 'dependents', depth: chosen, around } = useSearch({ from: '/signed-in/cmdb/$id' });
  const root = around ?? item.id;
  const navigate = useNavigate({ from: '/cmdb/$id' });
  const change = useCallback(
    (search: MapSearch) =>
      void navigate({ search: (old) => ({ ...old, ...search }), replace: true, resetScroll: false }),
    [navigate],
  );
  // What was pressed goes away with the picture, so that the new one takes the focus.
  const [isMoved, setIsMoved] = useState(false);
  const onCentre = useCallback(
    (id: string) => {
      setIsMoved(true);
      change({ around: id === item.id ? undefined : id });
    },
    [change, item.id],
  );
  const { data, error } = useImpact(root, direction, chosen ?? FARTHEST);
  const count = data?.impact.items.length ?? 0;
  const depth = chosen ?? (count > FEW ? NEAR : FARTHEST);
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <SegmentedControl
          aria-label="Which way"
          size="xs"
          data={DIRECTIONS.map((value) => ({ value, label: TEXTS[value] }))}
          value={direction}
          onChange={(value) => change({ direction: DIRECTIONS.find((one) => one === value) })}
        />
        <Select
          aria-label="How far"
          size="xs"
          w={150}
          allowDeselect={false}
          data={DEPTHS.map((steps) => ({
            value: String(steps),
            label: steps === 1 ? 'Up to 1 step' : `Up to ${steps} steps`,
          }))}
          value={String(depth)}
          onChange={(value) => change({ depth: DEPTHS.find((steps) => String(steps) === value) })}
        />
        {around !== undefined && (
          <Button size="xs" variant="default" onClick={() => onCentre(item.id)}>
            Back to {item.name}
          </Button>
        )}
      </Group>
      <ProblemAlert error={error} />
      {!data && !error && <Loader size="sm" aria-label="Loading" />}
      {data && (
        <Shown
          key={data.impact.root.id}
          impact={upTo(depth, data.impact)}
          direction={data.direction}
          depth={depth}
          takesFocus={isMoved}
          onCentre={onCentre}
          more={
            chosen === undefined &&
            depth !== FARTHEST && <More count={count} onShow={() => change({ depth: FARTHEST })} />
          }
        />
      )}
    </Stack>
  );
}

/** What is at most so many steps away. */
function upTo(most: Depth, impact: Answer): Answer {
  if (most === FARTHEST) return impact;
  return { ...impact, items: impact.items.filter(({ depth }) => depth <= most) };
}

interface MoreProps {
  /** How many items there are. */
  readonly count: number;
  readonly onShow: () => void;
}

function More({ count, onShow }: MoreProps) {
  return (
    <Group gap="xs">
      <Text size="sm">
        Shown are those up to {NEAR} steps away, of {count}.
      </Text>
      <Button size="compact-sm" variant="default" onClick={onShow}>
        Show all
      </Button>
    </Group>
  );
}

interface ShownProps {
  readonly impact: Answer;
  readonly direction: Direction;
  readonly depth: Depth;
  readonly takesFocus: boolean;
  /** Says that there is more. */
  readonly more: ReactNode;
  readonly onCentre: (id: string) => void;
}

function Shown({ impact, direction, depth, takesFocus, more, onCentre }: ShownProps) {
  const sentence = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (takesFocus) sentence.current?.focus();
  }, [takesFocus]);
  const { root, items, truncated: isTruncated } = impact;
  return (
    <>
      <Text size="sm" role="status" ref={sentence} tabIndex={-1}>
        {sentenceOf(impact, direction)}
      </Text>
      {more}
      {isTruncated && (
        <Alert color="orange" p="xs">
          There is more than is shown. States may be worse.
        </Alert>
      )}
      {items.length > 0 && (
        <>
          <Suspense fallback={<Loader size="sm" aria-label="Loading the picture" />}>
            <ImpactMap
              key={`${root.id} ${direction} ${depth}`}
              impact={impact}
              direction={direction}
              onCentre={onCentre}
            />
          </Suspense>
          <Text size="xs" c="dimmed">
            Arrows lead to what an item needs. On an item, press Enter to open it or + to look from there.
            {items.length >= MOST_NODES &&
              ` The picture shows the nearest ${MOST_NODES}, the list shows all.`}
          </Text>
          <ImpactList key={`list ${direction}`} impact={impact} direction={direction} onCentre={onCentre} />
        </>
      )}
    </>
  );
}
