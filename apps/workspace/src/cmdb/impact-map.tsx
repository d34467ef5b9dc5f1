import '@xyflow/react/dist/style.css';
import { Badge, Box, Center, Group, Loader, Text, useComputedColorScheme } from '@mantine/core';
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  useReactFlow,
  useStoreApi,
} from '@xyflow/react';
import { type FocusEvent, type KeyboardEvent, useMemo } from 'react';
import { PageLink } from '../links';
import { IMPACT_COLORS, ImpactBadge, impactTextOf } from './impact-badge';
import { verbOf } from './item';
import { type Direction } from './item-search';
import { type LayoutTask, NODE, type Positions, useLayout } from './layout';
import { FEW, type Impact, type ImpactedItem, MOST_NODES } from './use-impact';

const HEIGHT_PX = 400;
const FEW_ON_A_PHONE = 4;
const PHONE_PX = 600;
/** With more lines, texts on them only hide others. */
const MOST_LABELS = 30;
const LINE_COLOR = 'var(--mantine-color-dimmed)';
const COLORS = { '--xy-background-color': 'var(--mantine-color-body)', '--xy-edge-stroke': LINE_COLOR };

interface ImpactMapProps {
  readonly impact: Impact;
  readonly direction: Direction;
  readonly onCentre: (id: string) => void;
}

type ItemNode = Node<
  Pick<ImpactedItem, 'name' | 'type' | 'criticality'> & {
    /** Null for the item from which the picture is drawn. */
    readonly state: ImpactedItem['state'] | null;
    readonly direction: Direction;
    readonly onCentre: (id: string) => void;
  },
  'item'
>;

/** The nearest items around one as a picture. */
export function ImpactMap({ impact, direction, onCentre }: ImpactMapProps) {
  const task = useMemo(() => taskOf(impact), [impact]);
  const positions = useLayout(task);
  if (positions === 'too-large')
    return (
      <Text size="sm" c="dimmed">
        There are too many relationships to draw. Look from another item, take fewer steps, or use the list.
      </Text>
    );
  return (
    <Box
      h={HEIGHT_PX}
      style={{ border: '1px solid var(--mantine-color-default-border)' }}
      __vars={COLORS}
      role="group"
      aria-label="Picture of the items. The list below says the same."
    >
      {positions === null ? (
        <Center h="100%">
          <Loader size="sm" aria-label="Drawing the picture" />
        </Center>
      ) : (
        <Picture
          impact={impact}
          direction={direction}
          task={task}
          positions={positions}
          onCentre={onCentre}
        />
      )}
    </Box>
  );
}

function taskOf({ root, items, relationships }: Impact): LayoutTask {
  // The plane sorts them by distance.
  const ids = [root.id, ...items.slice(0, MOST_NODES - 1).map(({ id }) => id)];
  const shown = new Set(ids);
  const lines = relationships
    .map(({ id, from_id: from, to_id: to }) => ({ id, from, to }))
    .filter(({ from, to }) => shown.has(from) && shown.has(to));
  return { ids, lines, hasLabels: lines.length <= MOST_LABELS };
}

interface PictureProps extends ImpactMapProps {
  readonly task: LayoutTask;
  readonly positions: Positions;
}

function Picture({ impact, direction, task, positions, onCentre }: PictureProps) {
  const scheme = useComputedColorScheme('light');
  const nodes = useMemo(
    () => nodesOf(impact, direction, positions, onCentre),
    [impact, direction, positions, onCentre],
  );
  const edges = useMemo(() => edgesOf(impact, task), [impact, task]);
  const inView = firstInView(impact, nodes.length);
  return (
    <ReactFlow
      colorMode={scheme}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      fitView
      fitViewOptions={{ minZoom: 0.4, maxZoom: nodes.length > FEW ? 0.8 : 1, nodes: inView }}
      minZoom={0.05}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      deleteKeyCode={null}
      selectionKeyCode={null}
      multiSelectionKeyCode={null}
      panActivationKeyCode={null}
      zoomActivationKeyCode={null}
      // The wheel scrolls the page.
      zoomOnScroll={false}
      preventScrolling={false}
    >
      <Background />
      <Controls showInteractive={false} />
    </ReactFlow>
  );
}

/** All if they are few. Otherwise the middle, in a size that can be read. */
function firstInView({ root, items }: Impact, count: number): { id: string }[] | undefined {
  if (count > FEW) return [root];
  const isOnPhone = window.innerWidth < PHONE_PX;
  return isOnPhone ? [root, ...items.slice(0, FEW_ON_A_PHONE)] : undefined;
}

function nodesOf(
  { root, items }: Impact,
  direction: Direction,
  positions: Positions,
  onCentre: (id: string) => void,
): ItemNode[] {
  return [{ ...root, state: null }, ...items].flatMap(({ id, name, type, criticality, state }) => {
    const position = positions[id];
    if (!position) return [];
    const data = { name, type, criticality, state, direction, onCentre };
    return [{ id, type: 'item' as const, position, ...NODE, data }];
  });
}

function edgesOf({ relationships }: Impact, { lines, hasLabels }: LayoutTask): Edge[] {
  const shown = new Set(lines.map(({ id }) => id));
  return relationships
    .filter(({ id }) => shown.has(id))
    .map(({ id, from_id: source, to_id: target, type, min_up: minUp }) => ({
      id,
      source,
      target,
      markerEnd: { type: MarkerType.ArrowClosed, color: LINE_COLOR },
      ...(hasLabels && { label: minUp === null ? verbOf(type) : `${minUp} must be up` }),
    }));
}

const NODE_TYPES = { item: MapItem };

function MapItem({ id, data, positionAbsoluteX: x, positionAbsoluteY: y }: NodeProps<ItemNode>) {
  const { setCenter, getViewport } = useReactFlow();
  const store = useStoreApi();
  const { name, type, criticality, state, direction, onCentre } = data;
  /** Someone who moves by keyboard sees where they are. */
  const bringIntoView = ({ target }: FocusEvent): void => {
    if (!target.matches(':focus-visible')) return;
    const frame = store.getState();
    const view = getViewport();
    const left = x * view.zoom + view.x;
    const top = y * view.zoom + view.y;
    const isInView =
      left >= 0 &&
      top >= 0 &&
      left + NODE.width * view.zoom <= frame.width &&
      top + NODE.height * view.zoom <= frame.height;
    if (!isInView) void setCenter(x + NODE.width / 2, y + NODE.height / 2, { zoom: view.zoom });
  };
  const expand = (event: KeyboardEvent): void => {
    if (event.key !== '+') return;
    event.preventDefault();
    onCentre(id);
  };
  const meaning = state === null ? 'where the picture begins' : impactTextOf(state, direction);
  const color = state === null ? 'indigo' : IMPACT_COLORS[state];
  return (
    <Box
      w={NODE.width}
      h={NODE.height}
      px="xs"
      py={6}
      style={{
        background: 'var(--mantine-color-body)',
        border: `${state === null ? 2 : 1}px solid var(--mantine-color-${color}-outline)`,
        borderRadius: 'var(--mantine-radius-sm)',
      }}
      onFocus={bringIntoView}
      onKeyDown={expand}
    >
      <Handle type="target" position={Position.Left} style={HIDDEN} />
      <PageLink
        to="/cmdb/$id"
        params={{ id }}
        className="nopan"
        size="sm"
        fw={600}
        truncate
        display="block"
        title={name}
        aria-label={`${name}, ${type}, ${meaning}, ${criticality} criticality`}
      >
        {name}
      </PageLink>
      <Group gap={4} wrap="nowrap" justify="space-between">
        <Text size="xs" c="dimmed" truncate>
          {type}
        </Text>
        <Group gap={4} wrap="nowrap">
          {criticality === 'high' && (
            <Badge size="xs" variant="outline" color="gray" tt="none" style={{ flexShrink: 0 }}>
              high
            </Badge>
          )}
          {state !== null && <ImpactBadge state={state} direction={direction} size="xs" />}
        </Group>
      </Group>
      <Handle type="source" position={Position.Right} style={HIDDEN} />
    </Box>
  );
}

const HIDDEN = { opacity: 0 } as const;
